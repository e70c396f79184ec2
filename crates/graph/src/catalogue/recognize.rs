//! Which case of the catalogue is a graph like?

use super::case::Layout;
use super::operator::CatalogueOperator;
use crate::cost::Cost;
use crate::dtype::DType;
use crate::graph::{Graph, Node, Source, ValueId};
use crate::op::Op;
use crate::op::elementwise::Binary;
use crate::op::signal::DftKind;

/// A graph of one operator that the catalogue has, at whatever shape.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recognized {
    /// The operator.
    pub operator: CatalogueOperator,
    /// The element type, as the catalogue's cases have it.
    pub dtype: DType,
    /// Whether the first input comes through a transposition.
    pub layout: Layout,
    /// The operator's work: what makes graphs of different shapes comparable.
    pub cost: Cost,
}

/// Recognises a graph that consists of one operator of the catalogue, behind a transposition of an input or not.
pub fn recognize(graph: &Graph) -> Option<Recognized> {
    let (node, layout) = match graph.nodes() {
        [node] => (node, Layout::Contiguous),
        [transpose, node] => {
            let of_input = |id: &ValueId| matches!(graph.value(*id).source, Source::Input);
            let is_transpose = matches!(transpose.op, Op::Transpose(_))
                && transpose.inputs.iter().flatten().all(of_input);
            let feeds = node.inputs.first() == Some(&transpose.outputs.first().copied());
            (is_transpose && feeds).then_some((node, Layout::Strided))?
        }
        _ => return None,
    };
    let operator = operator(graph, node)?;
    let typed = match operator {
        CatalogueOperator::Dequantize => *node.outputs.first()?,
        _ => (*node.inputs.first()?)?,
    };
    let dtype = graph.value(typed).ty.dtype;
    let known = operator.dtypes().contains(&dtype);
    known.then(|| Recognized { operator, dtype, layout, cost: graph.cost(node) })
}

fn operator(graph: &Graph, node: &Node) -> Option<CatalogueOperator> {
    let rank = |index: usize| Some(graph.value((*node.inputs.get(index)?)?).ty.rank());
    Some(match &node.op {
        Op::MatMul(_) => CatalogueOperator::MatMul,
        Op::Binary(Binary::Add) => CatalogueOperator::Add,
        Op::Binary(Binary::Mul) => CatalogueOperator::Multiply,
        Op::Conv(op) if op.groups == 1 && rank(0) == Some(3) => CatalogueOperator::Conv1d,
        Op::Conv(op) if op.groups == 1 && rank(0) == Some(4) => CatalogueOperator::Conv2d,
        Op::LayerNormalization(_) => CatalogueOperator::LayerNorm,
        Op::GroupNormalization(_) => CatalogueOperator::GroupNorm,
        Op::Softmax(_) => CatalogueOperator::Softmax,
        Op::Dft(op) if op.kind == DftKind::ForwardOneSided => CatalogueOperator::Fft,
        Op::Lstm(_) => CatalogueOperator::Lstm,
        Op::QuantizeLinear(_) => CatalogueOperator::Quantize,
        Op::DequantizeLinear(_) => CatalogueOperator::Dequantize,
        Op::MatMulInteger(_) => CatalogueOperator::QMatMul,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::super::OperatorCase;
    use super::*;
    use crate::builder::GraphBuilder;

    #[test]
    fn every_case_is_recognised_with_its_cost() {
        let size = NonZeroUsize::new(8).unwrap();
        for operator in CatalogueOperator::ALL {
            for layout in Layout::ALL {
                let dtype = *operator.dtypes().last().unwrap();
                let case = OperatorCase { operator, dtype, layout, size };
                let expected = Recognized { operator, dtype, layout, cost: case.cost().unwrap() };
                assert_eq!(recognize(&case.graph(0).unwrap()), Some(expected), "{case}");
            }
        }
    }

    #[test]
    fn a_graph_of_two_operators_is_none_of_the_catalogue() {
        let mut builder = GraphBuilder::new("two");
        let x = builder.input("x", DType::F32, [4, 4]);
        let product = builder.matmul(x, x).unwrap();
        let sum = builder.add(product, x).unwrap();
        builder.output(sum, "y").unwrap();
        assert_eq!(recognize(&builder.build().unwrap()), None);
    }
}
