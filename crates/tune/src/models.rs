//! The benchmarker on whole models: every device in every precision, resolution and batch size.

use tachy_measure::ModelSource;
use tachy_measure::variants::{Precision, VariantComparison, VariantPlan, compare};
use tachy_runtime::{Device, DeviceInfo};

use crate::auto::AUTO;
use crate::benchmarker::{BenchmarkError, Benchmarker};

/// Which variants of models to measure, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelVariants {
    /// The precisions; f32 if there are none.
    pub precisions: Vec<Precision>,
    /// The resolutions; each model's own if there are none.
    pub resolutions: Vec<usize>,
    /// The batch sizes; each model's own if there are none.
    pub batches: Vec<usize>,
    /// The devices; all that can be used if there are none.
    pub devices: Vec<Device>,
}

impl Benchmarker {
    /// Models on devices: latency, memory, energy and error of every variant. The benchmarker's time, processes, time-out,
    /// threads and seed count; its sizes, element types and layouts are those of operators.
    ///
    /// # Errors
    /// If a device is not there, or a model cannot be built in a size.
    pub fn models(
        &self,
        models: &[ModelSource],
        variants: &ModelVariants,
    ) -> Result<VariantComparison, BenchmarkError> {
        let all = self.registry.devices();
        let devices: Vec<DeviceInfo> = match &variants.devices[..] {
            [] => {
                let usable =
                    |info: &DeviceInfo| info.is_available() && info.device.backend() != AUTO;
                all.into_iter().filter(usable).collect()
            }
            named => {
                let mut devices = Vec::new();
                for device in named {
                    let (_, device) = self.registry.find(device)?;
                    devices.extend(all.iter().find(|info| info.device == device).cloned());
                }
                devices
            }
        };
        let mut references = vec![Device::of("cpu")];
        references.extend(devices.iter().map(|info| info.device.clone()));
        references.dedup();
        let config = &self.config;
        let plan = VariantPlan {
            models: models.to_vec(),
            precisions: variants.precisions.clone(),
            resolutions: variants.resolutions.clone(),
            batches: variants.batches.clone(),
            devices,
            absent: Vec::new(),
            references,
            threads: config.threads.get(),
            dims: Default::default(),
            input_shapes: Default::default(),
            input_files: Default::default(),
            seed: config.seed,
            time: config.time,
            processes: config.processes.max(1),
            timeout: config.timeout,
        };
        Ok(compare(&plan, &self.worker, |_| {})?)
    }
}
