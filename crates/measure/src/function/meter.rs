//! The child process: one benchmark, measured from its first call to its last.

use std::io::{self, BufRead, Write};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tachy_stats::InvalidSample;

use super::protocol::{Counted, Reply, Request};
use super::record::Throughput;
use super::routine::{Routine, Stopwatch, Tally};
use crate::clock::{Clock, TICKS_PER_SAMPLE};
use crate::machine_speed::MachineSpeed;
use crate::record::WarmUp;
use crate::warm_up::{MOST_CALLS, calibrate, warm_up};

/// Most samples of a process, about: where iterations are short, samples are longer instead.
const SAMPLES: f64 = 200.0;

/// How often a process looks how fast the machine is, about.
const SPEED_LOOKS: f64 = 8.0;

/// Most iterations over which allocations are counted.
const MOST_COUNTED: u32 = 64;

/// What a benchmark hands the routine to that is to be measured.
pub struct Meter {
    task: Option<Task>,
    throughput: Option<Throughput>,
    result: Option<Result<(), Failure>>,
}

struct Task {
    seconds: f64,
    warm_up: f64,
    clock: Clock,
    replies: Box<dyn Write>,
    tally: Option<Box<dyn Tally>>,
}

/// Why there are no samples.
enum Failure {
    /// Nobody reads them.
    Connection(io::Error),
    /// The benchmark is not one.
    Benchmark(String),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Connection(error)
    }
}

impl From<InvalidSample> for Failure {
    fn from(error: InvalidSample) -> Self {
        Self::Benchmark(error.to_string())
    }
}

impl Meter {
    /// A meter that measures nothing: the routine runs once.
    pub fn once() -> Self {
        Self { task: None, throughput: None, result: None }
    }

    /// Says what one iteration works through.
    pub fn set_throughput(&mut self, throughput: Throughput) {
        self.throughput = Some(throughput);
    }

    /// Measures a routine: the first call, the warm-up, the samples, the allocations.
    pub fn measure(&mut self, routine: &mut dyn Routine) {
        let result = match &mut self.task {
            Some(task) => task.measure(routine),
            None => {
                routine.pass(1, &mut Stopwatch::new());
                Ok(None)
            }
        };
        let throughput = self.throughput;
        self.result = Some(result.and_then(|counted| match &mut self.task {
            Some(task) => Ok(task.tell(&Reply::Finished { counted, throughput })?),
            None => Ok(()),
        }));
    }

    /// Whether a routine was handed over.
    pub fn was_used(&self) -> bool {
        self.result.is_some()
    }
}

impl Task {
    fn tell(&mut self, reply: &Reply) -> io::Result<()> {
        serde_json::to_writer(&mut self.replies, reply).map_err(io::Error::from)?;
        self.replies.write_all(b"\n")?;
        self.replies.flush()
    }

