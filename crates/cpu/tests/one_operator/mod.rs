//! Runs a single operator on the native engine.

use std::num::NonZeroUsize;

use tachy_cpu::CpuBackend;
use tachy_graph::{GraphBuilder, GraphError, Op, Tensor};
use tachy_runtime::{Backend, CompileOptions, Device, Error};

/// The outputs of an operator on one thread, and on three the same.
pub fn run(op: impl Into<Op>, inputs: &[Tensor]) -> Result<Vec<Tensor>, Error> {
    let op = op.into();
    let single = run_on(1, &op, inputs)?;
    let several = run_on(3, &op, inputs)?;
    assert!(single == several, "{op:?} depends on the number of threads");
    Ok(single)
}

/// The only output of an operator that must succeed.
pub fn output(op: impl Into<Op>, inputs: &[Tensor]) -> Tensor {
    run(op, inputs).expect("the operator takes these inputs").remove(0)
}

/// Whether the operator's type rule refuses these inputs.
pub fn is_refused(op: impl Into<Op>, inputs: &[Tensor]) -> bool {
    let mut builder = GraphBuilder::new("");
    let values: Vec<_> = inputs.iter().map(|t| builder.constant("", t.clone())).collect();
    matches!(builder.apply(op, &values), Err(GraphError::Node { .. }))
}

fn run_on(threads: usize, op: &Op, inputs: &[Tensor]) -> Result<Vec<Tensor>, Error> {
    let mut builder = GraphBuilder::new("one operator");
    let values: Vec<_> = (inputs.iter().enumerate())
        .map(|(i, t)| Some(builder.input(format!("input {i}"), t.dtype(), t.shape())))
        .collect();
    let outputs = builder.node(op.clone(), &values).expect("the type rule takes the inputs");
    for (index, output) in outputs.into_iter().enumerate() {
        builder.output(output, format!("output {index}")).expect("the names differ");
    }
    let graph = builder.build().expect("the graph is complete");
    let threads = NonZeroUsize::new(threads).expect("at least one thread");
    let options = CompileOptions::default().with_threads(threads);
    let mut executable = CpuBackend.compile(&graph, &Device::of("cpu"), &options)?;
    executable.call(inputs)
}
