//! A benchmarker for programs: times of operators by device, and how much faster one is than another.

use std::num::NonZeroUsize;
use std::process::Command;
use std::time::Duration;

use tachy_graph::DType;
use tachy_graph::catalogue::{CaseError, CatalogueOperator, Layout, OperatorCase};
use tachy_measure::operators::{
    FamilyCrossings, OperatorComparison, OperatorPlan, PointOutcome, compare, crossings,
};
use tachy_measure::{CompareError, Metric};
use tachy_runtime::{Device, DeviceInfo, Registry};
use tachy_stats::{ComparisonOptions, Estimate, ratio, typical};
use thiserror::Error;

use crate::auto::AUTO;

/// What is measured, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct BenchmarkConfig {
    /// The sizes; the operator's own if there are none.
    pub sizes: Vec<NonZeroUsize>,
    /// The element types; the operator's usual one if there are none. Those that an operator does not have are left out.
    pub dtypes: Vec<DType>,
    /// The layouts.
    pub layouts: Vec<Layout>,
    /// Time that warming up may take at least in each process.
    pub warm_up: Duration,
    /// Time of measuring each case on each device, over all processes.
    pub time: Duration,
    /// Processes of each device.
    pub processes: usize,
    /// How long an engine may take for one answer.
    pub timeout: Duration,
    /// Threads of each engine.
    pub threads: NonZeroUsize,
    /// Seed of inputs and orders.
    pub seed: u64,
}

impl Default for BenchmarkConfig {
    /// The operator's own sizes and usual element type, contiguous, half a second in five processes on one thread.
    fn default() -> Self {
        Self {
            sizes: Vec::new(),
            dtypes: Vec::new(),
            layouts: vec![Layout::Contiguous],
            warm_up: Duration::from_millis(100),
            time: Duration::from_millis(500),
            processes: 5,
            timeout: Duration::from_secs(60),
            threads: NonZeroUsize::MIN,
            seed: 0,
        }
    }
}

/// Measures operators and models on devices, each in child processes.
pub struct Benchmarker {
    pub(crate) registry: Registry,
    pub(crate) worker: Box<dyn Fn() -> Command>,
    pub(crate) config: BenchmarkConfig,
}

