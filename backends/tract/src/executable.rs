//! A plan and the tensors that go in and out of it.

use tachy_graph::{Tensor, TensorType};
use tachy_runtime::{CompileStats, Error, Executable, MemoryStats, Result, Signature, contain};
use tract_onnx::prelude::{TValue, TVec};
use tract_onnx::tract_core::internal::{SimpleState, TypedFact, TypedOp};

use crate::backend::NAME;
use crate::conversion::{from_engine, to_engine};
use crate::failure::during;
use crate::model::Plan;

/// A model that tract has planned.
///
/// The engine takes the inputs by counted reference, so a run copies none of them. It allocates intermediate
/// values and outputs in every run; the outputs are kept until the next one.
pub(crate) struct TractExecutable {
    signature: Signature,
    plan: Plan,
    state: SimpleState<TypedFact, Box<dyn TypedOp>>,
    bound: Option<TVec<TValue>>,
    results: Option<TVec<TValue>>,
    stats: CompileStats,
}

impl TractExecutable {
    pub(crate) fn new(plan: Plan, signature: Signature, stats: CompileStats) -> Result<Self> {
        let state = plan.spawn().map_err(during("plan the model"))?;
        Ok(Self { signature, plan, state, bound: None, results: None, stats })
    }
}

impl Executable for TractExecutable {
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
        self.results = None;
        let results = contain(NAME, "run the model", || {
            self.state.run(bound.clone()).map_err(during("run the model"))
        });
        if results.is_err() {
            // What a failed run leaves in the state would reach the next one.
            self.reset()?;
        }
        self.results = Some(results?);
        Ok(())
    }

    fn reset(&mut self) -> Result<()> {
        self.state = self.plan.spawn().map_err(during("reset the state"))?;
        Ok(())
    }

    fn fetch(&mut self, outputs: &mut [Tensor]) -> Result<()> {
        self.signature.check_outputs(outputs)?;
        let Some(results) = &self.results else {
            return Err(Error::OutOfOrder("`fetch` needs results; call `run` first."));
        };
        for ((port, value), tensor) in self.signature.outputs.iter().zip(results).zip(outputs) {
            if value.shape() != tensor.shape() {
                return Err(Error::Type {
                    role: "output",
                    name: port.name.clone(),
                    expected: TensorType::new(port.ty.dtype, value.shape()),
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
