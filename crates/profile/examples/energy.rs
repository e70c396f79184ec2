//! The energy counters of this machine, and how often they step: `cargo run --package tachy-profile --example energy
//! --features nvml`.

use std::path::Path;
use std::time::{Duration, Instant};

use tachy_profile::energy::{EnergyAbsent, EnergyMeter, EnergySource};

fn main() {
    for source in [EnergySource::Packages, EnergySource::Gpu(0)] {
        if let Err(absent) = watch(source) {
            println!("{source:?}: absent. {absent}");
        }
    }
}

/// Reads a counter as fast as it goes for two seconds.
fn watch(source: EnergySource) -> Result<(), EnergyAbsent> {
    let meter = EnergyMeter::open(source, Path::new("/"))?;
    let (start, first) = (Instant::now(), meter.read()?);
    let (mut last, mut steps, mut reads) = (0.0, 0u32, 0u32);
    let spent = loop {
        let spent = first.until(&meter.read()?);
        reads += 1;
        steps += u32::from(spent.joules > last);
        last = spent.joules;
        if start.elapsed() >= Duration::from_secs(2) {
            break spent;
        }
    };
    println!(
        "{source:?}: {:.2} W over {:.2} s; {steps} steps in {reads} readings: one every {:.1} ms.",
        spent.watts().unwrap_or_default(),
        spent.seconds,
        1e3 * spent.seconds / f64::from(steps.max(1))
    );
    Ok(())
}
