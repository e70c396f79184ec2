//! Activations from the formulas that exporters write for them: GELU (by `erf` and by `tanh`), SiLU and its kin,
//! hard-swish, hard-sigmoid and Mish.

use super::PassError;
use super::pattern::{Product, is_near};
use super::rewriter::Rewriter;
use crate::dtype::DType;
use crate::graph::ValueId;
use crate::op::Op;
use crate::op::elementwise::{Binary, Unary};

pub(super) fn rewrite(rewriter: &mut Rewriter, node: usize) -> Result<bool, PassError> {
    let Some((function, x)) = find(rewriter, node) else { return Ok(false) };
    let (name, output) = (rewriter.node(node).name.clone(), rewriter.output(node));
    if rewriter.ty(x) != rewriter.ty(output) {
        return Ok(false);
    }
    let new = rewriter.apply(name, function, &[x])?;
    rewriter.replace(output, new)
}

fn find(rewriter: &Rewriter, node: usize) -> Option<(Unary, ValueId)> {
    if !matches!(rewriter.node(node).op, Op::Binary(Binary::Mul | Binary::Div)) {
        return None;
    }
    let output = rewriter.output(node);
    if rewriter.ty(output).dtype != DType::F32 {
        return None;
    }
    let product = rewriter.product(output);
    match product.factors[..] {
        [gate] => hard_sigmoid(rewriter, gate, product.coefficient),
        [a, b] => [(a, b), (b, a)].into_iter().find_map(|(x, gate)| {
            gated(rewriter, x, gate, product.coefficient).map(|function| (function, x))
        }),
        // The last one multiplies by another x: x · x · … does not occur in a gate.
        _ => None,
    }
}

/// Clip(x + 3, 0, 6) / 6.
fn hard_sigmoid(rewriter: &Rewriter, gate: ValueId, coefficient: f64) -> Option<(Unary, ValueId)> {
    let x = moved_and_clipped(rewriter, gate)?;
    let sixth = is_near(coefficient, 1.0 / 6.0);
    sixth.then_some((Unary::HardSigmoid { alpha: 1.0 / 6.0, beta: 0.5 }, x))
}

/// The x of Clip(x + 3, 0, 6).
fn moved_and_clipped(rewriter: &Rewriter, value: ValueId) -> Option<ValueId> {
    let (Op::Clip(_), [Some(moved), Some(low), Some(high)]) = rewriter.made_by(value)? else {
        return None;
    };
    let (x, three) = rewriter.plus_number(*moved)?;
    let limits = (rewriter.uniform(*low)?, rewriter.uniform(*high)?);
    (three == 3.0 && limits == (0.0, 6.0)).then_some(x)
}

/// The function that is `coefficient` · x · gate.
fn gated(rewriter: &Rewriter, x: ValueId, gate: ValueId, coefficient: f64) -> Option<Unary> {
    if is_near(coefficient, 1.0) {
        match rewriter.unary(gate) {
            Some((Unary::Sigmoid, argument)) => return swish(rewriter, x, argument),
            Some((Unary::HardSigmoid { alpha, beta: 0.5 }, argument)) if argument == x => {
                return is_near(alpha.into(), 1.0 / 6.0).then_some(Unary::HardSwish);
            }
            Some((Unary::Tanh, argument)) => {
                let softplus = rewriter.argument(argument, Unary::Softplus)?;
                return (softplus == x).then_some(Unary::Mish);
            }
            _ => {}
        }
    }
    if is_near(coefficient, 1.0 / 6.0) && moved_and_clipped(rewriter, gate) == Some(x) {
        return Some(Unary::HardSwish);
    }
    gelu(rewriter, x, gate, coefficient)
}

fn swish(rewriter: &Rewriter, x: ValueId, argument: ValueId) -> Option<Unary> {
    if argument == x {
        return Some(Unary::Swish { alpha: 1.0 });
    }
    let Product { coefficient, factors } = rewriter.product(argument);
    (factors == [x]).then_some(Unary::Swish { alpha: coefficient as f32 })
}

/// `coefficient` · gate is (1 + erf(x/√2)) / 2, or the same with the approximation by `tanh`.
fn gelu(rewriter: &Rewriter, x: ValueId, gate: ValueId, coefficient: f64) -> Option<Unary> {
    let (scaled, summand) = rewriter.plus_number(gate)?;
    let inner = rewriter.product(scaled);
    let halves =
        is_near(coefficient * summand, 0.5) && is_near(coefficient * inner.coefficient, 0.5);
    let [function] = inner.factors[..] else { return None };
    if !halves {
        return None;
    }
    match rewriter.unary(function)? {
        (Unary::Erf, argument) => {
            let Product { coefficient, factors } = rewriter.product(argument);
            let root = std::f64::consts::FRAC_1_SQRT_2;
            (factors == [x] && is_near(coefficient, root)).then_some(Unary::Gelu { tanh: false })
        }
        (Unary::Tanh, argument) => {
            is_cubic(rewriter, x, argument).then_some(Unary::Gelu { tanh: true })
        }
        _ => None,
    }
}

/// Whether a value is √(2/π) · (x + 0.044715 x³), or the same with x outside of the brackets.
fn is_cubic(rewriter: &Rewriter, x: ValueId, value: ValueId) -> bool {
    const CUBIC: f64 = 0.044_715;
    let Product { coefficient, factors } = rewriter.product(value);
    if !is_near(coefficient, (2.0 / std::f64::consts::PI).sqrt()) {
        return false;
    }
    let is_power = |value: ValueId, power: usize| {
        let Product { coefficient, factors } = rewriter.product(value);
        let powers: usize = factors.iter().map(|factor| self::power(rewriter, x, *factor)).sum();
        let known = factors.iter().all(|factor| self::power(rewriter, x, *factor) > 0);
        is_near(coefficient, CUBIC) && known && powers == power
    };
    match factors[..] {
        [sum] => rewriter
            .operands(sum, Binary::Add)
            .into_iter()
            .any(|(first, cube)| first == x && is_power(cube, 3)),
        [a, b] => [(a, b), (b, a)].into_iter().any(|(first, bracket)| {
            let parts = rewriter.plus_number(bracket);
            first == x && parts.is_some_and(|(square, one)| one == 1.0 && is_power(square, 2))
        }),
        _ => false,
    }
}

/// The n for which a value is xⁿ; 0 if it is none.
fn power(rewriter: &Rewriter, x: ValueId, value: ValueId) -> usize {
    if value == x {
        return 1;
    }
    if rewriter.squared(value) == Some(x) {
        return 2;
    }
    match rewriter.binary(value, Binary::Pow) {
        Some((base, power)) if base == x && rewriter.is_all(power, 3) => 3,
        _ => 0,
    }
}
