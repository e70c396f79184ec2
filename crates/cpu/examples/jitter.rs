//! How evenly one step of an LSTM of 256 units runs: `cargo run --release -p tachy-cpu --example jitter [RUNS]`.
//!
//! Every run is timed, and so is, in turns with it, a loop of arithmetic of the same length that touches no memory: what
//! disturbs that one is the machine, not the engine. A processor core of its own shows the engine alone.
#![allow(missing_docs)]

use std::hint::black_box;
use std::time::Instant;

use tachy_cpu::CpuBackend;
use tachy_graph::{DType, Graph, GraphBuilder, Tensor};
use tachy_runtime::{Backend, CompileOptions, Device};

const SIZE: usize = 64;
const HIDDEN: usize = 256;

fn step() -> Result<Graph, Box<dyn std::error::Error>> {
    let mut builder = GraphBuilder::new("step");
    let x = builder.input("x", DType::F32, [1, 1, SIZE]);
    let mut constant = |name: &str, shape: &[usize]| {
        let count: usize = shape.iter().product();
        let numbers = (0..count).map(|index| (index * 7919 % 1021) as f32 / 10_210.0 - 0.05);
        let tensor = Tensor::new(shape, &numbers.collect::<Vec<f32>>())?;
        Ok::<_, Box<dyn std::error::Error>>(builder.constant(name, tensor))
    };
    let weights = constant("weights", &[1, 4 * HIDDEN, SIZE])?;
    let recurrent = constant("recurrent weights", &[1, 4 * HIDDEN, HIDDEN])?;
    let biases = constant("biases", &[1, 8 * HIDDEN])?;
    let [y, _, _] = builder.lstm(x, weights, recurrent, biases)?;
    builder.output(y, "y")?;
    Ok(builder.build()?)
}

/// A chain of multiplications, each of which waits for the one before.
fn arithmetic(count: u64) -> f64 {
    let mut product = black_box(1.0);
    for _ in 0..count {
        product *= black_box(1.000_000_1);
    }
    product
}

fn quantile(sorted: &[f64], q: f64) -> f64 {
    sorted[((sorted.len() as f64 * q) as usize).min(sorted.len() - 1)]
}

fn report(name: &str, samples: &mut [f64]) {
    samples.sort_unstable_by(f64::total_cmp);
    let median = quantile(samples, 0.5);
    let tail = quantile(samples, 0.999);
    println!(
        "{name:<12} median {median:>8.2} µs   p99 {:>8.2}   p99.9 {tail:>8.2}   most {:>8.2}   p99.9 / median {:.3}",
        quantile(samples, 0.99),
        samples[samples.len() - 1],
        tail / median,
    );
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runs: usize = std::env::args().nth(1).map_or(Ok(200_000), |runs| runs.parse())?;
    let mut executable =
        CpuBackend.compile(&step()?, &Device::of("cpu"), &CompileOptions::default())?;
    executable.bind(&[Tensor::new(&[1, 1, SIZE], &[0.5f32; SIZE])?])?;

    let seconds = |work: &mut dyn FnMut()| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    };
    let mut run = || executable.run().expect("it was bound");
    // As many multiplications as take the time of a run.
    let warm = 1000;
    let of_runs = (0..warm).map(|_| seconds(&mut run)).fold(f64::INFINITY, f64::min);
    let of_many = (0..warm)
        .map(|_| seconds(&mut || _ = black_box(arithmetic(1000))))
        .fold(f64::INFINITY, f64::min);
    let count = (1000.0 * of_runs / of_many) as u64;

    let (mut steps, mut idle) = (Vec::with_capacity(runs), Vec::with_capacity(runs));
    for _ in 0..runs {
        steps.push(seconds(&mut run) * 1e6);
        idle.push(seconds(&mut || _ = black_box(arithmetic(count))) * 1e6);
    }
    report("LSTM step", &mut steps);
    report("arithmetic", &mut idle);
    Ok(())
}
