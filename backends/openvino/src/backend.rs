//! The library as a backend.

use std::sync::OnceLock;

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
        inventory().to_vec()
    }

    fn load_onnx(
        &self,
        model: &[u8],
        device: &Device,
        options: &CompileOptions,
    ) -> Result<Box<dyn Executable>> {
        let plugin = find(device)?;
        prepare(plugin, model, OpenSignature::of_onnx(model, options)?, options)
    }
}

fn core() -> Result<Core> {
    Core::new().map_err(|error| Error::Engine {
        backend: NAME,
        action: "start its core",
        message: error.to_string(),
    })
}

/// Every plugin and whether it can be used. Asking loads all plugins and drivers, so it is done once.
fn inventory() -> &'static [DeviceInfo] {
    static INVENTORY: OnceLock<Vec<DeviceInfo>> = OnceLock::new();
    INVENTORY.get_or_init(|| {
        let library = match library::loaded() {
            Ok(library) => library,
            Err(absent) => return all_absent("OpenVINO", &absent.reason, &absent.remedy),
        };
        let engine = format!("OpenVINO {}", library.version);
        let found = contain(NAME, "list its devices", || {
            let core = core()?;
            let describe = |plugin: Plugin| match plugin.hardware(&core) {
                Some(hardware) => info(plugin, &engine, &hardware, Availability::Available),
                None => {
                    let absence = plugin.absence(&core, library);
                    info(plugin, &engine, plugin.device().as_ref(), absence)
                }
            };
            Ok(Plugin::ALL.map(describe).to_vec())
        });
        found.unwrap_or_else(|error| {
            let remedy = "Reinstall it with `pip install --force-reinstall openvino`.";
            all_absent(&engine, &format!("{error}."), remedy)
        })
    })
}

fn all_absent(engine: &str, reason: &str, remedy: &str) -> Vec<DeviceInfo> {
    let absent = Availability::Absent { reason: reason.to_owned(), remedy: remedy.to_owned() };
    Plugin::ALL
        .map(|plugin| info(plugin, engine, plugin.device().as_ref(), absent.clone()))
        .to_vec()
}

fn info(plugin: Plugin, engine: &str, place: &str, availability: Availability) -> DeviceInfo {
    let device = Device::with_unit(NAME, plugin.unit());
    DeviceInfo { device, description: format!("{engine}, {place}"), availability }
}

/// The plugin that stands behind a device.
fn find(device: &Device) -> Result<Plugin> {
    let unit = device.unit().unwrap_or(Plugin::Cpu.unit());
    let found = Plugin::ALL.into_iter().zip(inventory()).find(|(plugin, _)| plugin.unit() == unit);
    let (plugin, info) = found.ok_or_else(|| Error::UnknownDevice {
        device: device.clone(),
        known: Plugin::ALL.map(|plugin| format!("`{NAME}:{}`", plugin.unit())).join(", "),
    })?;
    match &info.availability {
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
        let executable = OpenVinoExecutable::new(compiled, signature, stats)?;
        Ok(Box::new(executable) as Box<dyn Executable>)
    })
}
