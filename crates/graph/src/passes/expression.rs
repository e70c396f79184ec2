//! Expressions in a normal form: equal instructions once, constants computed, nothing that is not needed.

use crate::op::elementwise::{Binary, Unary};
use crate::op::fused::{Expression, Instruction, Register};

/// Instructions, collected one after the other and brought into normal form on the way. What comes of it differs
/// from what was asked for by no more than the rounding of one multiplication per power.
#[derive(Debug, Default)]
pub(super) struct ExpressionBuilder {
    instructions: Vec<Instruction>,
}

impl ExpressionBuilder {
    /// The register that holds the instruction's result.
    pub(super) fn push(&mut self, instruction: Instruction) -> Register {
        if let Some(number) = self.fold(instruction) {
            return self.place(Instruction::Constant(number));
        }
        match instruction {
            Instruction::Unary(Unary::Identity, x) => x,
            Instruction::Binary(op, a, b) => self.binary(op, a, b),
            Instruction::Min(a, b) | Instruction::Max(a, b) if a == b => a,
            other => self.place(other),
        }
    }

    /// The expression whose value is in this register; `None` if there is no such register.
    pub(super) fn finish(self, result: Register) -> Option<Expression> {
        let mut needed = vec![false; self.instructions.len()];
        *needed.get_mut(result)? = true;
        for place in (0..=result).rev() {
            if needed[place] {
                self.instructions[place].operands().for_each(|operand| needed[operand] = true);
            }
        }
        let mut new = vec![0; needed.len()];
        let mut kept = Vec::new();
        for (place, instruction) in self.instructions.into_iter().enumerate() {
            if needed[place] {
                new[place] = kept.len();
                kept.push(renumbered(instruction, |register| new[register]));
            }
        }
        Expression::new(kept).ok()
    }

    fn binary(&mut self, op: Binary, a: Register, b: Register) -> Register {
        let Some(number) = self.number(b) else { return self.place(Instruction::Binary(op, a, b)) };
        match op {
            // x − c is x + (−c) to the last bit.
            Binary::Sub => {
                let negated = self.place(Instruction::Constant(-number));
                self.place(Instruction::Binary(Binary::Add, a, negated))
            }
            Binary::Div if has_exact_reciprocal(number) => {
                let reciprocal = self.place(Instruction::Constant(number.recip()));
                self.push(Instruction::Binary(Binary::Mul, a, reciprocal))
            }
            Binary::Mul | Binary::Div | Binary::Pow if number == 1.0 => a,
            Binary::Pow if number == 2.0 => self.place(Instruction::Binary(Binary::Mul, a, a)),
            Binary::Pow if number == 3.0 => {
                let square = self.place(Instruction::Binary(Binary::Mul, a, a));
                self.place(Instruction::Binary(Binary::Mul, square, a))
            }
            _ => self.place(Instruction::Binary(op, a, b)),
        }
    }

    fn number(&self, register: Register) -> Option<f32> {
        match self.instructions.get(register)? {
            Instruction::Constant(number) => Some(*number),
            _ => None,
        }
    }

    /// The result of an instruction of constants, where IEEE 754 leaves no choice in it.
    fn fold(&self, instruction: Instruction) -> Option<f32> {
        let number = match instruction {
            Instruction::Input(_) | Instruction::Constant(_) => return None,
            Instruction::Unary(op, x) => {
                let x = self.number(x)?;
                match op {
                    Unary::Neg => -x,
                    Unary::Abs => x.abs(),
                    Unary::Sqrt => x.sqrt(),
                    Unary::Reciprocal => x.recip(),
                    _ => return None,
                }
            }
            Instruction::Binary(op, a, b) => {
                let (a, b) = (self.number(a)?, self.number(b)?);
                match op {
                    Binary::Add => a + b,
                    Binary::Sub => a - b,
                    Binary::Mul => a * b,
                    Binary::Div => a / b,
                    _ => return None,
                }
            }
            Instruction::Min(a, b) => self.number(a)?.min(self.number(b)?),
            Instruction::Max(a, b) => self.number(a)?.max(self.number(b)?),
        };
        // NaN is left to the engine, which has its own rules for it.
        (!number.is_nan()).then_some(number)
    }

    fn place(&mut self, instruction: Instruction) -> Register {
        let known = self.instructions.iter().position(|other| is_same(*other, instruction));
        known.unwrap_or_else(|| {
            self.instructions.push(instruction);
            self.instructions.len() - 1
        })
    }
}

/// Whether two instructions compute the same number, bit by bit.
fn is_same(left: Instruction, right: Instruction) -> bool {
    match (left, right) {
        (Instruction::Constant(a), Instruction::Constant(b)) => a.to_bits() == b.to_bits(),
        (Instruction::Binary(op, a, b), Instruction::Binary(other, c, d))
            if op == other && matches!(op, Binary::Add | Binary::Mul) =>
        {
            (a, b) == (c, d) || (a, b) == (d, c)
        }
        _ => left == right,
    }
}

/// Whether x / number and x · (1 / number) are the same for every x.
fn has_exact_reciprocal(number: f32) -> bool {
    const FRACTION: u32 = (1 << 23) - 1;
    number.is_normal() && number.to_bits() & FRACTION == 0 && number.recip().is_normal()
}

fn renumbered(instruction: Instruction, new: impl Fn(Register) -> Register) -> Instruction {
    match instruction {
        Instruction::Input(_) | Instruction::Constant(_) => instruction,
        Instruction::Unary(op, x) => Instruction::Unary(op, new(x)),
        Instruction::Binary(op, a, b) => Instruction::Binary(op, new(a), new(b)),
        Instruction::Min(a, b) => Instruction::Min(new(a), new(b)),
        Instruction::Max(a, b) => Instruction::Max(new(a), new(b)),
    }
}
