//! NumPy's `.npz`: a ZIP archive of `.npy` files.

use std::collections::HashSet;
use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::{FormatError, NamedTensor, npy};

/// What the names of an archive's members end in.
const SUFFIX: &str = ".npy";

/// The tensors in an archive, in its order. Compressed members take memory as they are unpacked.
///
/// # Errors
/// If the bytes are not an archive, or a member is not a tensor.
pub fn decode(bytes: &[u8]) -> Result<Vec<NamedTensor>, FormatError> {
    let invalid = |error: zip::result::ZipError| FormatError(error.to_string());
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(invalid)?;
    (0..archive.len())
        .map(|index| {
            let member = archive.by_index(index).map_err(invalid)?;
            let name = member.name().to_owned();
            let name = name.strip_suffix(SUFFIX).unwrap_or(&name).to_owned();
            let size = member.size();
            let tensor = npy::read(member.take(size), size)
                .map_err(|error| FormatError(format!("its member `{name}`: {error}")))?;
            Ok((name, tensor))
        })
        .collect()
}

/// An archive of these tensors, not compressed.
///
/// # Errors
/// If NumPy does not have an element type, or two names are equal.
pub fn encode(tensors: &[NamedTensor]) -> Result<Vec<u8>, FormatError> {
    check_names(tensors)?;
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, tensor) in tensors {
        let bytes = npy::encode(tensor)
            .map_err(|error| FormatError(format!("its member `{name}`: {error}")))?;
        // Members of 4 GiB and more need the longer fields of ZIP64.
        let options = options.large_file(bytes.len() as u64 >= u64::from(u32::MAX));
        archive
            .start_file(format!("{name}{SUFFIX}"), options)
            .map_err(|error| FormatError(error.to_string()))?;
        archive.write_all(&bytes).map_err(|error| FormatError(error.to_string()))?;
    }
    let archive = archive.finish().map_err(|error| FormatError(error.to_string()))?;
    Ok(archive.into_inner())
}

/// Refuses tensors of one name.
pub(super) fn check_names(tensors: &[NamedTensor]) -> Result<(), FormatError> {
    let mut names = HashSet::new();
    match tensors.iter().find(|(name, _)| !names.insert(name)) {
        None => Ok(()),
        Some((name, _)) => Err(FormatError(format!("two tensors are named `{name}`"))),
    }
}
