//! Tensor data in files beside the model.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};

use super::proto::StringEntry;

/// Where a tensor's data is.
pub struct Location {
    path: PathBuf,
    offset: u64,
    length: Option<u64>,
}

impl Location {
    /// Reads the entries of a tensor's `external_data`.
    pub fn parse(entries: &[StringEntry]) -> Result<Self, String> {
        let entry = |key: &str| entries.iter().find(|e| e.key == key).map(|e| e.value.as_str());
        let number = |key: &str| {
            let parse = |text: &str| {
                text.parse::<u64>()
                    .map_err(|_| format!("the `{key}` of its external data is `{text}`"))
            };
            entry(key).map(parse).transpose()
        };
        let path = entry("location").ok_or("its external data has no location")?;
        Ok(Self {
            path: PathBuf::from(path),
            offset: number("offset")?.unwrap_or(0),
            length: number("length")?,
        })
    }

    /// The data: exactly `expected` bytes. The file must lie inside `directory`, links followed.
    pub fn read(&self, directory: Option<&Path>, expected: usize) -> Result<Vec<u8>, String> {
        let name = self.path.display();
        let directory = directory.ok_or_else(|| {
            format!(
                "its data is in the file `{name}`, but the model was given without its folder; load it by its path"
            )
        })?;
        let inside = self.path.components().all(|part| matches!(part, Component::Normal(_)));
        if !inside || self.path.as_os_str().is_empty() {
            return Err(outside(&self.path));
        }
        if let Some(length) = self.length
            && length != expected as u64
        {
            return Err(format!(
                "it takes {expected} bytes, but `{name}` is said to hold {length}"
            ));
        }
        let unreadable = |error: std::io::Error| format!("`{name}` cannot be read: {error}");
        let root = directory.canonicalize().map_err(unreadable)?;
        let path = root.join(&self.path).canonicalize().map_err(unreadable)?;
        if !path.starts_with(&root) {
            return Err(outside(&self.path));
        }
        // Asked before it is opened: opening a pipe would wait for its other end.
        let metadata = path.metadata().map_err(unreadable)?;
        let place = format!("its data is {expected} bytes from byte {} of `{name}`", self.offset);
        if !metadata.is_file() {
            return Err(format!("{place}, which is not a file"));
        }
        let end = self.offset.checked_add(expected as u64);
        if end.is_none_or(|end| end > metadata.len()) {
            return Err(format!("{place}, which has only {}", metadata.len()));
        }
        let mut file = File::open(&path).map_err(unreadable)?;
        let mut data = Vec::new();
        data.try_reserve_exact(expected)
            .map_err(|_| format!("there is no memory for {expected} bytes"))?;
        file.seek(SeekFrom::Start(self.offset)).map_err(unreadable)?;
        file.take(expected as u64).read_to_end(&mut data).map_err(unreadable)?;
        Ok(data)
    }
}

fn outside(path: &Path) -> String {
    format!(
        "its data is in `{}`, which is outside of the model's folder; only files within it are read",
        path.display()
    )
}
