//! The time of recurrent layers on one thread, beside that of reading their weights alone.
//!
//! `cargo run --release -p tachy-kernels --example recurrent`
//!
//! The figures are those of the fastest round.

use std::time::Instant;

use tachy_kernels::AlignedVec;
use tachy_kernels::lanes::{Isa, Lanes, Work};
use tachy_kernels::recurrent::{
    Cell, Description, Inputs, Layer, Outputs, Panels, Sequence, Weights,
};

/// Adds numbers up, with eight vectors side by side; from the end if asked for.
struct Reading<'a>(&'a [f32], bool);

impl Work for Reading<'_> {
    type Output = f32;
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) -> f32 {
        // SAFETY: the instruction set is enabled, and every piece has as many elements.
        unsafe {
            let mut sums = [L::splat(0.0); 8];
            let pieces = self.0.len() / (8 * L::LANES);
            for piece in 0..pieces {
                let piece = if self.1 { pieces - 1 - piece } else { piece };
                for (i, sum) in sums.iter_mut().enumerate() {
                    *sum = sum.add(L::load(self.0.as_ptr().add((piece * 8 + i) * L::LANES)));
                }
            }
            sums.into_iter().map(|sum| sum.sum()).sum()
        }
    }
}

fn numbers(count: usize, scale: f32) -> Vec<f32> {
    (0..count).map(|i| ((i * 7919 % 1021) as f32 / 1021.0 - 0.5) * scale).collect()
}

/// The time of the fastest of many rounds, in microseconds.
fn fastest(rounds: usize, repeats: usize, mut run: impl FnMut()) -> f64 {
    let mut round = || {
        let start = Instant::now();
        for _ in 0..repeats {
            run();
        }
        start.elapsed().as_secs_f64() / repeats as f64 * 1e6
    };
    (0..rounds).map(|_| round()).fold(f64::INFINITY, f64::min)
}

fn main() {
    let isa = Isa::best();
    println!("{}, one thread; microseconds", isa.name());
    let cells = [
        ("LSTM", Cell::Lstm { coupled: false }),
        ("GRU", Cell::Gru { linear_before_reset: false }),
        ("GRU, linear before reset", Cell::Gru { linear_before_reset: true }),
        ("RNN", Cell::Rnn),
    ];
    for (hidden, steps, samples) in
        [(32, 1, 1), (64, 16, 1), (256, 1, 1), (256, 128, 1), (256, 32, 4)]
    {
        for (name, cell) in cells {
            let rows = cell.gates() * hidden;
            let (w, r) = (numbers(rows * hidden, 0.1), numbers(rows * hidden, 0.1));
            let weights =
                Weights { inputs: Some(&w), recurrent: &r, biases: None, peepholes: None };
            let layer = Layer::new(isa, Description::new(cell, hidden, hidden), weights);
            let x = numbers(steps * samples * rows, 1.0);
            let mut y = vec![0.0; steps * samples * hidden];
            let (mut state, mut memory) =
                (vec![0.0; samples * hidden], vec![0.0; samples * hidden]);
            let mut scratch = AlignedVec::zeros(layer.scratch_len());
            let repeats = (1 << 22) / (rows * hidden * steps * samples) + 1;
            let mut run = |inputs: Inputs| {
                fastest(30, repeats, || {
                    let sequence = Sequence {
                        inputs,
                        steps,
                        samples,
                        lengths: None,
                        reverse: false,
                        outputs: Some(Outputs {
                            pointer: y.as_mut_ptr(),
                            step_stride: samples * hidden,
                            sample_stride: hidden,
                        }),
                        state: &mut state,
                        memory: &mut memory,
                    };
                    // SAFETY: there are as many inputs and outputs.
                    unsafe { layer.run(sequence, &mut scratch) }
                })
            };
            let projected = run(Inputs::Projected(x.as_ptr()));
            let plain = run(Inputs::Plain(x.as_ptr()));
            println!(
                "{name:>25} {hidden:>4} × {steps:>3} steps × {samples}: {projected:>9.2} projected, {plain:>9.2} with W"
            );
        }
    }
    // What the weights of the LSTM with 256 units cost at least: their pure reading, and their product with a vector.
    let (rows, hidden) = (1024, 256);
    let mut weights = AlignedVec::zeros(rows * hidden);
    weights.copy_from_slice(&numbers(rows * hidden, 0.1));
    let panels = Panels::new(isa, &weights, rows, hidden);
    let (h, mut y) = (numbers(hidden, 1.0), vec![0.0; rows]);
    let mut backward = false;
    let forward = fastest(30, 128, || {
        std::hint::black_box(isa.run(Reading(&weights, false)));
    });
    let alternating = fastest(30, 128, || {
        backward = !backward;
        std::hint::black_box(isa.run(Reading(&weights, backward)));
    });
    let product = fastest(30, 128, || panels.accumulate(&h, &mut y));
    println!(
        "reading {rows} × {hidden} weights: {forward:.2}, to and fro: {alternating:.2}; their product with a vector: {product:.2}"
    );
}
