//! Plugins: OpenVINO's devices.

use openvino::{Core, DeviceType, PropertyKey, RwPropertyKey};
use tachy_runtime::{Availability, CompileOptions, Result};

use crate::failure::{during, words};
use crate::library::Loaded;

/// One plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plugin {
    Cpu,
    Gpu,
    Npu,
}

impl Plugin {
    pub(crate) const ALL: [Self; 3] = [Self::Cpu, Self::Gpu, Self::Npu];

    /// The device's name after `openvino:`.
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Gpu => "gpu",
            Self::Npu => "npu",
        }
    }

    pub(crate) fn device(self) -> DeviceType<'static> {
        match self {
            Self::Cpu => DeviceType::CPU,
            Self::Gpu => DeviceType::GPU,
            Self::Npu => DeviceType::NPU,
        }
    }

    /// What the plugin runs on, in its own words, if it can be used.
    pub(crate) fn hardware(self, core: &Core) -> Option<String> {
        let devices = core.available_devices().ok()?;
        // Several devices of one kind are numbered: `GPU.0`, `GPU.1`. The bare name is the first of them.
        let is_own = |device: &DeviceType<'_>| {
            device.as_ref().split('.').next() == Some(self.device().as_ref())
        };
        devices.iter().any(is_own).then(|| {
            core.get_property(&self.device(), &PropertyKey::DeviceFullName).unwrap_or_default()
        })
    }

    /// Why the plugin cannot be used, and what would change that.
    pub(crate) fn absence(self, core: &Core, library: &Loaded) -> Availability {
        let name = self.device();
        let reason = match core.versions(name.as_ref()) {
            Ok(_) => {
                format!("OpenVINO {} finds no {name} on this machine.", library.version)
            }
            Err(error) => format!(
                "The OpenVINO {} at {} cannot start its plugin for {name}: {}.",
                library.version,
                library.path.display(),
                words(&error)
            ),
        };
        let remedy = match self {
            Self::Cpu => "Reinstall it with `pip install --force-reinstall openvino`.",
            Self::Gpu => {
                "On a machine with an Intel GPU, install its driver for computing (`intel-opencl-icd` on Debian)."
            }
            Self::Npu => "On a machine with an Intel NPU, install its driver.",
        };
        Availability::Absent { reason, remedy: remedy.to_owned() }
    }

    /// Tells the plugin how to run the models that this core compiles.
    pub(crate) fn configure(self, core: &mut Core, options: &CompileOptions) -> Result<()> {
        let threads = options.threads.to_string();
        // The shortest time for one call, not the most calls in an hour.
        let mut properties = vec![(RwPropertyKey::HintPerformanceMode, "LATENCY")];
        if self != Self::Npu {
            // Processors with bf16 or AMX, and GPUs, would compute f32 models in less than f32.
            properties.push((RwPropertyKey::HintInferencePrecision, "f32"));
        }
        if self == Self::Cpu {
            // One call at a time, by as many threads as asked for.
            properties.push((RwPropertyKey::NumStreams, "1"));
            properties.push((RwPropertyKey::InferenceNumThreads, &threads));
        }
        core.set_properties(&self.device(), properties).map_err(during("configure the plugin"))
    }
}
