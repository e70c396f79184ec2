//! Files of runs: JSON lines or, if the name says so, Parquet.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use crate::json_lines::{self, Record};
use crate::{RunId, Store, StoreError};

/// Hands over every run of a store, the earliest first, or those that are named; and, if all are asked for, the
/// baselines. Where `skip` is set, what is damaged is left out; the runs that were are returned.
///
/// # Errors
/// If the store cannot be read, or what `each` returns.
pub fn export(
    store: &mut dyn Store,
    named: Option<&[RunId]>,
    skip: bool,
    each: &mut dyn FnMut(Record) -> Result<(), StoreError>,
) -> Result<Vec<RunId>, StoreError> {
    let ids = named.map_or_else(|| store.ids(), |ids| Ok(ids.to_vec()))?;
    let mut damaged = Vec::new();
    for id in ids {
        match store.run(id) {
            Ok(run) => each(Record::Run(Box::new(run)))?,
            Err(StoreError::Damaged { .. } | StoreError::NoRun(_)) if skip => damaged.push(id),
            Err(error) => return Err(error),
        }
    }
    if named.is_none() {
        let baselines = match store.baselines() {
            Err(StoreError::Damaged { .. }) if skip => Vec::new(),
            baselines => baselines?,
        };
        for baseline in baselines.into_iter().filter(|baseline| !damaged.contains(&baseline.run)) {
            each(Record::Baseline(baseline))?;
        }
    }
    Ok(damaged)
}

/// A file that is being written. It gets its name when all is written: nobody finds half of it.
pub struct ExportFile {
    path: PathBuf,
    part: PathBuf,
    format: Format,
}

enum Format {
    JsonLines(BufWriter<File>),
    #[cfg(feature = "parquet")]
    Parquet(Box<crate::parquet::Writer<File>>),
}

impl ExportFile {
    /// Begins a file: of Parquet if its name ends in `.parquet`, of JSON lines otherwise.
    ///
    /// # Errors
    /// If it cannot be written, or this build has no Parquet.
    pub fn create(path: &Path) -> Result<Self, StoreError> {
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let unwritable =
            |error| StoreError::File { path: path.to_owned(), action: "written", error };
        let format = match is_parquet(path) {
            false => Format::JsonLines(BufWriter::new(File::create(&part).map_err(unwritable)?)),
            #[cfg(feature = "parquet")]
            true => {
                let file = File::create(&part).map_err(unwritable)?;
                Format::Parquet(Box::new(crate::parquet::Writer::new(file).map_err(unwritable)?))
            }
            #[cfg(not(feature = "parquet"))]
            true => return Err(no_parquet(path)),
        };
        Ok(Self { path: path.to_owned(), part, format })
    }

    /// Writes a run or a baseline.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&mut self, record: &Record) -> Result<(), StoreError> {
        let result = match &mut self.format {
            Format::JsonLines(file) => json_lines::write(file, record),
            #[cfg(feature = "parquet")]
            Format::Parquet(file) => file.write(record),
        };
        result.map_err(|error| self.unwritable(error))
    }

    /// Ends the file and gives it its name; a file of that name is replaced.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(self) -> Result<(), StoreError> {
        let Self { path, part, format } = self;
        let finish = || {
            let file = match format {
                Format::JsonLines(mut file) => {
                    file.flush()?;
                    file.into_inner().map_err(|error| error.into_error())?
                }
                #[cfg(feature = "parquet")]
                Format::Parquet(file) => file.finish()?,
            };
            file.sync_all()?;
            std::fs::rename(&part, &path)
        };
        finish().map_err(|error| StoreError::File { path: path.clone(), action: "written", error })
    }

    fn unwritable(&self, error: std::io::Error) -> StoreError {
        StoreError::File { path: self.path.clone(), action: "written", error }
    }
}

fn is_parquet(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("parquet"))
}

#[cfg(not(feature = "parquet"))]
fn no_parquet(path: &Path) -> StoreError {
    StoreError::NotBuilt { what: format!("Parquet in `{}`", path.display()), feature: "parquet" }
}

/// The first bytes of a file.
pub(crate) fn head(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    File::open(path)?.take(4096).read_to_end(&mut head)?;
    Ok(head)
}

/// Whether a file was exported from a store: of Parquet, or of JSON lines whose first is a run or a baseline.
///
/// # Errors
/// If it cannot be read.
pub fn is_exported(path: &Path) -> Result<bool, StoreError> {
    let head = head(path).map_err(|error| unreadable(path, error))?;
    let text = String::from_utf8_lossy(&head);
    let first = text.trim_start();
    let begins = |name: &str| {
        let rest = first.strip_prefix('{').map(str::trim_start);
        rest.is_some_and(|rest| rest.starts_with(&format!("\"{name}\"")))
    };
    Ok(head.starts_with(b"PAR1") || begins("run") || begins("baseline"))
}

/// Reads a file that was exported: every run, and the baselines after the runs that they name.
///
/// # Errors
/// If it cannot be read, holds something else, or what `each` returns. What was handed over before stays so.
pub fn read(
    path: &Path,
    each: &mut dyn FnMut(Record) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let file = File::open(path).map_err(|error| unreadable(path, error))?;
    let mut file = BufReader::new(file);
    let parquet = file.fill_buf().map_err(|error| unreadable(path, error))?.starts_with(b"PAR1");
    let fault = |detail: String| StoreError::Format { file: path.display().to_string(), detail };
    if !parquet {
        for record in json_lines::read(file) {
            each(record.map_err(|error| fault(error.to_string()))?)?;
        }
        return Ok(());
    }
    #[cfg(feature = "parquet")]
    {
        let records = crate::parquet::read(file.into_inner()).map_err(fault)?;
        records.into_iter().try_for_each(each)
    }
    #[cfg(not(feature = "parquet"))]
    Err(no_parquet(path))
}

pub(crate) fn unreadable(path: &Path, error: std::io::Error) -> StoreError {
    StoreError::File { path: path.to_owned(), action: "read", error }
}
