//! Plugins: OpenVINO's devices.

use openvino::{Core, DeviceType, InferenceError, PropertyKey, RwPropertyKey};
use tachy_runtime::CompileOptions;

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

    /// What the plugin runs on, in its own words. Several devices of one kind are numbered (`GPU.0`, `GPU.1`);
    /// the bare name stands for the first of them.
    pub(crate) fn hardware(self, core: &Core) -> Result<String, InferenceError> {
        core.get_property(&self.device(), &PropertyKey::DeviceFullName)
    }

    /// Why the plugin cannot be used, as a sentence.
    pub(crate) fn reason(self, error: &InferenceError, library: &Loaded) -> String {
        format!(
            "The OpenVINO {} at {} finds no {} to run on: {}.",
            library.version,
            library.path.display(),
            self.device(),
            words(error)
        )
    }

    /// What would bring the plugin, as a sentence.
    pub(crate) fn remedy(self) -> &'static str {
        match self {
            Self::Cpu => "Reinstall it with `pip install --force-reinstall openvino`.",
            Self::Gpu => {
                "On a machine with an Intel GPU, install its driver for computing (`intel-opencl-icd` on Debian)."
            }
            Self::Npu => "On a machine with an Intel NPU, install its driver.",
        }
    }

    /// Tells the plugin how to run the models that this core compiles.
    pub(crate) fn configure(
        self,
        core: &mut Core,
        options: &CompileOptions,
    ) -> tachy_runtime::Result<()> {
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
