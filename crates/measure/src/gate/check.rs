//! A check: every benchmark of a suite, here against another revision.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use tachy_stats::Outcome;

use super::checkout::{Checkouts, build};
use super::conclusion::Thresholds;
use super::error::GateError;
use super::record::{FORMAT, GateRecord, GatedBenchmark, Revisions, gated};
use super::repository::Repository;
use super::suite::{NamedCommand, Suite};
use crate::clock::Clock;
use crate::compare::seconds_since_1970;
use crate::duel::{self, DuelError, Event, Options, Program};
use crate::environment::Environment;

/// A check to make.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckOptions {
    /// The project's folder, in a git repository.
    pub folder: PathBuf,
    /// The revision to compare with.
    pub against: String,
    /// What is measured.
    pub suite: Suite,
    /// How much slower counts as a regression.
    pub thresholds: Thresholds,
    /// How each duel is made: its two programs, its folder and its seed are set for it.
    pub duel: Options,
}

/// Which measurement of a benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The first.
    First,
    /// The second, of what the first has found something in.
    Confirmation,
}

/// What happens during a check, for whoever shows it.
#[derive(Debug, Clone, Copy)]
pub enum GateEvent<'a> {
    /// A revision is being built.
    Building(&'a str),
    /// A benchmark's duel goes on.
    Duel {
        /// The benchmark.
        name: &'a str,
        /// Which of its measurements.
        stage: Stage,
        /// What happens in it.
        event: Event<'a>,
    },
    /// A benchmark is measured.
    Measured {
        /// The benchmark.
        name: &'a str,
        /// Which of its measurements.
        stage: Stage,
        /// What came out, by itself.
        outcome: Outcome,
    },
    /// So many benchmarks are done.
    Progress {
        /// Benchmarks done.
        done: usize,
        /// Benchmarks in all, so far as is known.
        of: usize,
    },
}

/// Makes a check.
///
/// First both revisions are built: the one to compare with in a checkout of its own, the other where it stands. Then
/// every benchmark is measured in a duel. Those in which something was found are measured anew afterwards, in reversed
/// order and by fresh lots. If `stop` is set, the record tells what is known so far.
///
/// # Errors
/// If there is no such revision, one of them does not build, or nothing can be measured. A benchmark that fails is a
/// failure in the record, not an error.
pub fn check(
    options: &CheckOptions,
    stop: &AtomicBool,
    mut observe: impl FnMut(GateEvent<'_>),
) -> Result<GateRecord, GateError> {
    let suite = &options.suite;
    if suite.benchmarks.is_empty() {
        return Err(GateError::NoBenchmark);
    }
    suite.benchmarks.iter().try_for_each(differs_between_revisions)?;
    let (started, start) = (seconds_since_1970(), Instant::now());
    let environment = Environment::of_this_machine(Clock::measure());
    let repository = Repository::of(&options.folder)?;
    let revisions = Revisions {
        against: options.against.clone(),
        reference: repository.commit(&options.against)?,
        candidate: repository.commit("HEAD")?,
        dirty: repository.is_dirty()?,
    };
    let checkouts = Checkouts::of(&repository)?;
    let reference = checkouts.at("reference", &revisions.reference)?;
    if let Some(line) = &suite.build {
        observe(GateEvent::Building(&options.against));
        build(&reference, line, &format!("`{}`", options.against))?;
        observe(GateEvent::Building("what stands here"));
        build(&options.folder, line, "What stands here")?;
    }
    let mut benchmarks: Vec<GatedBenchmark> = (suite.benchmarks.iter())
        .map(|NamedCommand { name, command }| GatedBenchmark {
            name: name.clone(),
            command: command.clone(),
            first: None,
            second: None,
            failure: None,
        })
        .collect();
    let folders = Folders { reference: &reference, candidate: &options.folder };
    let metrics = gated(options.duel.metric);
    let mut gate = Gate { options, folders, stop, observe: &mut observe, duels: 0 };
    let of = benchmarks.len();
    for (done, benchmark) in benchmarks.iter_mut().enumerate() {
        (gate.observe)(GateEvent::Progress { done, of });
        gate.measure(benchmark, Stage::First)?;
    }
    let flagged = benchmarks.iter_mut().filter(|each| each.awaits_confirmation(&metrics));
    let mut flagged: Vec<&mut GatedBenchmark> = flagged.collect();
    flagged.reverse();
    let all = of + flagged.len();
    for (place, benchmark) in flagged.into_iter().enumerate() {
        (gate.observe)(GateEvent::Progress { done: of + place, of: all });
        gate.measure(benchmark, Stage::Confirmation)?;
    }
    let interrupted = stop.load(Ordering::Relaxed);
    if interrupted && benchmarks.iter().all(|benchmark| benchmark.first.is_none()) {
        return Err(GateError::Interrupted);
    }
    Ok(GateRecord {
        format: FORMAT,
        started,
        duration: start.elapsed().as_secs_f64(),
        environment,
        revisions,
        metric: options.duel.metric,
        thresholds: options.thresholds,
        benchmarks,
        interrupted,
    })
}

/// Where the two revisions stand.
#[derive(Clone, Copy)]
pub(super) struct Folders<'a> {
    pub(super) reference: &'a Path,
    pub(super) candidate: &'a Path,
}

