//! `tachy import`.

use std::path::PathBuf;

use clap::Args;
use tachy_measure::{Clock, Environment};
use tachy_store::json_lines::Record;
use tachy_store::{Run, StoreError, file, import};

use super::export::counted;
use super::failure::Failure;
use super::output;
use super::settings::Settings;
use super::storing::{StoreArguments, parse_label};

/// Store runs from files: exported ones, or results of other tools.
///
/// What a file is, is seen from its content: what `tachy export` wrote; criterion's folder `target/criterion`; what
/// divan prints; and the JSON of hyperfine, Google Benchmark and pytest-benchmark. The same results imported again add
/// nothing.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tachy import runs.jsonl\n  \
    tachy import target/criterion --here\n  \
    cargo bench --bench divan > divan.txt; tachy import divan.txt --here\n  \
    hyperfine --export-json times.json 'sort words'; tachy import times.json --here")]
pub(super) struct Import {
    /// File, or criterion's folder
    #[arg(required = true, value_name = "FILE|FOLDER")]
    files: Vec<PathBuf>,

    /// Other tools' results were measured on this machine, as it is now, and of the current commit
    #[arg(long)]
    here: bool,

    /// Note with every run of another tool
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = parse_label)]
    labels: Vec<(String, String)>,

    #[command(flatten)]
    store: StoreArguments,
}

impl Import {
    pub(super) fn execute(self, settings: &Settings) -> Result<(), Failure> {
        // All other tools' files are read before anything is stored.
        let mut foreign = Vec::new();
        let mut exported = Vec::new();
        for path in &self.files {
            match path.is_file() && file::is_exported(path)? {
                true => exported.push(path),
                false => foreign.push(self.complete(import::read(path)?)),
            }
        }
        let mut store = self.store.open_or_make(settings)?;
        let (mut added, mut known, mut baselines) = (0, 0, 0);
        let mut save = |record: Record| -> Result<(), StoreError> {
            match record {
                Record::Run(run) => match store.save(&run)? {
                    true => added += 1,
                    false => known += 1,
                },
                Record::Baseline(baseline) => {
                    store.save_baseline(&baseline)?;
                    baselines += 1;
                }
            }
            Ok(())
        };
        for path in exported {
            file::read(path, &mut save)?;
        }
        for run in foreign {
            save(Record::Run(Box::new(run)))?;
        }
        let mut text =
            format!("{} new in `{}`, {known} were there already.", counted(added), store.place());
        if baselines > 0 {
            text += &format!(" Baselines: {baselines}.");
        }
        output::write(&(text + "\n"), None)
    }

    /// A run of another tool, with what the arguments tell of it.
    fn complete(&self, mut run: Run) -> Run {
        run.labels.extend(self.labels.iter().cloned());
        if self.here {
            let Environment { engines, compiler, .. } = run.environment;
            let here = Environment::of_this_machine(Clock::measure());
            run.environment = Environment { engines, compiler, ..here };
        }
        run
    }
}
