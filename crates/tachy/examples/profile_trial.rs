//! What recording a model costs, and what a comparison of two traces finds: `cargo xtask trial profile` makes the
//! traces and runs this on them.
#![allow(missing_docs)]

use std::path::{Path, PathBuf};
use std::time::Instant;

use tachy::graph::{DType, Graph, GraphBuilder, Tensor};
use tachy::measure::TraceDiff;
use tachy::profile::record::Session;
use tachy::profile::trace::Trace;
use tachy::runtime::{CompileOptions, Device};
use tachy::stats::{Design, Order, Outcome, Pair, paired_ratio};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Operators of the model, and the size of their matrices: products of some 10 microseconds.
const OPERATORS: usize = 1000;
const SIZE: usize = 96;

/// Pairs of runs, one of them recorded.
const PAIRS: usize = 200;

/// How much slower an operation is made.
const SLOWER: f64 = 1.05;

fn main() -> Result<()> {
    cost()?;
    for folder in std::env::args().skip(1) {
        compare(Path::new(&folder))?;
    }
    Ok(())
}

fn chain() -> Result<Graph> {
    let mut builder = GraphBuilder::new("chain");
    let mut x = builder.input("x", DType::F32, [SIZE, SIZE]);
    let weights: Vec<f32> =
        (0..SIZE * SIZE).map(|place| (place * 7919 % 101) as f32 / 1010.0 - 0.05).collect();
    let weights = builder.constant("weights", Tensor::new(&[SIZE, SIZE], &weights)?);
    for _ in 0..OPERATORS {
        x = builder.matmul(x, weights)?;
    }
    builder.output(x, "y")?;
    Ok(builder.build()?)
}

/// The time of recorded runs beside that of others, in pairs whose order is drawn by lot.
fn cost() -> Result<()> {
    let registry = tachy::registry();
    let (backend, device) = registry.find(&Device::of("cpu"))?;
    let mut executable = backend.compile(&chain()?, &device, &CompileOptions::default())?;
    executable.bind(&[Tensor::new(&[SIZE, SIZE], &[0.5f32; SIZE * SIZE])?])?;
    let mut spans = 0;
    let mut time = |recorded: bool| -> Result<f64> {
        let session = recorded.then(|| Session::start("chain")).transpose()?;
        let start = Instant::now();
        executable.run()?;
        let time = start.elapsed().as_secs_f64();
        spans = session.map_or(spans, |session| session.stop().spans.len());
        Ok(time)
    };
    for recorded in [false, true, true, false] {
        time(recorded)?;
    }
    let mut pairs = Vec::with_capacity(PAIRS);
    for order in Design::Abba.orders(1).take(PAIRS) {
        let recorded_first = order == Order::CandidateFirst;
        let first = time(recorded_first)?;
        let second = time(!recorded_first)?;
        let (recorded, plain) = if recorded_first { (first, second) } else { (second, first) };
        pairs.push(Pair::new(recorded, plain, order)?);
    }
    let ratio = paired_ratio(&pairs, Design::Abba, 0.95)?.ok_or("there are no pairs")?;
    let interval = ratio.interval.ok_or("there are too few pairs")?;
    println!(
        "A model of {OPERATORS} products of {SIZE} × {SIZE}, {spans} spans a run: a recorded run takes {:+.2}% (95% interval \
         {:+.2}% to {:+.2}%), {PAIRS} pairs",
        (ratio.value - 1.0) * 100.0,
        (interval.low - 1.0) * 100.0,
        (interval.high - 1.0) * 100.0,
    );
    Ok(())
}

/// Traces a side of a comparison.
const PROCESSES: [usize; 4] = [1, 10, 50, 100];

/// What comparisons of equal traces flagged, and what those found in which one operation was slower.
#[derive(Default)]
struct Found {
    comparisons: usize,
    judged: usize,
    flagged: usize,
    trials: usize,
    first: usize,
    slower: usize,
    long_trials: usize,
    long_first: usize,
}

/// Traces are compared as they are, and again with each operation of one side made slower in turn: two processes, and
/// many on each side, which were recorded in turns.
fn compare(folder: &Path) -> Result<()> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "trace"))
        .collect();
    files.sort();
    let traces = files.iter().map(Trace::open).collect::<std::result::Result<Vec<_>, _>>()?;
    let name = traces.first().map_or("no trace", |trace| &trace.name);
    println!("{} traces of {name}", traces.len());
    for processes in PROCESSES {
        let mut found = Found::default();
        for group in traces.chunks_exact(2 * processes) {
            let turn =
                |odd: usize| -> Vec<Trace> { group.iter().skip(odd).step_by(2).cloned().collect() };
            let (first, second) = (turn(0), turn(1));
            found.add(&first, &second);
            found.add(&second, &first);
        }
        found.print(processes);
    }
    Ok(())
}

impl Found {
    fn add(&mut self, first: &[Trace], second: &[Trace]) {
        let equal = TraceDiff::new(first, second);
        self.comparisons += 1;
        self.judged += equal.operations.len();
        self.flagged +=
            equal.operations.iter().filter(|it| it.outcome() != Outcome::Unsure).count();
        for (place, operation) in second[0].operations.iter().enumerate() {
            // A step of the engine; upload, run and fetch are none.
            if operation.category == "call" {
                continue;
            }
            let slower: Vec<Trace> =
                second.iter().map(|trace| slow_down(trace, place as u32)).collect();
            let diff = TraceDiff::new(first, &slower);
            let most = &diff.operations[0];
            let is_first = most.operation.name == operation.name
                && most.operation.category == operation.category;
            let spans = second[0].spans.iter().filter(|span| span.operation == place as u32);
            let total: u64 = spans.map(|span| span.duration).sum();
            self.trials += 1;
            self.first += usize::from(is_first);
            self.slower += usize::from(is_first && most.outcome() == Outcome::Slower);
            if total * 100 >= second[0].wall {
                self.long_trials += 1;
                self.long_first += usize::from(is_first);
            }
        }
    }

    fn print(&self, processes: usize) {
        let percent = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
        println!(
            "{processes} process(es) a side, {} comparisons of equals: {} of {} operations flagged ({:.2}%)",
            self.comparisons,
            self.flagged,
            self.judged,
            percent(self.flagged, self.judged)
        );
        println!(
            "  one operation 5% slower, {} trials: ranked first in {:.1}%, called slower in {:.1}%; of operations of 1% of \
             the run or more, {} trials: ranked first in {:.1}%",
            self.trials,
            percent(self.first, self.trials),
            percent(self.slower, self.trials),
            self.long_trials,
            percent(self.long_first, self.long_trials)
        );
    }
}

/// The trace with one operation slower: what comes after it is later, and what it lies in longer.
fn slow_down(trace: &Trace, operation: u32) -> Trace {
    let mut slower = trace.clone();
    let mut late = 0;
    // Spans that are open, with what they have become longer by.
    let mut open: Vec<usize> = Vec::new();
    for place in 0..slower.spans.len() {
        let original = trace.spans[place];
        open.retain(|outer| trace.spans[*outer].end() > original.start);
        slower.spans[place].start += late;
        if original.operation == operation {
            let longer = (original.duration as f64 * (SLOWER - 1.0)).round() as u64;
            slower.spans[place].duration += longer;
            open.iter().for_each(|outer| slower.spans[*outer].duration += longer);
            late += longer;
        }
        open.push(place);
    }
    slower.wall += late;
    slower
}
