//! The rate of square products of f32 beside OpenBLAS and the `gemm` crate.
//!
//! `cargo run --release -p tachy-kernels --example product [-- THREADS [SIZE…]]`
//!
//! All matrices are given row-major and begin at a cache line. What an implementation packs, it packs within the measured call; `weights packed`
//! leaves that out for the right-hand matrix, as it is for constants. The implementations take turns within each of many
//! rounds; the figures are means of the fastest quarter of the rounds. OpenBLAS is loaded at run time: see [`openblas`].

mod openblas;

use std::num::NonZeroUsize;
use std::time::Instant;

use openblas::OpenBlas;
use tachy_kernels::AlignedVec;
use tachy_kernels::lanes::Isa;
use tachy_kernels::product::{
    Epilogue, MatrixMut, MatrixRef, Operands, PackedLayout, Product, Right,
};
use tachy_kernels::team::Team;

const SIZES: [usize; 11] = [64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048];

/// Seconds that a size takes, at least.
const SECONDS: f64 = 1.2;

/// Rounds, at least.
const ROUNDS: usize = 12;

/// A square product to be measured: `out = a · b`.
struct Square<'a> {
    n: usize,
    a: &'a [f32],
    b: &'a [f32],
    out: &'a mut [f32],
}

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| {
        argument.parse::<NonZeroUsize>().expect("the arguments are a number of threads, then sizes")
    });
    let threads = arguments.next().unwrap_or(NonZeroUsize::MIN);
    let mut sizes: Vec<usize> = arguments.map(NonZeroUsize::get).collect();
    if sizes.is_empty() {
        sizes.extend(SIZES);
    }
    let isa = Isa::best();
    let team = Team::new(threads).expect("the system gives as many threads");
    let openblas = match OpenBlas::load(threads.get()) {
        Ok(openblas) => Some(openblas),
        Err(error) => {
            println!("{error}");
            None
        }
    };
    println!("{}, {threads} thread(s), n × n × n, GFLOP/s", isa.name());
    println!(
        "{:>6} {:>9} {:>9} {:>9} {:>15} {:>12}",
        "n", "OpenBLAS", "gemm", "ours", "weights packed", "ours / best"
    );
    let mut least = f64::INFINITY;
    for n in sizes {
        let seconds = measure(n, isa, &team, openblas.as_ref());
        let rate = seconds.map(|seconds| 2.0 * (n as f64).powi(3) / seconds / 1e9);
        let ratio = rate[2] / rate[0].max(rate[1]);
        least = least.min(ratio);
        println!(
            "{n:>6} {:>9.1} {:>9.1} {:>9.1} {:>15.1} {ratio:>12.3}",
            rate[0], rate[1], rate[2], rate[3]
        );
    }
    println!("the least of ours / best: {least:.3}");
}

/// Seconds of OpenBLAS (infinite without it), `gemm`, ours, and ours with the right-hand matrix packed before.
fn measure(n: usize, isa: Isa, team: &Team, openblas: Option<&OpenBlas>) -> [f64; 4] {
    let (a, b) = (numbers(n * n, 1), numbers(n * n, 2));
    let mut results = [(); 4].map(|()| AlignedVec::zeros(n * n));
    let (mut ours, mut ahead) = (Ours::new(n, isa, team), Ours::new(n, isa, team));
    ahead.product.layout().pack(&b, n, 1, &mut ahead.packed);
    let mut run = |kind: usize, out: &mut [f32]| {
        let square = Square { n, a: &a, b: &b, out };
        match kind {
            0 => openblas.expect("asked for only if there is one").multiply(square),
            1 => gemm(square, team.threads()),
            2 => ours.multiply(square),
            _ => ahead.multiply_packed(square),
        }
    };
    let kinds = if openblas.is_some() { 0..4 } else { 1..4 };
    // The work of some 10⁸ operations, so that the clock does not matter.
    let repeats = (1 << 25_usize) / (n * n * n) + 1;
    let mut seconds = [const { Vec::new() }; 4];
    let begin = Instant::now();
    while seconds[1].len() < ROUNDS || begin.elapsed().as_secs_f64() < SECONDS {
        let round = seconds[1].len();
        for turn in kinds.clone() {
            let kind = kinds.start + (turn + round) % kinds.len();
            let out = &mut results[kind];
            run(kind, out);
            let start = Instant::now();
            (0..repeats).for_each(|_| run(kind, out));
            seconds[kind].push(start.elapsed().as_secs_f64() / repeats as f64);
        }
    }
    for kind in kinds {
        compare(&results[kind], &results[1], n);
    }
    seconds.map(fastest_quarter)
}

