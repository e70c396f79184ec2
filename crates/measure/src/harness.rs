//! What a session asks of its child processes, whatever it compares devices on.

use std::process::Command;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use tachy_graph::Tensor;
use tachy_runtime::Device;

use crate::agreement::agreement_in;
use crate::compare::Event;
use crate::exchange;
use crate::measurement::Metric;
use crate::process::{Silence, WorkerProcess};
use crate::protocol::{Load, Loaded, Reply, Request};
use crate::record::{Stage, WarmUp};
use crate::scratch::ScratchFolder;
use crate::subject::Subject;
use crate::trial::Trial;
use crate::warm_up::MOST_WARM_UP_CALLS;

/// Most blocks of a device in one process: beyond that, shorter blocks would not make the order more random.
const MOST_PAIRS: usize = 4;

/// How child processes are started and asked.
pub(crate) struct Harness<'a, W> {
    pub worker: &'a W,
    pub scratch: &'a ScratchFolder,
    /// Seconds of measuring one subject in one process.
    pub share: f64,
    /// Seconds that warming up may take at least.
    pub least_warm_up: f64,
    /// How long an engine may take for one answer.
    pub timeout: Duration,
}

/// A device's process that is warm.
pub(crate) struct Live {
    pub place: usize,
    pub process: WorkerProcess,
    pub pace: Pace,
}

/// How long a device that is warm has to be timed on end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// The time of one set of samples, in seconds.
    pub set: f64,
    /// The shortest time whose energy can be told, in seconds, if any can.
    pub energy: Option<f64>,
}

impl<W: Fn() -> Command> Harness<'_, W> {
    pub(crate) fn start(&self) -> Result<WorkerProcess, (Stage, Silence)> {
        WorkerProcess::start((self.worker)()).map_err(|silence| (Stage::Start, silence))
    }

    /// Compiles the subject, instead of what the process had compiled before.
    pub(crate) fn load(
        &self,
        process: &mut WorkerProcess,
        device: &Device,
        subject: &Subject,
        optimize: bool,
    ) -> Result<Loaded, (Stage, Silence)> {
        let load = Load { device: device.clone(), subject: subject.clone(), optimize };
        match process.ask(&Request::Load(load), self.timeout) {
            Ok(Reply::Loaded(loaded)) => Ok(loaded),
            Ok(_) => Err((Stage::Compile, unexpected())),
            Err(silence) => Err((Stage::Compile, silence)),
        }
    }

    /// The seconds of the first call, and its outputs.
    pub(crate) fn first_call(
        &self,
        process: &mut WorkerProcess,
        outputs: usize,
    ) -> Result<(f64, Vec<Tensor>), (Stage, Silence)> {
        let mut ask = || {
            let folder = self.scratch.folder("outputs").map_err(|error| {
                Silence::Broken(format!("a folder for its outputs could not be made: {error}"))
            })?;
            let request = Request::FirstCall { outputs: folder.clone() };
            let Reply::FirstCall { seconds } = process.ask(&request, self.timeout)? else {
                return Err(unexpected());
            };
            let tensors = exchange::read(&folder, outputs).map_err(Silence::Broken)?;
            Ok((seconds, tensors))
        };
        ask().map_err(|silence| (Stage::FirstCall, silence))
    }

    /// Compiles the subject in a process of the trial's device, compares its outputs with the reference's and warms it up.
    /// Nothing if the outputs are wrong.
    pub(crate) fn make_ready(
        &self,
        process: &mut WorkerProcess,
        subject: &Subject,
        reference: &[Tensor],
        trial: &mut Trial,
    ) -> Result<Option<Pace>, (Stage, Silence)> {
        let loaded = self.load(process, trial.device(), subject, true)?;
        let (first_call, outputs) = self.first_call(process, loaded.outputs.len())?;
        trial.begin_process();
        trial.record_once(Metric::Compile, loaded.compile_seconds);
        trial.record_once(Metric::FirstCall, first_call);
        trial.loaded(loaded.model_bytes);
        let precision = subject.variant.as_ref().map(|variant| variant.precision.dtype());
        if !trial.agrees(agreement_in(&loaded.output_names, &outputs, reference, precision)) {
            return Ok(None);
        }
        let seconds = self.share.max(self.least_warm_up);
        // A slow engine is not a hung one: the first call has told how long a call takes.
        let limit =
            self.timeout + Duration::from_secs_f64(seconds + MOST_WARM_UP_CALLS * first_call);
        match process.ask(&Request::WarmUp { seconds }, limit) {
            Ok(Reply::WarmedUp { calls, seconds, steady, set_seconds, energy_seconds }) => {
                trial.warmed_up(WarmUp { calls, seconds, steady });
                Ok(Some(Pace { set: set_seconds, energy: energy_seconds }))
            }
            Ok(_) => Err((Stage::WarmUp, unexpected())),
            Err(silence) => Err((Stage::WarmUp, silence)),
        }
    }

    /// Lets the devices take turns.
    pub(crate) fn rounds(
        &self,
        live: &mut Vec<Live>,
        trials: &mut [Trial],
        round: &mut u32,
        random: &mut StdRng,
        observe: &mut dyn FnMut(Event<'_>),
    ) {
        // Two blocks to a pair; a block holds at least one set of the slowest device, and is long enough for counters of
        // energy if there is time for that at all.
        let slowest = live.iter().map(|live| live.pace.set).fold(0.0, f64::max);
        let energy = live.iter().filter_map(|live| live.pace.energy);
        let energy = energy.filter(|shortest| 2.0 * shortest <= self.share).fold(0.0, f64::max);
        let least = slowest.max(energy).max(1e-9);
        let pairs = ((self.share / (2.0 * least)) as usize).clamp(1, MOST_PAIRS);
        let seconds = self.share / (2 * pairs) as f64;
        for _ in 0..pairs {
            live.shuffle(random);
            for turn in 0..2 {
                if turn == 1 {
                    live.reverse();
                }
                live.retain_mut(|live| {
                    let trial = &mut trials[live.place];
                    observe(Event::Sampling { device: trial.device() });
                    // The last set may begin just before the time is up.
                    let limit = self.timeout + Duration::from_secs_f64(seconds + live.pace.set);
                    match live.process.ask(&Request::Sample { seconds }, limit) {
                        Ok(Reply::Sampled { series, energy, machine }) => {
                            trial.sampled(*round, series);
                            trial.spent(*round, energy);
                            trial.machine_speed(&machine);
                            true
                        }
                        other => {
                            let silence = other.err().unwrap_or_else(unexpected);
                            trial.fail(Stage::Sample, silence);
                            let message = trial.why_over().unwrap_or_default();
                            observe(Event::Lost { device: trial.device(), message: &message });
                            false
                        }
                    }
                });
                *round += 1;
            }
        }
    }
}

pub(crate) fn unexpected() -> Silence {
    Silence::Broken("its process answered another question than it was asked".to_owned())
}
