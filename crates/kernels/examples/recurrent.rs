//! The time of recurrent layers on one thread and on several, beside that of reading their weights alone and of what
//! threads take to meet.
//!
//! `cargo run --release -p tachy-kernels --example recurrent [THREADS]`
//!
//! The figures are those of the fastest round.

use std::num::NonZeroUsize;
use std::time::Instant;

use tachy_kernels::AlignedVec;
use tachy_kernels::lanes::{Isa, Lanes, Work};
use tachy_kernels::recurrent::{
    Cell, Costs, Description, Inputs, Layer, Outputs, Panels, Sequence, Sharing, Weights, Workload,
};
use tachy_kernels::team::Team;
use tachy_kernels::weight::WeightType;

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

/// One or two directions of a layer, and what they read and write.
struct Trial {
    workload: Workload,
    w: Vec<f32>,
    r: Vec<f32>,
    x: Vec<f32>,
    y: Vec<f32>,
    states: Vec<f32>,
}

impl Trial {
    fn new(workload: Workload) -> Self {
        let Workload { description: Description { cell, inputs, hidden, .. }, .. } = workload;
        let rows = cell.gates() * hidden;
        let places = workload.steps * workload.samples;
        Self {
            w: numbers(rows * inputs, 0.1),
            r: numbers(rows * hidden, 0.1),
            x: numbers(places * rows.max(inputs), 1.0),
            y: vec![0.0; workload.directions * places * hidden],
            states: vec![0.0; 2 * workload.directions * workload.samples * hidden],
            workload,
        }
    }

    /// Microseconds of a run that is shared like this.
    fn time(&mut self, isa: Isa, team: &Team, sharing: Sharing) -> f64 {
        let Workload { description, directions, steps, samples, plain } = self.workload;
        let hidden = description.hidden;
        let weights = Weights {
            inputs: plain.then_some(&self.w),
            recurrent: &self.r,
            biases: None,
            peepholes: None,
        };
        let layer = || Layer::in_parts(isa, sharing.parts(), description, weights);
        let layers: Vec<_> = (0..directions).map(|_| layer()).collect();
        let layers: Vec<_> = layers.iter().collect();
        let mut scratch = AlignedVec::zeros(sharing.scratch_len(&layers, samples));
        let inputs = match plain {
            true => Inputs::Plain(self.x.as_ptr()),
            false => Inputs::Projected(self.x.as_ptr()),
        };
        let states = samples * hidden;
        let mut runs = Vec::new();
        for (direction, layer) in layers.iter().enumerate() {
            let sequence = Sequence {
                inputs,
                steps,
                samples,
                lengths: None,
                reverse: direction == 1,
                outputs: Some(Outputs {
                    pointer: self.y.as_mut_ptr().wrapping_add(direction * steps * states),
                    step_stride: states,
                    sample_stride: hidden,
                }),
                state: self.states.as_mut_ptr().wrapping_add(2 * direction * states),
                memory: self.states.as_mut_ptr().wrapping_add((2 * direction + 1) * states),
            };
            runs.push((*layer, sequence));
        }
        let weights = description.cell.gates() * hidden * hidden;
        let repeats = (1 << 22) / (weights * steps * samples * directions) + 1;
        // SAFETY: there are as many inputs and outputs.
        fastest(30, repeats, || unsafe { sharing.run(team, &runs, &mut scratch) })
    }
}

fn main() {
    let isa = Isa::best();
    let threads = std::env::args().nth(1).and_then(|argument| argument.parse().ok());
    let threads = threads.unwrap_or_else(|| std::thread::available_parallelism().unwrap());
    let team = Team::new(threads).expect("the system gives the threads");
    let one = Team::new(NonZeroUsize::MIN).expect("a team of one needs no thread");
    println!("{}; microseconds: one thread | {threads} threads | what is chosen", isa.name());
    let cells = [
        ("LSTM", Cell::Lstm { coupled: false }),
        ("GRU", Cell::Gru { linear_before_reset: false }),
        ("GRU, linear before reset", Cell::Gru { linear_before_reset: true }),
        ("RNN", Cell::Rnn),
    ];
    for (hidden, steps, samples, directions, plain) in [
        (32, 1, 1, 1, true),
        (64, 16, 1, 1, false),
        (128, 128, 1, 1, false),
        (256, 1, 1, 1, false),
        (256, 1, 1, 1, true),
        (256, 128, 1, 1, false),
        (256, 128, 1, 2, false),
        (256, 32, 4, 1, false),
        (256, 32, 16, 1, false),
    ] {
        for (name, cell) in cells {
            let description = Description::new(cell, hidden, hidden);
            let workload = Workload { description, directions, steps, samples, plain };
            let mut trial = Trial::new(workload);
            let alone = trial.time(isa, &one, Sharing::ALONE);
            print!(
                "{name:>25} {hidden:>3}{} × {steps:>3} steps × {samples:>2}{}: {alone:>8.2} |",
                if directions == 2 { " both ways" } else { "" },
                if plain { " with W" } else { "" },
            );
            for sharing in &Sharing::all(threads.get(), &workload)[1..] {
                let time = trial.time(isa, &team, *sharing);
                print!(" {sharing}: {time:.2} ({:.2}×),", alone / time);
            }
            let chosen = Sharing::choose(threads.get(), &workload, &Costs::default());
            println!(" | {chosen}");
        }
    }
    meetings(&team);
    weights(isa);
}

/// What the threads of a team take to begin together, and to meet.
fn meetings(team: &Team) {
    let hand_over = fastest(30, 1000, || team.run_together(|_| {}));
    let meetings = 1000;
    let together = fastest(30, 1, || {
        team.run_together(|member| {
            let mut barrier = member.barrier(0..member.members());
            (0..meetings).for_each(|_| barrier.wait());
        });
    });
    let barrier = (together - hand_over) / f64::from(meetings);
    println!("{} threads: {hand_over:.2} to begin and end, {barrier:.3} to meet", team.threads());
}

/// What the weights of the LSTM with 256 units cost at least: their pure reading, and their product with a vector.
fn weights(isa: Isa) {
    let (rows, hidden) = (1024, 256);
    let mut weights = AlignedVec::zeros(rows * hidden);
    weights.copy_from_slice(&numbers(rows * hidden, 0.1));
    let panels = Panels::new(isa, WeightType::F32, &weights, rows, hidden);
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
