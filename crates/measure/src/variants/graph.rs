//! The graph of a variant.

use std::collections::BTreeMap;
use std::path::Path;

use tachy_graph::onnx::{self, Dimension, ImportError, ImportOptions, Interface};
use tachy_graph::passes::{PassError, in_precision};
use tachy_graph::zoo::{self, ZooOptions};
use tachy_graph::{DType, Graph, Tensor};
use thiserror::Error;

use super::Variant;
use super::shapes::{Bound, bind};
use crate::model::{ModelSource, SourceError};
use crate::subject::Subject;

/// A variant that cannot be built.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum VariantError {
    /// The model itself cannot be built.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The file cannot be read.
    #[error("`{path}` cannot be read: {error}.")]
    Read {
        /// The file.
        path: String,
        /// Why not.
        error: std::io::Error,
    },
    /// The file is no model, or one that Tachy cannot read.
    #[error("`{path}` cannot be converted: {error}")]
    Import {
        /// The file.
        path: String,
        /// Why not.
        error: ImportError,
    },
    /// The model does not take the sizes.
    #[error(
        "`{path}` cannot be built {sizes}: {reason}. Its sizes are fixed in the file: export it again with dynamic dimensions (`dynamic_shapes` of `torch.onnx.export`), or leave the sizes as they are."
    )]
    Sizes {
        /// The file.
        path: String,
        /// Which sizes: `for batch 8`.
        sizes: String,
        /// What does not fit.
        reason: String,
    },
    /// No input has a dimension that could be the batch.
    #[error("the model has no input with a first dimension to be the batch; leave `--batch` out.")]
    NoBatch,
    /// No input is an image.
    #[error(
        "the model has no input of four dimensions, such as [1, 3, 224, 224], so it has no resolution; leave `--resolution` out."
    )]
    NoImages,
    /// Another dimension is open.
    #[error(
        "the dimension `{dimension}` of the input `{input}` is open, too; `--dim {dimension}=SIZE` sets it."
    )]
    Open {
        /// The input.
        input: String,
        /// The dimension's name.
        dimension: String,
    },
    /// Another dimension is open and has no name.
    #[error(
        "dimension {axis} of the input `{input}` is open and has no name; `--shape {input}=SIZES` sets the whole shape."
    )]
    Unknown {
        /// The input.
        input: String,
        /// Which dimension, from 0.
        axis: usize,
    },
    /// The model is narrow as it is.
    #[error(
        "`{model}` computes with {found} as it is; a table of precisions begins with a model in f32. Give the model as it was before it was converted, or leave `--precision` out."
    )]
    Narrow {
        /// The model.
        model: String,
        /// The element type that was found.
        found: DType,
    },
    /// A single operator has none of this.
    #[error(
        "`{model}` is a single operator; `tachy compare op` has element types and sizes of operators."
    )]
    Operator {
        /// The operator.
        model: String,
    },
    /// The weights cannot be converted.
    #[error("the weights cannot be converted: {0}")]
    Precision(#[from] PassError),
}

impl Subject {
    /// The graph, if it is Tachy that builds it: of the zoo, of the catalogue, or a variant. Nothing for a file as it is,
    /// which each engine reads for itself.
    ///
    /// # Errors
    /// If there is none of this name, or its sizes are impossible.
    pub fn graph(
        &self,
        known_inputs: &BTreeMap<String, Tensor>,
    ) -> Result<Option<Graph>, VariantError> {
        let Some(variant) = &self.variant else { return Ok(self.model.graph()?) };
        let graph = match &self.model {
            ModelSource::Operator { .. } => {
                return Err(VariantError::Operator { model: self.model.to_string() });
            }
            ModelSource::Zoo { name, seed, batch } => {
                let batch = variant.batch.unwrap_or(*batch);
                let options = ZooOptions { seed: *seed, batch, resolution: variant.resolution };
                zoo::build(name, &options).map_err(SourceError::from)?
            }
            ModelSource::File { path } => self.import(path, variant, known_inputs)?,
        };
        let is_narrow = |dtype: &DType| matches!(dtype, DType::F16 | DType::BF16);
        let types = graph.values().iter().map(|value| value.ty.dtype);
        if let Some(found) = types.into_iter().find(is_narrow) {
            return Err(VariantError::Narrow { model: self.model.to_string(), found });
        }
        Ok(Some(in_precision(&graph, variant.precision.dtype())?))
    }

    fn import(
        &self,
        path: &Path,
        variant: &Variant,
        known_inputs: &BTreeMap<String, Tensor>,
    ) -> Result<Graph, VariantError> {
        let name = || path.display().to_string();
        let model =
            std::fs::read(path).map_err(|error| VariantError::Read { path: name(), error })?;
        let interface = Interface::read(&model).unwrap_or_default();
        let Variant { batch, resolution, .. } = *variant;
        let Bound { dims, shapes, replaces, own_batch } =
            bind(&interface, batch, resolution, &self.dims, &self.input_shapes)?;
        let mut options = ImportOptions::default();
        (options.dims, options.input_shapes) = (dims, shapes);
        options.replace_fixed_sizes = replaces;
        options.known_inputs = known_inputs.clone();
        options.directory = Some(match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => ".".into(),
        });
        let refuse = |reason: String| VariantError::Sizes {
            path: name(),
            sizes: sizes(batch, resolution),
            reason,
        };
        let graph = onnx::import(model, &options).map_err(|error| match replaces {
            true => refuse(error.to_string().trim_end_matches('.').to_owned()),
            false => VariantError::Import { path: name(), error },
        })?;
        if let (Some(own), Some(batch)) = (own_batch, batch) {
            keeps_batches(&graph, &interface, own, batch).map_err(refuse)?;
        }
        Ok(graph)
    }
}

