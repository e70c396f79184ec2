//! NumPy's `.npy`: one array behind a header in Python's notation (NEP 1).

use std::io::Read;

use super::FormatError;
use crate::dtype::DType;
use crate::shape::{Shape, TensorType, contiguous_strides, element_count};
use crate::tensor::Tensor;

const MAGIC: &[u8] = b"\x93NUMPY";

/// The longest header that is read; NumPy itself refuses more than 10 000 bytes unless told otherwise.
const MAX_HEADER: usize = 64 << 10;

/// NumPy's names for element types, without the byte order.
const TYPES: [(DType, &str); 12] = [
    (DType::F32, "f4"),
    (DType::F16, "f2"),
    (DType::F64, "f8"),
    (DType::I8, "i1"),
    (DType::U8, "u1"),
    (DType::I16, "i2"),
    (DType::U16, "u2"),
    (DType::I32, "i4"),
    (DType::U32, "u4"),
    (DType::I64, "i8"),
    (DType::U64, "u8"),
    (DType::Bool, "b1"),
];

/// The array in a file. Both byte orders and both orders of dimensions are read.
///
/// # Errors
/// If the bytes are not of the format, or the element type is one that [`DType`] lacks.
pub fn decode(bytes: &[u8]) -> Result<Tensor, FormatError> {
    read(bytes, bytes.len() as u64)
}

/// As [`decode`], from a reader that claims to have `length` bytes. Memory is taken for the array if it fits
/// into these.
pub(super) fn read(mut reader: impl Read, length: u64) -> Result<Tensor, FormatError> {
    let (header, header_length) = read_header(&mut reader)?;
    let Header { ty, big_endian, fortran_order } = parse_header(&header)?;
    let count = ty.element_count().map_err(|error| FormatError(error.to_string()))?;
    let bytes = (count * ty.dtype.size()) as u64;
    if length.checked_sub(header_length) != Some(bytes) {
        return Err(FormatError(format!(
            "its header says {ty}, which takes {bytes} bytes, but {} follow",
            length.saturating_sub(header_length)
        )));
    }
    let mut tensor = Tensor::zeros(ty.dtype, &ty.shape)?;
    reader
        .read_exact(tensor.bytes_mut())
        .map_err(|error| FormatError(format!("its data cannot be read: {error}")))?;
    if big_endian {
        tensor.bytes_mut().chunks_exact_mut(ty.dtype.size()).for_each(<[u8]>::reverse);
    }
    if ty.dtype == DType::Bool && tensor.bytes().iter().any(|byte| *byte > 1) {
        return Err(FormatError::new("its data holds a byte that is not a boolean"));
    }
    if fortran_order && ty.rank() > 1 {
        return from_fortran_order(&tensor);
    }
    Ok(tensor)
}

/// A file with this array.
///
/// # Errors
/// If NumPy does not have the element type: it lacks `bf16` and the types of 8 bits and less that are floats or
/// packed.
pub fn encode(tensor: &Tensor) -> Result<Vec<u8>, FormatError> {
    let dtype = tensor.dtype();
    let name = TYPES.iter().find(|(ours, _)| *ours == dtype).map(|(_, name)| *name);
    let name = name.ok_or_else(|| {
        FormatError(format!("NumPy does not have {dtype}; write a .safetensors or .pb file"))
    })?;
    let order = if dtype.size() == 1 { '|' } else { '<' };
    let sizes: Vec<String> = tensor.shape().iter().map(ToString::to_string).collect();
    let shape = match &sizes[..] {
        [size] => format!("({size},)"),
        sizes => format!("({})", sizes.join(", ")),
    };
    let mut header =
        format!("{{'descr': '{order}{name}', 'fortran_order': False, 'shape': {shape}, }}");
    // The data begins at a multiple of 64 bytes, and the header ends in a line feed.
    let prefix = MAGIC.len() + 4;
    let length = (prefix + header.len() + 1).next_multiple_of(64) - prefix;
    header.extend(std::iter::repeat_n(' ', length - header.len() - 1));
    header.push('\n');
    let length =
        u16::try_from(length).map_err(|_| FormatError::new("it has too many dimensions"))?;
    let mut bytes = Vec::with_capacity(prefix + header.len() + tensor.bytes().len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&[1, 0]);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend_from_slice(tensor.bytes());
    Ok(bytes)
}

struct Header {
    ty: TensorType,
    big_endian: bool,
    fortran_order: bool,
}

