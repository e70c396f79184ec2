//! The harness: benchmark by benchmark and process by process, in an order drawn by lot.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use tachy_stats::Samples;

use super::protocol::{Counted, Reply, Request};
use super::record::{Benchmark, FORMAT, Outcome, Record, Settings, Throughput};
use crate::clock::Clock;
use crate::environment::Environment;
use crate::measurement::{Measurement, Metric, Series};
use crate::process::{MOST_PADDING, PADDING, Silence, WorkerProcess};
use crate::record::{Stage, WarmUp};
use crate::warm_up::MOST_WARM_UP_CALLS;

/// What to measure, and how.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The benchmarks.
    pub cases: Vec<Case>,
    /// Time of measuring for each benchmark, over all its processes.
    pub time: Duration,
    /// Processes of each benchmark.
    pub processes: usize,
    /// Seed of the order.
    pub seed: u64,
    /// How long a benchmark may take for one answer: the first call, or more than was to be expected after it.
    pub timeout: Duration,
}

/// One benchmark to measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The name with the parameters, by which a child process knows it.
    pub id: String,
    /// The name.
    pub name: String,
    /// The parameters.
    pub parameters: BTreeMap<String, String>,
}

/// What happens meanwhile, for whoever shows it.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// A process of this benchmark starts.
    Starting {
        /// The benchmark with its parameters.
        id: &'a str,
        /// Which of its processes, from 0.
        process: usize,
    },
    /// This benchmark failed, and takes no further part.
    Lost {
        /// The benchmark with its parameters.
        id: &'a str,
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

/// Measures benchmarks.
///
/// `worker` gives the command that starts a child process: a program that calls [`serve`](super::serve).
///
/// The unit of replication is the process: every benchmark has several, of which no two run at the same time. All
/// benchmarks have their first process in an order drawn by lot, then their second in another, and so on, so that a
/// slow change of the machine touches all alike. The size of each process's environment is drawn by lot, too, because
/// the place of the stack in memory depends on it and speed may depend on that.
///
/// A benchmark that fails, panics, hangs or crashes is a row of the record.
pub fn measure(
    plan: &Plan,
    worker: impl Fn() -> Command,
    mut observe: impl FnMut(Event<'_>),
) -> Record {
    let (start, started) = (Instant::now(), milliseconds_since_1970());
    let environment = Environment::of_this_machine(Clock::measure());
    let mut random = StdRng::seed_from_u64(plan.seed);
    let mut machine = Vec::new();
    let mut trials: Vec<Trial> = plan.cases.iter().map(|_| Trial::default()).collect();
    let of = plan.cases.len() * plan.processes;
    for process in 0..plan.processes {
        let mut order: Vec<usize> = (0..plan.cases.len()).collect();
        order.shuffle(&mut random);
        for (place, index) in order.into_iter().enumerate() {
            let id = plan.cases[index].id.as_str();
            if trials[index].failure.is_none() {
                observe(Event::Starting { id, process });
                let mut command = worker();
                command.env(PADDING, "x".repeat(random.random_range(0..MOST_PADDING)));
                let result = trials[index].run(plan, id, command, &mut machine);
                if let Err((stage, message)) = result {
                    observe(Event::Lost { id, message: &message });
                    let message = match process {
                        0 => message,
                        _ => format!("{message} (in process {})", process + 1),
                    };
                    trials[index].failure = Some((stage, message));
                }
            }
            observe(Event::Progress { done: process * plan.cases.len() + place + 1, of });
        }
    }
    Record {
        format: FORMAT,
        started,
        duration: start.elapsed().as_secs_f64(),
        settings: Settings {
            seconds: plan.time.as_secs_f64(),
            processes: plan.processes,
            seed: plan.seed,
        },
        environment,
        machine_speed: (!machine.is_empty()).then(|| measurement(Metric::Time, machine)),
        benchmarks: plan.cases.iter().zip(trials).map(|(case, trial)| trial.finish(case)).collect(),
    }
}

/// What is known of one benchmark so far.
#[derive(Default)]
struct Trial {
    times: Vec<Series>,
    allocations: Vec<Series>,
    allocated_bytes: Vec<Series>,
    warm_ups: Vec<WarmUp>,
    throughput: Option<Throughput>,
    failure: Option<(Stage, String)>,
}

impl Trial {
    /// One process, from its start to its end. How fast the machine was meanwhile is added to `machine`.
    fn run(
        &mut self,
        plan: &Plan,
        id: &str,
        command: Command,
        machine: &mut Vec<Series>,
    ) -> Result<(), (Stage, String)> {
        let share = plan.time.as_secs_f64() / plan.processes as f64;
        // Warming up may take as long as measuring does, and a second where that is less.
        let warm_up = share.max(1.0);
        let later = |seconds: f64| plan.timeout + Duration::from_secs_f64(seconds);
        let at = |stage: Stage| move |message: String| (stage, message);

        let mut process =
            WorkerProcess::start(command).map_err(Silence::message).map_err(at(Stage::Start))?;
        process.tell(&Request { id: id.to_owned(), seconds: share, warm_up });
        let first_call = match hear(&mut process, plan.timeout).map_err(at(Stage::FirstCall))? {
            Reply::FirstCall { seconds } => seconds,
            _ => return Err((Stage::FirstCall, unexpected())),
        };
        // What is slow does not hang: the first call has told how long a call takes.
        let limit = later(warm_up + MOST_WARM_UP_CALLS * first_call);
        let sample_seconds = match hear(&mut process, limit).map_err(at(Stage::WarmUp))? {
            Reply::WarmedUp { calls, seconds, steady, sample_seconds } => {
                self.warm_ups.push(WarmUp { calls, seconds, steady });
                sample_seconds
            }
            _ => return Err((Stage::WarmUp, unexpected())),
        };
        // The last sample may begin just before the time is up.
        let limit = later(share + sample_seconds);
        match hear(&mut process, limit).map_err(at(Stage::Sample))? {
            Reply::Sampled { samples, iterations, machine: speed } => {
                let checked = |samples: Vec<f64>| {
                    Samples::new(samples).map_err(|error| (Stage::Sample, error.to_string()))
                };
                self.times.push(series(checked(samples)?, iterations));
                machine.push(series(checked(speed)?, 1));
            }
            _ => return Err((Stage::Sample, unexpected())),
        }
        match hear(&mut process, later(sample_seconds)).map_err(at(Stage::Sample))? {
            Reply::Finished { counted, throughput } => {
                self.throughput = throughput;
                counted.into_iter().for_each(|counted| self.count(counted));
                Ok(())
            }
            _ => Err((Stage::Sample, unexpected())),
        }
    }

    fn count(&mut self, counted: Counted) {
        let Counted { iterations, allocations, bytes } = counted;
        let mean = |sum: u64| {
            let samples = Samples::new(vec![sum as f64 / f64::from(iterations)]);
            series(samples.unwrap_or_default(), iterations)
        };
        self.allocations.push(mean(allocations));
        self.allocated_bytes.push(mean(bytes));
    }

    fn finish(self, case: &Case) -> Benchmark {
        let measurements = [
            (Metric::Time, self.times),
            (Metric::Allocations, self.allocations),
            (Metric::AllocatedBytes, self.allocated_bytes),
        ];
        let measurements = measurements
            .into_iter()
            .filter(|(_, processes)| !processes.is_empty())
            .map(|(metric, processes)| measurement(metric, processes));
        let outcome = match self.failure {
            Some((stage, message)) => Outcome::Failed { stage, message },
            None => {
                Outcome::Measured { measurements: measurements.collect(), warm_ups: self.warm_ups }
            }
        };
        Benchmark {
            id: case.id.clone(),
            name: case.name.clone(),
            parameters: case.parameters.clone(),
            throughput: self.throughput,
            outcome,
        }
    }
}

fn measurement(metric: Metric, processes: Vec<Series>) -> Measurement {
    Measurement { metric, unit: metric.unit(), processes }
}

fn series(samples: Samples, calls_per_sample: u32) -> Series {
    Series { samples, rounds: Vec::new(), calls_per_sample }
}

fn hear(process: &mut WorkerProcess, limit: Duration) -> Result<Reply, String> {
    match process.hear(limit).map_err(Silence::message)? {
        Reply::Failed { message } => Err(message),
        reply => Ok(reply),
    }
}

fn unexpected() -> String {
    "its process answered another question than it was asked".to_owned()
}

fn milliseconds_since_1970() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}
