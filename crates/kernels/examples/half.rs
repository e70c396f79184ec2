//! What weights of 16 bits gain: products and recurrent layers with weights of f32, f16 and bf16 beside one another.
//!
//! `cargo run --release -p tachy-kernels --example half [-- THREADS]`
//!
//! The three take turns within each of many rounds; the figures are medians of the rounds' times, and of the rounds'
//! ratios. The share is that of the rate at which numbers of f32 are added up from memory of the same number of bytes.

use std::num::NonZeroUsize;
use std::time::Instant;

use tachy_kernels::AlignedVec;
use tachy_kernels::lanes::{Isa, Lanes, Work};
use tachy_kernels::product::{
    Epilogue, MatrixMut, MatrixRef, Operands, PackedLayout, PackedWeights, Product,
};
use tachy_kernels::recurrent::{Cell, Description, Inputs, Layer, Sequence, Weights};
use tachy_kernels::team::Team;
use tachy_kernels::weight::WeightType;

/// Seconds that a line of the table takes.
const SECONDS: f64 = 1.5;

/// Adds numbers up, with eight vectors side by side.
struct Reading<'a>(&'a [f32]);

impl Work for Reading<'_> {
    type Output = f32;
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) -> f32 {
        // SAFETY: the instruction set is enabled, and every piece has as many elements.
        unsafe {
            let mut sums = [L::splat(0.0); 8];
            for piece in self.0.chunks_exact(8 * L::LANES) {
                for (i, sum) in sums.iter_mut().enumerate() {
                    *sum = sum.add(L::load(piece.as_ptr().add(i * L::LANES)));
                }
            }
            sums.into_iter().map(|sum| sum.sum()).sum()
        }
    }
}

fn numbers(length: usize, mut seed: u32, scale: f32) -> AlignedVec {
    let mut numbers = AlignedVec::zeros(length);
    for number in numbers.iter_mut() {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *number = ((seed >> 8) as f32 / (1 << 23) as f32 - 1.0) * scale;
    }
    numbers
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// Prints a line: `run(i)` runs with the weights of type i, of which there are so many, and `flops` operations.
fn measure(
    name: &str,
    isa: Isa,
    team: &Team,
    (weights, flops): (usize, f64),
    mut run: impl FnMut(usize),
) {
    // Reading alone, of as much memory as the weights of f32 and those of 16 bits take.
    let memory = numbers(weights, 3, 1.0);
    let read = |count: usize| {
        let per_task = (count / team.threads()).next_multiple_of(16);
        team.run(team.threads(), |task| {
            let end = ((task + 1) * per_task).min(count);
            std::hint::black_box(isa.run(Reading(&memory[task * per_task..end])));
        });
    };
    let repeats = (2e-4 * 20e9 / (flops + 4.0 * weights as f64)) as usize + 1;
    let mut seconds = [const { Vec::new() }; 5];
    let begin = Instant::now();
    while seconds[4].len() < 5 || begin.elapsed().as_secs_f64() < SECONDS {
        let round = seconds[4].len();
        for turn in 0..5 {
            let kind = (turn + round) % 5;
            let mut once = || match kind {
                3 => read(weights),
                4 => read(weights / 2),
                kind => run(kind),
            };
            once();
            let start = Instant::now();
            (0..repeats).for_each(|_| once());
            seconds[kind].push(start.elapsed().as_secs_f64() / repeats as f64);
        }
    }
    let ratio =
        |kind: usize| median(seconds[0].iter().zip(&seconds[kind]).map(|(a, b)| a / b).collect());
    let gains = [ratio(1), ratio(2)];
    let seconds = seconds.map(median);
    print!("{name:>22}");
    for (kind, kept_as) in WeightType::ALL.into_iter().enumerate() {
        let bytes = (weights * kept_as.size()) as f64;
        let reading = if kind == 0 { seconds[3] } else { seconds[4] };
        print!(
            " | {:>9.2} µs {:>6.1} GB/s {:>4.0}%",
            seconds[kind] * 1e6,
            bytes / seconds[kind] / 1e9,
            reading / seconds[kind] * 100.0
        );
    }
    println!(" | {:>5.2} {:>5.2} | {:>6.1}", gains[0], gains[1], flops / seconds[0] / 1e9);
}

fn product(isa: Isa, team: &Team, m: usize, (k, n): (usize, usize)) {
    struct Shared<'a>(Operands<'a>, *mut f32);
    // SAFETY: tasks write blocks of the result of their own, and threads have scratch memory of their own.
    unsafe impl Sync for Shared<'_> {}
    let (a, b) = (numbers(m * k, 1, 1.0), numbers(k * n, 2, 1.0));
    let ways = WeightType::ALL.map(|kept_as| {
        let layout = PackedLayout::new(isa, m, k, n);
        let product = Product::new(isa, team.threads(), m, layout).with_weights(kept_as);
        let scratch = AlignedVec::zeros(product.scratch() * team.threads());
        let packed = PackedWeights::new(kept_as, isa, m, (k, n), &b, (n, 1));
        (product, packed, scratch)
    });
    let mut out = AlignedVec::zeros(m * n);
    let flops = 2.0 * (m * k * n) as f64;
    measure(&format!("{m} × {k} × {n}"), isa, team, (k * n, flops), |kind| {
        let (product, packed, scratch) = &ways[kind];
        let operands = Operands {
            a: MatrixRef { first: a.as_ptr(), pitch: k },
            b: packed.right(),
            addend: None,
            epilogue: Epilogue::NONE,
            out: MatrixMut { first: out.as_mut_ptr(), pitch: n },
        };
        let shared = Shared(operands, scratch.as_ptr().cast_mut());
        team.run_as_member(product.tasks(), |task, member| {
            let (shared, length) = (&shared, product.scratch());
            // SAFETY: the matrices are of these sizes, and there is scratch memory for each member.
            unsafe {
                let scratch = std::slice::from_raw_parts_mut(shared.1.add(member * length), length);
                product.run_with(task, &shared.0, scratch);
            }
        });
    });
}

