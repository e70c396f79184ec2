//! The types of a model's inputs: every dimension gets a size.

use std::collections::BTreeMap;

use super::ImportOptions;
use crate::onnx::proto::{self, Kind, Size};
use crate::onnx::{ImportError, data_type, tensor};
use crate::shape::TensorType;

/// The types of these inputs, in order.
pub fn input_types(
    inputs: &[&proto::ValueInfo],
    options: &ImportOptions,
) -> Result<Vec<TensorType>, ImportError> {
    let declared = inputs.iter().map(|input| declared(input)).collect::<Result<Vec<_>, _>>()?;
    let mut sizes = BTreeMap::new();
    for (name, &size) in &options.dims {
        sizes.insert(name.as_str(), size);
    }
    check_names(&declared, options)?;
    // Shapes that are given say the sizes of the dimensions that they share with other inputs.
    for input in &declared {
        if let Some(given) = given_type(input, options)? {
            input.unify(&given.shape, options.replace_fixed_sizes, &mut sizes)?;
        }
    }
    declared
        .iter()
        .map(|input| match given_type(input, options)? {
            Some(given) => Ok(given),
            None => input.resolve(&sizes),
        })
        .collect()
}

/// An input as the file declares it.
struct Declared<'a> {
    name: &'a str,
    dtype: crate::dtype::DType,
    /// `None` if the file does not even say how many dimensions there are.
    dims: Option<Vec<Dim<'a>>>,
}

enum Dim<'a> {
    Fixed(usize),
    Symbol(&'a str),
    Unknown,
}

fn declared(input: &proto::ValueInfo) -> Result<Declared<'_>, ImportError> {
    let name = input.name.as_str();
    let error = |reason: &str| ImportError::Input(format!("the input `{name}` {reason}"));
    let kind = match input.ty.as_ref().and_then(|ty| ty.kind.as_ref()) {
        Some(Kind::Tensor(kind)) => kind,
        Some(Kind::Sequence(_)) => return Err(error("is a sequence; only tensors are supported")),
        Some(Kind::Map(_)) => return Err(error("is a map; only tensors are supported")),
        Some(Kind::Optional(_)) => return Err(error("is optional; only tensors are supported")),
        Some(Kind::SparseTensor(_)) => {
            return Err(error("is a sparse tensor; only dense tensors are supported"));
        }
        Some(Kind::Opaque(_)) => return Err(error("is opaque; only tensors are supported")),
        None => return Err(error("has no type")),
    };
    let dtype = data_type::from_number(kind.elem_type.into())
        .map_err(|reason| error(&format!("cannot be used: {reason}")))?;
    let Some(shape) = &kind.shape else { return Ok(Declared { name, dtype, dims: None }) };
    if shape.dim.len() > tensor::MAX_RANK {
        return Err(error(&format!(
            "has {} dimensions; at most {} are supported",
            shape.dim.len(),
            tensor::MAX_RANK
        )));
    }
    let dims = shape.dim.iter().map(|dim| match &dim.size {
        // Some writers mark an open dimension by a negative size or an empty name.
        Some(Size::Fixed(size)) => usize::try_from(*size).map_or(Dim::Unknown, Dim::Fixed),
        Some(Size::Symbol(symbol)) if !symbol.is_empty() => Dim::Symbol(symbol),
        _ => Dim::Unknown,
    });
    Ok(Declared { name, dtype, dims: Some(dims.collect()) })
}

/// The type that the caller gives, if any.
fn given_type(
    input: &Declared<'_>,
    options: &ImportOptions,
) -> Result<Option<TensorType>, ImportError> {
    let name = input.name;
    let known = options.known_inputs.get(name);
    if let Some(known) = known
        && known.dtype() != input.dtype
    {
        return Err(ImportError::Input(format!(
            "the input `{name}` is {} in the file, but the value given for it is {}",
            input.dtype,
            known.ty()
        )));
    }
    let shape = options.input_shapes.get(name).cloned();
    match (shape, known) {
        (Some(shape), Some(known)) if shape != known.shape() => Err(ImportError::Input(format!(
            "the input `{name}` is given the shape {shape:?}, but also a value of shape {:?}",
            known.shape()
        ))),
        (shape, known) => Ok(shape
            .or_else(|| known.map(|known| known.shape().to_vec()))
            .map(|shape| TensorType::new(input.dtype, shape))),
    }
}

