//! What can be wrong with a tensor file.

use std::path::PathBuf;

use thiserror::Error;

use crate::tensor::TensorError;

/// Bytes that are not of the format, or tensors that the format cannot hold: one phrase, without a full stop.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct FormatError(pub String);

impl FormatError {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

impl From<TensorError> for FormatError {
    fn from(error: TensorError) -> Self {
        Self(error.to_string())
    }
}

/// A tensor file that cannot be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileError {
    /// The name does not say what format the file has.
    #[error(
        "the format of `{}` is not known; the name of a tensor file ends in .npy, .npz, .pb or .safetensors.",
        path.display()
    )]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("`{}` cannot be read: {source}.", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file cannot be written.
    #[error("`{}` cannot be written: {source}.", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The content is not what the name promises.
    #[error("`{}` is not a valid {format} file: {source}.", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The format's name.
        format: &'static str,
        /// What is wrong.
        source: FormatError,
    },
    /// The format cannot hold these tensors.
    #[error("`{}` cannot be written as a {format} file: {source}.", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// The format's name.
        format: &'static str,
        /// What is wrong.
        source: FormatError,
    },
    /// Several tensors where one is wanted.
    #[error("`{}` holds {count} tensors, but one is wanted.", path.display())]
    NotOne {
        /// The file.
        path: PathBuf,
        /// How many there are.
        count: usize,
    },
}
