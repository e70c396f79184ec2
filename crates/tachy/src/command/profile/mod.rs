//! `tachy profile`.

mod diff;
mod format;
mod processes;
mod recording;

use std::ffi::{OsStr, OsString};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::Command;

use clap::{Args, Subcommand, value_parser};
use tachy_command::measuring::parse_seconds;
use tachy_profile::analysis::{bottlenecks, functions, hotspots};
use tachy_profile::record::{SAMPLES_VARIABLE, VARIABLE};
use tachy_profile::trace::{Machine, Trace};
use tachy_report::{Look, profile};
use tachy_runtime::Device;

use self::diff::Diff;
use self::format::Format;
use self::recording::Recorded;
use super::arguments::ModelArguments;
use super::failure::Failure;
use super::settings::Settings;
use super::{machine, output};

/// Show where the time of a model's runs goes.
///
/// Every step of a run is a span with its work, held against what this machine was measured to reach at best. Runs are
/// timed without a record, too, so that what recording costs is known. A trace can be kept, shown again, compared with
/// another, and written for other tools.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    mut_arg("model", |model| model.index(1).required(false).required_unless_present("line")),
    after_help = "Examples:\n  \
    tachy profile zoo:resnet-18 --threads 1\n  \
    tachy profile zoo:resnet-18 --samples --format flamegraph --output resnet.svg\n  \
    tachy profile model.onnx --device ort:cpu\n  \
    tachy profile -- ./my-program --its-options\n  \
    tachy profile model.onnx --save before.trace\n  \
    tachy profile show before.trace --format flamegraph --output before.svg\n  \
    tachy profile diff before.trace after.trace\n  \
    tachy profile model.onnx --processes 100 --save before"
)]
pub(super) struct Profile {
    #[command(subcommand)]
    action: Option<Action>,

    #[command(flatten)]
    model: Option<ModelArguments>,

    #[command(flatten)]
    recording: Recording,

    /// A command to profile instead: a program that records where `TACHY_TRACE` asks for it
    #[arg(last = true, index = 2, value_name = "COMMAND")]
    line: Vec<OsString>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show a trace that was kept
    Show(Show),
    /// Compare two traces operation by operation
    Diff(Diff),
}

#[derive(Debug, Args)]
struct Recording {
    /// The device
    #[arg(long, short, value_name = "DEVICE", default_value = "cpu")]
    device: Device,

    /// Seconds of runs of each process, half of them without a record [default: 3 divided by --processes, at
    /// least 0.05]
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds, overrides_with = "time")]
    time: Option<f64>,

    /// Sample the processor's call stacks, too, so many times a second of work: flame graphs then show functions
    #[arg(
        long,
        value_name = "FREQUENCY",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "250",
        value_parser = value_parser!(u32).range(1..=1000),
        overrides_with = "samples"
    )]
    samples: Option<u32>,

    /// Keep the trace in a file; with --processes, the traces in a folder
    #[arg(long, value_name = "FILE", overrides_with = "save")]
    save: Option<PathBuf>,

    /// Record so many processes, one after the other; the last one is shown
    #[arg(
        long,
        value_name = "COUNT",
        requires = "save",
        overrides_with = "processes",
        default_value = "1"
    )]
    processes: NonZeroUsize,

    #[command(flatten)]
    telling: Telling,
}

#[derive(Debug, Args)]
struct Show {
    /// The trace
    #[arg(value_name = "FILE")]
    trace: PathBuf,

    #[command(flatten)]
    telling: Telling,
}

/// How a trace is told.
#[derive(Debug, Args)]
struct Telling {
    /// Format of the result
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    /// Show every operation in the table, not just those that take most
    #[arg(long)]
    all: bool,

    /// File for the result instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Profile {
    pub(super) fn execute(self, settings: &Settings) -> Result<(), Failure> {
        if let [program, arguments @ ..] = &*self.line {
            return self.recording.execute_command(program, arguments, settings);
        }
        match (self.action, self.model) {
            (Some(Action::Show(show)), _) => show.execute(),
            (Some(Action::Diff(diff)), _) => diff.execute(),
            (None, Some(model)) => self.recording.execute(&model, settings),
            (None, None) => unreachable!("a model or an action is required"),
        }
    }
}

impl Recording {
    fn execute(mut self, model: &ModelArguments, settings: &Settings) -> Result<(), Failure> {
        let seconds = self.seconds();
        self.save = processes::record_all_but_last(self.processes, seconds, self.save)?;
        let mut recorded =
            recording::record(model, &self.device, (seconds, self.samples), settings)?;
        recorded.trace.machine = Some(machine(model.threads(settings))?);
        if let Some(file) = &self.save {
            save(&recorded.trace, file)?;
        }
        self.telling.tell(&recorded.trace, Some(&recorded))
    }

    fn seconds(&self) -> f64 {
        self.time.unwrap_or_else(|| processes::seconds_each(self.processes))
    }

