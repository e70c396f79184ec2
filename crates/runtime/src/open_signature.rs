//! The signature of an ONNX model as far as the file and the caller decide it.

use std::collections::BTreeMap;
use std::fmt;

use tachy_graph::onnx::{self, Dimension, Interface};
use tachy_graph::{DType, Shape, Tensor, TensorType};

use crate::error::{Error, Result};
use crate::options::CompileOptions;
use crate::signature::{Port, Signature};

/// The signature of a model whose outputs may have shapes that only its engine knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenSignature {
    /// What the caller gives: all shapes are decided.
    pub inputs: Vec<Port>,
    /// What the caller gets.
    pub outputs: Vec<OpenPort>,
    /// The sizes of the inputs' named dimensions.
    pub dims: BTreeMap<String, usize>,
}

/// An output whose shape may be open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenPort {
    /// The name in the model.
    pub name: String,
    /// The element type.
    pub dtype: DType,
    /// The shape, if the file and the caller decide it.
    pub shape: Option<Shape>,
}

impl OpenSignature {
    /// Reads the signature of an ONNX model, with the sizes and shapes that the options give.
    ///
    /// # Errors
    /// If the bytes are not an ONNX model, an input is not a tensor, or a size is missing.
    pub fn of_onnx(model: &[u8], options: &CompileOptions) -> Result<Self> {
        let interface = Interface::read(model).ok_or_else(|| {
            Error::Interface("the file is not an ONNX model, or it is cut off".to_owned())
        })?;
        let mut dims = options.dims.clone();
        let mut inputs = Vec::with_capacity(interface.inputs.len());
        for input in interface.inputs {
            let dtype = element_type("input", &input.name, input.dtype)?;
            let known = options.known_inputs.get(&input.name).map(Tensor::shape);
            let given = known.or(options.input_shapes.get(&input.name).map(Vec::as_slice));
            let shape = match (given, &input.dimensions) {
                (Some(shape), None) => shape.to_vec(),
                (Some(shape), Some(dimensions)) => {
                    bind(&input.name, dimensions, shape, &mut dims)?;
                    shape.to_vec()
                }
                (None, Some(dimensions)) => decide(&input.name, dimensions, &dims)?,
                (None, None) => {
                    let problem = "has no shape in the file, so its shape must be given";
                    return Err(Error::Interface(format!("input `{}` {problem}", input.name)));
                }
            };
            inputs.push(Port { name: input.name, ty: TensorType::new(dtype, shape) });
        }
        let mut outputs = Vec::with_capacity(interface.outputs.len());
        for output in interface.outputs {
            let dtype = element_type("output", &output.name, output.dtype)?;
            let shape = output.dimensions.and_then(|dimensions| {
                dimensions.iter().map(|dimension| size(dimension, &dims)).collect()
            });
            outputs.push(OpenPort { name: output.name, dtype, shape });
        }
        Ok(Self { inputs, outputs, dims })
    }

    /// The signature, once every shape is decided: by the file, by the engine, or else by shape inference.
    ///
    /// # Errors
    /// If the shape of an output is still open: it depends on the values of the inputs.
    pub fn close(mut self, model: &[u8], options: &CompileOptions) -> Result<Signature> {
        if self.outputs.iter().any(|output| output.shape.is_none()) {
            self.infer_shapes(model, options)?;
        }
        let outputs = self.outputs.into_iter().filter_map(|output| {
            Some(Port { name: output.name, ty: TensorType::new(output.dtype, output.shape?) })
        });
        Ok(Signature { inputs: self.inputs, outputs: outputs.collect() })
    }

    fn infer_shapes(&mut self, model: &[u8], options: &CompileOptions) -> Result<()> {
        let graph = onnx::import(model.to_vec(), &options.import_options());
        for output in self.outputs.iter_mut().filter(|output| output.shape.is_none()) {
            let unknown = |why: &dyn fmt::Display| {
                let name = &output.name;
                Error::Interface(format!(
                    "the shape of the output `{name}` cannot be told before a run: {why}"
                ))
            };
            let graph = graph.as_ref().map_err(|error| unknown(error))?;
            let inferred = graph.outputs().iter().map(|id| graph.value(*id));
            let value = inferred.into_iter().find(|value| value.name == output.name);
            output.shape =
                Some(value.ok_or_else(|| unknown(&"it is not inferred"))?.ty.shape.clone());
        }
        Ok(())
    }
}

fn element_type(role: &str, name: &str, dtype: Option<DType>) -> Result<DType> {
    dtype.ok_or_else(|| {
        let problem = "is not a tensor, or its element type is one that Tachy has not";
        Error::Interface(format!("{role} `{name}` {problem}"))
    })
}

fn size(dimension: &Dimension, dims: &BTreeMap<String, usize>) -> Option<usize> {
    match dimension {
        Dimension::Fixed(size) => Some(*size),
        Dimension::Named(name) => dims.get(name).copied(),
        Dimension::Unknown => None,
    }
}

/// The shape of an input whose dimensions are fixed or have a size given by name.
fn decide(input: &str, dimensions: &[Dimension], dims: &BTreeMap<String, usize>) -> Result<Shape> {
    let sizes = dimensions.iter().enumerate().map(|(axis, dimension)| {
        size(dimension, dims).ok_or_else(|| {
            Error::Interface(match dimension {
                Dimension::Named(name) => format!(
                    "dimension {axis} of the input `{input}` is `{name}` in the file, so its size must be \
                     given, for example with `--dim {name}=1`"
                ),
                _ => format!(
                    "dimension {axis} of the input `{input}` has no size in the file, so the input's shape \
                     must be given"
                ),
            })
        })
    });
    sizes.collect()
}

/// Takes the sizes of named dimensions from a given shape; refuses a shape that the file rules out.
fn bind(
    input: &str,
    dimensions: &[Dimension],
    shape: &[usize],
    dims: &mut BTreeMap<String, usize>,
) -> Result<()> {
    let refuse = |problem: String| {
        Err(Error::Interface(format!(
            "the shape {shape:?} given for the input `{input}` {problem}"
        )))
    };
    if dimensions.len() != shape.len() {
        return refuse(format!(
            "has rank {}, but the file has rank {}",
            shape.len(),
            dimensions.len()
        ));
    }
    for (axis, (dimension, &size)) in dimensions.iter().zip(shape).enumerate() {
        match dimension {
            Dimension::Fixed(fixed) if *fixed != size => {
                return refuse(format!("has {size} where the file has {fixed} (dimension {axis})"));
            }
            Dimension::Named(name) => {
                let decided = *dims.entry(name.clone()).or_insert(size);
                if decided != size {
                    return refuse(format!("gives `{name}` the size {size}, but it has {decided}"));
                }
            }
            _ => {}
        }
    }
    Ok(())
}
