//! The library as a backend.

use std::sync::OnceLock;

use bytes::Bytes;
use openvino::Core;
use tachy_runtime::{
    Availability, Backend, CompileOptions, Device, DeviceInfo, Error, Executable, OpenSignature,
    Result, contain,
};

use crate::executable::OpenVinoExecutable;
use crate::library;
use crate::model;
use crate::plugin::Plugin;

pub(crate) const NAME: &str = "openvino";

/// OpenVINO, with one device for each of its plugins.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenVinoBackend;

impl Backend for OpenVinoBackend {
    fn name(&self) -> &'static str {
        NAME
    }

    fn devices(&self) -> Vec<DeviceInfo> {
        Plugin::ALL.map(|plugin| describe(plugin).clone()).to_vec()
    }

    fn device_info(&self, device: &Device) -> Option<DeviceInfo> {
        plugin_of(device).map(|plugin| describe(plugin).clone())
    }

    fn load_onnx(
        &self,
        model: Bytes,
        device: &Device,
        options: &CompileOptions,
    ) -> Result<Box<dyn Executable>> {
        let plugin = find(device)?;
        prepare(plugin, &model, OpenSignature::of_onnx(&model, options)?, options)
    }
}

fn core() -> Result<Core> {
    Core::new().map_err(|error| Error::Engine {
        backend: NAME,
        action: "start its core",
        message: error.to_string(),
    })
}

/// A plugin and whether it can be used. Asking loads the plugin and its driver, so it is done once for each.
fn describe(plugin: Plugin) -> &'static DeviceInfo {
    static KNOWN: [OnceLock<DeviceInfo>; Plugin::ALL.len()] =
        [const { OnceLock::new() }; Plugin::ALL.len()];
    KNOWN[plugin as usize].get_or_init(|| {
        let absent = |reason: &str, remedy: &str| {
            let (reason, remedy) = (reason.to_owned(), remedy.to_owned());
            (plugin.device().to_string(), Availability::Absent { reason, remedy })
        };
        let (engine, (place, availability)) = match library::loaded() {
            Err(library) => ("OpenVINO".into(), absent(&library.reason, &library.remedy)),
            Ok(library) => {
                let asked = contain(NAME, "look for a device", || {
                    let found = plugin.hardware(&core()?);
                    Ok(match found {
                        Ok(hardware) => (hardware, Availability::Available),
                        Err(error) => absent(&plugin.reason(&error, library), plugin.remedy()),
                    })
                });
                let asked =
                    asked.unwrap_or_else(|error| absent(&format!("{error}."), plugin.remedy()));
                (format!("OpenVINO {}", library.version), asked)
            }
        };
        let device = Device::with_unit(NAME, plugin.unit());
        DeviceInfo { device, description: format!("{engine}, {place}"), availability }
    })
}

/// The plugin that a device's name stands for; the engine's bare name is its first.
fn plugin_of(device: &Device) -> Option<Plugin> {
    let unit = device.unit().unwrap_or(Plugin::Cpu.unit());
    Plugin::ALL.into_iter().find(|plugin| plugin.unit() == unit)
}

/// The plugin that stands behind a device, if it can be used.
fn find(device: &Device) -> Result<Plugin> {
    let plugin = plugin_of(device).ok_or_else(|| Error::UnknownDevice {
        device: device.clone(),
        known: Plugin::ALL.map(|plugin| format!("`{NAME}:{}`", plugin.unit())).join(", "),
    })?;
    match &describe(plugin).availability {
        Availability::Available => Ok(plugin),
        Availability::Absent { reason, remedy } => Err(Error::DeviceAbsent {
            device: device.clone(),
            reason: reason.clone(),
            remedy: remedy.clone(),
        }),
    }
}

fn prepare(
    plugin: Plugin,
    model: &[u8],
    signature: OpenSignature,
    options: &CompileOptions,
) -> Result<Box<dyn Executable>> {
    contain(NAME, "compile the model", || {
        let (compiled, signature, stats) =
            model::compile(core()?, plugin, model, signature, options)?;
        let device = || Device::with_unit(NAME, plugin.unit());
        let executable = OpenVinoExecutable::new(compiled, device, signature, stats)?;
        Ok(Box::new(executable) as Box<dyn Executable>)
    })
}
