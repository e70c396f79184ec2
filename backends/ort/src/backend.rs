//! The library as a backend.

use std::sync::OnceLock;
use std::time::Instant;

use bytes::Bytes;
use ort::value::{Outlet, ValueType};
use tachy_graph::Shape;
use tachy_runtime::{
    Availability, Backend, CompileOptions, CompileStats, Device, DeviceInfo, Error, Executable,
    LibraryAbsent, OpenSignature, Result, contain,
};

use crate::executable::OrtExecutable;
use crate::library::{self, Loaded};
use crate::provider::Provider;
use crate::record::Record;
use crate::session;

pub(crate) const NAME: &str = "ort";

/// ONNX Runtime, with one device for each execution provider.
#[derive(Debug, Clone, Copy, Default)]
pub struct OrtBackend;

impl Backend for OrtBackend {
    fn name(&self) -> &'static str {
        NAME
    }

    fn devices(&self) -> Vec<DeviceInfo> {
        let all = Provider::ALL.into_iter().map(|provider| (provider, describe(provider)));
        all.filter(|(provider, info)| provider.is_listed_when_absent() || info.is_available())
            .map(|(_, info)| info.clone())
            .collect()
    }

    fn device_info(&self, device: &Device) -> Option<DeviceInfo> {
        provider_of(device).map(|provider| describe(provider).clone())
    }

    fn load_onnx(
        &self,
        model: Bytes,
        device: &Device,
        options: &CompileOptions,
    ) -> Result<Box<dyn Executable>> {
        let (library, provider) = find(device)?;
        let signature = OpenSignature::of_onnx(&model, options)?;
        prepare(library, provider, &model, signature, options)
    }
}

/// A provider and whether it can be used. Asking may load drivers, so it is done once for each.
fn describe(provider: Provider) -> &'static DeviceInfo {
    static KNOWN: [OnceLock<DeviceInfo>; Provider::ALL.len()] =
        [const { OnceLock::new() }; Provider::ALL.len()];
    KNOWN[provider as usize].get_or_init(|| {
        let (version, availability) = match library::loaded() {
            Ok(library) => (format!(" {}", library.version), provider.availability(library)),
            Err(LibraryAbsent { reason, remedy }) => {
                let (reason, remedy) = (reason.clone(), remedy.clone());
                (String::new(), Availability::Absent { reason, remedy })
            }
        };
        let device = Device::with_unit(NAME, provider.unit());
        let description = format!("ONNX Runtime{version}, {}", provider.label());
        DeviceInfo { device, description, availability }
    })
}

/// The provider that a device's name stands for; the engine's bare name is its first.
fn provider_of(device: &Device) -> Option<Provider> {
    let unit = device.unit().unwrap_or(Provider::Cpu.unit());
    Provider::ALL.into_iter().find(|provider| provider.unit() == unit)
}

/// The library and the provider that stand behind a device.
fn find(device: &Device) -> Result<(&'static Loaded, Provider)> {
    let provider = provider_of(device).ok_or_else(|| Error::UnknownDevice {
        device: device.clone(),
        known: Provider::ALL.map(|provider| format!("`{NAME}:{}`", provider.unit())).join(", "),
    })?;
    let absent = |reason: &str, remedy: &str| Error::DeviceAbsent {
        device: device.clone(),
        reason: reason.to_owned(),
        remedy: remedy.to_owned(),
    };
    if let Availability::Absent { reason, remedy } = &describe(provider).availability {
        return Err(absent(reason, remedy));
    }
    let library = library::loaded().map_err(|library| absent(&library.reason, &library.remedy))?;
    Ok((library, provider))
}

fn prepare(
    library: &Loaded,
    provider: Provider,
    model: &[u8],
    mut signature: OpenSignature,
    options: &CompileOptions,
) -> Result<Box<dyn Executable>> {
    contain(NAME, "create a session", || {
        let start = Instant::now();
        let record = options.trace.then(Record::new).transpose()?;
        let session =
            session::create(library, provider, model, &signature, options, record.as_ref())?;
        let phases = vec![("session", start.elapsed())];
        for (output, outlet) in signature.outputs.iter_mut().zip(session.outputs()) {
            output.shape = output.shape.take().or_else(|| shape(outlet));
        }
        let stats = CompileStats { phases, ..Default::default() };
        let executable = OrtExecutable::new(
            session,
            library,
            provider,
            signature.close(model, options)?,
            stats,
            record,
        )?;
        Ok(Box::new(executable) as Box<dyn Executable>)
    })
}

/// The shape that the library has inferred, if it is fixed.
fn shape(outlet: &Outlet) -> Option<Shape> {
    let ValueType::Tensor { shape, .. } = outlet.dtype() else { return None };
    shape.iter().map(|size| usize::try_from(*size).ok()).collect()
}