impl Folders<'_> {
    /// The duel of a command in both folders.
    pub(super) fn duel(self, usual: &Options, command: &str, seed: u64) -> Options {
        let program = |folder: &Path| Program {
            line: command.to_owned(),
            shell: false,
            folder: Some(folder.to_owned()),
        };
        Options {
            reference: program(self.reference),
            candidate: program(self.candidate),
            seed,
            ..usual.clone()
        }
    }
}

/// Refuses a command that is the same program whatever the folder.
pub(super) fn differs_between_revisions(benchmark: &NamedCommand) -> Result<(), GateError> {
    let first = benchmark.command.split_whitespace().next().unwrap_or_default();
    match Path::new(first).is_absolute() {
        true => Err(GateError::SameProgram { command: benchmark.command.clone() }),
        false => Ok(()),
    }
}

struct Gate<'a> {
    options: &'a CheckOptions,
    folders: Folders<'a>,
    stop: &'a AtomicBool,
    observe: &'a mut dyn FnMut(GateEvent<'_>),
    duels: u64,
}

impl Gate<'_> {
    /// Measures a benchmark, unless somebody has stopped the check.
    fn measure(&mut self, benchmark: &mut GatedBenchmark, stage: Stage) -> Result<(), GateError> {
        if self.stop.load(Ordering::Relaxed) {
            return Ok(());
        }
        let seed = self.options.duel.seed.wrapping_add(self.duels);
        self.duels += 1;
        let options = self.folders.duel(&self.options.duel, &benchmark.command, seed);
        let (name, observe) = (&benchmark.name, &mut *self.observe);
        let result = duel::run(&options, self.stop, |event| {
            observe(GateEvent::Duel { name, stage, event });
        });
        let record = match result {
            Ok(record) => record,
            Err(DuelError::Interrupted) => return Ok(()),
            Err(DuelError::Failed { how, .. }) => {
                benchmark.failure = Some(how);
                return Ok(());
            }
            Err(error @ DuelError::Start { .. }) => {
                benchmark.failure = Some(error.to_string());
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        let outcome = record
            .verdict(options.metric)
            .map_or(Outcome::Unsure, |verdict| verdict.judgement.outcome);
        observe(GateEvent::Measured { name, stage, outcome });
        match stage {
            Stage::First => benchmark.first = Some(record),
            // Half a confirmation is none.
            Stage::Confirmation if record.interrupted => {}
            Stage::Confirmation => benchmark.second = Some(record),
        }
        Ok(())
    }
}