/// A step of an LSTM with as many inputs as hidden units.
fn step(isa: Isa, hidden: usize) {
    let team = Team::new(NonZeroUsize::MIN).expect("a team of one needs no thread");
    let (w, r) = (numbers(4 * hidden * hidden, 1, 0.1), numbers(4 * hidden * hidden, 2, 0.1));
    let weights = Weights { inputs: Some(&w), recurrent: &r, biases: None, peepholes: None };
    let layers = WeightType::ALL.map(|kept_as| {
        let mut description = Description::new(Cell::Lstm { coupled: false }, hidden, hidden);
        description.weights = kept_as;
        Layer::new(isa, description, weights)
    });
    let x = numbers(hidden, 3, 1.0);
    let mut states = AlignedVec::zeros(2 * hidden);
    let mut scratch = AlignedVec::zeros(layers[0].scratch_len(1));
    let count = 8 * hidden * hidden;
    measure(&format!("LSTM {hidden}"), isa, &team, (count, 2.0 * count as f64), |kind| {
        let sequence = Sequence {
            inputs: Inputs::Plain(x.as_ptr()),
            steps: 1,
            samples: 1,
            lengths: None,
            reverse: false,
            outputs: None,
            state: states.as_mut_ptr(),
            memory: states.as_mut_ptr().wrapping_add(hidden),
        };
        // SAFETY: there are as many inputs and states.
        unsafe { layers[kind].run(&sequence, &mut scratch) }
    });
}

fn main() {
    let threads = std::env::args().nth(1).map(|threads| threads.parse().expect("a number"));
    let team = Team::new(threads.unwrap_or(NonZeroUsize::MIN)).expect("the system gives threads");
    let isa = Isa::best();
    println!("{}, {} thread(s)", isa.name(), team.threads());
    println!("time, bytes of weights in a second, share of the rate of reading alone, for");
    println!("f32 | f16 | bf16 | times as fast as f32: f16, bf16 | GFLOP/s with f32");
    for size in [1024, 4096] {
        for rows in [1, 4, 16, 256] {
            product(isa, &team, rows, (size, size));
        }
    }
    for size in [64, 256] {
        product(isa, &team, 1, (size, size));
    }
    for hidden in [256, 1024] {
        step(isa, hidden);
    }
}
