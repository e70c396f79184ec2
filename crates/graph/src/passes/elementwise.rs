//! Element-wise nodes as instructions of an expression.

use std::collections::HashMap;

use super::expression::ExpressionBuilder;
use super::rewriter::Rewriter;
use crate::dtype::DType;
use crate::graph::ValueId;
use crate::op::Op;
use crate::op::elementwise::{Binary, Variadic};
use crate::op::fused::{Expression, Instruction, Register};

/// Whether a node can be part of an expression: element by element, f32 to f32.
pub(super) fn is_elementwise(rewriter: &Rewriter, node: usize) -> bool {
    let found = rewriter.node(node);
    let operands = found.inputs.iter().flatten().chain(&found.outputs);
    let floats = operands.into_iter().all(|id| rewriter.ty(*id).dtype == DType::F32);
    floats
        && match &found.op {
            Op::Unary(op) => Expression::takes_unary(*op),
            Op::Binary(op) => Expression::takes_binary(*op),
            Op::Variadic(_) => true,
            Op::Clip(_) => {
                found.inputs[1..].iter().flatten().all(|limit| rewriter.uniform(*limit).is_some())
            }
            _ => false,
        }
}

/// How many instructions a node makes, its constants included.
pub(super) fn instruction_count(rewriter: &Rewriter, node: usize) -> usize {
    let found = rewriter.node(node);
    match &found.op {
        Op::Clip(_) => 4,
        Op::Variadic(_) => found.inputs.len() + 1,
        // A power may become two multiplications.
        Op::Binary(Binary::Pow) => 2,
        _ => 1,
    }
}

/// The expression that some element-wise nodes compute together, and what it reads.
pub(super) struct Written {
    pub(super) expression: Expression,
    pub(super) inputs: Vec<ValueId>,
}

/// Writes nodes, given in an order in which they can run, as one expression whose value is the last one's. `first`
/// is its input 0, if there is one; constants of one element become part of it if `scalars`.
pub(super) fn write(
    rewriter: &Rewriter,
    nodes: &[usize],
    first: Option<ValueId>,
    scalars: bool,
) -> Option<Written> {
    let mut writer = Writer {
        rewriter,
        scalars,
        builder: ExpressionBuilder::default(),
        registers: HashMap::new(),
        inputs: Vec::new(),
    };
    first.into_iter().for_each(|value| _ = writer.operand(value));
    let mut result = None;
    for node in nodes {
        let register = writer.node(*node)?;
        writer.registers.insert(rewriter.output(*node), register);
        result = Some(register);
    }
    Some(Written { expression: writer.builder.finish(result?)?, inputs: writer.inputs })
}

struct Writer<'a> {
    rewriter: &'a Rewriter,
    scalars: bool,
    builder: ExpressionBuilder,
    registers: HashMap<ValueId, Register>,
    inputs: Vec<ValueId>,
}

impl Writer<'_> {
    /// The register of a value: of a node before, of a constant, or of an input.
    fn operand(&mut self, value: ValueId) -> Register {
        if let Some(register) = self.registers.get(&value) {
            return *register;
        }
        let scalar = self.scalars.then(|| match self.rewriter.numbers(value)? {
            [number] => Some(*number),
            _ => None,
        });
        let instruction = match scalar.flatten() {
            Some(number) => Instruction::Constant(number),
            None => {
                self.inputs.push(value);
                Instruction::Input(self.inputs.len() - 1)
            }
        };
        let register = self.builder.push(instruction);
        self.registers.insert(value, register);
        register
    }

    fn node(&mut self, node: usize) -> Option<Register> {
        let found = self.rewriter.node(node);
        if let Op::Clip(_) = found.op {
            let mut x = self.operand(found.inputs[0]?);
            for (place, limit) in found.inputs[1..].iter().enumerate() {
                let Some(limit) = limit else { continue };
                let limit = Instruction::Constant(self.rewriter.uniform(*limit)?);
                let limit = self.builder.push(limit);
                x = self.builder.push(match place {
                    0 => Instruction::Max(x, limit),
                    _ => Instruction::Min(x, limit),
                });
            }
            return Some(x);
        }
        let operands: Vec<Register> =
            found.inputs.iter().flatten().map(|id| self.operand(*id)).collect();
        match (&found.op, &operands[..]) {
            (Op::Unary(op), [x]) => Some(self.builder.push(Instruction::Unary(*op, *x))),
            (Op::Binary(op), [a, b]) => Some(self.builder.push(Instruction::Binary(*op, *a, *b))),
            (Op::Variadic(op), [first, rest @ ..]) => {
                let all = rest.iter().fold(*first, |a, b| {
                    self.builder.push(match op {
                        Variadic::Sum | Variadic::Mean => Instruction::Binary(Binary::Add, a, *b),
                        Variadic::Min => Instruction::Min(a, *b),
                        Variadic::Max => Instruction::Max(a, *b),
                    })
                });
                if *op != Variadic::Mean {
                    return Some(all);
                }
                let count = self.builder.push(Instruction::Constant(operands.len() as f32));
                Some(self.builder.push(Instruction::Binary(Binary::Div, all, count)))
            }
            _ => None,
        }
    }
}
