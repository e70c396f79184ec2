//! Backends: inference engines.

use bytes::Bytes;
use tachy_graph::Graph;
use tachy_graph::onnx::{self, ExportOptions};

use crate::device::{Device, DeviceInfo};
use crate::error::Result;
use crate::executable::Executable;
use crate::options::CompileOptions;

/// One inference engine, with one or more devices.
pub trait Backend: Send + Sync {
    /// The engine's name, the first part of its devices' names: `cpu`, `ort`.
    fn name(&self) -> &'static str;

    /// Every device that the engine could have, with whether it can be used here and, if not, why.
    ///
    /// Never fails and never panics: an engine whose library is missing or broken has absent devices.
    fn devices(&self) -> Vec<DeviceInfo>;

    /// One of [`devices`](Self::devices), without a look at the others: a driver that another device needs
    /// may take seconds to load, and memory.
    fn device_info(&self, device: &Device) -> Option<DeviceInfo> {
        self.devices().into_iter().find(|info| info.device == *device)
    }

    /// Compiles a graph for one of the engine's devices; by default, by way of ONNX.
    ///
    /// # Errors
    /// If the device is absent, the engine lacks an operator, or it fails.
    fn compile(
        &self,
        graph: &Graph,
        device: &Device,
        options: &CompileOptions,
    ) -> Result<Box<dyn Executable>> {
        let model = onnx::export(graph, &ExportOptions::default())?;
        self.load_onnx(model.into(), device, options)
    }

    /// Compiles an ONNX model, given as the bytes of its file, for one of the engine's devices. An engine needs no copy
    /// of the bytes, and lets go of them as soon as it can.
    ///
    /// # Errors
    /// As [`compile`](Self::compile); and if the model cannot be read.
    fn load_onnx(
        &self,
        model: Bytes,
        device: &Device,
        options: &CompileOptions,
    ) -> Result<Box<dyn Executable>>;
}
