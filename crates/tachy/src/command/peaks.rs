//! What each device reaches at best, measured once and remembered.

use std::num::NonZeroUsize;
use std::time::Duration;

use tachy_command::child;
use tachy_measure::operators::{Peaks, PeaksPlan, peaks};
use tachy_runtime::{Device, DeviceInfo};
use tachy_tune::{AUTO, PeaksMemory, cache_folder};

use super::failure::Failure;
use super::progress::Progress;

/// Time of measuring each size.
const TIME: Duration = Duration::from_millis(150);
/// How long an engine may take for one answer.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The peaks of these devices for so many threads. Devices that are not known yet, or whose engine is another by now, are
/// measured; with `anew`, all are.
pub(super) fn find(
    devices: &[DeviceInfo],
    threads: NonZeroUsize,
    anew: bool,
) -> Result<Peaks, Failure> {
    let memory = cache_folder().map(|folder| PeaksMemory::new(folder, crate::registry::machine()));
    let mut known = memory.as_ref().map(|memory| memory.read(threads)).unwrap_or_default();
    let is_known = |info: &DeviceInfo| {
        known.of(&info.device).is_some_and(|peaks| peaks.description == info.description)
    };
    // What chooses among the others has no peak of its own.
    let unknown: Vec<DeviceInfo> = devices
        .iter()
        .filter(|info| info.device.backend() != AUTO && (anew || !is_known(info)))
        .cloned()
        .collect();
    if !unknown.is_empty() {
        let progress = Progress::new(unknown.len() as u64);
        let plan = PeaksPlan {
            devices: unknown,
            reference: Device::of("cpu"),
            threads: threads.get(),
            time: TIME,
            timeout: TIMEOUT,
        };
        let measured = peaks(&plan, child::command, |event| progress.observe(event))?;
        for device in measured.devices {
            known.devices.retain(|other| other.device != device.device);
            known.devices.push(device);
        }
        if let Some(memory) = memory {
            memory.write(threads, &known);
        }
    }
    let wanted = |device: &Device| devices.iter().any(|info| info.device == *device);
    known.devices.retain(|peaks| wanted(&peaks.device));
    Ok(known)
}
