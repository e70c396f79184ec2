//! `tachy export`.

use std::io::{BufWriter, ErrorKind, Write};
use std::path::PathBuf;

use clap::Args;
use tachy_store::file::{self, ExportFile};
use tachy_store::json_lines::{self, Record};
use tachy_store::{RunId, StoreError};

use super::failure::Failure;
use super::settings::Settings;
use super::storing::StoreArguments;

/// Write stored runs to a file.
///
/// The file holds everything, down to the last sample; `tachy import` reads it back without loss. JSON lines have one run
/// to a line, and baselines after the runs that they name. Parquet has one row for each process and metric, with its
/// samples as a list.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tachy export runs.jsonl\n  \
    tachy export runs.parquet\n  \
    tachy export latest.jsonl --run latest\n  \
    tachy export - | jq .run.environment.processor")]
pub(super) struct Export {
    /// The file: FILE.parquet for Parquet, otherwise JSON lines; `-` for standard output
    file: PathBuf,

    /// Run to export: the beginning of its name, or `latest`; once for each [default: all, and the baselines]
    #[arg(long = "run", value_name = "ID")]
    runs: Vec<String>,

    /// Leave out what is damaged instead of failing
    #[arg(long)]
    skip_damaged: bool,

    #[command(flatten)]
    store: StoreArguments,
}

impl Export {
    pub(super) fn execute(self, settings: &Settings) -> Result<(), Failure> {
        let mut store = self.store.open(settings)?;
        let named: Result<Vec<RunId>, StoreError> =
            self.runs.iter().map(|name| store.find(name)).collect();
        let named = Some(named?).filter(|runs| !runs.is_empty());
        let mut runs = 0;
        let mut export = |each: &mut dyn FnMut(&Record) -> Result<(), StoreError>| {
            file::export(&mut *store, named.as_deref(), self.skip_damaged, &mut |record| {
                runs += usize::from(matches!(record, Record::Run(_)));
                each(&record)
            })
        };
        let damaged = if self.file.as_os_str() == "-" {
            let mut out = BufWriter::new(std::io::stdout().lock());
            let closed = |error: std::io::Error| StoreError::File {
                path: PathBuf::from("standard output"),
                action: "written",
                error,
            };
            let result = export(&mut |record| json_lines::write(&mut out, record).map_err(closed));
            match result.and_then(|damaged| out.flush().map_err(closed).map(|()| damaged)) {
                Err(StoreError::File { error, .. }) if error.kind() == ErrorKind::BrokenPipe => {
                    return Err(Failure::OutputClosed);
                }
                damaged => damaged?,
            }
        } else {
            let mut file = ExportFile::create(&self.file)?;
            let damaged = export(&mut |record| file.write(record))?;
            file.finish()?;
            anstream::eprintln!("{} written to `{}`.", counted(runs), self.file.display());
            damaged
        };
        match damaged.len() {
            0 => Ok(()),
            count => Err(Failure::Check(format!(
                "{} left out, because what is in the store is damaged: {}.",
                counted(count),
                damaged.iter().map(RunId::to_string).collect::<Vec<_>>().join(", ")
            ))),
        }
    }
}

/// `1 run is`, `7 runs are`.
pub(super) fn counted(runs: usize) -> String {
    match runs {
        1 => "1 run is".to_owned(),
        runs => format!("{runs} runs are"),
    }
}
