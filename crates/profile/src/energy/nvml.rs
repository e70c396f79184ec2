//! The energy counter of a GPU, from NVIDIA's management library, which is loaded at run time.

use nvml_wrapper::{Device, Nvml};

use super::absent::EnergyAbsent;
use super::reading::Counter;
use super::visible::{Which, which};

/// One GPU.
#[derive(Debug)]
pub(super) struct Gpu {
    library: Nvml,
    which: Which,
}

impl Gpu {
    pub(super) fn open(number: u32) -> Result<Self, EnergyAbsent> {
        let visible = std::env::var("CUDA_VISIBLE_DEVICES").ok();
        let which = which(number, visible.as_deref()).ok_or_else(|| {
            EnergyAbsent::new(
                format!("`CUDA_VISIBLE_DEVICES` hides GPU {number}, or names it in a way that is not read."),
                "Name GPUs there by number or by `GPU-` and their identifier.",
            )
        })?;
        // The library's own name; without development files the name without a version is not there.
        let library = Nvml::builder().lib_path("libnvidia-ml.so.1".as_ref()).init();
        let library = library.or_else(|_| Nvml::init()).map_err(|error| {
            EnergyAbsent::new(
                format!("NVIDIA's management library cannot be used: {error}."),
                "It comes with NVIDIA's driver; in a container, the driver's utilities have to be passed in.",
            )
        })?;
        Ok(Self { library, which })
    }

    fn device(&self) -> Result<Device<'_>, nvml_wrapper::error::NvmlError> {
        match &self.which {
            Which::Number(number) => self.library.device_by_index(*number),
            Which::Identifier(identifier) => self.library.device_by_uuid(identifier.as_str()),
        }
    }

    pub(super) fn counter(&self) -> Result<Counter, EnergyAbsent> {
        let millijoules = self.device().and_then(|device| device.total_energy_consumption());
        let millijoules = millijoules.map_err(|error| {
            EnergyAbsent::new(
                format!("The GPU's energy counter cannot be read: {error}."),
                "NVIDIA's GPUs have one since Volta; parts of a GPU have none of their own.",
            )
        })?;
        Ok(Counter {
            name: "gpu".to_owned(),
            energy: millijoules.saturating_mul(1000),
            range: None,
        })
    }
}
