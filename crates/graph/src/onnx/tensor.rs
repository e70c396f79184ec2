//! Tensors as ONNX writes them: element data in one of six places, small types packed.

use std::path::Path;

use bytes::Bytes;

use super::{data_type, external, proto, wire::Reader};
use crate::dtype::DType;
use crate::shape::{Shape, contiguous_strides, element_count};
use crate::tensor::Tensor;

/// The most dimensions that a tensor in a file may have; NumPy's limit.
pub const MAX_RANK: usize = 64;

/// The most bytes that a sparse tensor may take once it is dense.
const MAX_SPARSE_BYTES: usize = 256 << 20;

/// The tensor in a message. `directory` is where external data is looked for.
///
/// Nothing is allocated before the data is known to be there.
pub fn decode(message: &proto::Tensor, directory: Option<&Path>) -> Result<Tensor, String> {
    let dtype = data_type::from_number(message.data_type.into())?;
    let shape = shape(&message.dims)?;
    let count = element_count(&shape).map_err(|error| error.to_string())?;
    if message.data_location == proto::EXTERNAL {
        let file = external::Location::parse(&message.external_data)?;
        let data = file.read(directory, packed_length(dtype, count))?;
        return from_packed(dtype, &shape, count, &data);
    }
    if let Some(data) = &message.raw_data {
        return from_packed(dtype, &shape, count, data);
    }
    match dtype {
        DType::F32 => from_chunks(dtype, &shape, count, &message.float_data),
        DType::F64 => from_chunks(dtype, &shape, count, &message.double_data),
        DType::I64 => from_varints(dtype, &shape, count, &message.int64_data),
        DType::U32 | DType::U64 => from_varints(dtype, &shape, count, &message.uint64_data),
        _ => from_varints(dtype, &shape, count, &message.int32_data),
    }
}

/// The message for a tensor, its data as raw bytes.
pub fn encode(name: &str, tensor: &Tensor) -> proto::Tensor {
    proto::Tensor {
        name: name.to_owned(),
        dims: tensor.shape().iter().map(|&size| size as i64).collect(),
        data_type: data_type::to_number(tensor.dtype()),
        raw_data: Some(pack(tensor)),
        ..Default::default()
    }
}

/// The data of a tensor as a file holds it: types below a byte are packed.
pub fn pack(tensor: &Tensor) -> Bytes {
    let bits = tensor.dtype().bits();
    if bits >= 8 {
        return Bytes::copy_from_slice(tensor.bytes());
    }
    let mask = (1u8 << bits) - 1;
    let bytes = tensor.bytes().chunks(8 / bits).map(|elements| {
        let shifted = elements.iter().enumerate().map(|(i, byte)| (byte & mask) << (i * bits));
        shifted.fold(0, |byte, element| byte | element)
    });
    bytes.collect::<Vec<u8>>().into()
}

/// The sizes of dimensions as numbers that can be sizes.
pub fn shape(dims: &[i64]) -> Result<Shape, String> {
    if dims.len() > MAX_RANK {
        return Err(format!("it has {} dimensions; at most {MAX_RANK} are supported", dims.len()));
    }
    dims.iter()
        .map(|&size| usize::try_from(size).map_err(|_| format!("a dimension has the size {size}")))
        .collect()
}

fn packed_length(dtype: DType, count: usize) -> usize {
    // At least one bit is left over by `element_count`, so that a byte for each element cannot overflow.
    if dtype.bits() < 8 {
        count.div_ceil(8 / dtype.bits())
    } else {
        count.saturating_mul(dtype.size())
    }
}

fn from_packed(dtype: DType, shape: &[usize], count: usize, data: &[u8]) -> Result<Tensor, String> {
    let expected = packed_length(dtype, count);
    if data.len() != expected {
        return Err(format!(
            "the shape {shape:?} of {dtype} takes {expected} bytes, but the data has {}",
            data.len()
        ));
    }
    if dtype.bits() >= 8 {
        return Tensor::from_bytes(dtype, shape, data).map_err(|error| error.to_string());
    }
    let mut tensor = Tensor::zeros(dtype, shape).map_err(|error| error.to_string())?;
    let per_byte = 8 / dtype.bits();
    for (elements, &byte) in tensor.bytes_mut().chunks_mut(per_byte).zip(data) {
        for (index, element) in elements.iter_mut().enumerate() {
            *element = unpack(dtype, byte >> (index * dtype.bits()));
        }
    }
    Ok(tensor)
}

