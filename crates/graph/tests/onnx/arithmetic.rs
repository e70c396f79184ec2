//! Export and import are inverse to each other, for operators that reduce, multiply and quantise.

use tachy_graph::DType;
use tachy_graph::op::einsum::*;
use tachy_graph::op::linear::*;
use tachy_graph::op::quantization::*;
use tachy_graph::op::reduction::*;

use super::round_trip::check;

const F: DType = DType::F32;

#[test]
fn reduction() {
    use ReduceKind::*;
    for kind in [Sum, Mean, Max, Min, Prod, L1, L2, LogSum, LogSumExp, SumSquare] {
        for axes in [vec![], vec![1], vec![0, 2], vec![0, 1, 2]] {
            for keep_dims in [false, true] {
                check(Reduce { kind, axes: axes.clone(), keep_dims }, &[(F, &[2, 3, 4])]);
            }
        }
    }
    check(Reduce { kind: Max, axes: vec![0], keep_dims: true }, &[(DType::Bool, &[2])]);
    for yes in [false, true] {
        let op = ArgExtremum { largest: yes, axis: 1, keep_dims: !yes, select_last: yes };
        check(op, &[(F, &[2, 3])]);
        check(Cumulative { product: yes, axis: 1, exclusive: yes, reverse: !yes }, &[(F, &[2, 3])]);
        check(TopK { axis: 0, k: 2, largest: yes }, &[(F, &[2, 3])]);
    }
    for kind in [SoftmaxKind::Softmax, SoftmaxKind::LogSoftmax, SoftmaxKind::Hardmax] {
        check(Softmax { kind, axis: 0 }, &[(F, &[2, 3])]);
    }
}

#[test]
fn linear_algebra() {
    check(Einsum { equation: "bij,bjk->bik".into() }, &[(F, &[2, 3, 4]), (F, &[2, 4, 5])]);
    check(Det, &[(F, &[2, 3, 3])]);
}

#[test]
fn quantization() {
    let blocked = Granularity::Blocked { axis: 1, size: 2 };
    let cases: [(Granularity, &[usize]); 3] =
        [(Granularity::PerTensor, &[]), (Granularity::PerAxis(0), &[3]), (blocked, &[3, 2])];
    for (granularity, scale) in cases {
        for low in [DType::U8, DType::I8, DType::I16, DType::U4, DType::I2, DType::F8E5M2] {
            let op = QuantizeLinear { granularity, output: low, saturate: true, precision: None };
            check(op, &[(F, &[3, 4]), (F, scale)]);
            check(op, &[(F, &[3, 4]), (F, scale), (low, scale)]);
            let op = QuantizeLinear { saturate: false, precision: Some(DType::F16), ..op };
            check(op, &[(F, &[3, 4]), (F, scale)]);
            for output in [DType::F32, DType::F16] {
                let op = DequantizeLinear { granularity, output };
                check(op, &[(low, &[3, 4]), (F, scale), (low, scale)]);
            }
        }
    }
    check(DynamicQuantizeLinear, &[(F, &[3, 4])]);
    let (i, u) = (DType::I8, DType::U8);
    check(MatMulInteger, &[(i, &[3, 4]), (u, &[4, 2]), (i, &[3]), (u, &[2])]);
    let factor = [(u, &[3, 4][..]), (F, &[]), (u, &[])];
    let other = [(i, &[4, 2][..]), (F, &[2]), (i, &[2]), (F, &[]), (u, &[])];
    check(QLinearMatMul, &[&factor[..], &other[..]].concat());
}
