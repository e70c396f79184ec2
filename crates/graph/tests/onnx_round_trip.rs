//! Export and import are inverse to each other.

mod common;

use common::describe;
use tachy_graph::onnx::{ExportOptions, ImportOptions, export, import};
use tachy_graph::{DType, Graph, GraphBuilder, Tensor};

fn round_trip(graph: &Graph) {
    let model = export(graph, &ExportOptions::default()).expect("the graph can be exported");
    let imported = import(model, &ImportOptions::default()).expect("the model can be imported");
    assert_eq!(describe(graph), describe(&imported));
}

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
    round_trip(&builder.build().unwrap());
}
