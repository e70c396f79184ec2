//! `tachy check`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;
use tachy_command::partition::PartitionArguments;
use tachy_measure::duel::{Event, Options};
use tachy_measure::gate::{
    self, CheckOptions, Conclusion, GateEvent, NamedCommand, Stage, Status, Suite, Thresholds,
};
use tachy_store::Run;

use super::baseline_check::{self, BaselineOptions};
use super::failure::Failure;
use super::lots::{LotsArguments, parse_share, stop_on_interrupt};
use super::output;
use super::progress::Progress;
use super::settings::Settings;
use super::storing::SaveArguments;

/// Tell whether what stands here is slower than another revision, or than what was measured before.
///
/// With --against the two are built, measured and judged side by side, which is the one to trust. The other revision is
/// built in a checkout of its own under `.tachy/checkouts`, what stands here where it stands. Each benchmark is a command
/// that does the same work in both; the two run in pairs of processes by lot, as in `tachy duel`, with the other revision
/// against itself as a control. Whatever was found is measured anew in reversed order, and counts only if it shows again.
///
/// With --baseline, what the baseline measured is measured again on the same devices and judged against it: run,
/// compile, first call and peak memory. The speed of the machine itself is taken out with a kernel that never changes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tachy check --against main                     the benchmarks of tachy.toml, here against main\n  \
    tachy check --against HEAD~1 'sort 1 M'        one of them\n  \
    tachy check --against main --partition 3/8     the third of eight parts, for one of eight machines\n  \
    tachy check --against v1.2 --build 'cargo build --release' -- target/release/tool big.txt\n  \
    tachy check --against origin/main --format github --strict\n  \
    tachy check --baseline release-1.2 --threshold 5% --compile-threshold 20%\n  \
    tachy check --baseline benches --run latest    a run that is stored already, of `cargo bench -- --save`\n\n\
    tachy.toml:\n  \
    [check]\n  \
    build = \"cargo build --release\"\n  \
    [check.benchmarks]\n  \
    \"sort 1 M\" = \"target/release/sort 1000000\"\n\n\
    The exit code is 1 if a benchmark has become slower beyond its threshold, cannot be measured or does not build; \
    what is unsure counts only with `--strict`. It is 2 for bad input, 130 after Ctrl-C.")]
pub(super) struct CheckCommand {
    /// The revision to compare with: a branch, a tag or a commit
    #[arg(long, value_name = "REVISION", required_unless_present = "baseline")]
    against: Option<String>,

    /// The baseline to compare with; `NAME` is all of `NAME/…`, too
    #[arg(long, value_name = "NAME", conflicts_with_all = ["against", "command", "build", "partition"])]
    baseline: Option<String>,

    /// Compare this stored run with the baseline instead of measuring: the beginning of its name, or `latest`
    #[arg(long, value_name = "ID", requires = "baseline")]
    run: Option<String>,

    /// Processes of each device [default: as many as the baseline's, and at least 5]
    #[arg(long, value_name = "COUNT", requires = "baseline", conflicts_with = "run")]
    processes: Option<NonZeroUsize>,

    #[command(flatten)]
    save: SaveArguments,

    /// Benchmarks of tachy.toml or of the baseline; all if there are none
    #[arg(value_name = "BENCHMARK")]
    names: Vec<String>,

    /// A command to measure, instead of those of tachy.toml
    #[arg(last = true, value_name = "COMMAND", conflicts_with_all = ["names", "partition"])]
    command: Vec<String>,

    #[command(flatten)]
    partition: PartitionArguments,

    /// Build a revision with this, in a shell, in the revision's folder
    #[arg(long, value_name = "COMMAND")]
    build: Option<String>,

    /// The slow-down that is a regression
    #[arg(long, value_name = "SHARE", default_value = "10%", value_parser = parse_share)]
    threshold: f64,

    /// The growth of peak memory that is a regression [default: as --threshold]
    #[arg(long, value_name = "SHARE", value_parser = parse_share)]
    memory_threshold: Option<f64>,

    /// The growth of the time to compile a model that is a regression [default: as --threshold]
    #[arg(long, value_name = "SHARE", value_parser = parse_share)]
    compile_threshold: Option<f64>,

    /// The growth of the time of the first call that is a regression [default: as --threshold]
    #[arg(long, value_name = "SHARE", value_parser = parse_share)]
    first_run_threshold: Option<f64>,

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
        let Some(against) = &self.against else {
            let name = self.baseline.as_deref().expect("one of the two is given");
            let check = baseline_check::measure(&self.baseline_options(name), settings)?;
            let result = self.tell(&check.conclusion(), &check);
            if self.save.is_wanted(settings) && self.run.is_none() {
                for comparison in check.comparisons {
                    self.save.save(comparison.candidate, settings)?;
                }
            }
            return result;
        };
        let options = self.options(against, settings)?;
        if self.partition.is_given()
            && options.suite.benchmarks.is_empty()
            && !settings.check.benchmarks.is_empty()
        {
            anstream::eprintln!("Nothing is to be measured: no benchmark falls into this part.");
            return Ok(());
        }
        let stop = stop_on_interrupt();
        let record = {
            let progress = Progress::new(0);
            gate::check(&options, &stop, |event| show(&progress, event))?
        };
        let result = self.tell(&record.conclusion(), &record);
        if self.save.is_wanted(settings) {
            let mut run = Run::from(&record);
            run.labels.extend(self.partition.labels());
            self.save.save(run, settings)?;
        }
        result
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

    fn baseline_options<'a>(&'a self, name: &'a str) -> BaselineOptions<'a> {
        BaselineOptions {
            name,
            run: self.run.as_deref(),
            benchmarks: &self.names,
            processes: self.processes,
            thresholds: self.thresholds(),
            margin: self.lots.margin,
            store: self.save.store(),
        }
    }

    fn thresholds(&self) -> Thresholds {
        let or_usual = |threshold: Option<f64>| threshold.unwrap_or(self.threshold);
        Thresholds {
            time: self.threshold,
            memory: or_usual(self.memory_threshold),
            compile: or_usual(self.compile_threshold),
            first_call: or_usual(self.first_run_threshold),
        }
    }

    fn options(&self, against: &str, settings: &Settings) -> Result<CheckOptions, Failure> {
        let folder = std::env::current_dir().map_err(|error| {
            Failure::Input(format!("the current folder is not there: {error}."))
        })?;
        Ok(CheckOptions {
            folder,
            against: against.to_owned(),
            suite: Suite {
                build: self.build.clone().or_else(|| settings.check.build.clone()),
                benchmarks: self.benchmarks(settings)?,
            },
            thresholds: self.thresholds(),
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
        let is_wanted = |name: &String| {
            (self.names.is_empty() || self.names.contains(name)) && self.partition.holds(name)
        };
        let chosen = known.iter().filter(|(name, _)| is_wanted(name));
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
