//! The energy counter of a GPU, from NVIDIA's management library, which is loaded at run time.

use nvml_wrapper::Nvml;
use nvml_wrapper::error::NvmlError;

use super::absent::EnergyAbsent;
use super::reading::Counter;
use super::visible::{Board, find};

/// One GPU.
#[derive(Debug)]
pub(super) struct Gpu {
    library: Nvml,
    number: u32,
}

impl Gpu {
    /// The GPU that CUDA gives this number.
    pub(super) fn open(number: u32) -> Result<Self, EnergyAbsent> {
        let unusable = |error: NvmlError| {
            EnergyAbsent::new(
                format!("NVIDIA's management library cannot be used: {error}."),
                "It comes with NVIDIA's driver; in a container, the driver's utilities have to be passed in.",
            )
        };
        // The library's own name; without development files the name without a version is not there.
        let library = Nvml::builder().lib_path("libnvidia-ml.so.1".as_ref()).init();
        let library = library.or_else(|_| Nvml::init()).map_err(unusable)?;
        let boards = boards(&library).map_err(unusable)?;
        let variable = |name| std::env::var(name).ok();
        let (visible, order) = (variable("CUDA_VISIBLE_DEVICES"), variable("CUDA_DEVICE_ORDER"));
        let board = find(number, &boards, visible.as_deref(), order.as_deref())?;
        Ok(Self { number: board.number, library })
    }

    pub(super) fn counter(&self) -> Result<Counter, EnergyAbsent> {
        let device = self.library.device_by_index(self.number);
        let millijoules = device.and_then(|device| device.total_energy_consumption());
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

/// The GPUs that this user may see; CUDA shows no others.
fn boards(library: &Nvml) -> Result<Vec<Board>, NvmlError> {
    let board = |number| {
        let device = library.device_by_index(number)?;
        Ok(Board { number, model: device.name()?, identifier: device.uuid()? })
    };
    let all = (0..library.device_count()?).map(board);
    all.filter(|board| !matches!(board, Err(NvmlError::NoPermission))).collect()
}
