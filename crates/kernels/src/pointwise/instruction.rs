//! What is computed for each element.

use crate::math::Function;

/// One step of an expression. Its result is the register of its own place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Instruction {
    /// The element of this input.
    Input(usize),
    /// The same number for every element.
    Constant(f32),
    /// A function of one register.
    Unary(Function, usize),
    /// A function of two registers.
    Binary(Binary, usize, usize),
}

impl Instruction {
    /// The registers that it reads.
    pub(super) fn operands(self) -> impl Iterator<Item = usize> {
        let (first, second) = match self {
            Instruction::Input(_) | Instruction::Constant(_) => (None, None),
            Instruction::Unary(_, a) => (Some(a), None),
            Instruction::Binary(_, a, b) => (Some(a), Some(b)),
        };
        first.into_iter().chain(second)
    }
}

/// A function of two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binary {
    /// a + b.
    Add,
    /// a − b.
    Sub,
    /// a · b.
    Mul,
    /// a / b.
    Div,
    /// aᵇ.
    Pow,
    /// a where a ≥ 0, a · b below.
    PRelu,
    /// The smaller; NaN if either is.
    Min,
    /// The larger; NaN if either is.
    Max,
}
