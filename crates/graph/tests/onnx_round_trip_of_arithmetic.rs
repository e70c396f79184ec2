//! Export and import are inverse to each other, for operators that compute, reduce, multiply and quantise.

mod common;

use common::describe;
use tachy_graph::convert::{Conversion, RoundMode};
use tachy_graph::onnx::{ExportOptions, ImportOptions, export, import};
use tachy_graph::op::conversion::*;
use tachy_graph::op::einsum::*;
use tachy_graph::op::linear::*;
use tachy_graph::op::quantization::*;
use tachy_graph::op::reduction::*;
use tachy_graph::{DType, GraphBuilder, Op};

/// Checks the round trip of a graph of one node, at the lowest version that has the operator and at another.
fn check(op: impl Into<Op>, inputs: &[(DType, &[usize])]) {
    let op = op.into();
    let mut builder = GraphBuilder::new("graph");
    let inputs: Vec<_> = (inputs.iter().enumerate())
        .map(|(index, (dtype, shape))| {
            Some(builder.input(format!("input {index}"), *dtype, *shape))
        })
        .collect();
    let outputs = builder.node(op.clone(), &inputs).unwrap_or_else(|error| panic!("{error}"));
    for (index, output) in outputs.into_iter().enumerate() {
        builder.output(output, format!("output {index}")).unwrap();
    }
    let graph = builder.build().unwrap();
    for opset in [None, Some(26)] {
        let mut options = ExportOptions::default();
        options.opset = opset;
        let model = export(&graph, &options).unwrap_or_else(|error| panic!("{error}"));
        let imported = import(model, &ImportOptions::default());
        let imported = imported.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(describe(&graph), describe(&imported), "{op:?}");
        assert_eq!(imported.nodes()[0].op, op);
    }
}

const F: DType = DType::F32;

#[test]
fn conversion() {
    for to in DType::ALL {
        check(Cast { to, conversion: Conversion::default() }, &[(F, &[2, 3])]);
    }
    let conversion = Conversion { saturate: false, round_mode: RoundMode::Nearest };
    check(Cast { to: DType::F8E8M0, conversion }, &[(F, &[2, 3])]);
    check(BitCast { to: DType::I32 }, &[(F, &[2, 3])]);
}

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
