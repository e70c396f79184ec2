//! Engines that take and give values of their own: the frame around them is the same for all.

use tachy_graph::{Tensor, TensorType};
use tachy_profile::memory::Occasion;

use crate::containment::contain;
use crate::device::Device;
use crate::error::{Error, Result};
use crate::executable::{CompileStats, Executable};
use crate::memory::{MemoryStats, tell_memory};
use crate::signature::Signature;

/// A loaded model of an engine that takes the inputs as values of its own, and gives new values in every run.
pub trait ValueEngine: Send {
    /// A tensor as the engine holds it.
    type Value: Send;

    /// The name of the backend, for errors.
    fn backend(&self) -> &'static str;

    /// A copy of an input as the engine takes it.
    ///
    /// # Errors
    /// If the engine has nothing like it.
    fn take(&self, name: &str, tensor: &Tensor) -> Result<Self::Value>;

    /// Computes the outputs.
    ///
    /// # Errors
    /// If the engine fails.
    fn run(&mut self, inputs: &[Self::Value]) -> Result<Vec<Self::Value>>;

    /// The sizes of a value.
    fn shape(value: &Self::Value) -> impl AsRef<[usize]>;

    /// Copies an output into a tensor of its shape.
    ///
    /// # Errors
    /// If it has another element type.
    fn give(&self, value: &Self::Value, tensor: &mut Tensor) -> Result<()>;

    /// Puts recurrent state back to its start.
    ///
    /// # Errors
    /// If the engine fails.
    fn reset(&mut self) -> Result<()> {
        Ok(())
    }
}

/// An [`Executable`] around a [`ValueEngine`]. Inputs are kept from `bind` on, outputs from one run to the next.
pub struct ValueExecutable<E: ValueEngine> {
    engine: E,
    signature: Signature,
    stats: CompileStats,
    bound: Option<Vec<E::Value>>,
    results: Option<Vec<E::Value>>,
}

impl<E: ValueEngine> ValueExecutable<E> {
    /// The engine's model with this signature.
    pub fn new(engine: E, signature: Signature, stats: CompileStats) -> Self {
        tell_memory(|| Device::of(engine.backend()), Occasion::Compiled, MemoryStats::default);
        Self { engine, signature, stats, bound: None, results: None }
    }
}

impl<E: ValueEngine> Executable for ValueExecutable<E> {
    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn bind(&mut self, inputs: &[Tensor]) -> Result<()> {
        self.signature.check_inputs(inputs)?;
        let ports = self.signature.inputs.iter().zip(inputs);
        let values = ports.map(|(port, tensor)| self.engine.take(&port.name, tensor));
        self.bound = Some(values.collect::<Result<_>>()?);
        self.results = None;
        Ok(())
    }

    fn run(&mut self) -> Result<()> {
        let Some(bound) = &self.bound else {
            return Err(Error::OutOfOrder("`run` needs inputs; call `bind` first."));
        };
        // The memory of the last results serves for the new ones.
        self.results = None;
        let backend = self.engine.backend();
        self.results = Some(contain(backend, "run the model", || self.engine.run(bound))?);
        Ok(())
    }

    fn reset(&mut self) -> Result<()> {
        self.engine.reset()
    }

    fn fetch(&mut self, outputs: &mut [Tensor]) -> Result<()> {
        self.signature.check_outputs(outputs)?;
        let Some(results) = &self.results else {
            return Err(Error::OutOfOrder("`fetch` needs results; call `run` first."));
        };
        for ((port, value), tensor) in self.signature.outputs.iter().zip(results).zip(outputs) {
            let shape = E::shape(value);
            let shape = shape.as_ref();
            if shape != tensor.shape() {
                return Err(Error::Type {
                    role: "output",
                    name: port.name.clone(),
                    expected: TensorType::new(port.ty.dtype, shape),
                    found: tensor.ty().clone(),
                });
            }
            self.engine.give(value, tensor)?;
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
