//! The safetensors format: named tensors behind a description in JSON.

use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::{FormatError, NamedTensor};
use crate::dtype::DType;
use crate::tensor::Tensor;

/// The element types that the format has too. (Its 4-bit floats are packed, and are left out.)
const TYPES: [(DType, Dtype); 18] = [
    (DType::F32, Dtype::F32),
    (DType::F16, Dtype::F16),
    (DType::BF16, Dtype::BF16),
    (DType::F64, Dtype::F64),
    (DType::I8, Dtype::I8),
    (DType::U8, Dtype::U8),
    (DType::I16, Dtype::I16),
    (DType::U16, Dtype::U16),
    (DType::I32, Dtype::I32),
    (DType::U32, Dtype::U32),
    (DType::I64, Dtype::I64),
    (DType::U64, Dtype::U64),
    (DType::Bool, Dtype::BOOL),
    (DType::F8E4M3FN, Dtype::F8_E4M3),
    (DType::F8E5M2, Dtype::F8_E5M2),
    (DType::F8E8M0, Dtype::F8_E8M0),
    (DType::F8E4M3FNUZ, Dtype::F8_E4M3FNUZ),
    (DType::F8E5M2FNUZ, Dtype::F8_E5M2FNUZ),
];

/// The tensors in a file, in the order of their data.
///
/// # Errors
/// If the bytes are not of the format, or a tensor has an element type that [`DType`] lacks.
pub fn decode(bytes: &[u8]) -> Result<Vec<NamedTensor>, FormatError> {
    let file = SafeTensors::deserialize(bytes).map_err(|error| FormatError(error.to_string()))?;
    let tensor = |(name, view): (String, TensorView<'_>)| {
        let known = TYPES.iter().find(|(_, theirs)| *theirs == view.dtype());
        let (dtype, _) = known.ok_or_else(|| {
            FormatError(format!(
                "`{name}` has the element type {:?}, which is not supported",
                view.dtype()
            ))
        })?;
        let tensor = Tensor::from_bytes(*dtype, view.shape(), view.data())?;
        Ok((name, tensor))
    };
    let mut views = file.tensors();
    // Empty tensors have no place of their own.
    views.sort_by(|(a, x), (b, y)| (x.data().as_ptr(), a).cmp(&(y.data().as_ptr(), b)));
    views.into_iter().map(tensor).collect()
}

/// A file with these tensors. The format orders them by type and name.
///
/// # Errors
/// If an element type is narrower than a byte, or two names are equal.
pub fn encode(tensors: &[NamedTensor]) -> Result<Vec<u8>, FormatError> {
    super::npz::check_names(tensors)?;
    let view = |(name, tensor): &'_ NamedTensor| {
        let known = TYPES.iter().find(|(ours, _)| *ours == tensor.dtype());
        known.map(|(_, theirs)| *theirs).ok_or_else(|| {
            FormatError(format!("`{name}` is {}, which the format does not have", tensor.dtype()))
        })
    };
    let dtypes = tensors.iter().map(view).collect::<Result<Vec<_>, _>>()?;
    let views = tensors.iter().zip(dtypes).map(|((name, tensor), dtype)| {
        TensorView::new(dtype, tensor.shape().to_vec(), tensor.bytes())
            .map(|view| (name.as_str(), view))
    });
    let views = views.collect::<Result<Vec<_>, _>>();
    views
        .and_then(|views| safetensors::serialize(views, None))
        .map_err(|error| FormatError(error.to_string()))
}
