//! Ten million spans: written to a file, opened and summarised.
//!
//! `cargo run --release -p tachy-profile --example ten_million`

use std::time::Instant;

use tachy_profile::trace::{Operation, Span, Thread, Trace};

const SPANS: usize = 10_000_000;
const OPERATIONS: u32 = 1_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let trace = trace();
    let path = std::env::temp_dir().join(format!("ten-million-{}.trace", std::process::id()));
    let start = Instant::now();
    trace.save(&path)?;
    let written = start.elapsed().as_secs_f64();
    let bytes = std::fs::metadata(&path)?.len();
    let start = Instant::now();
    let opened = Trace::open(&path);
    let read = start.elapsed().as_secs_f64();
    std::fs::remove_file(&path)?;
    let opened = opened?;
    let start = Instant::now();
    let statistics = opened.statistics();
    let unattributed = opened.unattributed();
    let summarised = start.elapsed().as_secs_f64();

    assert!(opened == trace, "what is read is what was written");
    assert_eq!(statistics.iter().map(|it| it.count).sum::<u64>(), SPANS as u64);
    let own: u64 = statistics.iter().map(|it| it.self_time).sum();
    println!("{:.2} bytes a span", bytes as f64 / SPANS as f64);
    println!("written in {written:.2} s, opened in {read:.2} s, summarised in {summarised:.2} s");
    println!(
        "opened and summarised: {:.2} s; all: {:.2} s",
        read + summarised,
        written + read + summarised
    );
    println!(
        "spans and unattributed time make up {:.3}% of the wall time",
        (own + unattributed) as f64 / opened.wall as f64 * 100.0
    );
    Ok(())
}

/// Runs of a model of a thousand operators, with kernels in every other one.
fn trace() -> Trace {
    let mut random = 1u64;
    let mut next = |below: u64| {
        // Marsaglia's xorshift64.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    let mut spans: Vec<Span> = Vec::with_capacity(SPANS + 4);
    let mut now = 1_000;
    let add = |spans: &mut Vec<Span>, operation: u64, start: u64, duration: u64, depth: u32| {
        spans.push(Span { operation: operation as u32, thread: 0, start, duration, depth });
    };
    while spans.len() < SPANS {
        let run = spans.len();
        let start = now;
        add(&mut spans, 0, start, 0, 0);
        for operator in 1..u64::from(OPERATIONS) {
            now += 20 + next(40);
            let duration = 10_000 + next(90_000);
            add(&mut spans, operator, now, duration, 1);
            if operator % 2 == 0 {
                add(&mut spans, operator - 1, now + 30, duration - 100, 2);
            }
            now += duration;
        }
        now += 50;
        spans[run].duration = now - start;
        now += next(5_000);
    }
    spans.truncate(SPANS);
    Trace {
        name: "ten million".into(),
        wall: now,
        operations: (0..OPERATIONS)
            .map(|index| Operation::new(format!("operator {index}")))
            .collect(),
        threads: vec![Thread { name: "main".into(), id: 1 }],
        spans,
        ..Trace::default()
    }
}
