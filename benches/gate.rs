//! A fixed amount of one kernel's work, as a process that a gate can time: `gate NAME`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let name = std::env::args().nth(1).unwrap_or_default();
    // Some tens of milliseconds each: long beside the start of a process.
    let (mut work, times): (Box<dyn FnMut()>, usize) = match &*name {
        "product" => (Box::new(tachy_benches::product(256)), 150),
        "convolution" => (Box::new(tachy_benches::convolution(28, 128)), 20),
        "pointwise" => (Box::new(tachy_benches::pointwise(1 << 14)), 8000),
        "softmax" => (Box::new(tachy_benches::softmax(1024)), 800),
        _ => {
            eprintln!(
                "There is no such work; there are product, convolution, pointwise and softmax."
            );
            return ExitCode::from(2);
        }
    };
    for _ in 0..times {
        work();
    }
    ExitCode::SUCCESS
}
