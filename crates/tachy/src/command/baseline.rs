//! `tachy baseline`.

use clap::{Args, Subcommand};
use serde::Serialize;
use tachy_store::{Baseline, RunHeader, Store};

use super::failure::Failure;
use super::output;
use super::settings::Settings;
use super::storing::{StoreArguments, now};

/// Give a run a name, to compare later ones with.
///
/// A baseline is a stored run with a name. The run itself never changes; saving a baseline of the same name again moves
/// the name to another run.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tachy baseline save release-1.2             the latest run\n  \
    tachy baseline save before --run 01989f3c   the run whose name begins like this\n  \
    tachy baseline list\n  \
    tachy baseline show release-1.2 --json")]
pub(super) struct BaselineCommand {
    #[command(subcommand)]
    command: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Give a run a name
    Save(Save),
    /// List the baselines
    List(List),
    /// Show the run that a baseline names: its benchmarks and their medians
    Show(Show),
    /// Take the name away; the run stays
    Remove(Remove),
}

/// Give a run a name.
#[derive(Debug, Args)]
struct Save {
    /// The name
    #[arg(value_parser = parse_name)]
    name: String,

    /// The run: the beginning of its name, or `latest`
    #[arg(long, value_name = "ID", default_value = "latest")]
    run: String,

    #[command(flatten)]
    store: StoreArguments,
}

/// List the baselines.
#[derive(Debug, Args)]
struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    store: StoreArguments,
}

/// Show the run that a baseline names.
#[derive(Debug, Args)]
struct Show {
    /// The name
    name: String,

    /// Print the whole run as JSON, with every sample
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    store: StoreArguments,
}

/// Take the name away; the run stays.
#[derive(Debug, Args)]
struct Remove {
    /// The name
    name: String,

    #[command(flatten)]
    store: StoreArguments,
}

#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    saved: u64,
    run: &'a RunHeader,
}

impl BaselineCommand {
    pub(super) fn execute(self, settings: &Settings) -> Result<(), Failure> {
        match self.command {
            Action::Save(save) => save.execute(settings),
            Action::List(list) => list.execute(settings),
            Action::Show(show) => show.execute(settings),
            Action::Remove(remove) => {
                remove.store.open(settings)?.remove_baseline(&remove.name)?;
                output::write(&format!("The baseline `{}` is removed.\n", remove.name), None)
            }
        }
    }
}

impl Save {
    fn execute(self, settings: &Settings) -> Result<(), Failure> {
        let mut store = self.store.open(settings)?;
        let run = store.find(&self.run)?;
        let before = store.baselines()?.into_iter().find(|baseline| baseline.name == self.name);
        let baseline = Baseline { name: self.name, run, saved: now() };
        store.save_baseline(&baseline)?;
        let moved = match before.filter(|before| before.run != run) {
            Some(before) => format!("; it was run {}", before.run),
            None => String::new(),
        };
        output::write(&format!("The baseline `{}` is run {run}{moved}.\n", baseline.name), None)
    }
}

impl List {
    fn execute(self, settings: &Settings) -> Result<(), Failure> {
        let mut store = self.store.open(settings)?;
        let entries = with_runs(&mut *store)?;
        let text = if self.json {
            let entries: Vec<Entry> = entries
                .iter()
                .map(|(baseline, run)| Entry { name: &baseline.name, saved: baseline.saved, run })
                .collect();
            serde_json::to_string_pretty(&entries).expect("the list is plain data") + "\n"
        } else if entries.is_empty() {
            "There is no baseline yet; `tachy baseline save NAME` makes one of the latest run.\n"
                .to_owned()
        } else {
            tachy_report::baselines(&entries, output::look(None))
        };
        output::write(&text, None)
    }
}

/// Every baseline beside the run that it names.
fn with_runs(store: &mut dyn Store) -> Result<Vec<(Baseline, RunHeader)>, Failure> {
    let runs = store.runs(usize::MAX)?;
    let baselines = store.baselines()?.into_iter();
    Ok(baselines
        .filter_map(|baseline| {
            let run = runs.iter().find(|run| run.id == baseline.run)?.clone();
            Some((baseline, run))
        })
        .collect())
}

impl Show {
    fn execute(self, settings: &Settings) -> Result<(), Failure> {
        let mut store = self.store.open(settings)?;
        let baseline = store.baseline(&self.name)?;
        let run = store.run(baseline.run)?;
        let text = if self.json {
            serde_json::to_string(&run).expect("a run has string keys") + "\n"
        } else {
            tachy_report::run(&run, output::look(None))
        };
        output::write(&text, None)
    }
}

fn parse_name(text: &str) -> Result<String, String> {
    match text.is_empty() || text.starts_with('-') || text.contains(char::is_control) {
        true => Err("a baseline has a name of letters, such as release-1.2".to_owned()),
        false => Ok(text.to_owned()),
    }
}
