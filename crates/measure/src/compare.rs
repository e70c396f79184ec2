//! The comparison: every device in processes of its own, in interleaved rounds of random order.

use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use tachy_graph::Tensor;
use tachy_runtime::{Device, DeviceInfo};
use thiserror::Error;

use crate::agreement::agreement;
use crate::clock::Clock;
use crate::environment::Environment;
use crate::exchange;
use crate::measurement::{Measurement, Metric, Series};
use crate::process::{Silence, WorkerProcess};
use crate::protocol::{Load, Loaded, Reply, Request};
use crate::record::{Comparison, FORMAT, ModelDescription, Row, Settings, Stage};
use crate::scratch::ScratchFolder;
use crate::subject::Subject;
use crate::trial::Trial;
use crate::warm_up::MOST_WARM_UP_CALLS;

/// Most blocks of a device in one process: beyond that, shorter blocks would not make the order more random.
const MOST_PAIRS: usize = 4;

/// What to compare, and how.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What is measured.
    pub subject: Subject,
    /// The devices, present ones only.
    pub devices: Vec<DeviceInfo>,
    /// Devices that are absent: they are told in the record.
    pub absent: Vec<DeviceInfo>,
    /// Devices that may give the reference outputs, the best first.
    pub references: Vec<Device>,
    /// Time of measuring for each device, over all its processes.
    pub time: Duration,
    /// Processes of each device.
    pub processes: usize,
    /// How long an engine may take for one answer.
    pub timeout: Duration,
}

/// What happens during a comparison, for whoever shows it.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// The reference outputs are computed on this device.
    Reference(&'a Device),
    /// A process of this device starts, compiles and warms up.
    Starting {
        /// The device.
        device: &'a Device,
        /// Which of its processes, from 0.
        process: usize,
    },
    /// This device is being timed.
    Sampling {
        /// The device.
        device: &'a Device,
    },
    /// This device failed or was wrong, and takes no further part.
    Lost {
        /// The device.
        device: &'a Device,
        /// Why, as a sentence.
        message: &'a str,
    },
    /// So much of the whole is done.
    Progress {
        /// Steps done.
        done: usize,
        /// Steps in all.
        of: usize,
    },
}

/// A comparison that cannot be made at all.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CompareError {
    /// The model or the inputs are not usable, whatever the engine.
    #[error("{0}")]
    BadInput(String),
    /// No device could compute the reference outputs.
    #[error("no engine could run `{model}`:\n{failures}")]
    NoReference {
        /// The model.
        model: String,
        /// One line for each device that was tried.
        failures: String,
    },
    /// Nothing to compare.
    #[error(
        "there is no device to compare; `tachy devices` shows which there are and what would bring the others."
    )]
    NoDevice,
    /// The temporary folder cannot be used.
    #[error("a folder for temporary files cannot be made: {0}")]
    Scratch(std::io::Error),
}

