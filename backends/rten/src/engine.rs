//! A loaded model.

use std::num::NonZeroUsize;
use std::sync::Arc;

use rten::{Model, NodeId, RunOptions, ThreadPool, Value};
use rten_tensor::prelude::*;
use tachy_graph::Tensor;
use tachy_runtime::{Error, Port, Result, Signature, ValueEngine};

use crate::backend::NAME;
use crate::conversion::{check, from_engine, to_engine};
use crate::failure;

/// A model that RTen has loaded.
///
/// The engine takes views of the inputs, so a run copies none of them. It allocates the outputs in every run.
pub(crate) struct RtenEngine {
    model: Model,
    inputs: Vec<NodeId>,
    outputs: Vec<NodeId>,
    options: RunOptions,
}

impl RtenEngine {
    pub(crate) fn new(model: Model, signature: &Signature, threads: NonZeroUsize) -> Result<Self> {
        for port in &signature.inputs {
            check("input", &port.name, port.ty.dtype)?;
        }
        for port in &signature.outputs {
            check("output", &port.name, port.ty.dtype)?;
        }
        let node = |name: &str| {
            let message = format!("it has no value named `{name}`");
            model.find_node(name).ok_or(Error::Engine {
                backend: NAME,
                action: "find a value",
                message,
            })
        };
        let ids =
            |ports: &[Port]| ports.iter().map(|port| node(&port.name)).collect::<Result<Vec<_>>>();
        let (inputs, outputs) = (ids(&signature.inputs)?, ids(&signature.outputs)?);
        // A pool of its own, whose threads do all the work while the caller waits: exactly as many as asked.
        let pool = Arc::new(ThreadPool::with_num_threads(threads.get()));
        let options = RunOptions::default().with_thread_pool(Some(pool));
        Ok(Self { model, inputs, outputs, options })
    }
}

impl ValueEngine for RtenEngine {
    type Value = Value;

    fn backend(&self) -> &'static str {
        NAME
    }

    fn take(&self, name: &str, tensor: &Tensor) -> Result<Value> {
        to_engine(name, tensor)
    }

    fn run(&mut self, inputs: &[Value]) -> Result<Vec<Value>> {
        let inputs =
            self.inputs.iter().zip(inputs).map(|(id, value)| (*id, value.into())).collect();
        let options = Some(self.options.clone());
        self.model.run(inputs, &self.outputs, options).map_err(failure::of_running)
    }

    fn give(&self, value: &Value, tensor: &mut Tensor) -> Result<()> {
        from_engine(value, tensor)
    }

    fn shape(value: &Value) -> impl AsRef<[usize]> {
        value.shape()
    }
}
