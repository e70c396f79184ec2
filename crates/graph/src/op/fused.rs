//! Fused operators: several operators as one, decided by the passes and carried out by an engine in one sweep.
//!
//! Fusion is data. An [`Expression`] says what is computed for each element; an engine interprets it tile by tile or
//! compiles it. No model file holds these operators: they come out of the graph's passes.

use super::elementwise::{Binary, Unary};
use super::kinds::Op;
use super::operator::{InferError, Inputs, Operator, expect_dtype};
use crate::dtype::DType;
use crate::shape::{TensorType, broadcast_all};

/// What is computed for each element, in f32: instructions in the order in which they can be carried out.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    instructions: Vec<Instruction>,
    arity: usize,
}

/// The result of an earlier instruction, by that instruction's place.
pub type Register = usize;

/// One step of an [`Expression`]. Its result is the register of its own place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Instruction {
    /// The element of this input.
    Input(usize),
    /// The same number for every element.
    Constant(f32),
    /// A function of one register, f32 to f32.
    Unary(Unary, Register),
    /// An arithmetic function of two registers.
    Binary(Binary, Register, Register),
    /// The smaller of two; NaN wins.
    Min(Register, Register),
    /// The larger of two; NaN wins.
    Max(Register, Register),
}

impl Instruction {
    /// The registers that it reads.
    pub fn operands(self) -> impl Iterator<Item = Register> {
        let (first, second) = match self {
            Instruction::Input(_) | Instruction::Constant(_) => (None, None),
            Instruction::Unary(_, a) => (Some(a), None),
            Instruction::Binary(_, a, b) | Instruction::Min(a, b) | Instruction::Max(a, b) => {
                (Some(a), Some(b))
            }
        };
        first.into_iter().chain(second)
    }
}

impl Expression {
    /// An expression whose value is the last instruction's. It reads the inputs 0, 1, … up to the highest that an
    /// instruction names.
    ///
    /// # Errors
    /// If there is no instruction, one reads a register that is not computed before it, or one is not a function of
    /// f32 numbers to an f32 number.
    pub fn new(instructions: Vec<Instruction>) -> Result<Self, InferError> {
        if instructions.is_empty() {
            return Err(InferError::new("an expression needs an instruction"));
        }
        let mut arity = 0;
        for (place, instruction) in instructions.iter().enumerate() {
            if instruction.operands().any(|register| register >= place) {
                return Err(InferError(format!(
                    "instruction {place} of an expression reads a register that is not computed before it"
                )));
            }
            let computable = match instruction {
                Instruction::Input(index) => {
                    arity = arity.max(index + 1);
                    true
                }
                Instruction::Unary(unary, _) => Self::takes_unary(*unary),
                Instruction::Binary(binary, ..) => Self::takes_binary(*binary),
                _ => true,
            };
            if !computable {
                return Err(InferError(format!(
                    "instruction {place} of an expression is {instruction:?}, which is not a function of f32 numbers"
                )));
            }
        }
        Ok(Self { instructions, arity })
    }

    /// Whether the function is one of f32 to f32.
    pub fn takes_unary(unary: Unary) -> bool {
        use Unary::*;
        !matches!(unary, Not | BitwiseNot | IsNaN | IsInf { .. })
    }

    /// Whether the function is one of two f32 to f32.
    pub fn takes_binary(binary: Binary) -> bool {
        use Binary::*;
        matches!(binary, Add | Sub | Mul | Div | Pow | PRelu)
    }

    /// The instructions; the last one's result is the expression's.
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }

    /// How many inputs it reads.
    pub fn arity(&self) -> usize {
        self.arity
    }
}

/// An expression over tensors of f32, broadcast together.
#[derive(Debug, Clone, PartialEq)]
pub struct Pointwise {
    /// What is computed; input i of the expression is input i of the node.
    pub expression: Expression,
}

impl Operator for Pointwise {
    fn name(&self) -> &'static str {
        "Pointwise"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        let arity = self.expression.arity();
        inputs.at_most(arity)?;
        for index in 0..arity {
            let input = inputs.required(index, "operand")?;
            expect_dtype(input, input.dtype == DType::F32, "f32")?;
        }
        let shapes = inputs.0.iter().flatten().map(|ty| &ty.shape[..]);
        Ok(vec![TensorType::new(DType::F32, broadcast_all(shapes)?)])
    }
}

/// An operator and an expression over its result, carried out while the result is at hand.
#[derive(Debug, Clone, PartialEq)]
pub struct Fused {
    /// The operator, with one output of f32. It takes the first inputs of the node.
    pub anchor: Box<Op>,
    /// How many inputs of the node the anchor takes, left-out ones included.
    pub anchor_inputs: usize,
    /// What is computed of the result: input 0 of the expression is the anchor's result, input i + 1 is the i-th of
    /// the node's further inputs, which broadcasts to the result's shape.
    pub epilogue: Expression,
}

impl Operator for Fused {
    fn name(&self) -> &'static str {
        self.anchor.name()
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        if inputs.len() < self.anchor_inputs {
            return Err(InferError(format!(
                "its anchor takes {} inputs, but it has {}",
                self.anchor_inputs,
                inputs.len()
            )));
        }
        let (anchor, others) = inputs.0.split_at(self.anchor_inputs);
        let mut results = self.anchor.infer(Inputs(anchor))?;
        results.truncate(1);
        let Some(result) = results.first() else {
            return Err(InferError::new("its anchor has no output"));
        };
        expect_dtype(result, result.dtype == DType::F32, "an anchor of f32")?;
        if others.len() + 1 != self.epilogue.arity().max(1) {
            return Err(InferError(format!(
                "its epilogue reads {} inputs beside the anchor's result, but it has {}",
                self.epilogue.arity().saturating_sub(1),
                others.len()
            )));
        }
        for (index, other) in others.iter().enumerate() {
            let other = other
                .ok_or_else(|| InferError(format!("input {index} of the epilogue is missing")))?;
            expect_dtype(other, other.dtype == DType::F32, "f32")?;
            if broadcast_all([&result.shape[..], &other.shape[..]])? != result.shape {
                return Err(InferError(format!(
                    "input {other} of the epilogue does not broadcast to the anchor's result {result}"
                )));
            }
        }
        Ok(results)
    }
}