/// Makes a comparison.
///
/// `worker` gives the command that starts a child process: a program that calls [`serve`](crate::serve) with the
/// same registry. `observe` is told of everything that happens.
///
/// The unit of replication is the process: every device runs in several, and all devices' processes of one
/// generation live at the same time. Within a generation the devices take turns in rounds, each round in a random
/// order and then in its reverse (ABBA), so that a slow change of the machine touches all alike.
///
/// # Errors
/// If the model or the inputs are unusable or no engine can run it. An engine that fails, hangs, crashes or
/// computes the wrong answer is a row of the result, not an error.
pub fn compare(
    plan: &Plan,
    worker: impl Fn() -> Command,
    mut observe: impl FnMut(Event<'_>),
) -> Result<Comparison, CompareError> {
    if plan.devices.is_empty() {
        return Err(CompareError::NoDevice);
    }
    let (start, started) = (Instant::now(), seconds_since_1970());
    let environment = Environment::of_this_machine(Clock::measure());
    let scratch = ScratchFolder::new().map_err(CompareError::Scratch)?;
    let mut session = Session { plan, worker: &worker, scratch: &scratch };
    let reference = session.reference(&mut observe)?;

    let mut random = StdRng::seed_from_u64(plan.subject.seed);
    let mut trials: Vec<Trial> = plan.devices.iter().map(|info| Trial::new(&info.device)).collect();
    let mut progress = Progress { done: 0, of: plan.processes * plan.devices.len() * 2 };
    let mut round = 0;
    for process in 0..plan.processes {
        let mut live = session.generation(
            process,
            &reference,
            &mut trials,
            &mut random,
            &mut progress,
            &mut observe,
        );
        session.rounds(
            &mut live,
            &mut trials,
            &mut round,
            &mut random,
            &mut progress,
            &mut observe,
        );
        session.memory(&mut live, &mut trials);
    }

    let machine: Vec<Series> = trials.iter().flat_map(Trial::machine_series).collect();
    let rows = plan
        .devices
        .iter()
        .zip(trials)
        .map(|(info, trial)| Row {
            device: info.device.clone(),
            description: info.description.clone(),
            outcome: trial.finish(),
        })
        .collect();
    let inputs = match plan.subject.input_files.len() {
        0 => format!("seeded generator (seed {})", plan.subject.seed),
        count => {
            format!(
                "{count} from files, the others from the seeded generator (seed {})",
                plan.subject.seed
            )
        }
    };
    Ok(Comparison {
        format: FORMAT,
        started,
        duration: start.elapsed().as_secs_f64(),
        model: ModelDescription {
            name: plan.subject.model.to_string(),
            bytes: reference.loaded.model_bytes,
            parameters: reference.loaded.parameters,
            inputs: reference.loaded.inputs,
            outputs: reference.loaded.outputs,
        },
        settings: Settings {
            threads: plan.subject.threads,
            seconds: plan.time.as_secs_f64(),
            processes: plan.processes,
            seed: plan.subject.seed,
            inputs,
        },
        environment,
        subject: Some(plan.subject.clone()),
        machine_speed: Some(Measurement {
            metric: Metric::Time,
            unit: Metric::Time.unit(),
            processes: machine,
        })
        .filter(|measurement| !measurement.processes.is_empty()),
        reference: reference.device,
        rows,
        absent: plan.absent.clone(),
    })
}

pub(crate) fn seconds_since_1970() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

struct Progress {
    done: usize,
    of: usize,
}

impl Progress {
    fn step(&mut self, observe: &mut dyn FnMut(Event<'_>)) {
        self.done += 1;
        observe(Event::Progress { done: self.done, of: self.of });
    }
}

/// The outputs that all others are compared with.
struct Reference {
    device: Device,
    loaded: Loaded,
    outputs: Vec<Tensor>,
}

/// A device's process that is warm, and the time of one set of its samples.
struct Live {
    place: usize,
    process: WorkerProcess,
    set_seconds: f64,
}

struct Session<'a, W> {
    plan: &'a Plan,
    worker: &'a W,
    scratch: &'a ScratchFolder,
}

impl<W: Fn() -> Command> Session<'_, W> {
    fn start(
        &self,
        device: &Device,
        optimize: bool,
    ) -> Result<(WorkerProcess, Loaded), (Stage, Silence)> {
        let plan = self.plan;
        let mut process =
            WorkerProcess::start((self.worker)()).map_err(|silence| (Stage::Start, silence))?;
        let request =
            Request::Load(Load { device: device.clone(), subject: plan.subject.clone(), optimize });
        match process.ask(&request, plan.timeout) {
            Ok(Reply::Loaded(loaded)) => Ok((process, loaded)),
            Ok(_) => Err((Stage::Compile, unexpected())),
            Err(silence) => Err((Stage::Compile, silence)),
        }
    }

    fn first_call(
        &self,
        process: &mut WorkerProcess,
        outputs: usize,
    ) -> Result<(f64, Vec<Tensor>), Silence> {
        let folder = self.scratch.folder("outputs").map_err(|error| {
            Silence::Broken(format!("a folder for its outputs could not be made: {error}"))
        })?;
        let request = Request::FirstCall { outputs: folder.clone() };
        let Reply::FirstCall { seconds } = process.ask(&request, self.plan.timeout)? else {
            return Err(unexpected());
        };
        let tensors = exchange::read(&folder, outputs).map_err(Silence::Broken)?;
        Ok((seconds, tensors))
    }

    fn reference(&mut self, observe: &mut dyn FnMut(Event<'_>)) -> Result<Reference, CompareError> {
        let mut failures = Vec::new();
        for device in &self.plan.references {
            observe(Event::Reference(device));
            let result = self.start(device, false).and_then(|(mut process, loaded)| {
                let outputs = self
                    .first_call(&mut process, loaded.outputs.len())
                    .map_err(|silence| (Stage::FirstCall, silence))?
                    .1;
                Ok(Reference { device: device.clone(), loaded, outputs })
            });
            match result {
                Ok(reference) => return Ok(reference),
                Err((_, Silence::Failed { message, bad_input: true })) => {
                    return Err(CompareError::BadInput(message));
                }
                Err((stage, silence)) => {
                    failures.push(format!("  {device}, {}: {}", stage.name(), silence.message()));
                }
            }
        }
        Err(CompareError::NoReference {
            model: self.plan.subject.model.to_string(),
            failures: failures.join("\n"),
        })
    }

    /// Starts, checks and warms up one process of every device that still takes part.
    fn generation(
        &self,
        number: usize,
        reference: &Reference,
        trials: &mut [Trial],
        random: &mut StdRng,
        progress: &mut Progress,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Vec<Live> {
        let mut order: Vec<usize> = (0..trials.len()).collect();
        order.shuffle(random);
        let mut live = Vec::new();
        for place in order {
            let trial = &mut trials[place];
            if trial.is_over() {
                progress.step(observe);
                progress.step(observe);
                continue;
            }
            observe(Event::Starting { device: trial.device(), process: number });
            match self.prepare(place, reference, trial) {
                Ok(Some(ready)) => live.push(ready),
                Ok(None) => {}
                Err((stage, silence)) => trial.fail(stage, silence.message()),
            }
            if let Some(message) = trial.why_over() {
                observe(Event::Lost { device: trial.device(), message: &message });
                progress.step(observe);
            }
            progress.step(observe);
        }
        live
    }

    fn prepare(
        &self,
        place: usize,
        reference: &Reference,
        trial: &mut Trial,
    ) -> Result<Option<Live>, (Stage, Silence)> {
        let (mut process, loaded) = self.start(trial.device(), true)?;
        let (first_call, outputs) = self
            .first_call(&mut process, loaded.outputs.len())
            .map_err(|silence| (Stage::FirstCall, silence))?;
        trial.begin_process();
        trial.record_once(crate::Metric::Compile, loaded.compile_seconds);
        trial.record_once(crate::Metric::FirstCall, first_call);
        let agreement = agreement(&loaded.output_names, &outputs, &reference.outputs);
        if !trial.agrees(agreement) {
            return Ok(None);
        }
        // Warming up may take as long as measuring does, and a second where that is less.
        let seconds = (self.plan.time.as_secs_f64() / self.plan.processes as f64).max(1.0);
        // A slow engine is not a hung one: the first call has told how long a call takes.
        let limit =
            self.plan.timeout + Duration::from_secs_f64(seconds + MOST_WARM_UP_CALLS * first_call);
        match process.ask(&Request::WarmUp { seconds }, limit) {
            Ok(Reply::WarmedUp { calls, seconds, steady, set_seconds }) => {
                trial.warmed_up(crate::WarmUp { calls, seconds, steady });
                Ok(Some(Live { place, process, set_seconds }))
            }
            Ok(_) => Err((Stage::WarmUp, unexpected())),
            Err(silence) => Err((Stage::WarmUp, silence)),
        }
    }

    /// Lets the devices take turns.
    fn rounds(
        &self,
        live: &mut Vec<Live>,
        trials: &mut [Trial],
        round: &mut u32,
        random: &mut StdRng,
        progress: &mut Progress,
        observe: &mut dyn FnMut(Event<'_>),
    ) {
        let share = self.plan.time.as_secs_f64() / self.plan.processes as f64;
        let slowest = live.iter().map(|live| live.set_seconds).fold(0.0, f64::max);
        // Two blocks to a pair; a block holds at least one set of the slowest device.
        let pairs = ((share / (2.0 * slowest.max(1e-9))) as usize).clamp(1, MOST_PAIRS);
        let seconds = share / (2 * pairs) as f64;
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
                    let limit =
                        self.plan.timeout + Duration::from_secs_f64(seconds + live.set_seconds);
                    match live.process.ask(&Request::Sample { seconds }, limit) {
                        Ok(Reply::Sampled { series, machine }) => {
                            trial.sampled(*round, series);
                            trial.machine_speed(&machine);
                            true
                        }
                        other => {
                            let silence = other.err().unwrap_or_else(unexpected);
                            let message = silence.message();
                            observe(Event::Lost { device: trial.device(), message: &message });
                            trial.fail(Stage::Sample, message);
                            false
                        }
                    }
                });
                *round += 1;
            }
        }
        for _ in live.iter() {
            progress.step(observe);
        }
    }

    fn memory(&self, live: &mut [Live], trials: &mut [Trial]) {
        for live in live {
            let reply = live.process.ask(&Request::PeakMemory, self.plan.timeout);
            if let Ok(Reply::PeakMemory { bytes: Some(bytes) }) = reply {
                trials[live.place].record_once(crate::Metric::PeakMemory, bytes as f64);
            }
        }
    }
}

fn unexpected() -> Silence {
    Silence::Broken("its process answered another question than it was asked".to_owned())
}
