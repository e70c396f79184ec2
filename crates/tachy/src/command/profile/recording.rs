//! A model's runs as a trace.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use tachy_graph::Tensor;
use tachy_graph::cost::Cost;
use tachy_profile::clock::ticks;
use tachy_profile::memory;
use tachy_profile::record::{OperationId, Options, Session, record_completed};
use tachy_profile::trace::{Operation, Overhead, Span, Thread, Trace, Work};
use tachy_runtime::{Device, Executable, StepRun, StepTime};

use super::super::arguments::ModelArguments;
use super::super::executable;
use super::super::failure::Failure;
use super::super::settings::Settings;

/// Calls that are made before any counts.
const WARM_UP: usize = 3;

/// Calls that a trace has at least, and at most.
const FEWEST: usize = 5;
const MOST: usize = 100_000;

/// The trace of a model's calls, and what the same calls take when nobody records them.
pub(super) struct Recorded {
    pub trace: Trace,
    /// Calls in the trace.
    pub calls: usize,
    /// The median run without a record, and with one.
    pub plain: Duration,
    pub traced: Duration,
    /// Whether the engine told the steps of its runs.
    pub steps: bool,
    /// What a device that chooses among others has chosen.
    pub chosen: Option<String>,
}

/// Records calls for so many seconds, half of them without a record.
pub(super) fn record(
    model: &ModelArguments,
    device: &Device,
    (seconds, samples): (f64, Option<u32>),
    settings: &Settings,
) -> Result<Recorded, Failure> {
    let registry = crate::registry();
    let compile = |trace| executable::compile(model, device, &registry, settings, trace);
    // Engines tell the process's tracker what they hold: here of one executable, before there is another.
    let tracker = memory::tracker();
    // An engine that keeps a record is slower from the start on, so what is timed without one is another.
    let mut untraced = compile(false)?;
    let inputs = executable::inputs(model, &*untraced, settings)?;
    untraced.call(&inputs)?;
    let memory = tracker.report();
    tracker.set_enabled(false);
    let mut plain = plain_runs(&mut *untraced, &inputs, seconds / 4.0)?;
    let expected = (seconds / 2.0 / median(&mut plain).as_secs_f64()) as usize;
    let count = expected.clamp(FEWEST, MOST);
    let mut traced_by = compile(true)?;
    let name = format!("{} on {device}", model.model);
    let (mut trace, mut runs) =
        session(&mut *traced_by, (device, &inputs), (name, samples), count)?;
    // Has the engine put its steps beside upload, run and fetch? If not, it may tell them.
    let mut steps = trace.operations.len() > PARTS.len();
    if !steps && let Some(told) = traced_by.run_by_steps(count)? {
        runs = told.iter().map(|run| run.duration).collect();
        let costs = executable::node_costs(model, settings);
        trace = of_steps(&trace, device, &told, &costs);
        steps = true;
    }
    if !steps && let Some((flops, bytes)) = executable::least_work(model, &*traced_by, settings) {
        // Where nobody tells the steps, the run as a whole can still be held against the machine.
        let runs = trace.operations.iter_mut().filter(|it| it.name == PARTS[1]);
        runs.for_each(|run| run.work = Some(Work { flops, bytes, transferred: 0.0 }));
    }
    // As much before as after, so that a machine that becomes slower or faster does so for both.
    plain.extend(plain_runs(&mut *untraced, &inputs, seconds / 4.0)?);
    let (plain, traced) = (median(&mut plain), median(&mut runs));
    trace.memory = Some(memory).filter(|report| !report.is_empty());
    let chosen = traced_by.compile_stats().chosen.clone();
    Ok(Recorded { trace, calls: count, plain, traced, steps, chosen })
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The times of runs that nobody records.
fn plain_runs(
    executable: &mut dyn Executable,
    inputs: &[Tensor],
    seconds: f64,
) -> Result<Vec<Duration>, Failure> {
    let mut outputs = executable.signature().allocate_outputs()?;
    let mut times = Vec::new();
    let begin = Instant::now();
    while times.len() < WARM_UP + FEWEST
        || (times.len() < MOST && begin.elapsed().as_secs_f64() < seconds)
    {
        executable.bind(inputs)?;
        let start = Instant::now();
        executable.run()?;
        times.push(start.elapsed());
        executable.fetch(&mut outputs)?;
    }
    Ok(times.split_off(WARM_UP))
}

/// The parts of a call.
const PARTS: [&str; 3] = ["upload", "run", "fetch"];

/// What kind of operation they are. A run's own time is what lies between its steps.
const CALL: &str = "call";

/// Calls in a session of this process: one reading of the clock ends a part and begins the next.
fn session(
    executable: &mut dyn Executable,
    (device, inputs): (&Device, &[Tensor]),
    (name, samples): (String, Option<u32>),
    count: usize,
) -> Result<(Trace, Vec<Duration>), Failure> {
    let mut outputs = executable.signature().allocate_outputs()?;
    let bytes = |tensors: &[Tensor]| tensors.iter().map(|it| it.bytes().len() as f64).sum::<f64>();
    let on_host = device.unit().is_none_or(|unit| unit == "cpu");
    let moved = |bytes: f64| match on_host {
        true => Work { bytes: 2.0 * bytes, ..Work::default() },
        false => Work { transferred: bytes, ..Work::default() },
    };
    let work = [Some(moved(bytes(inputs))), None, Some(moved(bytes(&outputs)))];
    let part = |(name, work): (&str, Option<Work>)| {
        let operation = Operation::new(name).with_category(CALL).with_device(device.to_string());
        OperationId::register(match work {
            Some(work) => operation.with_work(work),
            None => operation,
        })
    };
    let parts: Vec<OperationId> = PARTS.into_iter().zip(work).map(part).collect();
    let mut call = |times: &mut Vec<Duration>, mut start: u64| -> Result<u64, Failure> {
        executable.bind(inputs)?;
        let uploaded = ticks();
        let begin = Instant::now();
        executable.run()?;
        times.push(begin.elapsed());
        let run = ticks();
        executable.fetch(&mut outputs)?;
        let fetched = ticks();
        for (part, end) in parts.iter().zip([uploaded, run, fetched]) {
            record_completed(*part, start, end);
            start = end;
        }
        Ok(fetched)
    };
    // In a session of its own, so that nothing of the one that counts happens for the first time.
    let warm_up = Session::start("warm-up").map_err(Failure::input)?;
    let mut times = Vec::with_capacity(count.max(WARM_UP));
    for _ in 0..WARM_UP {
        call(&mut times, ticks())?;
    }
    drop(warm_up);
    times.clear();
    let options = match samples {
        Some(frequency) => Options::new().samples(frequency),
        None => Options::new(),
    };
    let session = options.start(name).map_err(Failure::input)?;
    let mut last = session.started();
    for _ in 0..count {
        last = call(&mut times, last)?;
    }
    Ok((session.stop(), times))
}

/// A trace from what the engine tells of its runs, one after the other.
fn of_steps(
    session: &Trace,
    device: &Device,
    runs: &[StepRun],
    costs: &HashMap<String, Cost>,
) -> Trace {
    let nanoseconds = |time: Duration| time.as_nanos() as u64;
    let mut trace = Trace {
        name: session.name.clone(),
        started: session.started,
        stacks: session.stacks.clone(),
        threads: vec![Thread { name: "main".to_owned(), id: 0 }],
        operations: vec![
            Operation::new(PARTS[1]).with_category(CALL).with_device(device.to_string()),
        ],
        overhead: Overhead {
            clock_error: runs.iter().map(|run| nanoseconds(run.clock_error)).max().unwrap_or(0)
                as f64,
            ..Overhead::default()
        },
        ..Trace::default()
    };
    let mut known = HashMap::new();
    for run in runs {
        let (begin, duration) = (trace.wall, nanoseconds(run.duration));
        trace.spans.push(Span { operation: 0, thread: 0, start: begin, duration, depth: 0 });
        let mut free = 0;
        for (place, step) in run.steps.iter().enumerate() {
            let operation = *known.entry((place, &step.node)).or_insert_with(|| {
                trace.operations.push(operation(step, device, costs));
                trace.operations.len() as u32 - 1
            });
            // Times in whole microseconds may overlap by as much.
            let start = nanoseconds(step.start).max(free).min(duration);
            let end = nanoseconds(step.start + step.duration).clamp(start, duration);
            free = end;
            trace.spans.push(Span {
                operation,
                thread: 0,
                start: begin + start,
                duration: end - start,
                depth: 1,
            });
        }
        trace.wall += duration;
    }
    trace
}

/// A step with the work of the graph's node of that name. Of the others nobody knows the operations: an engine that
/// fuses nodes may tell what it reads and writes, and no roofline follows from that alone.
fn operation(step: &StepTime, device: &Device, costs: &HashMap<String, Cost>) -> Operation {
    let own = device.unit().unwrap_or_default();
    let detail = if step.detail.eq_ignore_ascii_case(own) { "" } else { &step.detail };
    let operation = Operation::new(step.node.clone())
        .with_category(step.operator.clone())
        .with_device(device.to_string())
        .with_detail(detail);
    match costs.get(&step.node) {
        Some(cost) => {
            operation.with_work(Work { flops: cost.flops, bytes: cost.bytes(), transferred: 0.0 })
        }
        None => operation,
    }
}
