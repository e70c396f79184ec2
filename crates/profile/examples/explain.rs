//! How long it takes to explain ten million spans: `cargo run --release -p tachy-profile --example explain`.

use std::hint::black_box;
use std::io::sink;
use std::time::Instant;

use tachy_profile::analysis::{bottlenecks, hotspots};
use tachy_profile::export;
use tachy_profile::stacks::Stacks;
use tachy_profile::trace::{Operation, Span, Thread, Trace};

const SPANS: u64 = 10_000_000;
const OPERATORS: u64 = 99;

fn main() {
    // Runs of a model with 99 operators, one after the other.
    let spans = (0..SPANS).map(|number| {
        let (run, place) = (number / (OPERATORS + 1), number % (OPERATORS + 1));
        let start = run * 1_001_000 + place.saturating_sub(1) * 10_000;
        let (duration, depth) =
            if place == 0 { (1_000_000, 0) } else { (9_000 + number % 1000, 1) };
        Span { operation: place as u32, thread: 0, start, duration, depth }
    });
    let operations = (0..=OPERATORS).map(|number| Operation {
        name: format!("operator {number}"),
        category: String::new(),
        device: "cpu".to_owned(),
        detail: String::new(),
        work: None,
    });
    let trace = Trace {
        name: "ten million".to_owned(),
        wall: SPANS / (OPERATORS + 1) * 1_001_000,
        operations: operations.collect(),
        threads: vec![Thread { name: "main".to_owned(), id: 1 }],
        spans: spans.collect(),
        ..Trace::default()
    };
    time("hotspots and bottlenecks", || {
        black_box(bottlenecks(&hotspots(&trace)));
    });
    time("stacks for a flame graph", || {
        black_box(Stacks::of_spans(&trace));
    });
    time("Chrome's JSON, to nowhere", || {
        export::chrome(&trace, sink()).expect("nowhere is never full");
    });
}

/// The least of three runs.
fn time(what: &str, run: impl Fn()) {
    let seconds = |_| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    };
    println!("{what:<26} {:.2} s", (0..3).map(seconds).fold(f64::INFINITY, f64::min));
}