/// A benchmark that cannot be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BenchmarkError {
    /// There is no such operator.
    #[error(transparent)]
    Operator(#[from] CaseError),
    /// The device is not there.
    #[error(transparent)]
    Device(#[from] tachy_runtime::Error),
    /// The measurement cannot be made at all.
    #[error(transparent)]
    Compare(#[from] CompareError),
}

/// What one case took on one device.
#[derive(Debug, Clone, PartialEq)]
pub struct Timing {
    /// The case: `matmul:512:f32`.
    pub case: String,
    /// The device.
    pub device: Device,
    /// Seconds of a run, with their interval; or why there are none, as a sentence.
    pub run: Result<Estimate, String>,
    /// Operations in a second.
    pub flops: Option<f64>,
}

/// How much faster one device is than another.
#[derive(Debug, Clone, PartialEq)]
pub struct Speedup {
    /// The case: `matmul:512:f32`.
    pub case: String,
    /// The device.
    pub device: Device,
    /// The device that it is compared with.
    pub reference: Device,
    /// The reference's time divided by the device's: above 1, the device is faster.
    pub ratio: Estimate,
}

/// Devices compared on operators.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceComparison {
    /// The record, with every sample.
    pub record: OperatorComparison,
}

impl Benchmarker {
    /// A benchmarker on the devices of these engines. `worker` gives the command that starts a child process: a program
    /// that calls [`serve`](tachy_measure::serve) with the same engines.
    pub fn new(
        registry: Registry,
        worker: impl Fn() -> Command + 'static,
        config: BenchmarkConfig,
    ) -> Self {
        Self { registry, worker: Box::new(worker), config }
    }

    /// The product of two matrices.
    ///
    /// # Errors
    /// If the device is not there, or nothing can be measured.
    pub fn matmul(&self, device: &Device) -> Result<Vec<Timing>, BenchmarkError> {
        self.operators(&[CatalogueOperator::MatMul], device)
    }

    /// Quantisation: floats to 8-bit integers, back again, and the product of matrices of such integers.
    ///
    /// # Errors
    /// As [`matmul`](Self::matmul).
    pub fn quantization(&self, device: &Device) -> Result<Vec<Timing>, BenchmarkError> {
        use CatalogueOperator::{Dequantize, QMatMul, Quantize};
        self.operators(&[Quantize, Dequantize, QMatMul], device)
    }

    /// An operation on every element: `add` or `multiply`.
    ///
    /// # Errors
    /// As [`matmul`](Self::matmul); and if there is no such operation.
    pub fn elementwise(
        &self,
        operation: &str,
        device: &Device,
    ) -> Result<Vec<Timing>, BenchmarkError> {
        let operator: CatalogueOperator = operation.parse()?;
        match operator {
            CatalogueOperator::Add | CatalogueOperator::Multiply => {
                self.operators(&[operator], device)
            }
            _ => Err(CaseError::UnknownOperator { name: operation.to_owned() }.into()),
        }
    }

    /// Any operators of the catalogue.
    ///
    /// # Errors
    /// As [`matmul`](Self::matmul).
    pub fn operators(
        &self,
        operators: &[CatalogueOperator],
        device: &Device,
    ) -> Result<Vec<Timing>, BenchmarkError> {
        let (backend, device) = self.registry.find(device)?;
        let info = backend.devices().into_iter().filter(|info| info.device == device).collect();
        Ok(self.measure(operators, info)?.timings())
    }

    /// All devices that can be used, on an operator.
    ///
    /// # Errors
    /// If there is no such operator, or nothing can be measured.
    pub fn compare_devices(&self, operator: &str) -> Result<DeviceComparison, BenchmarkError> {
        let operator = operator.parse()?;
        let devices = self.registry.devices().into_iter();
        let devices = devices.filter(|i| i.is_available() && i.device.backend() != AUTO).collect();
        self.measure(&[operator], devices)
    }

    fn measure(
        &self,
        operators: &[CatalogueOperator],
        devices: Vec<DeviceInfo>,
    ) -> Result<DeviceComparison, BenchmarkError> {
        let config = &self.config;
        let mut references = vec![Device::of("cpu")];
        references.extend(devices.iter().map(|info| info.device.clone()));
        references.dedup();
        let plan = OperatorPlan {
            cases: operators.iter().flat_map(|&operator| self.cases(operator)).collect(),
            devices,
            absent: Vec::new(),
            references,
            threads: config.threads.get(),
            seed: config.seed,
            time: config.time,
            warm_up: config.warm_up,
            processes: config.processes.max(1),
            timeout: config.timeout,
        };
        Ok(DeviceComparison { record: compare(&plan, &self.worker, |_| {})? })
    }

    fn cases(&self, operator: CatalogueOperator) -> Vec<OperatorCase> {
        let config = &self.config;
        let own = operator.sizes().iter().filter_map(|&size| NonZeroUsize::new(size));
        let sizes = if config.sizes.is_empty() { own.collect() } else { config.sizes.clone() };
        let usual = &operator.dtypes()[..1];
        let dtypes = if config.dtypes.is_empty() { usual } else { &config.dtypes };
        let mut cases = Vec::new();
        for &dtype in dtypes.iter().filter(|dtype| operator.dtypes().contains(dtype)) {
            for &layout in &config.layouts {
                let of_size = |&size: &NonZeroUsize| OperatorCase { operator, dtype, layout, size };
                cases.extend(sizes.iter().map(of_size));
            }
        }
        cases
    }
}

impl DeviceComparison {
    /// Every case on every device.
    pub fn timings(&self) -> Vec<Timing> {
        let mut timings = Vec::new();
        for point in &self.record.points {
            for row in &point.rows {
                let run = match &row.outcome {
                    PointOutcome::Measured(measured) => {
                        let run = measured.metric(Metric::Run).map(|run| run.processes());
                        typical(&run.unwrap_or_default(), &ComparisonOptions::default())
                            .map_err(|error| error.to_string())
                    }
                    PointOutcome::Wrong { agreement } => Err(format!(
                        "its outputs are wrong: relative L2 error {:.1e}",
                        agreement.relative_l2
                    )),
                    PointOutcome::Unsupported { message }
                    | PointOutcome::Failed { message, .. } => Err(message.clone()),
                };
                let flops = run.as_ref().ok().map(|run| point.flops / run.value);
                let (case, device) = (point.case.clone(), row.device.clone());
                timings.push(Timing { case, device, run, flops });
            }
        }
        timings
    }

    /// How much faster each device is than the reference in every case that both were timed in.
    pub fn speedups(&self, reference: &Device) -> Vec<Speedup> {
        let mut speedups = Vec::new();
        for point in &self.record.points {
            let run = |device: &Device| {
                let row = point.rows.iter().find(|row| row.device == *device)?;
                Some(row.outcome.metric(Metric::Run)?.processes())
            };
            let Some(slow) = run(reference) else { continue };
            for row in point.rows.iter().filter(|row| row.device != *reference) {
                let Some(fast) = run(&row.device) else { continue };
                if let Ok(ratio) = ratio(&slow, &fast, &ComparisonOptions::default()) {
                    let (case, device) = (point.case.clone(), row.device.clone());
                    speedups.push(Speedup { case, device, reference: reference.clone(), ratio });
                }
            }
        }
        speedups
    }

    /// From which size on each device is faster than another.
    pub fn crossings(&self) -> Vec<FamilyCrossings> {
        crossings(&self.record)
    }
}