/// One element from the low bits of a byte; signed integers keep their sign.
fn unpack(dtype: DType, byte: u8) -> u8 {
    let unused = 8 - dtype.bits();
    if dtype.is_signed_integer() {
        (((byte << unused) as i8) >> unused) as u8
    } else {
        (byte << unused) >> unused
    }
}

fn from_chunks(
    dtype: DType,
    shape: &[usize],
    count: usize,
    chunks: &[Bytes],
) -> Result<Tensor, String> {
    if let [chunk] = chunks {
        return from_packed(dtype, shape, count, chunk);
    }
    from_packed(dtype, shape, count, &chunks.concat())
}

fn from_varints(
    dtype: DType,
    shape: &[usize],
    count: usize,
    chunks: &[Bytes],
) -> Result<Tensor, String> {
    // Each number ends with a byte below 0x80, and for types below a byte a number holds a whole byte.
    let found: usize =
        chunks.iter().map(|chunk| chunk.iter().filter(|byte| **byte < 0x80).count()).sum();
    let expected = if dtype.bits() < 8 { packed_length(dtype, count) } else { count };
    if found != expected {
        return Err(format!(
            "the shape {shape:?} of {dtype} takes {expected} numbers, but the data has {found}"
        ));
    }
    let mut bytes = Vec::with_capacity(found * dtype.size());
    for chunk in chunks {
        let mut reader = Reader(chunk);
        while !reader.0.is_empty() {
            let number = reader.varint()? as i64;
            if !fits(dtype, number) {
                return Err(format!("its data holds {number}, which is not a value of {dtype}"));
            }
            bytes.extend_from_slice(&number.to_le_bytes()[..dtype.size()]);
        }
    }
    from_packed(dtype, shape, count, &bytes)
}

/// Whether a number in a typed field stands for an element; floats and packed types are given by their bits.
fn fits(dtype: DType, number: i64) -> bool {
    match dtype {
        DType::I64 | DType::U64 => true,
        DType::I32 => i32::try_from(number).is_ok(),
        DType::U32 => u32::try_from(number).is_ok(),
        DType::I16 => i16::try_from(number).is_ok(),
        DType::I8 => i8::try_from(number).is_ok(),
        DType::Bool => number == 0 || number == 1,
        _ if dtype.size() == 2 => u16::try_from(number).is_ok(),
        // Some writers give the bits of a byte with a sign.
        _ => (-128..=255).contains(&number),
    }
}

/// The dense tensor that a sparse one stands for.
pub fn decode_sparse(message: &proto::SparseTensor) -> Result<Tensor, String> {
    let part = |part: &Option<proto::Tensor>, what: &str| {
        let part = part.as_ref().ok_or_else(|| format!("it is sparse and has no {what}"))?;
        decode(part, None)
    };
    let values = part(&message.values, "values")?;
    let indices = part(&message.indices, "indices")?;
    let shape = shape(&message.dims)?;
    let count = element_count(&shape).map_err(|error| error.to_string())?;
    let size = values.dtype().size();
    if count.saturating_mul(size) > MAX_SPARSE_BYTES {
        return Err(format!(
            "it is sparse and takes more than {} MiB as the dense tensor that it becomes",
            MAX_SPARSE_BYTES >> 20
        ));
    }
    let coordinates = indices.as_slice::<i64>().map_err(|error| error.to_string())?;
    // Indices are places in the flat tensor, or one coordinate for each dimension.
    let flat = match indices.shape() {
        [number] if *number == values.element_count() => vec![1],
        [number, rank] if *number == values.element_count() && *rank == shape.len() => {
            contiguous_strides(&shape)
        }
        _ => return Err("it is sparse, and its indices do not fit its values".to_owned()),
    };
    let mut tensor = Tensor::zeros(values.dtype(), &shape).map_err(|error| error.to_string())?;
    let bytes = tensor.bytes_mut();
    for (coordinate, value) in
        coordinates.chunks(flat.len().max(1)).zip(values.bytes().chunks_exact(size))
    {
        let place = coordinate.iter().zip(&flat).try_fold(0usize, |sum, (&index, &stride)| {
            sum.checked_add(usize::try_from(index).ok()?.checked_mul(stride)?)
        });
        let place = place.filter(|place| *place < count);
        let at = place.ok_or("it is sparse, and an index lies outside of its shape")? * size;
        bytes[at..at + size].copy_from_slice(value);
    }
    Ok(tensor)
}
