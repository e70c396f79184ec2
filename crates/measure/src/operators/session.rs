//! The comparison on operators: every device in processes of its own, one for all cases of an operator.

use std::process::Command;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use tachy_graph::Tensor;
use tachy_graph::catalogue::OperatorCase;
use tachy_runtime::{Device, DeviceInfo};

use super::record::{
    DeviceDescription, OperatorComparison, OperatorPoint, OperatorSettings, PointOutcome, PointRow,
};
use crate::clock::Clock;
use crate::compare::{CompareError, Event, Progress, machine_speed, seconds_since_1970};
use crate::environment::Environment;
use crate::harness::{Harness, Live};
use crate::model::ModelSource;
use crate::process::{Silence, WorkerProcess};
use crate::record::{FORMAT, Stage};
use crate::scratch::ScratchFolder;
use crate::subject::Subject;
use crate::trial::Trial;

/// What to compare, and how.
#[derive(Debug, Clone)]
pub struct OperatorPlan {
    /// The cases.
    pub cases: Vec<OperatorCase>,
    /// The devices, present ones only.
    pub devices: Vec<DeviceInfo>,
    /// Devices that are absent: they are told in the record.
    pub absent: Vec<DeviceInfo>,
    /// Devices that may give the reference outputs, the best first.
    pub references: Vec<Device>,
    /// Threads of each engine.
    pub threads: usize,
    /// Seed of inputs and orders.
    pub seed: u64,
    /// Time of measuring for each case on each device, over all its processes.
    pub time: Duration,
    /// Time that warming up may take at least in each process.
    pub warm_up: Duration,
    /// Processes of each device for each operator.
    pub processes: usize,
    /// How long an engine may take for one answer.
    pub timeout: Duration,
}

/// Compares devices on cases of the catalogue.
///
/// An engine may take seconds to start, so one process of a device measures all cases of an operator; the processes are
/// replicated. Those of one generation live at the same time: case by case, in random order, each compiles, is compared
/// with the reference and warms up, and then all take turns as in [`compare`](crate::compare()).
///
/// # Errors
/// If there is no device or no temporary folder. An engine that fails, hangs, crashes, lacks an operator or computes the
/// wrong answer is a row of the result, not an error.
pub fn compare(
    plan: &OperatorPlan,
    worker: impl Fn() -> Command,
    mut observe: impl FnMut(Event<'_>),
) -> Result<OperatorComparison, CompareError> {
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
        least_warm_up: plan.warm_up.as_secs_f64(),
        timeout: plan.timeout,
    };
    let random = StdRng::seed_from_u64(plan.seed);
    let progress = Progress { done: 0, of: plan.cases.len() * plan.processes };
    let mut session = Session { plan, harness, random, round: 0, progress };

    let mut machine = Vec::new();
    let mut points: Vec<Option<OperatorPoint>> = plan.cases.iter().map(|_| None).collect();
    for places in by_operator(&plan.cases) {
        let cases: Vec<OperatorCase> = places.iter().map(|&place| plan.cases[place]).collect();
        for (place, tested) in places.iter().zip(session.operator(&cases, &mut observe)) {
            machine.extend(tested.trials.iter().flat_map(Trial::machine_series));
            points[*place] = Some(tested.finish());
        }
    }
    let describe = |info: &DeviceInfo| DeviceDescription {
        device: info.device.clone(),
        description: info.description.clone(),
    };
    Ok(OperatorComparison {
        format: FORMAT,
        started,
        duration: start.elapsed().as_secs_f64(),
        settings: OperatorSettings {
            threads: plan.threads,
            seconds: plan.time.as_secs_f64(),
            processes: plan.processes,
            seed: plan.seed,
        },
        environment,
        machine_speed: machine_speed(machine),
        devices: plan.devices.iter().map(describe).collect(),
        absent: plan.absent.clone(),
        points: points.into_iter().flatten().collect(),
    })
}

/// The places of the cases of each operator, in the order in which operators come first.
fn by_operator(cases: &[OperatorCase]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (place, case) in cases.iter().enumerate() {
        match groups.iter_mut().find(|group| cases[group[0]].operator == case.operator) {
            Some(group) => group.push(place),
            None => groups.push(vec![place]),
        }
    }
    groups
}

/// One case while it is measured.
struct Tested {
    case: OperatorCase,
    subject: Subject,
    reference: Result<(Device, Vec<Tensor>), String>,
    trials: Vec<Trial>,
}

impl Tested {
    fn is_over(&self, place: usize) -> bool {
        self.reference.is_err() || self.trials[place].is_over()
    }

