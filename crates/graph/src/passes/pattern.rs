//! What patterns are made of: the operator behind a value, with its operands.

use super::rewriter::Rewriter;
use crate::graph::ValueId;
use crate::op::Op;
use crate::op::elementwise::{Binary, Unary};
use crate::op::reduction::ReduceKind;

/// Whether a number is the one that a formula has, up to the digits that exporters leave away.
pub(super) fn is_near(number: f64, expected: f64) -> bool {
    (number - expected).abs() <= 1e-5 * expected.abs()
}

/// A number times some values.
pub(super) struct Product {
    pub(super) coefficient: f64,
    pub(super) factors: Vec<ValueId>,
}

impl Rewriter {
    pub(super) fn unary(&self, value: ValueId) -> Option<(Unary, ValueId)> {
        match self.made_by(value)? {
            (Op::Unary(op), [Some(x)]) => Some((*op, *x)),
            _ => None,
        }
    }

    /// The operand of this function.
    pub(super) fn argument(&self, value: ValueId, function: Unary) -> Option<ValueId> {
        self.unary(value).filter(|(op, _)| *op == function).map(|(_, x)| x)
    }

    pub(super) fn binary(&self, value: ValueId, op: Binary) -> Option<(ValueId, ValueId)> {
        match self.made_by(value)? {
            (Op::Binary(found), [Some(a), Some(b)]) if *found == op => Some((*a, *b)),
            _ => None,
        }
    }

    /// The two operands in both orders.
    pub(super) fn operands(&self, value: ValueId, op: Binary) -> Vec<(ValueId, ValueId)> {
        self.binary(value, op).into_iter().flat_map(|(a, b)| [(a, b), (b, a)]).collect()
    }

    /// `x + number`.
    pub(super) fn plus_number(&self, value: ValueId) -> Option<(ValueId, f64)> {
        self.operands(value, Binary::Add)
            .into_iter()
            .find_map(|(x, number)| Some((x, f64::from(self.uniform(number)?))))
    }

    /// A value taken apart into what it is the product of. Factors that something else reads are not taken apart.
    pub(super) fn product(&self, value: ValueId) -> Product {
        let mut product = Product { coefficient: 1.0, factors: Vec::new() };
        let mut pending = vec![value];
        while let Some(factor) = pending.pop() {
            let inside = factor == value || self.uses(factor) == 1;
            if let Some(number) = self.uniform(factor) {
                product.coefficient *= f64::from(number);
            } else if let Some((a, b)) = self.binary(factor, Binary::Mul).filter(|_| inside) {
                pending.extend([b, a]);
            } else if let Some((a, number)) = self.quotient(factor).filter(|_| inside) {
                product.coefficient /= number;
                pending.push(a);
            } else {
                product.factors.push(factor);
            }
        }
        product
    }

    /// `x / number`.
    fn quotient(&self, value: ValueId) -> Option<(ValueId, f64)> {
        let (a, b) = self.binary(value, Binary::Div)?;
        Some((a, f64::from(self.uniform(b)?)))
    }

    /// x², as a power or as a product.
    pub(super) fn squared(&self, value: ValueId) -> Option<ValueId> {
        if let Some((x, power)) = self.binary(value, Binary::Pow) {
            return self.is_all(power, 2).then_some(x);
        }
        self.binary(value, Binary::Mul).filter(|(a, b)| a == b).map(|(x, _)| x)
    }

    /// 1/√x.
    pub(super) fn inverse_root(&self, value: ValueId) -> Option<ValueId> {
        if let Some(root) = self.argument(value, Unary::Reciprocal) {
            return self.argument(root, Unary::Sqrt);
        }
        if let Some(inverse) = self.argument(value, Unary::Sqrt) {
            return self.argument(inverse, Unary::Reciprocal);
        }
        if let Some((one, root)) = self.binary(value, Binary::Div)
            && self.is_all(one, 1)
        {
            return self.argument(root, Unary::Sqrt);
        }
        let (x, power) = self.binary(value, Binary::Pow)?;
        (self.uniform(power) == Some(-0.5)).then_some(x)
    }

    /// The mean over the dimensions from an axis on, which stay with size 1: the value and the axis.
    pub(super) fn trailing_mean(&self, value: ValueId) -> Option<(ValueId, usize)> {
        let (Op::Reduce(op), [Some(x)]) = self.made_by(value)? else { return None };
        let axis = *op.axes.first()?;
        let trailing = op.axes.iter().copied().eq(axis..self.ty(*x).rank());
        (op.kind == ReduceKind::Mean && op.keep_dims && trailing).then_some((*x, axis))
    }
}
