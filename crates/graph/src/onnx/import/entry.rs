//! The ways in: bytes, or a file and what lies beside it.

use std::path::Path;

use bytes::Bytes;
use prost::Message;

use super::ImportOptions;
use super::importer::Importer;
use crate::graph::Graph;
use crate::onnx::{ImportError, proto, wire};

/// The oldest version of ONNX's operators that is read: the first with broadcasting as NumPy has it.
pub const OLDEST_OPERATOR_SET: i64 = 7;

/// The newest version of ONNX's operators that is read.
pub const NEWEST_OPERATOR_SET: i64 = 28;

/// Makes a graph of an ONNX model.
///
/// Every shape is fixed: named dimensions get their sizes from `options`, what shapes are computed from is
/// computed now, and functions are written out. Nodes that no output needs are left out; the others keep their
/// names, as do their outputs.
///
/// The model need not be trusted. Besides the file and its tensors, memory is taken in proportion to the
/// structure of the file, which is checked first; there are limits of 64 dimensions to a tensor, of 64 MiB
/// (and four times the file) for functions that are written out again and again, and of 256 MiB for constants
/// that the file describes without holding them.
///
/// # Errors
/// If the bytes are not a valid model, it uses what is not supported, or something that decides a shape is
/// not known.
pub fn import(model: impl Into<Bytes>, options: &ImportOptions) -> Result<Graph, ImportError> {
    let bytes = model.into();
    let malformed = |reason| ImportError::Malformed { reason };
    wire::check_model(&bytes).map_err(malformed)?;
    let model = proto::Model::decode(bytes).map_err(|error| malformed(error.to_string()))?;
    Importer::import(&model, options)
}

/// As [`import`], for a file. Unless `options` name a folder, external weights are looked for beside it.
///
/// # Errors
/// As for [`import`], and if the file cannot be read.
pub fn import_file(path: impl AsRef<Path>, options: &ImportOptions) -> Result<Graph, ImportError> {
    let path = path.as_ref();
    let bytes = std::fs::read(path)
        .map_err(|source| ImportError::Read { path: path.to_owned(), source })?;
    if options.directory.is_some() {
        return import(bytes, options);
    }
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => ".".into(),
    };
    import(bytes, &ImportOptions { directory: Some(directory), ..options.clone() })
}
