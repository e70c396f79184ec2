//! Tensors on their way between the harness and its child processes: one file each in a folder.

use std::path::{Path, PathBuf};

use tachy_graph::Tensor;
use tachy_graph::files;

fn path(folder: &Path, place: usize) -> PathBuf {
    folder.join(format!("output_{place}.pb"))
}

/// Writes the tensors into the folder.
pub(crate) fn write(folder: &Path, tensors: &[Tensor]) -> Result<(), String> {
    tensors.iter().enumerate().try_for_each(|(place, tensor)| {
        let named = (String::new(), tensor.clone());
        files::write(path(folder, place), &[named]).map_err(|error| error.to_string())
    })
}

/// Reads so many tensors from the folder.
pub(crate) fn read(folder: &Path, count: usize) -> Result<Vec<Tensor>, String> {
    (0..count)
        .map(|place| files::read_one(path(folder, place)).map_err(|error| error.to_string()))
        .collect()
}
