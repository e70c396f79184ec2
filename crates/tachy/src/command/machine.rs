//! What this machine can do, measured once and remembered.

use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use tachy_graph::cost::{MachineModel, MemoryLevel};
use tachy_tune::cache_folder;

use super::failure::Failure;

/// A machine is measured again after so long, in case that it was disturbed the last time.
const FRESH: Duration = Duration::from_hours(24);

/// What was measured, and on what.
#[derive(Serialize, Deserialize)]
struct Remembered {
    version: String,
    processor: String,
    threads: usize,
    flop_rate: f64,
    /// Bytes of each level of memory (none for the last), and bytes in a second.
    levels: Vec<(Option<f64>, f64)>,
    kernel_overhead: f64,
}

/// The ceilings of this machine for so many threads. They are what was reached at best: a day later they are measured
/// anew, and what is better counts.
pub(super) fn ceilings(threads: NonZeroUsize) -> Result<MachineModel, Failure> {
    let processor = crate::registry::machine();
    let file = cache_folder().map(|folder| folder.join(format!("machine-{threads}-threads.json")));
    let known = file.as_ref().and_then(|file| {
        let known: Remembered = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
        let same = known.version == env!("CARGO_PKG_VERSION")
            && known.processor == processor
            && known.threads == threads.get();
        let written = fs::metadata(file).and_then(|file| file.modified()).ok()?;
        let age = SystemTime::now().duration_since(written).unwrap_or_default();
        same.then_some((known, age < FRESH))
    });
    let known = match known {
        Some((known, true)) => return Ok(known.model()),
        Some((known, false)) => Some(known),
        None => None,
    };
    let mut model = tachy_cpu::calibrate(threads)?;
    if let Some(known) = known {
        model = better(&model, &known.model());
    }
    if let Some(file) = file {
        let remembered = Remembered::new(&model, processor, threads);
        remember(&file, &remembered);
    }
    Ok(model)
}

/// Writes what was found out to a file. Whoever cannot remember measures again.
fn remember(file: &Path, what: &impl Serialize) {
    let text = serde_json::to_string_pretty(what).expect("it is plain data");
    let _ = file.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(file, text));
}

fn better(a: &MachineModel, b: &MachineModel) -> MachineModel {
    let levels = a
        .levels
        .iter()
        .zip(&b.levels)
        .map(|(a, b)| MemoryLevel { size: a.size, bandwidth: a.bandwidth.max(b.bandwidth) });
    MachineModel {
        flop_rate: a.flop_rate.max(b.flop_rate),
        levels: levels.collect(),
        kernel_overhead: a.kernel_overhead.min(b.kernel_overhead),
    }
}

impl Remembered {
    fn new(model: &MachineModel, processor: String, threads: NonZeroUsize) -> Self {
        let finite = |size: f64| size.is_finite().then_some(size);
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            processor,
            threads: threads.get(),
            flop_rate: model.flop_rate,
            levels: model.levels.iter().map(|l| (finite(l.size), l.bandwidth)).collect(),
            kernel_overhead: model.kernel_overhead,
        }
    }

    fn model(&self) -> MachineModel {
        let level = |&(size, bandwidth): &(Option<f64>, f64)| MemoryLevel {
            size: size.unwrap_or(f64::INFINITY),
            bandwidth,
        };
        MachineModel {
            flop_rate: self.flop_rate,
            levels: self.levels.iter().map(level).collect(),
            kernel_overhead: self.kernel_overhead,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_what_was_measured() {
        let threads = NonZeroUsize::new(3).unwrap();
        let model = MachineModel::default();
        let remembered = Remembered::new(&model, "some processor".to_owned(), threads);
        let text = serde_json::to_string(&remembered).unwrap();
        let known: Remembered = serde_json::from_str(&text).unwrap();
        assert_eq!(known.model(), model);
        assert_eq!((known.threads, &*known.processor), (3, "some processor"));
        let faster = MachineModel { flop_rate: 2.0 * model.flop_rate, ..model.clone() };
        assert_eq!(better(&model, &faster), faster);
    }
}
