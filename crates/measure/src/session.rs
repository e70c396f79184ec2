//! The session of a comparison: contestants in processes of their own, in interleaved rounds of random order.

use std::process::Command;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use tachy_graph::Tensor;
use tachy_runtime::Device;

use crate::compare::{CompareError, Event, Progress};
use crate::harness::{Harness, Live};
use crate::measurement::Metric;
use crate::process::{Silence, WorkerProcess};
use crate::protocol::{Loaded, Reply, Request};
use crate::record::Stage;
use crate::subject::Subject;
use crate::trial::Trial;

/// A device with what it is to compute.
pub(crate) struct Contestant<'a> {
    pub device: &'a Device,
    pub subject: &'a Subject,
}

/// The outputs that all others are compared with.
pub(crate) struct Reference {
    pub device: Device,
    pub loaded: Loaded,
    pub outputs: Vec<Tensor>,
}

/// A session: what is common to its comparisons.
pub(crate) struct Session<'a, W> {
    pub harness: Harness<'a, W>,
    /// Processes of each contestant.
    pub processes: usize,
    pub random: StdRng,
    pub round: u32,
    pub progress: Progress,
}

impl<W: Fn() -> Command> Session<'_, W> {
    fn start(
        &self,
        device: &Device,
        subject: &Subject,
        optimize: bool,
    ) -> Result<(WorkerProcess, Loaded), (Stage, Silence)> {
        let mut process = self.harness.start()?;
        let loaded = self.harness.load(&mut process, device, subject, optimize)?;
        Ok((process, loaded))
    }

    /// The outputs of the first of these devices that computes any.
    pub(crate) fn reference(
        &self,
        devices: &[Device],
        subject: &Subject,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Result<Reference, CompareError> {
        let mut failures = Vec::new();
        for device in devices {
            observe(Event::Reference(device));
            let result = self.start(device, subject, false).and_then(|(mut process, loaded)| {
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
            model: subject.model.to_string(),
            failures: failures.join("\n"),
        })
    }

    /// Lets all contestants take turns, generation after generation of their processes. A trial for each, in order.
    pub(crate) fn compete(
        &mut self,
        contestants: &[Contestant<'_>],
        reference: &Reference,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Vec<Trial> {
        let mut trials: Vec<Trial> =
            contestants.iter().map(|contestant| Trial::new(contestant.device)).collect();
        for process in 0..self.processes {
            let mut live = self.generation(process, contestants, reference, &mut trials, observe);
            let Self { harness, random, round, .. } = self;
            harness.rounds(&mut live, &mut trials, round, random, observe);
            for _ in &live {
                self.progress.step(observe);
            }
            self.memory(&mut live, &mut trials);
        }
        trials
    }

    /// Starts, checks and warms up one process of every contestant that still takes part.
    fn generation(
        &mut self,
        number: usize,
        contestants: &[Contestant<'_>],
        reference: &Reference,
        trials: &mut [Trial],
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Vec<Live> {
        let mut order: Vec<usize> = (0..trials.len()).collect();
        order.shuffle(&mut self.random);
        let mut live = Vec::new();
        for place in order {
            let trial = &mut trials[place];
            if trial.is_over() {
                self.progress.step(observe);
                self.progress.step(observe);
                continue;
            }
            observe(Event::Starting { device: trial.device(), process: number });
            match self.prepare(place, contestants[place].subject, reference, trial) {
                Ok(Some(ready)) => live.push(ready),
                Ok(None) => {}
                Err((stage, silence)) => trial.fail(stage, silence),
            }
            if let Some(message) = trial.why_over() {
                observe(Event::Lost { device: trial.device(), message: &message });
                self.progress.step(observe);
            }
            self.progress.step(observe);
        }
        live
    }

    fn prepare(
        &self,
        place: usize,
        subject: &Subject,
        reference: &Reference,
        trial: &mut Trial,
    ) -> Result<Option<Live>, (Stage, Silence)> {
        let mut process = self.harness.start()?;
        let ready = self.harness.make_ready(&mut process, subject, &reference.outputs, trial)?;
        Ok(ready.map(|pace| Live { place, process, pace }))
    }

    fn memory(&self, live: &mut [Live], trials: &mut [Trial]) {
        for live in live {
            let reply = live.process.ask(&Request::PeakMemory, self.harness.timeout);
            if let Ok(Reply::PeakMemory { bytes: Some(bytes) }) = reply {
                trials[live.place].record_once(Metric::PeakMemory, bytes as f64);
            }
        }
    }
}
