//! A file that says what something was made from, so that it is made again only when that has changed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The stamp of one thing: the very text of the sources it is made from.
pub struct Stamp {
    file: PathBuf,
    text: String,
}

impl Stamp {
    /// A stamp kept in `file` for something that is made from `sources`.
    pub fn new(file: PathBuf, sources: &[PathBuf]) -> Result<Self> {
        let mut text = String::new();
        for source in sources {
            text += &fs::read_to_string(source)
                .with_context(|| format!("{} cannot be read.", source.display()))?;
        }
        Ok(Self { file, text })
    }

    /// Whether the thing was made to its end from sources equal to today's.
    pub fn is_current(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|text| text == self.text)
    }

    /// Says that the thing is about to change.
    pub fn remove(&self) -> Result<()> {
        match fs::remove_file(&self.file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("{} cannot be removed.", self.file.display()))
            }
            _ => Ok(()),
        }
    }

    /// Says that the thing has been made to its end.
    pub fn write(&self) -> Result<()> {
        create_parent(&self.file)?;
        fs::write(&self.file, &self.text)
            .with_context(|| format!("{} cannot be written.", self.file.display()))
    }
}

fn create_parent(file: &Path) -> Result<()> {
    let parent = file.parent().unwrap_or(file);
    fs::create_dir_all(parent).with_context(|| format!("{} cannot be created.", parent.display()))
}
