//! `tachy check`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;
use tachy_measure::duel::{Event, Options};
use tachy_measure::gate::{
    self, CheckOptions, Conclusion, GateEvent, NamedCommand, Stage, Status, Suite, Thresholds,
};

use super::failure::Failure;
use super::lots::{LotsArguments, parse_share, stop_on_interrupt};
use super::output;
use super::progress::Progress;
use super::settings::Settings;

/// Tell whether what stands here is slower than another revision: built, measured and judged side by side.
///
/// The other revision is built in a checkout of its own under `.tachy/checkouts`, what stands here where it stands. Each
/// benchmark is a command that does the same work in both; the two run in pairs of processes by lot, as in `tachy duel`,
/// with the other revision against itself as a control. Whatever was found is measured anew in reversed order, and
/// counts only if it shows again.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tachy check --against main                     the benchmarks of tachy.toml, here against main\n  \
    tachy check --against HEAD~1 'sort 1 M'        one of them\n  \
    tachy check --against v1.2 --build 'cargo build --release' -- target/release/tool big.txt\n  \
    tachy check --against origin/main --format github --strict\n\n\
    tachy.toml:\n  \
    [check]\n  \
    build = \"cargo build --release\"\n  \
    [check.benchmarks]\n  \
    \"sort 1 M\" = \"target/release/sort 1000000\"\n\n\
    The exit code is 1 if a benchmark has become slower beyond its threshold, cannot be measured or does not build; \
    what is unsure counts only with `--strict`. It is 2 for bad input, 130 after Ctrl-C.")]
pub(super) struct CheckCommand {
    /// The revision to compare with: a branch, a tag or a commit
    #[arg(long, value_name = "REVISION")]
    against: String,

    /// Benchmarks of tachy.toml; all if there are none
    #[arg(value_name = "BENCHMARK")]
    names: Vec<String>,

    /// A command to measure, instead of those of tachy.toml
    #[arg(last = true, value_name = "COMMAND", conflicts_with = "names")]
    command: Vec<String>,

    /// Build a revision with this, in a shell, in the revision's folder
    #[arg(long, value_name = "COMMAND")]
    build: Option<String>,

    /// The slow-down that is a regression
    #[arg(long, value_name = "SHARE", default_value = "10%", value_parser = parse_share)]
    threshold: f64,

    /// The growth of peak memory that is a regression [default: as --threshold]
    #[arg(long, value_name = "SHARE", value_parser = parse_share)]
    memory_threshold: Option<f64>,

    #[command(flatten)]
    lots: LotsArguments,

    /// Fail on what is unsure, too
    #[arg(long)]
    strict: bool,

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
    /// JSON: status, verdicts, and every process
    Json,
    /// JUnit's XML
    Junit,
    /// Markdown, for a comment on a pull request
    Markdown,
    /// Workflow commands of GitHub Actions, which become annotations
    Github,
}

impl CheckCommand {
    pub(super) fn execute(self, settings: &Settings) -> Result<(), Failure> {
        let options = self.options(settings)?;
        let stop = stop_on_interrupt();
        let record = {
            let progress = Progress::new(0);
            gate::check(&options, &stop, |event| show(&progress, event))?
        };
        self.tell(&record.conclusion(), &record)
    }

    /// Writes the result, and fails if the gate is closed.
    fn tell(&self, conclusion: &Conclusion, record: &impl Serialize) -> Result<(), Failure> {
        let file = self.output.as_deref();
        let text = match self.format {
            Format::Text => tachy_report::gate::terminal(conclusion, output::look(file)),
            Format::Json => tachy_report::gate::json(conclusion, record),
            Format::Junit => tachy_report::gate::junit(conclusion),
            Format::Markdown => tachy_report::gate::markdown(conclusion),
            Format::Github => tachy_report::gate::annotations(conclusion),
        };
        output::write(&text, file)?;
        match conclusion.status() {
            _ if conclusion.interrupted => Err(Failure::Interrupted),
            Status::AllPass if self.strict && conclusion.is_unsure() => Err(Failure::Check(
                "some verdicts are unsure, and `--strict` was given.".to_owned(),
            )),
            Status::AllPass => Ok(()),
            status => Err(Failure::Check(format!("the check {}.", status.name()))),
        }
    }

    fn options(&self, settings: &Settings) -> Result<CheckOptions, Failure> {
        let folder = std::env::current_dir().map_err(|error| {
            Failure::Input(format!("the current folder is not there: {error}."))
        })?;
        Ok(CheckOptions {
            folder,
            against: self.against.clone(),
            suite: Suite {
                build: self.build.clone().or_else(|| settings.check.build.clone()),
                benchmarks: self.benchmarks(settings)?,
            },
            thresholds: Thresholds {
                memory: self.memory_threshold.unwrap_or(self.threshold),
                ..Thresholds::of_all(self.threshold)
            },
            duel: Options {
                effect: self.threshold.max(2.0 * self.lots.margin),
                ..self.lots.options()
            },
        })
    }

    fn benchmarks(&self, settings: &Settings) -> Result<Vec<NamedCommand>, Failure> {
        if !self.command.is_empty() {
            let command = join_words(&self.command);
            return Ok(vec![NamedCommand { name: command.clone(), command }]);
        }
        let known = &settings.check.benchmarks;
        for name in &self.names {
            if !known.contains_key(name) {
                let names: Vec<_> = known.keys().map(|name| format!("`{name}`")).collect();
                let known = match names.is_empty() {
                    true => "it has none".to_owned(),
                    false => format!("its benchmarks are {}", names.join(", ")),
                };
                return Err(Failure::Input(format!(
                    "tachy.toml has no benchmark `{name}` under [check.benchmarks]; {known}."
                )));
            }
        }
        let chosen =
            known.iter().filter(|(name, _)| self.names.is_empty() || self.names.contains(name));
        Ok(chosen
            .map(|(name, command)| NamedCommand { name: name.clone(), command: command.clone() })
            .collect())
    }
}

/// A command's words as one line that is split into the same words again.
pub(super) fn join_words(words: &[String]) -> String {
    match words {
        // Given as one word, it is a line already.
        [line] => line.clone(),
        words => shell_words::join(words),
    }
}

fn show(progress: &Progress, event: GateEvent<'_>) {
    match event {
        GateEvent::Building(revision) => progress.say(format!("building {revision}")),
        GateEvent::Progress { done, of } => progress.at(done, of),
        GateEvent::Duel { name, stage, event } => {
            let again = match stage {
                Stage::First => "",
                Stage::Confirmation => ", measured anew",
            };
            if let Event::Pairs { done, of, outcome } = event {
                progress.say(format!("{name}{again}: {done} pairs of at most {of}, {outcome}"));
            } else {
                progress.say(format!("{name}{again}"));
            }
        }
        GateEvent::Measured { .. } => {}
    }
}
