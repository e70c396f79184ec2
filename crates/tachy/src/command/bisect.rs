//! `tachy bisect`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tachy_measure::duel::Event;
use tachy_measure::gate::{self, BisectEvent, BisectOptions};

use super::check::join_words;
use super::failure::Failure;
use super::lots::{LotsArguments, stop_on_interrupt};
use super::output;
use super::progress::Progress;
use super::settings::Settings;

/// Find the commit since which a command is slower.
///
/// The bad revision is tried first; then half of the commits that are left are ruled out with each duel against the good
/// one. Every commit is built once at the most, in a checkout under `.tachy/checkouts` that keeps what was built before.
/// One that does not build, or about which nothing is sure, is left out.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tachy bisect --good v1.2 --bad main 'sort 1 M'          a benchmark of tachy.toml\n  \
    tachy bisect --good HEAD~20 --bad HEAD --build 'make -s' -- build/tool big.txt\n\n\
    The exit code is 0 if the commit was found, 1 if not, 2 for bad input, 130 after Ctrl-C.")]
pub(super) struct BisectCommand {
    /// A revision that is as fast as it should be
    #[arg(long, value_name = "REVISION")]
    good: String,

    /// A later revision that is not
    #[arg(long, value_name = "REVISION", default_value = "HEAD")]
    bad: String,

    /// A benchmark of tachy.toml
    #[arg(value_name = "BENCHMARK", required_unless_present = "command")]
    name: Option<String>,

    /// A command to measure, instead of one of tachy.toml
    #[arg(last = true, value_name = "COMMAND", conflicts_with = "name")]
    command: Vec<String>,

    /// Build a revision with this, in a shell, in the revision's folder
    #[arg(long, value_name = "COMMAND")]
    build: Option<String>,

    #[command(flatten)]
    lots: LotsArguments,

    /// Format of the result
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    /// File for the result, instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// JSON
    Json,
}

impl BisectCommand {
    pub(super) fn execute(self, settings: &Settings) -> Result<(), Failure> {
        let options = self.options(settings)?;
        let stop = stop_on_interrupt();
        let found = {
            let progress = Progress::new(0);
            gate::bisect(&options, &stop, |event| show(&progress, event))?
        };
        let file = self.output.as_deref();
        let text = match self.format {
            Format::Text => tachy_report::gate::bisection(&found, output::look(file)),
            Format::Json => tachy_report::gate::bisection_json(&found),
        };
        output::write(&text, file)?;
        match found.suspects.len() {
            1 => Ok(()),
            _ => Err(Failure::Check("the commit was not found.".to_owned())),
        }
    }

    fn options(&self, settings: &Settings) -> Result<BisectOptions, Failure> {
        let folder = std::env::current_dir().map_err(|error| {
            Failure::Input(format!("the current folder is not there: {error}."))
        })?;
        let command = match &self.name {
            None => join_words(&self.command),
            Some(name) => settings.check.benchmarks.get(name).cloned().ok_or_else(|| {
                Failure::Input(format!(
                    "tachy.toml has no benchmark `{name}` under [check.benchmarks]; give its command after `--`."
                ))
            })?,
        };
        Ok(BisectOptions {
            folder,
            good: self.good.clone(),
            bad: self.bad.clone(),
            build: self.build.clone().or_else(|| settings.check.build.clone()),
            command,
            duel: self.lots.options(),
        })
    }
}

fn show(progress: &Progress, event: BisectEvent<'_>) {
    let short = |commit: &str| commit.get(..10).unwrap_or(commit).to_owned();
    match event {
        BisectEvent::Building(commit) => progress.say(format!("building {}", short(commit))),
        BisectEvent::Duel { commit, event } => {
            if let Event::Pairs { done, of, outcome } = event {
                let commit = short(commit);
                progress.say(format!("{commit}: {done} pairs of at most {of}, {outcome}"));
            }
        }
        BisectEvent::Judged { trial, left } => {
            let look = tachy_report::Look::plain(100);
            progress.tell(tachy_report::gate::trial(trial, look).trim_end());
            progress.say(format!("{left} commits left"));
        }
    }
}
