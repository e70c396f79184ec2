//! A planned model.

use tachy_graph::Tensor;
use tachy_runtime::{Result, ValueEngine};
use tract_onnx::prelude::TValue;
use tract_onnx::tract_core::internal::{SimpleState, TypedFact, TypedOp};

use crate::backend::NAME;
use crate::conversion::{from_engine, to_engine};
use crate::failure::during;
use crate::model::Plan;

/// A model that tract has planned.
///
/// The engine takes the inputs by counted reference, so a run copies none of them. It allocates intermediate
/// values and outputs in every run.
pub(crate) struct TractEngine {
    plan: Plan,
    state: SimpleState<TypedFact, Box<dyn TypedOp>>,
}

impl TractEngine {
    pub(crate) fn new(plan: Plan) -> Result<Self> {
        let state = plan.spawn().map_err(during("plan the model"))?;
        Ok(Self { plan, state })
    }
}

impl ValueEngine for TractEngine {
    type Value = TValue;

    fn backend(&self) -> &'static str {
        NAME
    }

    fn take(&self, name: &str, tensor: &Tensor) -> Result<TValue> {
        to_engine(name, tensor)
    }

    fn run(&mut self, inputs: &[TValue]) -> Result<Vec<TValue>> {
        let results = self.state.run(inputs.iter().cloned().collect());
        if results.is_err() {
            // What a failed run leaves in the state would reach the next one.
            self.reset()?;
        }
        Ok(results.map_err(during("run the model"))?.into_vec())
    }

    fn shape(value: &TValue) -> impl AsRef<[usize]> {
        value.shape()
    }

    fn give(&self, value: &TValue, tensor: &mut Tensor) -> Result<()> {
        from_engine(value, tensor)
    }

    fn reset(&mut self) -> Result<()> {
        self.state = self.plan.spawn().map_err(during("reset the state"))?;
        Ok(())
    }
}
