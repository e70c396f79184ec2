//! What the caller knows about a model beyond its file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::shape::Shape;
use crate::tensor::Tensor;

/// What the caller knows about a model beyond its file.
///
/// ```
/// use tachy_graph::onnx::ImportOptions;
///
/// let mut options = ImportOptions::default();
/// options.dims.insert("batch".to_owned(), 8);
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ImportOptions {
    /// Sizes for dimensions that the file only names.
    pub dims: BTreeMap<String, usize>,
    /// Whole shapes for inputs, by name.
    pub input_shapes: BTreeMap<String, Shape>,
    /// Whether shapes in `input_shapes` may differ from sizes that the file fixes. What the model's constants say of sizes
    /// stays as it is: where a reshape to fixed sizes no longer fits, the model is refused.
    pub replace_fixed_sizes: bool,
    /// Values of inputs that may decide shapes, by name. Each also gives its input's shape. One that did
    /// decide a shape is noted in [`Graph::fixed_inputs`](crate::Graph::fixed_inputs).
    pub known_inputs: BTreeMap<String, Tensor>,
    /// The model's folder, in which weights outside of the file are looked for.
    pub directory: Option<PathBuf>,
    /// Whether weights may contain NaN. By default that is an error, since it is nearly always an accident.
    pub allow_nan: bool,
}
