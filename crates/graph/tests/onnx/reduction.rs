//! Export and import are inverse to each other, for reductions, products over indices and quantisation.

use tachy_graph::DType;
use tachy_graph::op::einsum::Einsum;
use tachy_graph::op::linear::*;
use tachy_graph::op::quantization::*;
use tachy_graph::op::reduction::*;

use super::round_trip::check;

const F: DType = DType::F32;
const X: (DType, &[usize]) = (F, &[2, 3, 4]);

#[test]
fn reduction() {
    use ReduceKind::*;
    for kind in [Sum, Mean, Max, Min, Prod, L1, L2, LogSum, LogSumExp, SumSquare] {
        for axes in [vec![], vec![1], vec![0, 2], vec![0, 1, 2]] {
            for keep_dims in [false, true] {
                check(Reduce { kind, axes: axes.clone(), keep_dims }, &[X]);
            }
        }
    }
    check(Reduce { kind: Max, axes: vec![0], keep_dims: true }, &[(DType::Bool, &[2])]);
    for flag in [false, true] {
        check(ArgExtremum { largest: flag, axis: 1, keep_dims: !flag, select_last: flag }, &[X]);
        check(Cumulative { product: flag, axis: 2, exclusive: flag, reverse: !flag }, &[X]);
        check(TopK { axis: 2, k: 3, largest: flag }, &[X]);
    }
    check(TopK { axis: 0, k: 1, largest: true }, &[(DType::BF16, &[4])]);
    for kind in [SoftmaxKind::Softmax, SoftmaxKind::LogSoftmax, SoftmaxKind::Hardmax] {
        check(Softmax { kind, axis: 1 }, &[X]);
    }
}

#[test]
fn products() {
    check(Einsum { equation: "bij,bjk->bik".to_owned() }, &[X, (F, &[2, 4, 5])]);
    check(Einsum { equation: "...ii->...i".to_owned() }, &[(F, &[2, 3, 3])]);
    check(Det, &[(F, &[2, 3, 3])]);
}

#[test]
fn quantization() {
    use Granularity::*;
    let cases: [(Granularity, &[usize]); 3] =
        [(PerTensor, &[]), (PerAxis(1), &[3]), (Blocked { axis: 2, size: 2 }, &[2, 3, 2])];
    for (granularity, scale) in cases {
        for output in [DType::U8, DType::I8, DType::I16, DType::U4] {
            let op = QuantizeLinear { granularity, output, saturate: true, precision: None };
            check(op, &[X, (F, scale), (output, scale)]);
            let op = DequantizeLinear { granularity, output: F };
            check(op, &[(output, X.1), (F, scale), (output, scale)]);
            check(op, &[(output, X.1), (F, scale)]);
        }
        let (output, precision) = (DType::F8E5M2, None);
        let op = QuantizeLinear { granularity, output, saturate: false, precision };
        check(op, &[X, (F, scale), (output, scale)]);
    }
    let op = QuantizeLinear {
        granularity: PerTensor,
        output: DType::I8,
        saturate: true,
        precision: Some(DType::F16),
    };
    check(op, &[X, (F, &[])]);
    check(DynamicQuantizeLinear, &[X]);
    let (a, b): (&[usize], &[usize]) = (&[2, 3], &[3, 4]);
    let zero: (DType, &[usize]) = (DType::U8, &[]);
    check(MatMulInteger, &[(DType::U8, a), (DType::I8, b)]);
    check(MatMulInteger, &[(DType::U8, a), (DType::I8, b), zero, (DType::I8, &[4])]);
    let scale: (DType, &[usize]) = (F, &[]);
    check(QLinearMatMul, &[(DType::U8, a), scale, zero, (DType::U8, b), scale, zero, scale, zero]);
}