/// The text of the header, and the number of bytes before the data.
fn read_header(reader: &mut impl Read) -> Result<(String, u64), FormatError> {
    let mut fixed = |length: usize| {
        let mut bytes = vec![0; length];
        reader
            .read_exact(&mut bytes)
            .map(|()| bytes)
            .map_err(|_| FormatError::new("it ends within its header"))
    };
    let start = fixed(MAGIC.len() + 2)?;
    if !start.starts_with(MAGIC) {
        return Err(FormatError::new("it does not begin as such a file does"));
    }
    let version = start[MAGIC.len()];
    let length = match version {
        1 => {
            let length = fixed(2)?;
            usize::from(u16::from_le_bytes([length[0], length[1]]))
        }
        2 | 3 => {
            let length = fixed(4)?;
            u32::from_le_bytes([length[0], length[1], length[2], length[3]]) as usize
        }
        other => return Err(FormatError(format!("its version {other} is not known"))),
    };
    if length > MAX_HEADER {
        return Err(FormatError(format!("its header of {length} bytes is too long")));
    }
    let text = String::from_utf8(fixed(length)?)
        .map_err(|_| FormatError::new("its header is not text"))?;
    let prefix = if version == 1 { 10 } else { 12 };
    Ok((text, (prefix + length) as u64))
}

/// Reads the dictionary with the three keys that NumPy writes.
fn parse_header(text: &str) -> Result<Header, FormatError> {
    let entry = |key: &str| {
        let rest = ["'", "\""].iter().find_map(|quote| {
            let (_, rest) = text.split_once(&format!("{quote}{key}{quote}"))?;
            rest.trim_start().strip_prefix(':').map(str::trim_start)
        });
        rest.ok_or_else(|| FormatError(format!("its header has no `{key}`")))
    };
    let descr = entry("descr")?;
    let quoted = descr.strip_prefix('\'').and_then(|rest| rest.split_once('\''));
    let quoted = quoted.or_else(|| descr.strip_prefix('"').and_then(|rest| rest.split_once('"')));
    let (descr, _) = quoted.ok_or_else(|| {
        FormatError::new("its elements are records; only arrays of numbers are supported")
    })?;
    let known = TYPES.iter().find(|(_, name)| descr.get(1..) == Some(*name));
    let (dtype, _) =
        known.ok_or_else(|| FormatError(format!("its element type `{descr}` is not supported")))?;
    let big_endian = match descr.as_bytes()[0] {
        b'<' | b'|' | b'=' => false,
        b'>' => true,
        _ => return Err(FormatError(format!("its element type `{descr}` is not supported"))),
    };
    let order = entry("fortran_order")?;
    let fortran_order = match () {
        () if order.starts_with("True") => true,
        () if order.starts_with("False") => false,
        () => return Err(FormatError::new("its `fortran_order` is neither True nor False")),
    };
    let tuple = entry("shape")?.strip_prefix('(').and_then(|rest| rest.split_once(')'));
    let (sizes, _) = tuple.ok_or_else(|| FormatError::new("its shape is not a tuple"))?;
    let sizes = sizes.trim().trim_end_matches(',');
    let parse = |size: &str| {
        // Python 2 wrote long integers with an L behind.
        let size = size.trim().trim_end_matches('L');
        size.parse::<usize>().map_err(|_| FormatError(format!("its shape holds `{size}`")))
    };
    let shape: Shape = match sizes {
        "" => Shape::new(),
        sizes => sizes.split(',').map(parse).collect::<Result<_, _>>()?,
    };
    Ok(Header { ty: TensorType::new(*dtype, shape), big_endian, fortran_order })
}

/// The same array with its last dimension innermost, instead of its first.
fn from_fortran_order(tensor: &Tensor) -> Result<Tensor, FormatError> {
    let shape = tensor.shape();
    let size = tensor.dtype().size();
    let reversed: Shape = shape.iter().rev().copied().collect();
    let strides: Vec<usize> = contiguous_strides(&reversed).into_iter().rev().collect();
    let mut result = Tensor::zeros(tensor.dtype(), shape)?;
    let count = element_count(shape).map_err(|error| FormatError(error.to_string()))?;
    let mut index = vec![0; shape.len()];
    for element in result.bytes_mut().chunks_exact_mut(size).take(count) {
        let place: usize = index.iter().zip(&strides).map(|(index, stride)| index * stride).sum();
        element.copy_from_slice(&tensor.bytes()[place * size..][..size]);
        for (index, &size) in index.iter_mut().zip(shape).rev() {
            *index += 1;
            if *index < size {
                break;
            }
            *index = 0;
        }
    }
    Ok(result)
}
