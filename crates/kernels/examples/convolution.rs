//! The rate of convolutions as they stand in real models, by each algorithm that fits, on one thread.
//!
//! `cargo run --release -p tachy-kernels --example convolution`

use std::num::NonZeroUsize;
use std::time::Instant;

use tachy_kernels::convolution::{Algorithm, Convolution, Geometry, Images, Outlet};
use tachy_kernels::lanes::Isa;
use tachy_kernels::team::Team;

fn main() {
    // Height and width of the input, input and output channels, filter, stride, groups.
    let layers = [
        (224, 3, 64, 7, 2, 1),
        (56, 64, 64, 1, 1, 1),
        (56, 64, 256, 1, 1, 1),
        (56, 256, 64, 1, 1, 1),
        (56, 64, 64, 3, 1, 1),
        (56, 128, 128, 3, 2, 1),
        (28, 128, 128, 3, 1, 1),
        (28, 512, 128, 1, 1, 1),
        (14, 256, 256, 3, 1, 1),
        (14, 1024, 256, 1, 1, 1),
        (14, 256, 1024, 1, 1, 1),
        (7, 512, 512, 3, 1, 1),
        (7, 2048, 512, 1, 1, 1),
        (7, 512, 2048, 1, 1, 1),
        (224, 64, 64, 3, 1, 1),
        (56, 256, 256, 3, 1, 1),
        (112, 16, 16, 3, 2, 16),
        (28, 96, 96, 5, 1, 96),
        (14, 240, 240, 5, 1, 240),
        (28, 24, 72, 1, 1, 1),
    ];
    let isa = Isa::best();
    let team = Team::new(NonZeroUsize::MIN).expect("one thread needs nothing");
    println!(
        "{}, one thread; GFLOP/s count the multiplications and additions of the definition",
        isa.name()
    );
    for (size, inputs, outputs, filter, stride, groups) in layers {
        let out = (size + 2 * (filter / 2) - filter) / stride + 1;
        let pitch =
            |channels: usize| if channels.is_multiple_of(512) { channels + 16 } else { channels };
        let geometry = Geometry {
            batch: 1,
            input: Images::dense(size, size, inputs, pitch(inputs)),
            output: Images::dense(out, out, outputs, pitch(outputs)),
            kernel: [filter, filter],
            stride: [stride, stride],
            dilation: [1, 1],
            padding: [filter / 2, filter / 2],
            groups,
        };
        let weights = vec![0.01; outputs * inputs / groups * filter * filter];
        let input = vec![0.5f32; size * size * pitch(inputs)];
        let mut output = vec![0.0f32; out * out * pitch(outputs)];
        let operations = 2.0 * (out * out * weights.len()) as f64;
        print!("{size:>4} {inputs:>5} → {outputs:<5} {filter}×{filter}/{stride} g{groups:<4}");
        for algorithm in [Algorithm::Direct, Algorithm::Depthwise, Algorithm::Winograd] {
            let fits = match algorithm {
                Algorithm::Direct => groups == 1,
                Algorithm::Depthwise => groups > 1,
                Algorithm::Winograd => filter == 3 && stride == 1 && groups == 1,
            };
            if !fits {
                continue;
            }
            let layer = Convolution::with(algorithm, isa, 1, geometry, &weights, None);
            let mut scratch = vec![0.0; layer.scratch()];
            let range = (f32::NEG_INFINITY, f32::INFINITY);
            let outlet = Outlet { out: output.as_mut_ptr(), addend: None, range, finish: None };
            let mut fastest = f64::INFINITY;
            let begin = Instant::now();
            while begin.elapsed().as_secs_f64() < 0.15 {
                let start = Instant::now();
                // SAFETY: the vectors are as long as the geometry says.
                unsafe { layer.run(&team, input.as_ptr(), &outlet, &mut scratch) };
                fastest = fastest.min(start.elapsed().as_secs_f64());
            }
            let chosen = if Convolution::best(isa, &geometry) == algorithm { "*" } else { "" };
            print!(
                "  {algorithm:?}{chosen} {:.3} ms {:.0} GFLOP/s",
                fastest * 1e3,
                operations / fastest / 1e9
            );
        }
        println!();
    }
}
