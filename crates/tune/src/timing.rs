//! Timing one graph on several devices in turns.

use std::time::Duration;

use tachy_graph::Tensor;
use tachy_measure::{agreement, random_tensor};
use tachy_runtime::{CompileOptions, Device, DeviceInfo, Executable, Result, contain};

use crate::auto::{AUTO, Shared};
use crate::engines::{Source, available};

/// Turns of each device at least.
const FEWEST: usize = 5;
/// A turn lasts about so long, or one batch: the first batches of it may be disturbed by threads of the engine before,
/// which wait for more work for a while without sleeping.
const TURN: Duration = Duration::from_millis(5);
/// A batch lasts about so long, so that reading the clock does not matter.
const BATCH: Duration = Duration::from_millis(1);
/// A device whose quickest batch is slower than the best one's by this factor after the first rounds is not timed further.
const HOPELESS: f64 = 3.0;

/// A device that does the work.
pub(crate) struct Candidate {
    pub info: DeviceInfo,
    pub executable: Box<dyn Executable>,
    batch: u32,
    /// Of a call, batch by batch; infinite where one failed.
    times: Vec<f64>,
}

impl Candidate {
    /// The device, and what one batch in four stays below: whatever else the machine does makes batches longer, never
    /// shorter.
    pub(crate) fn typical(&self) -> (Device, f64) {
        let mut times = self.times.clone();
        times.sort_by(f64::total_cmp);
        let seconds = times.get(times.len() / 4).copied().unwrap_or(f64::INFINITY);
        (self.info.device.clone(), seconds)
    }

    fn least(&self) -> f64 {
        self.times.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// Times batches for a turn.
    fn take_turn(&mut self, inputs: &[Tensor], outputs: &mut [Tensor], now: impl Fn() -> Duration) {
        let Self { executable, batch, times, .. } = self;
        let start = now();
        let mut begin = start;
        loop {
            let calls = contain(AUTO, "measure a device", || {
                (0..*batch).try_for_each(|_| {
                    executable.bind(inputs)?;
                    executable.run()?;
                    executable.fetch(outputs)
                })
            });
            let end = now();
            let seconds = (end - begin).as_secs_f64() / f64::from(*batch);
            times.push(if calls.is_ok() { seconds } else { f64::INFINITY });
            // A clock that stands still would never end this.
            if calls.is_err() || end == begin || end - start >= TURN {
                break;
            }
            begin = end;
        }
    }
}

impl Shared {
    /// Times whole calls on those of these devices that compute what the reference does; the fastest first. Devices take
    /// turns, each second round in the reverse order. `None` if no device at all computes anything to compare with.
    pub(crate) fn measure(
        &self,
        source: &Source,
        options: &CompileOptions,
        devices: &[DeviceInfo],
    ) -> Option<Vec<Candidate>> {
        let (inputs, expected) = self.reference(source, options)?;
        let now = || (self.clock)();
        let mut candidates: Vec<Candidate> = Vec::new();
        for info in devices {
            let Ok(mut executable) = source.compile(&self.registry, &info.device, options) else {
                continue;
            };
            let names: Vec<String> =
                executable.signature().outputs.iter().map(|port| port.name.clone()).collect();
            let mut call = || contain(AUTO, "measure a device", || executable.call(&inputs));
            let Ok(outputs) = call() else { continue };
            if !agreement(&names, &outputs, &expected).holds() {
                continue;
            }
            let start = now();
            if call().is_err() {
                continue;
            }
            let once = (now() - start).as_secs_f64();
            let batch = (BATCH.as_secs_f64() / once.max(1e-9)).clamp(1.0, 1e4) as u32;
            candidates.push(Candidate { info: info.clone(), executable, batch, times: Vec::new() });
        }
        let mut outputs = expected;
        let limit = self.options.measuring * candidates.len() as u32;
        let start = now();
        let mut round = 0;
        while !candidates.is_empty() && (round < FEWEST || now() - start < limit) {
            let best = candidates.iter().map(Candidate::least).fold(f64::INFINITY, f64::min);
            for candidate in &mut candidates {
                if round >= FEWEST && candidate.least() > HOPELESS * best {
                    continue;
                }
                candidate.take_turn(&inputs, &mut outputs, now);
            }
            // Who fails now is not chosen.
            candidates.retain(|candidate| candidate.times.iter().all(|time| time.is_finite()));
            candidates.reverse();
            round += 1;
            // A clock that stands still would never end this.
            if round > 100_000 {
                break;
            }
        }
        candidates.sort_by(|a, b| a.typical().1.total_cmp(&b.typical().1));
        Some(candidates)
    }

    /// Inputs, and what the first device that computes them as the graph is defined gives for them: whether it is measured
    /// or not.
    fn reference(
        &self,
        source: &Source,
        options: &CompileOptions,
    ) -> Option<(Vec<Tensor>, Vec<Tensor>)> {
        let as_defined = CompileOptions { optimize: false, ..options.clone() };
        let compute = |info: &DeviceInfo| -> Result<(Vec<Tensor>, Vec<Tensor>)> {
            let mut executable = source.compile(&self.registry, &info.device, &as_defined)?;
            let ports = executable.signature().inputs.iter().enumerate();
            let inputs = ports.map(|(place, port)| {
                let known = options.known_inputs.get(&port.name);
                known.map_or_else(|| random_tensor(&port.ty, 0, place), |tensor| Ok(tensor.clone()))
            });
            let inputs = inputs.collect::<std::result::Result<Vec<_>, _>>()?;
            let outputs = contain(AUTO, "compute the reference", || executable.call(&inputs))?;
            Ok((inputs, outputs))
        };
        available(&self.registry).iter().find_map(|info| compute(info).ok())
    }
}
