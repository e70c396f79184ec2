//! A loaded model and the tensors that go in and out of it.

use std::num::NonZeroUsize;
use std::sync::Arc;

use rten::{Model, NodeId, RunOptions, ThreadPool, Value};
use rten_tensor::prelude::*;
use tachy_graph::{Tensor, TensorType};
use tachy_runtime::{CompileStats, Error, Executable, MemoryStats, Result, Signature, contain};

use crate::backend::NAME;
use crate::conversion::{check, from_engine, to_engine};
use crate::failure;

/// A model that RTen has loaded.
///
/// The engine takes views of the inputs, so a run copies none of them. It allocates the outputs in every run;
/// they are kept until the next one.
pub(crate) struct RtenExecutable {
    signature: Signature,
    model: Model,
    inputs: Vec<NodeId>,
    outputs: Vec<NodeId>,
    bound: Option<Vec<Value>>,
    results: Option<Vec<Value>>,
    options: RunOptions,
    stats: CompileStats,
}

impl RtenExecutable {
    pub(crate) fn new(
        model: Model,
        signature: Signature,
        stats: CompileStats,
        threads: NonZeroUsize,
    ) -> Result<Self> {
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
        let ids = |ports: &[tachy_runtime::Port]| {
            ports.iter().map(|port| node(&port.name)).collect::<Result<Vec<_>>>()
        };
        let (inputs, outputs) = (ids(&signature.inputs)?, ids(&signature.outputs)?);
        // A pool of its own, whose threads do all the work while the caller waits: exactly as many as asked.
        let pool = Arc::new(ThreadPool::with_num_threads(threads.get()));
        let options = RunOptions::default().with_thread_pool(Some(pool));
        Ok(Self { signature, model, inputs, outputs, bound: None, results: None, options, stats })
    }
}

impl Executable for RtenExecutable {
    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn bind(&mut self, inputs: &[Tensor]) -> Result<()> {
        self.signature.check_inputs(inputs)?;
        let ports = self.signature.inputs.iter().zip(inputs);
        let values = ports.map(|(port, tensor)| to_engine(&port.name, tensor));
        self.bound = Some(values.collect::<Result<_>>()?);
        self.results = None;
        Ok(())
    }

    fn run(&mut self) -> Result<()> {
        let Some(bound) = &self.bound else {
            return Err(Error::OutOfOrder("`run` needs inputs; call `bind` first."));
        };
        let inputs = self.inputs.iter().zip(bound).map(|(id, value)| (*id, value.into())).collect();
        let options = Some(self.options.clone());
        let results = contain(NAME, "run the model", || {
            self.model.run(inputs, &self.outputs, options).map_err(failure::of_running)
        });
        self.results = None;
        self.results = Some(results?);
        Ok(())
    }

    fn fetch(&mut self, outputs: &mut [Tensor]) -> Result<()> {
        self.signature.check_outputs(outputs)?;
        let Some(results) = &self.results else {
            return Err(Error::OutOfOrder("`fetch` needs results; call `run` first."));
        };
        for ((port, value), tensor) in self.signature.outputs.iter().zip(results).zip(outputs) {
            if value.shape().as_slice() != tensor.shape() {
                return Err(Error::Type {
                    role: "output",
                    name: port.name.clone(),
                    expected: TensorType::new(port.ty.dtype, value.shape().to_vec()),
                    found: tensor.ty().clone(),
                });
            }
            from_engine(value, tensor)?;
        }
        Ok(())
    }

    fn compile_stats(&self) -> &CompileStats {
        &self.stats
    }

    fn memory(&self) -> MemoryStats {
        MemoryStats::default()
    }
}
