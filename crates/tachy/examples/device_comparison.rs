//! Operators and a model compared on the devices of this machine: `cargo run --release --example device_comparison`.

use std::num::NonZeroUsize;
use std::time::Duration;

use tachy::graph::DType;
use tachy::measure::ModelSource;
use tachy::measure::variants::Precision;
use tachy::report::Look;
use tachy::report::variants::VariantReport;
use tachy::runtime::Device;
use tachy::tune::{BenchmarkConfig, ModelVariants};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The benchmarker's child processes are this program again.
    tachy::serve_if_worker();

    let benchmarker = tachy::benchmarker(BenchmarkConfig {
        sizes: [64, 256].into_iter().filter_map(NonZeroUsize::new).collect(),
        dtypes: vec![DType::F32],
        time: Duration::from_millis(200),
        timeout: Duration::from_secs(30),
        processes: 3,
        ..BenchmarkConfig::default()
    });

    let native = Device::of("cpu");
    for timing in benchmarker.elementwise("add", &native)? {
        match timing.run {
            Ok(run) => println!("{} on {}: {:.1} µs", timing.case, timing.device, run.value * 1e6),
            Err(reason) => println!("{} on {}: {reason}", timing.case, timing.device),
        }
    }

    let comparison = benchmarker.compare_devices("matmul")?;
    for speedup in comparison.speedups(&native) {
        let interval = speedup.ratio.interval.map_or(String::new(), |interval| {
            format!(" ({:.2}–{:.2})", interval.low, interval.high)
        });
        println!(
            "{}: {} is {:.2} times as fast as {}{interval}",
            speedup.case, speedup.device, speedup.ratio.value, speedup.reference
        );
    }

    // A whole model, in two precisions at two batch sizes.
    let model = ModelSource::Zoo { name: "mlp".to_owned(), seed: 0, batch: 1 };
    let variants = ModelVariants {
        precisions: vec![Precision::F32, Precision::F16],
        batches: vec![1, 8],
        devices: vec![native],
        ..ModelVariants::default()
    };
    let comparison = benchmarker.models(&[model], &variants)?;
    print!("\n{}", VariantReport::new(&comparison).terminal(Look::plain(100)));
    Ok(())
}