    fn finish(self) -> OperatorPoint {
        // Whoever could not be built has no reference either, and says why.
        let cost = self.case.cost().unwrap_or_default();
        let (reference, missing) = match self.reference {
            Ok((device, _)) => (Some(device), None),
            Err(message) => (None, Some(message)),
        };
        let rows = self.trials.into_iter().map(|trial| {
            let device = trial.device().clone();
            let outcome = match &missing {
                Some(message) => {
                    PointOutcome::Failed { stage: Stage::Compile, message: message.clone() }
                }
                None => trial.finish_point(),
            };
            PointRow { device, outcome }
        });
        OperatorPoint {
            case: self.case.to_string(),
            flops: cost.flops,
            bytes: cost.bytes(),
            reference,
            rows: rows.collect(),
        }
    }
}

struct Session<'a, W> {
    plan: &'a OperatorPlan,
    harness: Harness<'a, W>,
    random: StdRng,
    round: u32,
    progress: Progress,
}

impl<W: Fn() -> Command> Session<'_, W> {
    /// All cases of one operator.
    fn operator(
        &mut self,
        cases: &[OperatorCase],
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Vec<Tested> {
        let mut tested = self.references(cases, observe);
        for generation in 0..self.plan.processes {
            let mut processes: Vec<Option<WorkerProcess>> =
                self.plan.devices.iter().map(|_| None).collect();
            let mut order: Vec<usize> = (0..tested.len()).collect();
            order.shuffle(&mut self.random);
            for place in order {
                self.case(&mut tested[place], &mut processes, generation, observe);
                self.progress.step(observe);
            }
        }
        tested
    }

    /// The reference outputs of every case, from one process of each device that is needed for them.
    fn references(
        &self,
        cases: &[OperatorCase],
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Vec<Tested> {
        let mut processes: Vec<Option<WorkerProcess>> =
            self.plan.references.iter().map(|_| None).collect();
        let devices = &self.plan.devices;
        let tested = cases.iter().map(|case| {
            let subject = Subject {
                model: ModelSource::Operator { case: case.to_string(), seed: self.plan.seed },
                threads: self.plan.threads,
                dims: Default::default(),
                input_shapes: Default::default(),
                input_files: Default::default(),
                seed: self.plan.seed,
                variant: None,
            };
            Tested {
                case: *case,
                reference: self.reference(&subject, &mut processes, observe),
                subject,
                trials: devices.iter().map(|info| Trial::new(&info.device)).collect(),
            }
        });
        tested.collect()
    }

    fn reference(
        &self,
        subject: &Subject,
        processes: &mut [Option<WorkerProcess>],
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Result<(Device, Vec<Tensor>), String> {
        let mut failures = Vec::new();
        for (device, kept) in self.plan.references.iter().zip(processes) {
            observe(Event::Reference(device));
            let process = kept.take().map_or_else(|| self.harness.start(), Ok);
            let outputs = process.and_then(|mut process| {
                let outputs = self
                    .harness
                    .load(&mut process, device, subject, false)
                    .and_then(|loaded| self.harness.first_call(&mut process, loaded.outputs.len()));
                if !matches!(outputs, Err((_, Silence::Broken(_)))) {
                    *kept = Some(process);
                }
                outputs
            });
            match outputs {
                Ok((_, outputs)) => return Ok((device.clone(), outputs)),
                Err((stage, silence)) => {
                    failures.push(format!("{device}, {}: {}", stage.name(), silence.message()));
                }
            }
        }
        Err(format!("no engine computed the reference: {}", failures.join("; ")))
    }

    /// One case in one process of every device.
    fn case(
        &mut self,
        tested: &mut Tested,
        processes: &mut [Option<WorkerProcess>],
        generation: usize,
        observe: &mut dyn FnMut(Event<'_>),
    ) {
        let name = tested.case.to_string();
        observe(Event::Case(&name));
        let mut order: Vec<usize> = (0..processes.len()).collect();
        order.shuffle(&mut self.random);
        let mut live = Vec::new();
        for place in order {
            if tested.is_over(place) {
                continue;
            }
            let Ok((_, reference)) = &tested.reference else { continue };
            let trial = &mut tested.trials[place];
            observe(Event::Starting { device: trial.device(), process: generation });
            let started = processes[place].take().map_or_else(|| self.harness.start(), Ok);
            let ready = started.and_then(|mut process| {
                match self.harness.make_ready(&mut process, &tested.subject, reference, trial) {
                    Ok(Some(pace)) => {
                        live.push(Live { place, process, pace });
                        Ok(())
                    }
                    Ok(None) => {
                        processes[place] = Some(process);
                        Ok(())
                    }
                    Err((stage, silence)) => {
                        // What it says of a failure, it says alive; it may well do the next case.
                        if matches!(silence, Silence::Failed { .. }) {
                            processes[place] = Some(process);
                        }
                        Err((stage, silence))
                    }
                }
            });
            if let Err((stage, silence)) = ready {
                trial.fail(stage, silence);
            }
            if let Some(message) = trial.why_over() {
                observe(Event::Lost { device: trial.device(), message: &message });
            }
        }
        let Self { harness, random, round, .. } = self;
        harness.rounds(&mut live, &mut tested.trials, round, random, observe);
        for Live { place, process, .. } in live {
            processes[place] = Some(process);
        }
    }
}
