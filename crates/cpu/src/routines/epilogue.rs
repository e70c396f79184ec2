//! What is computed of a result while it is at hand.

use tachy_graph::op::elementwise::{Binary, Unary};
use tachy_graph::op::fused::{Expression, Instruction};

/// An epilogue that the kernels do on the way to memory: `clamp(result + addend)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Simple {
    /// Which input of the expression is added.
    pub(super) addend: Option<usize>,
    /// The result is limited to this range.
    pub(super) range: (f32, f32),
}

impl Simple {
    pub(super) const NONE: Self = Self { addend: None, range: (f32::NEG_INFINITY, f32::INFINITY) };

    /// The expression as a simple epilogue, if it is one.
    pub(super) fn of(expression: &Expression) -> Option<Self> {
        let instructions = expression.instructions();
        let constant = |register: usize| match instructions[register] {
            Instruction::Constant(number) => Some(number),
            _ => None,
        };
        let mut simple = Self::NONE;
        // What has been computed of the result so far.
        let mut value = None;
        let mut limited = false;
        for (register, instruction) in instructions.iter().enumerate() {
            let is_value = |operand: usize| value == Some(operand);
            match *instruction {
                Instruction::Input(0) if value.is_none() => value = Some(register),
                Instruction::Input(0) => return None,
                Instruction::Input(_) | Instruction::Constant(_) => {}
                Instruction::Binary(Binary::Add, a, b) if is_value(a) || is_value(b) => {
                    let other = if is_value(a) { b } else { a };
                    let Instruction::Input(input) = instructions[other] else { return None };
                    if simple.addend.is_some() || limited || input == 0 {
                        return None;
                    }
                    simple.addend = Some(input);
                    value = Some(register);
                }
                Instruction::Unary(Unary::Relu, a) if is_value(a) => {
                    simple.range.0 = simple.range.0.max(0.0);
                    simple.range.1 = simple.range.1.max(0.0);
                    limited = true;
                    value = Some(register);
                }
                Instruction::Max(a, b) if is_value(a) || is_value(b) => {
                    let limit = constant(if is_value(a) { b } else { a })?;
                    simple.range.0 = simple.range.0.max(limit);
                    simple.range.1 = simple.range.1.max(limit);
                    limited = true;
                    value = Some(register);
                }
                Instruction::Min(a, b) if is_value(a) || is_value(b) => {
                    let limit = constant(if is_value(a) { b } else { a })?;
                    simple.range.0 = simple.range.0.min(limit);
                    simple.range.1 = simple.range.1.min(limit);
                    limited = true;
                    value = Some(register);
                }
                _ => return None,
            }
        }
        let whole = value == Some(instructions.len() - 1);
        let ordered = simple.range.0 <= simple.range.1;
        (whole && ordered).then_some(simple)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn simple(instructions: Vec<Instruction>) -> Option<Simple> {
        Simple::of(&Expression::new(instructions).unwrap())
    }

    #[test]
    fn sums_and_limits_are_simple() {
        use Instruction::*;
        let relu6 = simple(vec![
            Input(0),
            Input(1),
            Binary(super::Binary::Add, 1, 0),
            Constant(0.0),
            Max(2, 3),
            Constant(6.0),
            Min(4, 5),
        ]);
        assert_eq!(relu6, Some(Simple { addend: Some(1), range: (0.0, 6.0) }));
        let relu = simple(vec![Input(0), Unary(super::Unary::Relu, 0)]);
        assert_eq!(relu, Some(Simple { addend: None, range: (0.0, f32::INFINITY) }));
    }

    #[test]
    fn everything_else_is_not() {
        use Instruction::*;
        let late = vec![
            Input(0),
            Unary(super::Unary::Relu, 0),
            Input(1),
            Binary(super::Binary::Add, 1, 2),
        ];
        assert_eq!(simple(late), None, "a sum after a limit");
        let twice = vec![Input(0), Binary(super::Binary::Add, 0, 0)];
        assert_eq!(simple(twice), None, "the result added to itself");
        assert_eq!(simple(vec![Input(0), Unary(super::Unary::Tanh, 0)]), None);
        let unused = vec![Input(0), Unary(super::Unary::Relu, 0), Input(1)];
        assert_eq!(simple(unused), None, "the value is another input");
    }
}