/// `for batch 8 and resolution 160`.
fn sizes(batch: Option<usize>, resolution: Option<usize>) -> String {
    let sizes = [("batch", batch), ("resolution", resolution)];
    let sizes = sizes.iter().filter_map(|(name, size)| Some(format!("{name} {}", (*size)?)));
    format!("for {}", sizes.collect::<Vec<_>>().join(" and "))
}

/// Whether each output that begins with the file's own batch begins with the new one. A reshape to fixed sizes may fit a
/// batch of another size and mix its items.
fn keeps_batches(
    graph: &Graph,
    interface: &Interface,
    own: usize,
    batch: usize,
) -> Result<(), String> {
    for &id in graph.outputs() {
        let value = graph.value(id);
        let declared = interface.outputs.iter().find(|output| output.name == value.name);
        let leading = declared.and_then(|output| output.dimensions.as_ref()?.first());
        let begins_with_own = leading == Some(&Dimension::Fixed(own));
        if begins_with_own && value.ty.shape.first() != Some(&batch) {
            return Err(format!(
                "its output `{}` is {}, though it should begin with {batch}",
                value.name, value.ty
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tachy_graph::onnx::{ExportOptions, export_file};
    use tachy_graph::{GraphBuilder, GraphError, ValueId};

    use super::super::Precision;
    use super::*;

    /// A file that takes images of 3 × 8 × 8, one at a time, and what becomes of it.
    fn refine(
        model: impl Fn(&mut GraphBuilder, ValueId) -> Result<ValueId, GraphError>,
        batch: Option<usize>,
        resolution: Option<usize>,
    ) -> Result<Graph, String> {
        let mut builder = GraphBuilder::new("net");
        let x = builder.input("x", DType::F32, [1, 3, 8, 8]);
        let y = model(&mut builder, x).unwrap();
        builder.output(y, "y").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("net.onnx");
        export_file(&builder.build().unwrap(), &path, &ExportOptions::default()).unwrap();
        let subject = Subject {
            model: ModelSource::File { path },
            threads: 1,
            dims: BTreeMap::new(),
            input_shapes: BTreeMap::new(),
            input_files: BTreeMap::new(),
            seed: 0,
            variant: Some(Variant { precision: Precision::Bf16, batch, resolution }),
        };
        let graph = subject.graph(&BTreeMap::new()).map_err(|error| error.to_string())?;
        Ok(graph.expect("a variant is a graph"))
    }

    #[test]
    fn a_graph_that_goes_by_its_inputs_takes_any_size() {
        let pooled = |builder: &mut GraphBuilder, x| {
            let w = Tensor::zeros(DType::F32, &[5, 3, 1, 1]).unwrap();
            let w = builder.constant("w", w);
            let window = tachy_graph::op::window::Window::new([1, 1]);
            let x = builder.conv(x, w, None, window, 1)?;
            builder.global_average_pool(x)
        };
        let graph = refine(pooled, Some(4), Some(32)).unwrap();
        assert_eq!(graph.value(graph.inputs()[0]).ty.shape, [4, 3, 32, 32]);
        let output = &graph.value(graph.outputs()[0]).ty;
        assert_eq!((output.dtype, &output.shape[..]), (DType::F32, &[4, 5, 1, 1][..]));
        let weights = graph.values().iter().filter_map(|value| value.constant());
        assert!(weights.map(Tensor::dtype).all(|dtype| dtype == DType::BF16));
    }

    #[test]
    fn sizes_that_the_graph_fixes_cannot_be_replaced() {
        let flat = |builder: &mut GraphBuilder, x| builder.reshape(x, [1, 192]);
        let error = refine(flat, Some(2), None).unwrap_err();
        assert!(error.contains("net.onnx` cannot be built for batch 2: "), "{error}");
        assert!(error.ends_with("or leave the sizes as they are."), "{error}");
        let error = refine(flat, None, Some(4)).unwrap_err();
        assert!(error.contains("for resolution 4"), "{error}");
    }

    #[test]
    fn a_graph_that_would_mix_the_items_of_a_batch_is_refused() {
        let mixing = |builder: &mut GraphBuilder, x| builder.reduce_sum(x, [0, 2], true);
        let error = refine(mixing, Some(2), None).unwrap_err();
        assert!(error.contains("though it should begin with 2"), "{error}");
        assert!(refine(mixing, Some(1), None).is_ok());
    }

    #[test]
    fn narrow_models_are_no_beginning() {
        let narrow = |builder: &mut GraphBuilder, x| {
            let half = builder.cast(x, DType::F16)?;
            let half = builder.relu(half)?;
            builder.cast(half, DType::F32)
        };
        let error = refine(narrow, None, None).unwrap_err();
        assert!(error.contains("computes with f16 as it is"), "{error}");
    }
}
