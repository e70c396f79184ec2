//! Samples two functions under spans, writes a flame graph, and says what a sample costs:
//! `cargo run --release -p tachy-profile --features exports,sampling --example sampling -- flame-graph.svg`.

use std::error::Error;
use std::fs::File;
use std::hint::black_box;
use std::time::Instant;

use tachy_profile::export;
use tachy_profile::record::Session;
use tachy_profile::sampling::Sampler;

#[inline(never)]
fn tokenise(rounds: u64) -> u64 {
    (0..rounds).fold(1, |sum, number| black_box(sum ^ number).wrapping_mul(31))
}

#[inline(never)]
fn embed(rounds: u64) -> f64 {
    (0..rounds).fold(1.0, |sum, number| black_box(sum + number as f64).sqrt())
}

fn work() -> f64 {
    let start = Instant::now();
    for _ in 0..100 {
        let _request = tachy_profile::span!("request");
        black_box(tokenise(1_000_000));
        let _embedding = tachy_profile::span!("embedding");
        black_box(embed(300_000));
    }
    start.elapsed().as_secs_f64()
}

fn main() -> Result<(), Box<dyn Error>> {
    work();
    let session = Session::start("sampling")?;
    let sampler = Sampler::start(250)?;
    work();
    let samples = sampler.stop();
    let trace = session.stop();
    println!("{} samples, {} dropped", samples.samples.len(), samples.dropped);
    let stacks = samples.fold(Some(&trace));
    export::folded(&stacks, std::io::stdout())?;
    if let Some(path) = std::env::args().nth(1) {
        export::flame_graph(&stacks, File::create(path)?)?;
    }

    // Turns with and without, so that a change of the machine's speed meets both.
    let (mut with, mut without) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..5 {
        let sampler = Sampler::start(250)?;
        with = with.min(work());
        drop(sampler.stop());
        without = without.min(work());
    }
    println!("250 samples a second make it {:+.2}% slower", (with / without - 1.0) * 100.0);
    Ok(())
}
