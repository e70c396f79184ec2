//! Chains of operators by name: what an eager call asks to have done in one step.

use super::{PassError, PassOptions, optimize};
use crate::builder::GraphBuilder;
use crate::graph::{Graph, GraphError};
use crate::op::Op;
use crate::op::elementwise::{Binary, Unary, Variadic};
use crate::op::linear::MatMul;
use crate::shape::TensorType;

/// The graph of one node that does what a chain of operators does, or `None` if there is no such thing: an operator
/// is not known here, there is only one, their inputs are not as many as there are types, or they stay several.
///
/// The first operator takes the first inputs; each further one the result so far and then, if it has a second
/// operand, the next input. So `["add", "multiply"]` on three tensors is `(a + b) · c`. Names are as in
/// [`FusionPattern`](super::FusionPattern), whose patterns in `options` count, too. The graph's inputs are those of
/// the chain, in order, named `input_0` and so on; its output is `output`.
///
/// # Errors
/// If an operator does not take its inputs.
pub fn fused_chain(
    operators: &[&str],
    inputs: &[TensorType],
    options: &PassOptions<'_>,
) -> Option<Result<Graph, PassError>> {
    let ops: Vec<(Op, usize)> = operators.iter().map(|name| known(name)).collect::<Option<_>>()?;
    let operands: usize = ops.iter().map(|(_, arity)| arity - 1).sum();
    if ops.len() < 2 || operands + 1 != inputs.len() {
        return None;
    }
    let graph = match written(&ops, inputs) {
        Ok(graph) => graph,
        Err(error) => return Some(Err(error.into())),
    };
    match optimize(&graph, options) {
        Ok(graph) => (graph.nodes().len() == 1).then_some(Ok(graph)),
        Err(error) => Some(Err(error)),
    }
}

fn written(ops: &[(Op, usize)], inputs: &[TensorType]) -> Result<Graph, GraphError> {
    let mut builder = GraphBuilder::new("chain");
    let values: Vec<_> = (inputs.iter().enumerate())
        .map(|(place, ty)| builder.input(format!("input_{place}"), ty.dtype, ty.shape.clone()))
        .collect();
    let mut values = values.into_iter();
    let mut result = values.next();
    for (op, arity) in ops {
        let mut operands = vec![result];
        operands.extend(values.by_ref().take(arity - 1).map(Some));
        result = builder.node(op.clone(), &operands)?.first().copied();
    }
    if let Some(result) = result {
        builder.output(result, "output")?;
    }
    builder.build()
}

/// The operator of this name that takes tensors alone, and how many.
fn known(name: &str) -> Option<(Op, usize)> {
    use Unary::*;
    let unary = [
        Identity, Abs, Neg, Sign, Floor, Ceil, Round, Sqrt, Reciprocal, Exp, Log, Erf, Sin, Cos,
        Tan, Asin, Acos, Atan, Sinh, Cosh, Tanh, Asinh, Acosh, Atanh, Relu, Sigmoid, Softplus,
        Softsign, HardSwish, Mish,
    ];
    let unary = unary.into_iter().map(|op| (Op::from(op), 1));
    let activations =
        [Gelu { tanh: false }, Swish { alpha: 1.0 }].into_iter().map(|op| (Op::from(op), 1));
    let binary = [Binary::Add, Binary::Sub, Binary::Mul, Binary::Div, Binary::Pow, Binary::PRelu];
    let binary = binary.into_iter().map(|op| (Op::from(op), 2));
    let variadic = [Variadic::Min, Variadic::Max].into_iter().map(|op| (Op::from(op), 2));
    let product = [(Op::from(MatMul), 2)];
    let mut all = unary.chain(activations).chain(binary).chain(variadic).chain(product);
    all.find(|(op, _)| super::custom::is_called(op, name))
}
