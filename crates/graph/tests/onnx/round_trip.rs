//! The way out and back.

use tachy_graph::onnx::{ExportOptions, ImportOptions, export, import};
use tachy_graph::{DType, Graph, GraphBuilder, Op};

use super::describe::describe;

/// The graph after export and import, which must be the graph itself.
pub fn round_trip(graph: &Graph, opset: Option<i64>) -> Graph {
    let mut options = ExportOptions::default();
    options.opset = opset;
    let model = export(graph, &options).unwrap_or_else(|error| panic!("{error}"));
    let imported = import(model, &ImportOptions::default());
    let imported = imported.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(describe(graph), describe(&imported));
    imported
}

/// Checks the round trip of a graph of one node, at the lowest version that has the operator and at others.
pub fn check(op: impl Into<Op>, inputs: &[(DType, &[usize])]) {
    let inputs: Vec<_> = inputs.iter().copied().map(Some).collect();
    check_optional(op, &inputs);
}

/// As [`check`], for an operator with optional inputs.
pub fn check_optional(op: impl Into<Op>, inputs: &[Option<(DType, &[usize])>]) {
    let op = op.into();
    let mut builder = GraphBuilder::new("graph");
    let inputs: Vec<_> = (inputs.iter().enumerate())
        .map(|(index, input)| {
            input.map(|(dtype, shape)| builder.input(format!("input {index}"), dtype, shape))
        })
        .collect();
    let outputs = builder.node(op.clone(), &inputs).unwrap_or_else(|error| panic!("{error}"));
    for (index, output) in outputs.into_iter().enumerate() {
        builder.output(output, format!("output {index}")).unwrap();
    }
    let graph = builder.build().unwrap();
    for opset in [None, Some(21), Some(28)] {
        assert_eq!(round_trip(&graph, opset).nodes()[0].op, op);
    }
}