    /// Runs a command that records itself.
    fn execute_command(
        mut self,
        program: &OsStr,
        arguments: &[OsString],
        settings: &Settings,
    ) -> Result<(), Failure> {
        self.save = processes::record_all_but_last(self.processes, self.seconds(), self.save)?;
        let name = program.to_string_lossy();
        let folder = tempfile::tempdir().map_err(|error| {
            Failure::Check(format!("there is no place for the trace: {error}."))
        })?;
        let kept = folder.path().join("trace");
        let mut command = Command::new(program);
        command.args(arguments).env(VARIABLE, &kept);
        if let Some(frequency) = self.samples {
            command.env(SAMPLES_VARIABLE, frequency.to_string());
        }
        let status = command
            .status()
            .map_err(|error| Failure::Input(format!("`{name}` cannot be started: {error}.")))?;
        if !kept.exists() {
            return Err(Failure::Input(format!(
                "`{name}` recorded nothing ({status}). A program records if it has `let _trace = \
                 tachy::profile::record::from_environment();` at the beginning of its `main`."
            )));
        }
        if !status.success() {
            anstream::eprintln!("`{name}` ended with {status}; this is what it recorded.");
        }
        let mut trace = open(&kept)?;
        if self.samples.is_some() && trace.stacks.is_none() {
            anstream::eprintln!(
                "The trace has no call stacks. Unless `{name}` has said why, it lacks the feature `sampling` of \
                 `tachy-profile`: build it with that."
            );
        }
        trace.machine = Some(machine(settings.threads.unwrap_or(NonZeroUsize::MIN))?);
        if let Some(file) = &self.save {
            save(&trace, file)?;
        }
        self.telling.tell(&trace, None)
    }
}

impl Show {
    fn execute(self) -> Result<(), Failure> {
        self.telling.tell(&open(&self.trace)?, None)
    }
}

impl Telling {
    fn tell(&self, trace: &Trace, recorded: Option<&Recorded>) -> Result<(), Failure> {
        let file = self.output.as_deref();
        if self.format != Format::Text {
            return self.format.write(trace, file);
        }
        let rows = if self.all { usize::MAX } else { ROWS };
        output::write(&text(trace, recorded, rows, output::look(file)), file)
    }
}

/// Rows of the table that fit onto a screen.
const ROWS: usize = 30;

/// Functions of which a screen has room beside the operations.
const FUNCTIONS: usize = 15;

/// Sentences on what holds a run up; those that would win less are left to the table.
const BOTTLENECKS: usize = 8;

/// The table of hotspots, the bottlenecks, and what the record cost.
fn text(trace: &Trace, recorded: Option<&Recorded>, rows: usize, look: Look) -> String {
    let hotspots = hotspots(trace);
    let mut text = profile::hotspots(&hotspots, rows, look);
    for bottleneck in bottlenecks(&hotspots).iter().take(BOTTLENECKS) {
        text += &profile::bottleneck(bottleneck, look);
    }
    if let Some(stacks) = &trace.stacks {
        text.push('\n');
        text += &profile::functions(&functions(stacks), FUNCTIONS, look);
    }
    if let Some(memory) = &trace.memory {
        text.push('\n');
        text += &profile::memory(memory, look);
    }
    if let Some(recorded) = recorded {
        text.push('\n');
        text += &profile::note(&recorded.sentence(), look);
    }
    text
}

impl Recorded {
    /// What was recorded, and what that cost.
    fn sentence(&self) -> String {
        let (plain, traced) = (self.plain.as_secs_f64(), self.traced.as_secs_f64());
        let overhead = &self.trace.overhead;
        let mut text = format!(
            "{} calls in the trace. A run takes {} at the median, and {} without a record: recording makes it {}.",
            self.calls,
            profile::seconds(traced),
            profile::seconds(plain),
            match traced / plain - 1.0 {
                share if share >= 0.0005 => format!("{:.1}% longer", share * 100.0),
                _ => "no longer than the machine's noise".to_owned(),
            },
        );
        if overhead.per_span > 0.0 {
            text += &format!(" A span takes {:.1} ns to record.", overhead.per_span);
        }
        if overhead.clock_error > 0.0 {
            text += &format!(
                " The engine keeps time by a clock of its own, which may be off by {:.1} µs.",
                overhead.clock_error / 1e3
            );
        }
        if let Some(chosen) = &self.chosen {
            text += &format!(" The device is {chosen}.");
        }
        if !self.steps {
            text += " The engine does not tell the steps of its runs, so that `run` is held against the machine as a \
                     whole; `cpu` and `ort:cpu` tell them.";
        }
        text
    }
}

/// The ceilings of this machine, as hotspots are held against them.
fn machine(threads: NonZeroUsize) -> Result<Machine, Failure> {
    let ceilings = machine::ceilings(threads)?;
    let levels = &ceilings.levels;
    Ok(Machine {
        flops: ceilings.flop_rate,
        bandwidth: levels.iter().map(|level| (level.size, level.bandwidth)).collect(),
        overhead: ceilings.kernel_overhead,
        transfer: levels.last().map_or(0.0, |level| level.bandwidth),
    })
}

fn save(trace: &Trace, file: &std::path::Path) -> Result<(), Failure> {
    trace.save(file).map_err(|error| {
        Failure::Input(format!("`{}` cannot be written: {error}.", file.display()))
    })
}

/// What the names of traces in a folder end with.
const EXTENSION: &str = "trace";

fn open(file: &std::path::Path) -> Result<Trace, Failure> {
    Trace::open(file).map_err(|error| Failure::Input(format!("`{}`: {error}", file.display())))
}
