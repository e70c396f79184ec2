//! The comparison: every device in processes of its own, in interleaved rounds of random order.

use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rand::SeedableRng;
use rand::rngs::StdRng;
use tachy_runtime::{Device, DeviceInfo};
use thiserror::Error;

use crate::clock::Clock;
use crate::environment::Environment;
use crate::harness::Harness;
use crate::measurement::{Measurement, Metric, Series};
use crate::record::{Comparison, FORMAT, ModelDescription, Row, Settings};
use crate::scratch::ScratchFolder;
use crate::session::{Contestant, Session};
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
    let mut session = Session {
        harness,
        processes: plan.processes,
        random: StdRng::seed_from_u64(plan.subject.seed),
        round: 0,
        progress: Progress { done: 0, of: plan.processes * plan.devices.len() * 2 },
    };
    let reference = session.reference(&plan.references, &plan.subject, &mut observe)?;
    let contestants: Vec<Contestant> = plan
        .devices
        .iter()
        .map(|info| Contestant { device: &info.device, subject: &plan.subject })
        .collect();
    let trials = session.compete(&contestants, &reference, &mut observe);

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
            inputs: plan.subject.inputs(),
        },
        environment,
        subject: Some(plan.subject.clone()),
        machine_speed: machine_speed(machine),
        reference: reference.device,
        rows,
        absent: plan.absent.clone(),
    })
}

/// The kernel's samples of all processes, if there are any.
pub(crate) fn machine_speed(processes: Vec<Series>) -> Option<Measurement> {
    let measurement = Measurement { metric: Metric::Time, unit: Metric::Time.unit(), processes };
    (!measurement.processes.is_empty()).then_some(measurement)
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
