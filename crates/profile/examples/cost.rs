//! What a span costs: begin and end on one thread, while a session records and while none does.
//!
//! `cargo run --release -p tachy-profile --example cost`; with `--features off`, what is left when spans are compiled
//! out.

use std::hint::black_box;
use std::time::Instant;

use tachy_profile::clock::{Calibration, Reading, source, ticks};
use tachy_profile::record::{OperationId, Options, Session, is_recording, record_completed, span};
use tachy_profile::span;
use tachy_profile::trace::Operation;

/// Spans between two looks at the clock for the median: one alone is shorter than the clock's own cost.
const BATCH: u64 = 64;
const BATCHES: usize = 20_000;

fn main() {
    println!("clock: {:?}, {:.1} ns a reading", source(), clock_cost());
    let off = off_cost();
    println!("no session: {off:.2} ns a span");

    let operation = OperationId::register(Operation::new("registered"));
    println!("                          median      p99");
    print("span!", || drop(span!("empty")));
    print("span(id)", || drop(span(operation)));
    let mut last = ticks();
    print("record_completed, chained", || {
        let now = ticks();
        record_completed(operation, last, now);
        last = now;
    });
    let session = Session::start("cost").expect("no other session records");
    assert_eq!(is_recording(), !cfg!(feature = "off"));
    let trace = session.stop();
    println!("as a session measures it: {:.1} ns a span", trace.overhead.per_span);
}

/// Nanoseconds of one span: the median over batches, and the 99th percentile of spans one by one, from which the
/// cost of looking at the clock is taken off.
fn print(name: &str, mut step: impl FnMut()) {
    let session = Options::new()
        .memory(256 << 20)
        .prefault(true)
        .start("cost")
        .expect("no other session records");
    let start = Reading::now();
    let mut batches: Vec<u64> = (0..BATCHES)
        .map(|_| {
            let before = ticks();
            for _ in 0..BATCH {
                step();
            }
            ticks() - before
        })
        .collect();
    let alone = |step: &mut dyn FnMut()| {
        let mut singles: Vec<u64> = (0..BATCHES * 8)
            .map(|_| {
                let before = ticks();
                step();
                ticks() - before
            })
            .collect();
        singles.sort_unstable();
        (singles[singles.len() / 2], singles[singles.len() / 100 * 99])
    };
    let (nothing, _) = alone(&mut || {});
    let (_, p99) = alone(&mut step);
    let calibration = Calibration::new(start, Reading::now());
    let trace = session.stop();
    assert_eq!(trace.overhead.dropped, 0);
    batches.sort_unstable();
    let median = calibration.duration(batches[BATCHES / 2]) as f64 / BATCH as f64;
    let p99 = calibration.duration(p99.saturating_sub(nothing));
    println!("{name:25} {median:4.1} ns  {p99:4} ns");
}

/// Nanoseconds of one reading of the clock.
fn clock_cost() -> f64 {
    per_turn(|| {
        black_box(ticks());
    })
}

/// Nanoseconds that a span adds to a loop while no session records.
fn off_cost() -> f64 {
    let with = per_turn(|| {
        let _span = span!("off");
        black_box(());
    });
    let without = per_turn(|| {
        black_box(());
    });
    (with - without).max(0.0)
}

/// The least of several runs.
fn per_turn(mut step: impl FnMut()) -> f64 {
    const TURNS: u32 = 2_000_000;
    (0..15)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..TURNS {
                step();
            }
            start.elapsed().as_secs_f64() * 1e9 / f64::from(TURNS)
        })
        .fold(f64::INFINITY, f64::min)
}
