//! Layers one after the other.

use std::fmt;

use tachy_graph::{DType, GraphBuilder, GraphError, Shape, Tensor, TensorType, ValueId};
use tachy_plan::{Buffer, Limits, Problem};
use tachy_runtime::{CompileOptions, Device, Error, Executable};

type Layer = Box<dyn FnOnce(&mut GraphBuilder, ValueId) -> Result<ValueId, GraphError>>;

/// A model that is a chain of layers, run by the native engine.
///
/// A layer is whatever turns one value of a [`GraphBuilder`] into the next. [`build`](Self::build) optimises and plans
/// the chain; a few buffers then serve all layers.
///
/// ```
/// use tachy::Sequential;
/// use tachy::graph::{DType, Tensor};
///
/// let mut model = Sequential::new(DType::F32, [1, 256]);
/// for _ in 0..3 {
///     model.add(|builder, x| {
///         let weights = Tensor::new(&[256, 256], &vec![0.01f32; 256 * 256]).expect("as many as the shape");
///         let weights = builder.constant("weights", weights);
///         builder.matmul(x, weights)
///     });
/// }
/// model.build(&Default::default())?;
/// assert_eq!(model.buffer_stats().unwrap().to_string(), "3 layers, 2 buffers (33% memory saved)");
/// let output = model.forward(&Tensor::zeros(DType::F32, &[1, 256])?)?;
/// assert_eq!(output.shape(), [1, 256]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Sequential {
    input: TensorType,
    layers: Vec<Layer>,
    built: Option<Built>,
}

struct Built {
    executable: Box<dyn Executable>,
    output: Vec<Tensor>,
    stats: BufferStats,
}

impl Sequential {
    /// A chain without a layer, for inputs of this type.
    pub fn new(dtype: DType, shape: impl Into<Shape>) -> Self {
        Self { input: TensorType::new(dtype, shape), layers: Vec::new(), built: None }
    }

    /// Adds a layer behind the others. A chain that was built must be built again.
    pub fn add(
        &mut self,
        layer: impl FnOnce(&mut GraphBuilder, ValueId) -> Result<ValueId, GraphError> + 'static,
    ) -> &mut Self {
        self.layers.push(Box::new(layer));
        self
    }

    /// Puts the layers together and compiles them. The layers are used up: what is added later comes into a new chain.
    ///
    /// # Errors
    /// If there is no layer, one does not take what comes out of the one before, or the engine refuses the model.
    pub fn build(&mut self, options: &CompileOptions) -> Result<(), SequentialError> {
        if self.layers.is_empty() {
            return Err(SequentialError::NoLayer);
        }
        let mut builder = GraphBuilder::new("sequential");
        let mut value = builder.input("input", self.input.dtype, self.input.shape.clone());
        let mut outputs = Vec::new();
        for layer in self.layers.drain(..) {
            value = layer(&mut builder, value)?;
            let ty = builder.ty(value);
            let elements: usize = ty.shape.iter().product();
            outputs.push((elements * ty.dtype.size()) as u64);
        }
        builder.output(value, "output")?;
        let graph = builder.build()?;
        let registry = crate::registry();
        let (backend, device) = registry.find(&Device::of("cpu"))?;
        let executable = backend.compile(&graph, &device, options)?;
        let output = executable.signature().allocate_outputs()?;
        self.built = Some(Built { executable, output, stats: BufferStats::of(&outputs) });
        Ok(())
    }

    /// How many buffers serve how many layers, once the chain is built.
    pub fn buffer_stats(&self) -> Option<&BufferStats> {
        self.built.as_ref().map(|built| &built.stats)
    }

    /// Runs the chain.
    ///
    /// # Errors
    /// If it was not built, or the input is of another type.
    pub fn forward(&mut self, input: &Tensor) -> Result<&Tensor, SequentialError> {
        let Some(built) = &mut self.built else { return Err(SequentialError::NotBuilt) };
        built.executable.bind(std::slice::from_ref(input))?;
        built.executable.run()?;
        built.executable.fetch(&mut built.output)?;
        Ok(&built.output[0])
    }
}

/// Buffers between the layers of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BufferStats {
    /// The number of layers: without reuse, there would be as many buffers.
    pub layers: usize,
    /// Buffers that serve all layers.
    pub buffers: usize,
    /// Bytes of those buffers together.
    pub bytes: u64,
    /// Bytes of a buffer for each layer.
    pub bytes_without_reuse: u64,
}

impl BufferStats {
    /// For layers with outputs of so many bytes, each of which is read by the next layer alone.
    fn of(outputs: &[u64]) -> Self {
        let buffers =
            (0u64..).zip(outputs).map(|(step, bytes)| Buffer::new(step..step + 2, *bytes));
        let plan = tachy_plan::plan(&Problem::new(buffers.collect()), &Limits::QUICK)
            .expect("a chain can be planned without a capacity");
        let mut offsets = plan.offsets;
        offsets.sort_unstable();
        offsets.dedup();
        Self {
            layers: outputs.len(),
            buffers: offsets.len(),
            bytes: plan.peak,
            bytes_without_reuse: outputs.iter().sum(),
        }
    }

    /// The share of memory that reuse saves, from 0 to 1.
    pub fn saved(&self) -> f64 {
        match self.bytes_without_reuse {
            0 => 0.0,
            without => 1.0 - self.bytes as f64 / without as f64,
        }
    }
}

impl fmt::Display for BufferStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let Self { layers, buffers, .. } = *self;
        let saved = self.saved() * 100.0;
        write!(
            f,
            "{layers} layer{}, {buffers} buffer{} ({saved:.0}% memory saved)",
            plural(layers),
            plural(buffers)
        )
    }
}

/// A chain that cannot be built or run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SequentialError {
    /// Nothing to build.
    #[error("there is no layer; add one before `build`.")]
    NoLayer,
    /// Nothing to run.
    #[error("the layers are not built; call `build` before `forward`.")]
    NotBuilt,
    /// A layer does not fit.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// The engine fails.
    #[error(transparent)]
    Engine(#[from] Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_buffers_serve_any_number_of_equal_layers() {
        let stats = BufferStats::of(&[1024; 10]);
        assert_eq!(stats.to_string(), "10 layers, 2 buffers (80% memory saved)");
        assert_eq!(BufferStats::of(&[64]).to_string(), "1 layer, 1 buffer (0% memory saved)");
    }

    #[test]
    fn what_is_missing_is_said() {
        let mut model = Sequential::new(DType::F32, [4]);
        let input = Tensor::zeros(DType::F32, &[4]).unwrap();
        assert!(matches!(model.forward(&input), Err(SequentialError::NotBuilt)));
        let options = CompileOptions::default();
        assert!(matches!(model.build(&options), Err(SequentialError::NoLayer)));
        model.add(|builder, x| builder.relu(x));
        model.build(&options).unwrap();
        let wrong = Tensor::zeros(DType::F32, &[5]).unwrap();
        assert!(matches!(model.forward(&wrong), Err(SequentialError::Engine(_))));
        let negative = Tensor::new(&[4], &[-1.0f32, 2.0, -3.0, 4.0]).unwrap();
        let output = model.forward(&negative).unwrap();
        assert_eq!(output.as_slice::<f32>().unwrap(), [0.0, 2.0, 0.0, 4.0]);
    }
}
