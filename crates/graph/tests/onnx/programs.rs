//! Export and import are inverse to each other, for graphs of many nodes.

use proptest::prelude::*;
use tachy_graph::convert::Conversion;
use tachy_graph::op::conversion::Cast;
use tachy_graph::op::elementwise::*;
use tachy_graph::op::indexing::Gather;
use tachy_graph::op::linear::{Gemm, MatMul};
use tachy_graph::op::movement::{Expand, Reshape, Transpose};
use tachy_graph::op::reduction::{Reduce, ReduceKind, Softmax, SoftmaxKind, TopK};
use tachy_graph::op::slicing::{Concat, Split};
use tachy_graph::{DType, Graph, GraphBuilder, Op, Tensor, ValueId};

use super::round_trip::round_trip;

#[test]
fn a_perceptron() {
    let mut builder = GraphBuilder::new("perceptron");
    let input = builder.input("input", DType::F32, [2, 3, 4]);
    let flat = builder.reshape(input, [2, 12]).unwrap();
    let weights = builder.constant("weights", Tensor::zeros(DType::F32, &[5, 12]).unwrap());
    let bias = builder.constant("bias", Tensor::new(&[5], &[1f32, 2., 3., 4., 5.]).unwrap());
    let layer = builder.linear(flat, weights, bias).unwrap();
    let active = builder.hard_swish(layer).unwrap();
    let turned = builder.transpose(active, [1, 0]).unwrap();
    builder.output(turned, "output").unwrap();
    round_trip(&builder.build().unwrap(), None);
}

/// One step of a random program: which operator, on which values, with which parameters. Steps whose types do
/// not go together are left out.
#[derive(Debug, Clone)]
struct Step {
    operator: u8,
    operands: [usize; 3],
    parameter: usize,
}

fn step() -> impl Strategy<Value = Step> {
    (any::<u8>(), any::<[usize; 3]>(), any::<usize>())
        .prop_map(|(operator, operands, parameter)| Step { operator, operands, parameter })
}

/// The operator of a step, and the number of its operands.
fn operator(step: &Step, shape: &[usize]) -> (Op, usize) {
    let rank = shape.len();
    let pick = step.parameter;
    match step.operator % 20 {
        0 => ([Unary::Relu, Unary::Tanh, Unary::Neg, Unary::Identity][pick % 4].into(), 1),
        1 => (Unary::LeakyRelu { alpha: (pick % 7) as f32 / 4.0 }.into(), 1),
        2 => ([Unary::Not, Unary::BitwiseNot, Unary::IsNaN, Unary::Abs][pick % 4].into(), 1),
        3 => ([Binary::Add, Binary::Mul, Binary::Mod, Binary::Pow][pick % 4].into(), 2),
        4 => ([Binary::And, Binary::Xor, Binary::BitwiseAnd, Binary::Div][pick % 4].into(), 2),
        5 => ([Compare::Equal, Compare::Less][pick % 2].into(), 2),
        6 => ([Variadic::Max, Variadic::Sum][pick % 2].into(), 1 + pick / 2 % 3),
        7 => (Where.into(), 3),
        8 => (Clip.into(), 1 + pick % 3),
        9 => {
            let to = DType::ALL[pick % DType::ALL.len()];
            (Cast { to, conversion: Conversion::default() }.into(), 1)
        }
        10 => (MatMul.into(), 2),
        11 => {
            let (transpose_a, transpose_b) = (pick & 1 == 1, pick & 2 == 2);
            (Gemm { alpha: 0.5, beta: 1.5, transpose_a, transpose_b }.into(), 2 + pick % 2)
        }
        12 => {
            let count = shape.iter().product::<usize>();
            let first = (1..=count.max(1)).filter(|size| count.is_multiple_of(*size));
            let first = first.clone().nth(pick % first.count()).unwrap();
            (Reshape { shape: vec![first, 1, count / first] }.into(), 1)
        }
        13 => {
            let mut permutation: Vec<usize> = (0..rank).collect();
            permutation.rotate_left(pick % rank.max(1));
            (Transpose { permutation }.into(), 1)
        }
        14 if pick.is_multiple_of(2) => (Expand { shape: [&[2][..], shape].concat() }.into(), 1),
        14 => (Concat { axis: pick / 2 % rank.max(1) }.into(), 2),
        15 => {
            let kind = [ReduceKind::Max, ReduceKind::Sum, ReduceKind::Mean][pick % 3];
            let axes = (0..rank).filter(|axis| pick >> (axis + 2) & 1 == 1).collect();
            (Reduce { kind, axes, keep_dims: pick & 1 == 1 }.into(), 1)
        }
        16 => (Softmax { kind: SoftmaxKind::Softmax, axis: pick % rank.max(1) }.into(), 1),
        17 => (TopK { axis: pick % rank.max(1), k: 1, largest: pick & 1 == 1 }.into(), 1),
        18 => (Gather { axis: pick % rank.max(1) }.into(), 2),
        _ => {
            let axis = pick % rank.max(1);
            let size = shape.get(axis).copied().unwrap_or(0);
            let first = pick % (size + 1);
            (Split { axis, sizes: vec![first, size - first] }.into(), 1)
        }
    }
}

/// The program of these steps. Every node reads something that is not constant, so that nothing is folded.
fn program(steps: &[Step]) -> Graph {
    let mut builder = GraphBuilder::new("program");
    let mut values = Vec::new();
    for (index, dtype) in [DType::F32, DType::I64, DType::Bool, DType::F16].into_iter().enumerate()
    {
        values.push(builder.input(format!("matrix_{index}"), dtype, [3, 4]));
        values.push(builder.input(format!("row_{index}"), dtype, [4]));
        values.push(builder.input(format!("scalar_{index}"), dtype, []));
    }
    let mut constants = Vec::new();
    for (index, dtype) in DType::ALL.into_iter().enumerate() {
        let tensor = Tensor::zeros(dtype, [&[4, 3][..], &[4], &[]][index % 3]).unwrap();
        constants.push(builder.constant(format!("constant_{index}"), tensor));
    }
    for step in steps {
        let first = values[step.operands[0] % values.len()];
        let (op, count) = operator(step, &builder.ty(first).shape.clone());
        let operand = |which: usize| -> ValueId {
            let index = step.operands[which] % (values.len() + constants.len());
            values.get(index).copied().unwrap_or_else(|| constants[index - values.len()])
        };
        let operands = [first, operand(1), operand(2)].map(Some);
        if let Ok(outputs) = builder.node(op, &operands[..count]) {
            values.extend(outputs);
        }
    }
    let last = values.split_off(values.len().saturating_sub(4));
    for (index, value) in last.into_iter().enumerate() {
        builder.output(value, format!("output_{index}")).unwrap();
    }
    builder.remove_unused();
    builder.build().unwrap()
}

proptest! {
    #[test]
    fn random_programs(
        steps in proptest::collection::vec(step(), 1..60),
        opset in proptest::option::of(17i64..=28),
    ) {
        round_trip(&program(&steps), opset);
    }
}
