//! Executables by the shapes of their inputs.

use std::num::NonZeroUsize;
use std::sync::Arc;

use bytes::Bytes;
use tachy_graph::onnx::Interface;
use tachy_graph::{Shape, Tensor};

use crate::backend::Backend;
use crate::device::Device;
use crate::error::Result;
use crate::executable::Executable;
use crate::options::CompileOptions;

type Prepare = dyn FnMut(&[&[usize]]) -> Result<Box<dyn Executable>> + Send;

/// Executables by the shapes of their inputs: a stream of changing shapes pays for preparation once a shape.
///
/// An executable has fixed shapes. Where sentences, batches or images differ in size, the cache prepares one executable
/// for each combination of shapes that it meets and keeps those that were used last, up to a number. A call whose shapes
/// are prepared allocates nothing here.
///
/// ```
/// # use std::num::NonZeroUsize;
/// # use tachy_graph::Tensor;
/// # fn example(
/// #     backend: std::sync::Arc<dyn tachy_runtime::Backend>, model: bytes::Bytes, short: Tensor, long: Tensor,
/// # ) -> tachy_runtime::Result<()> {
/// # use tachy_runtime::{CompileOptions, Device, PlanCache};
/// let capacity = NonZeroUsize::new(4).unwrap();
/// let mut cache =
///     PlanCache::of_model(backend, model, Device::of("cpu"), CompileOptions::default(), capacity);
/// cache.call(&[short.clone()])?; // prepares
/// cache.call(&[long])?; // prepares
/// cache.call(&[short])?; // does not
/// assert_eq!(cache.statistics().hits, 1);
/// # Ok(())
/// # }
/// ```
pub struct PlanCache {
    prepare: Box<Prepare>,
    /// The most recently used first. There are few, so looking through them costs less than hashing shapes would, and
    /// needs no key to be made.
    plans: Vec<Box<dyn Executable>>,
    capacity: NonZeroUsize,
    statistics: PlanCacheStatistics,
}

/// What a cache did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PlanCacheStatistics {
    /// Calls whose shapes were prepared.
    pub hits: u64,
    /// Calls whose shapes had to be prepared.
    pub misses: u64,
    /// Executables that were dropped to make room.
    pub evictions: u64,
}

impl PlanCache {
    /// A cache of so many executables at the most; `prepare` makes one for the shapes of the inputs, in order.
    pub fn new(
        capacity: NonZeroUsize,
        prepare: impl FnMut(&[&[usize]]) -> Result<Box<dyn Executable>> + Send + 'static,
    ) -> Self {
        Self {
            prepare: Box::new(prepare),
            plans: Vec::with_capacity(capacity.get() + 1),
            capacity,
            statistics: PlanCacheStatistics::default(),
        }
    }

    /// A cache for an ONNX model, given as the bytes of its file, whose dimensions are open. `options` say all but the
    /// shapes of the inputs.
    pub fn of_model(
        backend: Arc<dyn Backend>,
        model: Bytes,
        device: Device,
        options: CompileOptions,
        capacity: NonZeroUsize,
    ) -> Self {
        // A file that cannot be read is for the engine to complain of.
        let inputs = Interface::read(&model).unwrap_or_default().inputs;
        Self::new(capacity, move |shapes| {
            let mut options = options.clone();
            for (input, shape) in inputs.iter().zip(shapes) {
                options.input_shapes.insert(input.name.clone(), Shape::from(*shape));
            }
            backend.load_onnx(model.clone(), &device, &options)
        })
    }

    /// The executable for inputs of these shapes, prepared now if it is not yet.
    ///
    /// # Errors
    /// If it cannot be prepared; what is cached stays.
    pub fn get(&mut self, inputs: &[Tensor]) -> Result<&mut dyn Executable> {
        match self.plans.iter().position(|plan| takes(&**plan, inputs)) {
            Some(place) => {
                self.statistics.hits += 1;
                self.plans[..=place].rotate_right(1);
            }
            None => {
                self.statistics.misses += 1;
                let shapes: Vec<&[usize]> = inputs.iter().map(Tensor::shape).collect();
                let plan = (self.prepare)(&shapes)?;
                self.plans.insert(0, plan);
                if self.plans.len() > self.capacity.get() {
                    self.plans.pop();
                    self.statistics.evictions += 1;
                }
            }
        }
        Ok(&mut *self.plans[0])
    }

    /// One whole call: bind, run, and fetch into new tensors.
    ///
    /// # Errors
    /// As [`get`](Self::get), and if the call fails.
    pub fn call(&mut self, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        self.get(inputs)?.call(inputs)
    }

    /// What the cache did so far.
    pub fn statistics(&self) -> PlanCacheStatistics {
        self.statistics
    }

    /// The number of executables that are kept now.
    pub fn len(&self) -> usize {
        self.plans.len()
    }

    /// Whether nothing was prepared yet.
    pub fn is_empty(&self) -> bool {
        self.plans.is_empty()
    }
}

/// Whether an executable takes inputs of these shapes. Element types do not matter: the wrong one is refused by name
/// when it is bound.
fn takes(plan: &dyn Executable, inputs: &[Tensor]) -> bool {
    let ports = &plan.signature().inputs;
    ports.len() == inputs.len()
        && ports.iter().zip(inputs).all(|(port, input)| port.ty.shape[..] == *input.shape())
}