/// Stops if two results differ by more than sums in another order may.
fn compare(ours: &[f32], theirs: &[f32], n: usize) {
    let allowed = 1e-6 * n as f32;
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert!((ours - theirs).abs() <= allowed, "{ours} and {theirs} are results of {n}");
    }
}

fn fastest_quarter(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds.truncate(seconds.len().div_ceil(4));
    if seconds.is_empty() {
        return f64::INFINITY;
    }
    seconds.iter().sum::<f64>() / seconds.len() as f64
}

fn numbers(length: usize, mut seed: u32) -> AlignedVec {
    let mut numbers = AlignedVec::zeros(length);
    for number in numbers.iter_mut() {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *number = (seed >> 8) as f32 / (1 << 23) as f32 - 1.0;
    }
    numbers
}

/// Our product, with its memory.
struct Ours<'a> {
    product: Product,
    team: &'a Team,
    packed: AlignedVec,
    scratch: AlignedVec,
}

impl<'a> Ours<'a> {
    fn new(n: usize, isa: Isa, team: &'a Team) -> Self {
        let product = Product::new(isa, team.threads(), n, PackedLayout::new(isa, n, n, n));
        let packed = AlignedVec::zeros(product.layout().len());
        let scratch = AlignedVec::zeros(product.scratch() * team.threads());
        Self { product, team, packed, scratch }
    }

    /// The product, with all that has to be done if the right-hand matrix is another one each time.
    fn multiply(&mut self, square: Square<'_>) {
        let (n, layout) = (square.n, self.product.layout());
        if self.product.reads_in_place() {
            layout.pack_ragged(square.b, n, &mut self.packed);
            let matrix = MatrixRef { first: square.b.as_ptr(), pitch: n };
            let right = Right::InPlace { matrix, ragged: &self.packed };
            multiply(&self.product, self.team, square, right, &mut self.scratch);
        } else {
            layout.pack_on(self.team, square.b, n, 1, &mut self.packed);
            self.multiply_packed(square);
        }
    }

    /// The product with what is packed already.
    fn multiply_packed(&mut self, square: Square<'_>) {
        let right = Right::Packed(&self.packed);
        multiply(&self.product, self.team, square, right, &mut self.scratch);
    }
}

fn multiply(
    product: &Product,
    team: &Team,
    square: Square<'_>,
    right: Right<'_>,
    scratch: &mut [f32],
) {
    struct Shared<'a>(Operands<'a>, *mut f32);
    // SAFETY: tasks write blocks of the result of their own, and threads have scratch memory of their own.
    unsafe impl Sync for Shared<'_> {}
    let operands = Operands {
        a: MatrixRef { first: square.a.as_ptr(), pitch: square.n },
        b: right,
        addend: None,
        epilogue: Epilogue::NONE,
        out: MatrixMut { first: square.out.as_mut_ptr(), pitch: square.n },
    };
    let shared = Shared(operands, scratch.as_mut_ptr());
    team.run_as_member(product.tasks(), |task, member| {
        let shared = &shared;
        let length = product.scratch();
        // SAFETY: the matrices are of these sizes, and there is scratch memory for each member.
        unsafe {
            let scratch = std::slice::from_raw_parts_mut(shared.1.add(member * length), length);
            product.run_with(task, &shared.0, scratch);
        }
    });
}

fn gemm(square: Square<'_>, threads: usize) {
    let Square { n, a, b, out } = square;
    let stride = n as isize;
    let parallelism = match threads {
        1 => gemm_common::Parallelism::None,
        threads => gemm_common::Parallelism::Rayon(threads),
    };
    let gemm = gemm_f32::gemm::f32::get_gemm_fn();
    // SAFETY: the matrices are of these sizes. The kernel wants a column-major result, so the operands change places.
    unsafe {
        gemm(
            n,
            n,
            n,
            out.as_mut_ptr(),
            stride,
            1,
            false,
            b.as_ptr(),
            stride,
            1,
            a.as_ptr(),
            stride,
            1,
            1.0,
            1.0,
            false,
            false,
            false,
            parallelism,
        );
    }
}
