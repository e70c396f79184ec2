//! What a device reaches at best, through its own engine: bytes moved and operations done in a second.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tachy_graph::catalogue::{CatalogueOperator, Layout, OperatorCase};
use tachy_graph::cost::Cost;
use tachy_graph::{DType, Tensor};
use tachy_runtime::{Device, DeviceInfo};

use crate::agreement::agreement;
use crate::compare::{CompareError, Event};
use crate::harness::{Harness, unexpected};
use crate::measurement::Metric;
use crate::model::ModelSource;
use crate::process::{Silence, WorkerProcess};
use crate::protocol::{Reply, Request};
use crate::scratch::ScratchFolder;
use crate::subject::Subject;

/// The sizes of sums: the first is compared with the reference, the others are larger than caches are.
const SUMS: [usize; 3] = [256, 4096, 8192];
/// The sizes of products of matrices: the first is compared with the reference.
const PRODUCTS: [usize; 6] = [128, 512, 1024, 2048, 4096, 8192];
/// Seconds of a call beyond which nothing larger is tried: twice the size takes eight times as long.
const LONG: f64 = 0.05;
/// Seconds of a call beyond which one call warms up well enough.
const WARM: f64 = 0.02;
/// A larger size that is not better by this factor is the last one.
const GAIN: f64 = 1.05;
/// Sizes below this one do not tell that a rate has reached its peak.
const LARGE: usize = 1024;

/// Which devices to measure, and how.
#[derive(Debug, Clone)]
pub struct PeaksPlan {
    /// The devices, present ones only.
    pub devices: Vec<DeviceInfo>,
    /// The device that gives the reference outputs.
    pub reference: Device,
    /// Threads of each engine.
    pub threads: usize,
    /// Time of measuring each size.
    pub time: Duration,
    /// How long an engine may take for one answer.
    pub timeout: Duration,
}

/// What devices reach at best.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Peaks {
    /// One for each device.
    pub devices: Vec<DevicePeaks>,
}

/// What one device reaches at best.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DevicePeaks {
    /// The device.
    pub device: Device,
    /// The engine and its version.
    pub description: String,
    /// Bytes read and written in a second, in sums of large matrices of f32.
    pub bandwidth: Rate,
    /// Operations in a second in products of matrices, by element type.
    pub products: BTreeMap<String, Rate>,
    /// Seconds of the smallest sum: what an operator costs before it does anything.
    pub overhead: Option<f64>,
}

/// A rate, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Rate {
    /// It was measured.
    Known {
        /// Bytes or operations in a second.
        per_second: f64,
        /// The case in which it was reached.
        case: String,
    },
    /// It was not.
    Absent {
        /// Why not, as a sentence.
        reason: String,
    },
}

impl Rate {
    /// Bytes or operations in a second.
    pub fn per_second(&self) -> Option<f64> {
        match self {
            Rate::Known { per_second, .. } => Some(*per_second),
            Rate::Absent { .. } => None,
        }
    }
}

impl Peaks {
    /// The peaks of a device.
    pub fn of(&self, device: &Device) -> Option<&DevicePeaks> {
        self.devices.iter().find(|peaks| peaks.device == *device)
    }
}

impl DevicePeaks {
    /// The least seconds that work can take by what the device reaches at best (Williams, Waterman and Patterson, 2009):
    /// those of its arithmetic, where the peak is known for the element type, or of its traffic, whichever is longer.
    pub fn least_seconds(&self, cost: &Cost, dtype: &str) -> Option<f64> {
        let arithmetic =
            self.products.get(dtype).and_then(Rate::per_second).map(|rate| cost.flops / rate);
        let traffic = self.bandwidth.per_second().map(|rate| cost.bytes() / rate);
        match (arithmetic, traffic) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (one, other) => one.or(other),
        }
    }
}

/// Measures the peaks of devices, one after the other, each in a process of its own.
///
/// # Errors
/// If there is no device or no temporary folder. What a device lacks or does wrong is told in its place.
pub fn peaks(
    plan: &PeaksPlan,
    worker: impl Fn() -> Command,
    mut observe: impl FnMut(Event<'_>),
) -> Result<Peaks, CompareError> {
    if plan.devices.is_empty() {
        return Err(CompareError::NoDevice);
    }
    let scratch = ScratchFolder::new().map_err(CompareError::Scratch)?;
    let seconds = plan.time.as_secs_f64();
    let harness = Harness {
        worker: &worker,
        scratch: &scratch,
        share: seconds,
        least_warm_up: seconds,
        timeout: plan.timeout,
    };
    let kinds = [(CatalogueOperator::Add, DType::F32)].into_iter().chain(
        CatalogueOperator::MatMul.dtypes().iter().map(|&dtype| (CatalogueOperator::MatMul, dtype)),
    );
    let kinds: Vec<(CatalogueOperator, DType)> = kinds.collect();
    let mut session = Session { plan, harness, references: BTreeMap::new() };
    let mut devices = Vec::new();
    for (done, info) in plan.devices.iter().enumerate() {
        observe(Event::Starting { device: &info.device, process: 0 });
        let mut process = None;
        let mut rates = kinds
            .iter()
            .map(|&(operator, dtype)| session.rate(&info.device, operator, dtype, &mut process));
        let (bandwidth, overhead) = rates.next().unwrap_or_else(absent);
        let products = kinds[1..].iter().zip(rates);
        let products = products.map(|((_, dtype), (rate, _))| (dtype.to_string(), rate)).collect();
        devices.push(DevicePeaks {
            device: info.device.clone(),
            description: info.description.clone(),
            bandwidth,
            products,
            overhead,
        });
        observe(Event::Progress { done: done + 1, of: plan.devices.len() });
    }
    Ok(Peaks { devices })
}

fn absent() -> (Rate, Option<f64>) {
    (Rate::Absent { reason: "it was not measured".to_owned() }, None)
}

struct Session<'a, W> {
    plan: &'a PeaksPlan,
    harness: Harness<'a, W>,
    references: BTreeMap<String, Result<Vec<Tensor>, String>>,
}

