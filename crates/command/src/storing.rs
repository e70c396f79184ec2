//! What commands that store runs or read them have in common.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use tachy_store::json_lines::{self, Record};
use tachy_store::{OpenOptions, Place, Run, Store};

use crate::failure::Failure;
use crate::settings::Settings;

/// Which store.
#[derive(Debug, Clone, Args)]
pub struct StoreArguments {
    /// The store: a file, or the URL of a PostgreSQL server [default: TACHY_STORE, or .tachy/store.sqlite of the project]
    #[arg(long, value_name = "FILE|URL")]
    store: Option<String>,
}

impl StoreArguments {
    /// Opens the store to read from it.
    ///
    /// # Errors
    /// If it is not there or cannot be opened.
    pub fn open(&self, settings: &Settings) -> Result<Box<dyn Store>, Failure> {
        let options = OpenOptions { create: false, ..OpenOptions::default() };
        Ok(tachy_store::open_with(&self.place(settings)?, options)?)
    }

    /// Opens the store to write to it, and makes it if it is not there.
    ///
    /// # Errors
    /// If it can be neither opened nor made.
    pub fn open_or_make(&self, settings: &Settings) -> Result<Box<dyn Store>, Failure> {
        Ok(tachy_store::open(&self.place(settings)?)?)
    }

    /// Where the store is.
    ///
    /// # Errors
    /// If there is no current folder, or no place for a store.
    pub fn place(&self, settings: &Settings) -> Result<Place, Failure> {
        let here = std::env::current_dir().map_err(|error| {
            Failure::Input(format!("the current folder is not there: {error}."))
        })?;
        Ok(Place::find(self.store.as_deref(), settings.store.as_deref(), &here)?)
    }
}

/// Whether and where a run is stored.
#[derive(Debug, Clone, Args)]
pub struct SaveArguments {
    /// Store the run with all its samples, for `tachy history` and later comparisons
    #[arg(long)]
    save: bool,

    /// Store nothing, though `tachy.toml` says so
    #[arg(long, conflicts_with = "save")]
    no_save: bool,

    /// Note with a run that is stored
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = parse_label)]
    labels: Vec<(String, String)>,

    #[command(flatten)]
    store: StoreArguments,
}

impl SaveArguments {
    /// The store.
    pub fn store(&self) -> &StoreArguments {
        &self.store
    }

    /// Whether the run is to be stored.
    pub fn is_wanted(&self, settings: &Settings) -> bool {
        self.save || (settings.save == Some(true) && !self.no_save)
    }

    /// Stores a run and says where. If that fails the run is written to a file instead: measuring took time.
    ///
    /// # Errors
    /// If it is not in the store; the message says where it is.
    pub fn save(&self, mut run: Run, settings: &Settings) -> Result<(), Failure> {
        run.labels.extend(self.labels.iter().cloned());
        let mut place = String::new();
        let result = self.store.open_or_make(settings).and_then(|mut store| {
            place = store.place().to_owned();
            Ok(store.save(&run)?)
        });
        match result {
            Ok(_) => {
                anstream::eprintln!("Run {} is stored in `{place}`.", run.id);
                Ok(())
            }
            Err(Failure::Input(message) | Failure::Check(message)) => {
                let rescued = match rescue(run) {
                    Ok(path) => format!(
                        "What was measured is in `{path}`; `tachy import {path}` stores it later.",
                        path = path.display()
                    ),
                    Err(error) => {
                        format!("What was measured could not be written to a file either: {error}.")
                    }
                };
                Err(Failure::Check(format!("{message} {rescued}")))
            }
            Err(failure) => Err(failure),
        }
    }
}

/// Writes a run to a file in the current folder or, if that cannot be, in the folder for temporary files.
fn rescue(run: Run) -> std::io::Result<PathBuf> {
    let name = format!("tachy-run-{}.jsonl", run.id);
    let record = Record::Run(Box::new(run));
    let write = |path: PathBuf| -> std::io::Result<PathBuf> {
        let mut file = std::fs::File::create(&path)?;
        json_lines::write(&mut file, &record)?;
        file.flush().and_then(|()| file.sync_all())?;
        Ok(path)
    };
    write(Path::new(".").join(&name)).or_else(|_| write(std::env::temp_dir().join(&name)))
}

/// The present, in milliseconds since 1970-01-01 UTC.
pub fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

/// `NAME=VALUE`.
///
/// # Errors
/// Anything else, as a sentence.
pub fn parse_label(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("it has the form NAME=VALUE, such as branch=main".to_owned()),
    }
}
