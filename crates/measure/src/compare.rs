//! The comparison: every device in processes of its own, in interleaved rounds of random order.

use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use tachy_graph::Tensor;
use tachy_runtime::{Device, DeviceInfo};
use thiserror::Error;

use crate::clock::Clock;
use crate::environment::Environment;
use crate::harness::{Harness, Live};
use crate::measurement::{Measurement, Metric, Series};
use crate::process::{Silence, WorkerProcess};
use crate::protocol::{Loaded, Reply, Request};
use crate::record::{Comparison, FORMAT, ModelDescription, Row, Settings, Stage};
use crate::scratch::ScratchFolder;
use crate::subject::Subject;
use crate::trial::Trial;

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
    /// This case of an operator is next.
    Case(&'a str),
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
    let harness = Harness {
        worker: &worker,
        scratch: &scratch,
        share: plan.time.as_secs_f64() / plan.processes as f64,
        // Warming up may take as long as measuring does, and a second where that is less.
        least_warm_up: 1.0,
        timeout: plan.timeout,
    };
    let mut session = Session { plan, harness };
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
        session.harness.rounds(&mut live, &mut trials, &mut round, &mut random, &mut observe);
        for _ in &live {
            progress.step(&mut observe);
        }
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

pub(crate) struct Progress {
    pub done: usize,
    pub of: usize,
}

impl Progress {
    pub(crate) fn step(&mut self, observe: &mut dyn FnMut(Event<'_>)) {
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

struct Session<'a, W> {
    plan: &'a Plan,
    harness: Harness<'a, W>,
}

impl<W: Fn() -> Command> Session<'_, W> {
    fn start(
        &self,
        device: &Device,
        optimize: bool,
    ) -> Result<(WorkerProcess, Loaded), (Stage, Silence)> {
        let mut process = self.harness.start()?;
        let loaded = self.harness.load(&mut process, device, &self.plan.subject, optimize)?;
        Ok((process, loaded))
    }

    fn reference(&mut self, observe: &mut dyn FnMut(Event<'_>)) -> Result<Reference, CompareError> {
        let mut failures = Vec::new();
        for device in &self.plan.references {
            observe(Event::Reference(device));
            let result = self.start(device, false).and_then(|(mut process, loaded)| {
                let (_, outputs) = self.harness.first_call(&mut process, loaded.outputs.len())?;
                Ok(Reference { device: device.clone(), loaded, outputs })
            });
            match result {
                Ok(reference) => return Ok(reference),
                Err((_, Silence::Failed { message, bad_input: true, .. })) => {
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
        let mut process = self.harness.start()?;
        let subject = &self.plan.subject;
        let ready = self.harness.make_ready(&mut process, subject, &reference.outputs, trial)?;
        Ok(ready.map(|pace| Live { place, process, pace }))
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