    fn measure(&mut self, routine: &mut dyn Routine) -> Result<Option<Counted>, Failure> {
        let clock = self.clock;
        let mut time = |iterations: u32| {
            let mut stopwatch = Stopwatch::new();
            routine.pass(iterations, &mut stopwatch);
            Ok::<_, Failure>(stopwatch.seconds(clock))
        };
        let seconds = time(1)?;
        self.tell(&Reply::FirstCall { seconds })?;

        let share = self.seconds;
        let shortest = clock.tick * TICKS_PER_SAMPLE;
        let longer = |iterations: u32, time: &mut dyn FnMut(u32) -> Result<f64, Failure>| {
            // By the clock on the wall, because preparing takes time, too.
            let start = Instant::now();
            time(iterations)?;
            let iteration = start.elapsed().as_secs_f64() / f64::from(iterations);
            let wanted = share / SAMPLES / iteration.max(1e-12);
            Ok::<_, Failure>((wanted as u32).clamp(iterations, MOST_CALLS.max(iterations)))
        };
        let iterations = longer(calibrate(shortest, &mut time)?.0, &mut time)?;
        let warmed_up = warm_up(self.warm_up, || {
            Ok::<_, Failure>((time(iterations)? / f64::from(iterations), iterations))
        })?;
        // What is long enough was found while everything was cold; now it is faster.
        let iterations = longer(calibrate(shortest, &mut time)?.0, &mut time)?;
        let start = Instant::now();
        time(iterations)?;
        let sample_seconds = start.elapsed().as_secs_f64();
        let WarmUp { calls, seconds, steady } = warmed_up;
        self.tell(&Reply::WarmedUp { calls, seconds, steady, sample_seconds })?;

        let (mut samples, mut machine) = (Vec::new(), Vec::new());
        let speed = MachineSpeed::new();
        let (start, mut looks) = (Instant::now(), 0.0);
        loop {
            samples.push(time(iterations)? / f64::from(iterations));
            let elapsed = start.elapsed().as_secs_f64();
            if elapsed >= looks / SPEED_LOOKS * share {
                machine.extend(speed.sample());
                looks += 1.0;
            }
            if elapsed >= share {
                break;
            }
        }
        self.tell(&Reply::Sampled { samples, iterations, machine })?;
        Ok(self.tally.as_deref_mut().map(|tally| {
            let iterations = iterations.min(MOST_COUNTED);
            tally.take();
            routine.pass(iterations, tally);
            let (allocations, bytes) = tally.take();
            Counted { iterations, allocations, bytes }
        }))
    }
}

/// Answers the harness: what a child process does with all its life. `run` runs the benchmark of an id, or says why it
/// cannot; `tally` counts allocations, where they can be counted.
///
/// `requests` and `replies` must carry nothing else, and a panic of the benchmark ends up in `replies`.
///
/// # Errors
/// If the connection breaks.
pub fn serve(
    mut requests: impl BufRead,
    replies: impl Write + 'static,
    tally: Option<Box<dyn Tally>>,
    run: impl FnOnce(&str, &mut Meter) -> Result<(), String>,
) -> io::Result<()> {
    let mut line = String::new();
    requests.read_line(&mut line)?;
    let request: Request = serde_json::from_str(&line)?;
    let last_panic = remember_panics();
    let clock = Clock::measure();
    let (seconds, warm_up) = (request.seconds, request.warm_up);
    let task = Task { seconds, warm_up, clock, replies: Box::new(replies), tally };
    let mut meter = Meter { task: Some(task), throughput: None, result: None };
    let outcome = catch_unwind(AssertUnwindSafe(|| run(&request.id, &mut meter)));
    let trouble = match (outcome, meter.result) {
        (Err(_), _) => {
            let panic = last_panic.lock().unwrap_or_else(PoisonError::into_inner);
            Failure::Benchmark(format!("it panicked{panic}"))
        }
        (Ok(Err(message)), _) => Failure::Benchmark(message),
        (Ok(Ok(())), None) => Failure::Benchmark(
            "it ended without measuring anything; a benchmark that takes a `Bencher` calls one of its methods whose \
             names begin with `bench`"
                .to_owned(),
        ),
        (Ok(Ok(())), Some(result)) => match result {
            Ok(()) => return Ok(()),
            Err(failure) => failure,
        },
    };
    match (trouble, meter.task) {
        (Failure::Benchmark(message), Some(mut task)) => task.tell(&Reply::Failed { message }),
        (Failure::Benchmark(message), None) => Err(io::Error::other(message)),
        (Failure::Connection(error), _) => Err(error),
    }
}

/// Keeps where and with which words the last panic of the main thread or another began.
fn remember_panics() -> Arc<Mutex<String>> {
    let last = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&last);
    set_hook(Box::new(move |panic| {
        let place = panic.location().map_or(String::new(), |place| format!(" at {place}"));
        let words = panic.payload_as_str().unwrap_or("no message");
        let text = format!("{place}: {words}");
        // Where a panic ends the process at once, this is what is left of it.
        eprintln!("it panicked{text}");
        if let Ok(mut kept) = kept.lock() {
            *kept = text;
        }
    }));
    last
}
