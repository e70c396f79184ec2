//! The small programs that the trial runs: this program itself, under other arguments.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use rand::{Rng, SeedableRng};
use tachy_kernels::convolution::{Algorithm, Convolution, Geometry, Images, Outlet};
use tachy_kernels::lanes::Isa;
use tachy_kernels::team::Team;
use tachy_measure::duel::Program;

/// A program that makes so many calls of the native engine's kernel, and ends.
pub fn calls(count: usize) -> Program {
    Program { line: line("kernel", count), shell: false, folder: None }
}

/// The line of a program of this trial.
pub fn line(kind: &str, argument: usize) -> String {
    let program = std::env::current_exe().expect("this program has a path");
    format!("{} {kind} {argument}", shell_words::quote(&program.to_string_lossy()))
}

/// Whether this process is one of those programs; if so, its work is done.
pub fn is_one(kind: &str, arguments: &[String]) -> bool {
    let number = arguments.first().and_then(|argument| argument.parse().ok());
    match (kind, number) {
        ("kernel", Some(count)) => kernel(count),
        ("bursts", Some(parent)) => bursts(parent),
        _ => return false,
    }
    true
}

/// Convolutions as in the middle of a residual network: 14 × 14 pixels, 32 channels to 32, 3 × 3, on one thread.
fn kernel(count: u32) {
    let (size, channels, filter) = (14, 32, 3);
    let geometry = Geometry {
        batch: 1,
        input: Images::dense(size, size, channels, channels),
        output: Images::dense(size, size, channels, channels),
        kernel: [filter, filter],
        stride: [1, 1],
        dilation: [1, 1],
        padding: [1, 1],
        groups: 1,
    };
    let weights = vec![0.01; channels * channels * filter * filter];
    let input = vec![0.5f32; size * size * channels];
    let mut output = vec![0.0f32; size * size * channels];
    let team = Team::new(NonZeroUsize::MIN).expect("one thread needs nothing");
    let layer = Convolution::with(Algorithm::Direct, Isa::best(), 1, geometry, &weights, None);
    let mut scratch = vec![0.0; layer.scratch()];
    let range = (f32::NEG_INFINITY, f32::INFINITY);
    for _ in 0..count {
        let outlet = Outlet { out: output.as_mut_ptr(), addend: None, range, finish: None };
        // SAFETY: the vectors are as long as the geometry says.
        unsafe { layer.run(&team, input.as_ptr(), &outlet, &mut scratch) };
    }
    std::hint::black_box(&output);
}

/// A neighbour that loads one core in bursts, until the trial has ended or ends it.
fn bursts(trial: u32) {
    let mut random = rand::rngs::StdRng::seed_from_u64(u64::from(trial));
    let orphaned = || !std::path::Path::new(&format!("/proc/{trial}")).exists();
    while !orphaned() {
        let burst = Duration::from_millis(random.random_range(20..400));
        let start = Instant::now();
        while start.elapsed() < burst {
            std::hint::spin_loop();
        }
        std::thread::sleep(Duration::from_millis(random.random_range(20..400)));
    }
}
