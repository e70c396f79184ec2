//! Files by name.

use std::path::Path;

use super::{FileError, FormatError, NamedTensor, npy, npz, protobuf, safetensors};
use crate::tensor::Tensor;

/// The formats, as the ends of files' names say them.
#[derive(Debug, Clone, Copy)]
enum Format {
    Npy,
    Npz,
    Protobuf,
    SafeTensors,
}

impl Format {
    fn of(path: &Path) -> Result<Self, FileError> {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("npy") => Ok(Self::Npy),
            Some("npz") => Ok(Self::Npz),
            Some("pb") => Ok(Self::Protobuf),
            Some("safetensors") => Ok(Self::SafeTensors),
            _ => Err(FileError::UnknownFormat { path: path.to_owned() }),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Npy => "NumPy (.npy)",
            Self::Npz => "NumPy (.npz)",
            Self::Protobuf => "ONNX tensor (.pb)",
            Self::SafeTensors => "safetensors",
        }
    }
}

/// The tensors in a file, in the file's order. Those of formats without names are named after the file.
///
/// # Errors
/// If the file cannot be read, or is not of the format that its name promises.
pub fn read(path: impl AsRef<Path>) -> Result<Vec<NamedTensor>, FileError> {
    let path = path.as_ref();
    let format = Format::of(path)?;
    let bytes =
        std::fs::read(path).map_err(|source| FileError::Read { path: path.to_owned(), source })?;
    let stem = || path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let tensors = match format {
        Format::Npy => npy::decode(&bytes).map(|tensor| vec![(stem(), tensor)]),
        Format::Npz => npz::decode(&bytes),
        Format::Protobuf => protobuf::decode(bytes)
            .map(|(name, tensor)| vec![(if name.is_empty() { stem() } else { name }, tensor)]),
        Format::SafeTensors => safetensors::decode(&bytes),
    };
    let (path, format) = (path.to_owned(), format.name());
    tensors.map_err(|source| FileError::Invalid { path, format, source })
}

/// The one tensor in a file.
///
/// # Errors
/// As for [`read`], and if the file holds none or several.
pub fn read_one(path: impl AsRef<Path>) -> Result<Tensor, FileError> {
    let path = path.as_ref();
    let mut tensors = read(path)?;
    match tensors.len() {
        1 => Ok(tensors.remove(0).1),
        count => Err(FileError::NotOne { path: path.to_owned(), count }),
    }
}

/// Writes tensors to a file.
///
/// # Errors
/// If the file cannot be written, or its format cannot hold the tensors.
pub fn write(path: impl AsRef<Path>, tensors: &[NamedTensor]) -> Result<(), FileError> {
    let path = path.as_ref();
    let format = Format::of(path)?;
    let one = || match tensors {
        [tensor] => Ok(tensor),
        _ => Err(FormatError::new(format!("it holds one tensor, not {}", tensors.len()))),
    };
    let bytes = match format {
        Format::Npy => one().and_then(|(_, tensor)| npy::encode(tensor)),
        Format::Npz => npz::encode(tensors),
        Format::Protobuf => one().map(|(name, tensor)| protobuf::encode(name, tensor)),
        Format::SafeTensors => safetensors::encode(tensors),
    };
    let format = format.name();
    let bytes =
        bytes.map_err(|source| FileError::Unsupported { path: path.to_owned(), format, source })?;
    std::fs::write(path, bytes).map_err(|source| FileError::Write { path: path.to_owned(), source })
}
