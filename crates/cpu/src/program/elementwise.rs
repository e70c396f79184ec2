//! Element-wise nodes as expressions.

use tachy_graph::op::elementwise::{Binary, Variadic};
use tachy_graph::op::fused::{Expression, Instruction};
use tachy_graph::{DType, Graph, Node, Op, ValueId};

/// The expression that a node computes, and what it reads.
pub(crate) struct Written {
    pub(crate) expression: Expression,
    pub(crate) inputs: Vec<ValueId>,
}

/// A node as an expression, if it computes f32 from f32 element by element.
pub(crate) fn write(graph: &Graph, node: &Node) -> Option<Written> {
    let inputs: Vec<ValueId> = node.inputs.iter().flatten().copied().collect();
    let ty = |id: &ValueId| &graph.value(*id).ty;
    if inputs.iter().chain(&node.outputs).any(|id| ty(id).dtype != DType::F32) {
        return None;
    }
    let load = Instruction::Input;
    let instructions = match &node.op {
        Op::Pointwise(op) => return Some(Written { expression: op.expression.clone(), inputs }),
        Op::Unary(op) if Expression::takes_unary(*op) => vec![load(0), Instruction::Unary(*op, 0)],
        Op::Binary(op) if Expression::takes_binary(*op) => {
            vec![load(0), load(1), Instruction::Binary(*op, 0, 1)]
        }
        Op::Variadic(op) => {
            let mut instructions = vec![load(0)];
            for index in 1..inputs.len() {
                let before = instructions.len() - 1;
                instructions.push(load(index));
                instructions.push(match op {
                    Variadic::Sum | Variadic::Mean => {
                        Instruction::Binary(Binary::Add, before, before + 1)
                    }
                    Variadic::Min => Instruction::Min(before, before + 1),
                    Variadic::Max => Instruction::Max(before, before + 1),
                });
            }
            if *op == Variadic::Mean {
                let sum = instructions.len() - 1;
                instructions.push(Instruction::Constant(inputs.len() as f32));
                instructions.push(Instruction::Binary(Binary::Div, sum, sum + 1));
            }
            instructions
        }
        Op::Clip(_) => {
            let mut instructions = vec![load(0)];
            let mut value = 0;
            for (place, limit) in node.inputs[1..].iter().enumerate() {
                let Some(limit) = limit else { continue };
                let [limit] = graph.value(*limit).constant()?.as_slice::<f32>().ok()? else {
                    return None;
                };
                let register = instructions.len();
                instructions.push(Instruction::Constant(*limit));
                instructions.push(match place {
                    0 => Instruction::Max(value, register),
                    _ => Instruction::Min(value, register),
                });
                value = register + 1;
            }
            let expression = Expression::new(instructions).ok()?;
            return Some(Written { expression, inputs: inputs[..1].to_vec() });
        }
        _ => return None,
    };
    Some(Written { expression: Expression::new(instructions).ok()?, inputs })
}
