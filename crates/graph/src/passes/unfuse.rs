//! Fused operators back to the operators that they are made of: for formats and engines that do not know them.

use super::PassError;
use super::rewriter::Rewriter;
use crate::graph::{Graph, ValueId};
use crate::op::Op;
use crate::op::elementwise::Variadic;
use crate::op::fused::{Expression, Instruction};
use crate::tensor::Tensor;

/// A graph that computes the same as this one without fused operators.
///
/// # Errors
/// If a fused operator is not what its type rule has accepted.
pub fn unfused(graph: &Graph) -> Result<Graph, PassError> {
    let mut rewriter = Rewriter::new(graph);
    rewriter.each_node(|rewriter, node| {
        let found = rewriter.node(node);
        let (name, output, inputs) = (found.name.clone(), found.outputs[0], found.inputs.clone());
        let new = match found.op.clone() {
            Op::Pointwise(op) => {
                let operands: Vec<ValueId> = inputs.into_iter().flatten().collect();
                write(rewriter, &name, &op.expression, &operands)?
            }
            Op::Fused(op) => {
                let (own, others) = inputs.split_at(op.anchor_inputs.min(inputs.len()));
                let result = rewriter.add(name.clone(), *op.anchor, own)?;
                let operands: Vec<ValueId> =
                    std::iter::once(result).chain(others.iter().flatten().copied()).collect();
                write(rewriter, &name, &op.epilogue, &operands)?
            }
            _ => return Ok(false),
        };
        rewriter.replace(output, new)
    })?;
    Ok(rewriter.finish())
}

fn write(
    rewriter: &mut Rewriter,
    name: &str,
    expression: &Expression,
    operands: &[ValueId],
) -> Result<ValueId, PassError> {
    let mut registers: Vec<ValueId> = Vec::new();
    for (place, instruction) in expression.instructions().iter().enumerate() {
        let name = format!("{name}/{place}");
        let register = match *instruction {
            Instruction::Input(index) => operands[index],
            Instruction::Constant(number) => rewriter.add_constant(name, Tensor::scalar(number)),
            Instruction::Unary(op, x) => rewriter.apply(name, op, &[registers[x]])?,
            Instruction::Binary(op, a, b) => {
                rewriter.apply(name, op, &[registers[a], registers[b]])?
            }
            Instruction::Min(a, b) => {
                rewriter.apply(name, Variadic::Min, &[registers[a], registers[b]])?
            }
            Instruction::Max(a, b) => {
                rewriter.apply(name, Variadic::Max, &[registers[a], registers[b]])?
            }
        };
        registers.push(register);
    }
    Ok(*registers.last().expect("an expression has an instruction"))
}