impl<'a> Declared<'a> {
    /// Checks a given shape against the declared one and notes what it says about named dimensions.
    fn unify(
        &self,
        shape: &[usize],
        replace_fixed: bool,
        sizes: &mut BTreeMap<&'a str, usize>,
    ) -> Result<(), ImportError> {
        let name = self.name;
        let Some(dims) = &self.dims else { return Ok(()) };
        if dims.len() != shape.len() {
            return Err(ImportError::Input(format!(
                "the input `{name}` has {} dimensions in the file, but is given the shape {shape:?}",
                dims.len()
            )));
        }
        for (axis, (dim, &size)) in dims.iter().zip(shape).enumerate() {
            match dim {
                Dim::Fixed(fixed) if *fixed != size && !replace_fixed => {
                    return Err(ImportError::Input(format!(
                        "dimension {axis} of the input `{name}` is {fixed} in the file, but is given as {size}"
                    )));
                }
                Dim::Symbol(symbol) => {
                    let known = *sizes.entry(symbol).or_insert(size);
                    if known != size {
                        return Err(ImportError::Input(format!(
                            "dimension {axis} of the input `{name}` is `{symbol}`, which is {known} elsewhere, but is given as {size}"
                        )));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn resolve(&self, sizes: &BTreeMap<&str, usize>) -> Result<TensorType, ImportError> {
        let name = self.name;
        let Some(dims) = &self.dims else {
            return Err(ImportError::Input(format!(
                "the file does not say the shape of the input `{name}`; give it when the model is loaded"
            )));
        };
        let sizes = dims.iter().enumerate().map(|(axis, dim)| match dim {
            Dim::Fixed(size) => Ok(*size),
            Dim::Symbol(symbol) => {
                sizes.get(symbol).copied().ok_or_else(|| ImportError::OpenDimension {
                    input: name.to_owned(),
                    axis,
                    dimension: (*symbol).to_owned(),
                })
            }
            Dim::Unknown => Err(ImportError::Input(format!(
                "dimension {axis} of the input `{name}` has neither a size nor a name in the file; give the whole shape of `{name}` when the model is loaded"
            ))),
        });
        Ok(TensorType::new(self.dtype, sizes.collect::<Result<Vec<_>, _>>()?))
    }
}

/// Refuses options that name an input or a dimension which the model does not have.
fn check_names(declared: &[Declared<'_>], options: &ImportOptions) -> Result<(), ImportError> {
    let list = |names: Vec<&str>, what: &str| match names[..] {
        [] => format!("it has no {what} at all"),
        _ => format!("it has `{}`", names.join("`, `")),
    };
    let inputs = || declared.iter().map(|input| input.name);
    for name in options.input_shapes.keys().chain(options.known_inputs.keys()) {
        if !inputs().any(|input| input == name) {
            return Err(ImportError::Input(format!(
                "the model has no input `{name}`; {}",
                list(inputs().collect(), "inputs")
            )));
        }
    }
    let mut symbols = Vec::new();
    for dim in declared.iter().flat_map(|input| input.dims.iter().flatten()) {
        if let Dim::Symbol(symbol) = dim
            && !symbols.contains(symbol)
        {
            symbols.push(symbol);
        }
    }
    for name in options.dims.keys() {
        if !symbols.contains(&name.as_str()) {
            return Err(ImportError::Input(format!(
                "the model has no dimension named `{name}`; {}",
                list(symbols, "named dimensions")
            )));
        }
    }
    Ok(())
}
