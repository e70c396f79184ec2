//! The native engine as a backend.

use std::borrow::Cow;
use std::time::Instant;

use bytes::Bytes;
use tachy_graph::{Graph, onnx};
use tachy_runtime::{
    Availability, Backend, CompileOptions, Device, DeviceInfo, Executable, Result,
};

use crate::executable::CpuExecutable;

pub(crate) const NAME: &str = "cpu";

/// The native engine on the processor. It is always there.
#[derive(Debug, Clone, Copy, Default)]
pub struct CpuBackend;

impl Backend for CpuBackend {
    fn name(&self) -> &'static str {
        NAME
    }

    fn devices(&self) -> Vec<DeviceInfo> {
        vec![DeviceInfo {
            device: Device::of(NAME),
            description: format!("Tachy {}, the native engine", env!("CARGO_PKG_VERSION")),
            availability: Availability::Available,
        }]
    }

    fn compile(
        &self,
        graph: &Graph,
        _device: &Device,
        options: &CompileOptions,
    ) -> Result<Box<dyn Executable>> {
        Ok(Box::new(CpuExecutable::new(Cow::Borrowed(graph), options)?))
    }

    fn load_onnx(
        &self,
        model: Bytes,
        _device: &Device,
        options: &CompileOptions,
    ) -> Result<Box<dyn Executable>> {
        let start = Instant::now();
        let graph = onnx::import(model, &options.import_options())?;
        let imported = start.elapsed();
        let mut executable = CpuExecutable::new(Cow::Owned(graph), options)?;
        executable.add_phase("import", imported);
        Ok(Box::new(executable))
    }
}