impl<W: Fn() -> Command> Session<'_, W> {
    /// The best rate over the sizes, and the seconds of the smallest.
    fn rate(
        &mut self,
        device: &Device,
        operator: CatalogueOperator,
        dtype: DType,
        process: &mut Option<WorkerProcess>,
    ) -> (Rate, Option<f64>) {
        let sizes: &[usize] = if operator == CatalogueOperator::MatMul { &PRODUCTS } else { &SUMS };
        let (mut best, mut smallest): (Option<(f64, String)>, _) = (None, None);
        for (place, &size) in sizes.iter().enumerate() {
            let size = size.try_into().expect("the sizes are above zero");
            let case = OperatorCase { operator, dtype, layout: Layout::Contiguous, size };
            let seconds = match self.fastest(device, &case, place == 0, process) {
                Ok(seconds) => seconds,
                // What is too large for the device does not unmake what was reached below it.
                Err(_) if best.is_some() => break,
                Err(reason) => return (Rate::Absent { reason }, None),
            };
            if place == 0 {
                smallest = Some(seconds);
                continue;
            }
            let Ok(cost) = case.cost() else { break };
            let work =
                if operator == CatalogueOperator::MatMul { cost.flops } else { cost.bytes() };
            let rate = work / seconds;
            let reached = best.as_ref().map_or(0.0, |(best, _)| *best);
            if rate > reached {
                best = Some((rate, case.to_string()));
            }
            if seconds > LONG || (size.get() > LARGE && rate < GAIN * reached) {
                break;
            }
        }
        let rate = match best {
            Some((per_second, case)) => Rate::Known { per_second, case },
            None => Rate::Absent { reason: "no size could be measured".to_owned() },
        };
        (rate, smallest)
    }

    /// The fastest run of a case, in seconds, after its outputs were compared with the reference if that is asked for.
    fn fastest(
        &mut self,
        device: &Device,
        case: &OperatorCase,
        checked: bool,
        kept: &mut Option<WorkerProcess>,
    ) -> Result<f64, String> {
        let subject = self.subject(case);
        let expected = if checked { Some(self.reference(case, &subject)?) } else { None };
        let harness = &self.harness;
        let mut process = match kept.take() {
            Some(process) => process,
            None => harness.start().map_err(|(_, silence)| silence.message())?,
        };
        let measured = (|| -> Result<f64, Silence> {
            let loaded = harness
                .load(&mut process, device, &subject, true)
                .map_err(|(_, silence)| silence)?;
            let (first_call, outputs) = harness
                .first_call(&mut process, loaded.outputs.len())
                .map_err(|(_, silence)| silence)?;
            if let Some(expected) = &expected {
                let agreement = agreement(&loaded.output_names, &outputs, expected);
                if !agreement.holds() {
                    let message =
                        format!("its outputs are wrong: relative L2 {:.1e}", agreement.relative_l2);
                    return Err(Silence::Failed { message, bad_input: false, unsupported: false });
                }
            }
            let seconds = harness.share;
            if first_call < WARM {
                process.ask(&Request::WarmUp { seconds }, harness.timeout)?;
            }
            match process.ask(&Request::Sample { seconds }, harness.timeout)? {
                Reply::Sampled { series, .. } => {
                    let runs = series.iter().find(|series| series.metric == Metric::Run);
                    let times = runs.map_or(&[][..], |runs| &runs.samples);
                    Ok(times.iter().copied().fold(f64::INFINITY, f64::min))
                }
                _ => Err(unexpected()),
            }
        })();
        if !matches!(measured, Err(Silence::Broken(_))) {
            *kept = Some(process);
        }
        match measured {
            Ok(seconds) if seconds > 0.0 && seconds.is_finite() => Ok(seconds),
            Ok(_) => Err("its runs took no time at all".to_owned()),
            Err(silence) => Err(silence.message()),
        }
    }

    fn subject(&self, case: &OperatorCase) -> Subject {
        Subject {
            model: ModelSource::Operator { case: case.to_string(), seed: 0 },
            threads: self.plan.threads,
            dims: Default::default(),
            input_shapes: Default::default(),
            input_files: Default::default(),
            variant: None,
            seed: 0,
        }
    }

    fn reference(&mut self, case: &OperatorCase, subject: &Subject) -> Result<Vec<Tensor>, String> {
        let name = case.to_string();
        if let Some(known) = self.references.get(&name) {
            return known.clone();
        }
        let outputs = (|| {
            let mut process = self.harness.start()?;
            let loaded = self.harness.load(&mut process, &self.plan.reference, subject, false)?;
            Ok(self.harness.first_call(&mut process, loaded.outputs.len())?.1)
        })();
        let outputs = outputs.map_err(|(_, silence): (_, Silence)| {
            format!("the reference could not be computed: {}", silence.message())
        });
        self.references.insert(name, outputs.clone());
        outputs
    }
}
