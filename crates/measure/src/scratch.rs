//! A folder for temporary files that goes when it is dropped.

use std::io;
use std::path::PathBuf;

use tempfile::TempDir;

/// A folder for temporary files that goes when it is dropped.
pub(crate) struct ScratchFolder(TempDir);

impl ScratchFolder {
    pub(crate) fn new() -> io::Result<Self> {
        tempfile::Builder::new().prefix("tachy-").tempdir().map(Self)
    }

    /// A folder inside it, empty of what an earlier user left.
    pub(crate) fn folder(&self, name: &str) -> io::Result<PathBuf> {
        let path = self.0.path().join(name);
        match std::fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        std::fs::create_dir(&path)?;
        Ok(path)
    }
}
