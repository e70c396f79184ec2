//! `tachy merge`.

use clap::Args;
use tachy_store::{Merged, OpenOptions, Place, Suite};

use super::export::counted;
use super::failure::Failure;
use super::output;
use super::settings::Settings;
use super::storing::StoreArguments;

/// Copy the runs of other stores into this one.
///
/// The parts of a suite that `--partition` cut up are joined so, and what is still missing of it is told.
///
/// Every run has a name that no other has, so that merging the same stores again adds nothing. Of two baselines of one
/// name, the one saved later stays.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tachy merge laptop.sqlite server.sqlite\n  \
    tachy merge shards/*.sqlite --store all.sqlite\n  \
    tachy merge .tachy/store.sqlite --store postgres://bench@db.example.org/runs")]
pub(super) struct Merge {
    /// Store to copy from: a file, or the URL of a PostgreSQL server
    #[arg(required = true, value_name = "STORE")]
    from: Vec<String>,

    #[command(flatten)]
    store: StoreArguments,
}

impl Merge {
    pub(super) fn execute(self, settings: &Settings) -> Result<(), Failure> {
        let options = OpenOptions { create: false, ..OpenOptions::default() };
        let mut sources = Vec::new();
        for from in &self.from {
            sources.push(tachy_store::open_with(&Place::new(from), options)?);
        }
        let mut into = self.store.open_or_make(settings)?;
        let mut total = Merged::default();
        let mut runs = Vec::new();
        for source in &mut sources {
            let merged = tachy_store::merge(&mut **source, &mut *into)?;
            total.added += merged.added;
            total.known += merged.known;
            total.baselines += merged.baselines;
            runs.extend(source.runs(usize::MAX)?);
        }
        let mut text = format!(
            "{} new in `{}`, {} were there already. Baselines that are new or moved: {}.\n",
            counted(total.added),
            into.place(),
            total.known,
            total.baselines,
        );
        let touched = Suite::all(&runs);
        if !touched.is_empty() {
            let suites = Suite::all(&into.runs(usize::MAX)?);
            let joined = suites.iter().filter(|suite| {
                touched.iter().any(|part| (&part.id, part.of) == (&suite.id, suite.of))
            });
            text.extend(joined.map(tell));
        }
        output::write(&text, None)
    }
}

/// What there is of a suite whose parts were merged.
fn tell(suite: &Suite) -> String {
    let Suite { id, of, parts, runs } = suite;
    let runs = if *runs == 1 { "1 run".to_owned() } else { format!("{runs} runs") };
    let missing: Vec<String> = suite.missing().iter().map(|part| format!("{part}/{of}")).collect();
    match missing.is_empty() {
        true => format!("Suite `{id}` is complete: all {of} parts are here, in {runs}.\n"),
        false => format!(
            "Suite `{id}` is not complete: {} of {of} parts are here, in {runs}. Missing: {}.\n",
            parts.len(),
            missing.join(", ")
        ),
    }
}
