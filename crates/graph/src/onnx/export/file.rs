//! Models as files.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use prost::Message;

use super::writer::{ExportOptions, is_too_large, model};
use crate::graph::Graph;
use crate::onnx::{ExportError, proto};

/// Where the data of a tensor begins in a file of weights: at a page, so that it can be mapped.
const WEIGHT_ALIGNMENT: usize = 4096;

/// The least data, in bytes, that is put into another file.
const LEAST_WEIGHTS: usize = 1024;

/// Writes the model to a file. If weights are kept apart, they are in a file of the same name with `.data` behind.
///
/// # Errors
/// As for [`export`](super::export), and if a file cannot be written.
pub fn export_file(
    graph: &Graph,
    path: impl AsRef<Path>,
    options: &ExportOptions,
) -> Result<(), ExportError> {
    let path = path.as_ref();
    let mut model = model(graph, options)?;
    if options.external_weights.unwrap_or_else(|| is_too_large(&model)) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("{name}.data");
        let data = path.with_file_name(&name);
        let graph = model.graph.as_mut().expect("a model that was just made has a graph");
        write_weights(&mut graph.initializer, &name, &data)
            .map_err(|source| ExportError::Write { path: data, source })?;
    }
    if is_too_large(&model) {
        return Err(ExportError::TooLarge { bytes: model.encoded_len() });
    }
    std::fs::write(path, model.encode_to_vec())
        .map_err(|source| ExportError::Write { path: path.to_owned(), source })
}

/// Moves the data of large tensors into a file.
fn write_weights(tensors: &mut [proto::Tensor], name: &str, path: &Path) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    let mut offset = 0usize;
    let is_large = |data: &mut bytes::Bytes| data.len() >= LEAST_WEIGHTS;
    for tensor in tensors {
        let Some(data) = tensor.raw_data.take_if(is_large) else { continue };
        let start = offset.next_multiple_of(WEIGHT_ALIGNMENT);
        file.write_all(&vec![0; start - offset])?;
        file.write_all(&data)?;
        offset = start + data.len();
        let entry = |key: &str, value: String| proto::StringEntry { key: key.to_owned(), value };
        tensor.data_location = proto::EXTERNAL;
        tensor.external_data = vec![
            entry("location", name.to_owned()),
            entry("offset", start.to_string()),
            entry("length", data.len().to_string()),
        ];
    }
    file.flush()
}
