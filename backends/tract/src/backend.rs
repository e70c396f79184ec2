//! The engine and its one device.

use bytes::Bytes;
use tachy_runtime::{
    Availability, Backend, CompileOptions, Device, DeviceInfo, Executable, OpenSignature, Result,
    ValueExecutable, contain,
};

use crate::engine::TractEngine;
use crate::model;

pub(crate) const NAME: &str = "tract";

/// Tract on the processor. It is always there.
#[derive(Debug, Clone, Copy, Default)]
pub struct TractBackend;

impl Backend for TractBackend {
    fn name(&self) -> &'static str {
        NAME
    }

    fn devices(&self) -> Vec<DeviceInfo> {
        vec![DeviceInfo {
            device: Device::of(NAME),
            description: "Tract 0.23, CPU".to_owned(),
            availability: Availability::Available,
        }]
    }

    fn load_onnx(
        &self,
        model: Bytes,
        _device: &Device,
        options: &CompileOptions,
    ) -> Result<Box<dyn Executable>> {
        prepare(&model, OpenSignature::of_onnx(&model, options)?, options)
    }
}

fn prepare(
    model: &[u8],
    signature: OpenSignature,
    options: &CompileOptions,
) -> Result<Box<dyn Executable>> {
    contain(NAME, "compile the model", || {
        let (plan, signature, stats) = model::compile(model, signature, options)?;
        let engine = TractEngine::new(plan)?;
        Ok(Box::new(ValueExecutable::new(engine, signature, stats)) as Box<dyn Executable>)
    })
}
