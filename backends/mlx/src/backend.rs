//! The library as a backend.

use std::ffi::{CStr, c_char};
use std::sync::OnceLock;
use std::time::Instant;

use bytes::Bytes;
use tachy_graph::onnx::{self, ImportError};
use tachy_graph::{Graph, Tensor};
use tachy_runtime::{
    Availability, Backend, CompileOptions, Device, DeviceInfo, Error, Executable, LibraryAbsent,
    OpenSignature, Result, contain,
};

use crate::executable::{MlxExecutable, can_compile};
use crate::failure::check;
use crate::library::{self, Loaded};
use crate::stream::{Stream, Unit};

pub(crate) const NAME: &str = "mlx";

/// MLX, on the processor and on a GPU.
#[derive(Debug, Clone, Copy, Default)]
pub struct MlxBackend;

impl Backend for MlxBackend {
    fn name(&self) -> &'static str {
        NAME
    }

    fn devices(&self) -> Vec<DeviceInfo> {
        Unit::ALL.map(|unit| describe(unit).clone()).into()
    }

    fn device_info(&self, device: &Device) -> Option<DeviceInfo> {
        unit_of(device).map(|unit| describe(unit).clone())
    }

    fn compile(
        &self,
        graph: &Graph,
        device: &Device,
        options: &CompileOptions,
    ) -> Result<Box<dyn Executable>> {
        let unit = find(device)?;
        contain(NAME, "prepare the model", || {
            Ok(Box::new(MlxExecutable::new(graph, unit, options)?) as Box<dyn Executable>)
        })
    }

    fn load_onnx(
        &self,
        model: Bytes,
        device: &Device,
        options: &CompileOptions,
    ) -> Result<Box<dyn Executable>> {
        let unit = find(device)?;
        let start = Instant::now();
        // Says in everybody's words what the file and the options leave open.
        OpenSignature::of_onnx(&model, options)?;
        let graph = onnx::import(model, &options.import_options()).map_err(of_import)?;
        let imported = start.elapsed();
        contain(NAME, "prepare the model", || {
            let mut executable = MlxExecutable::new(&graph, unit, options)?;
            executable.add_phase("import", imported);
            Ok(Box::new(executable) as Box<dyn Executable>)
        })
    }
}

/// An operator that even the importer does not know is one that this engine lacks.
fn of_import(error: ImportError) -> Error {
    match error {
        ImportError::UnknownOperator { node, operator } => Error::UnsupportedOperator {
            backend: NAME,
            operator,
            node,
            detail: "Tachy does not read it".to_owned(),
        },
        other => other.into(),
    }
}

/// The unit that a device's name stands for; the engine's bare name is its first.
fn unit_of(device: &Device) -> Option<Unit> {
    let name = device.unit().unwrap_or(Unit::Cpu.name());
    Unit::ALL.into_iter().find(|unit| unit.name() == name)
}

/// The unit behind a device that can be used.
fn find(device: &Device) -> Result<Unit> {
    let unit = unit_of(device).ok_or_else(|| Error::UnknownDevice {
        device: device.clone(),
        known: Unit::ALL.map(|unit| format!("`{NAME}:{}`", unit.name())).join(", "),
    })?;
    match &describe(unit).availability {
        Availability::Available => Ok(unit),
        Availability::Absent { reason, remedy } => Err(Error::DeviceAbsent {
            device: device.clone(),
            reason: reason.clone(),
            remedy: remedy.clone(),
        }),
    }
}

/// A unit and whether it can be used. Asking starts a GPU, so it is done once for each.
fn describe(unit: Unit) -> &'static DeviceInfo {
    static KNOWN: [OnceLock<DeviceInfo>; Unit::ALL.len()] =
        [const { OnceLock::new() }; Unit::ALL.len()];
    KNOWN[unit as usize].get_or_init(|| {
        let device = Device::with_unit(NAME, unit.name());
        match library::loaded() {
            Ok(library) => DeviceInfo {
                device,
                description: description(library, unit),
                availability: availability(library, unit),
            },
            Err(LibraryAbsent { reason, remedy }) => DeviceInfo {
                device,
                description: format!("MLX, {}", label(unit)),
                availability: Availability::Absent {
                    reason: reason.clone(),
                    remedy: remedy.clone(),
                },
            },
        }
    })
}

fn label(unit: Unit) -> &'static str {
    match unit {
        Unit::Cpu => "CPU",
        Unit::Gpu => "GPU",
    }
}

fn description(library: &Loaded, unit: Unit) -> String {
    let mut text = format!("MLX {}, {}", library.version, label(unit));
    match unit {
        Unit::Cpu => {
            if let Some(blas) = library.blas.describe() {
                text = format!("{text}, {blas}");
            }
            if !can_compile(unit) {
                text += ", nothing fused: there is no `g++`";
            }
        }
        Unit::Gpu => {
            if let Some(name) = device_name(library, unit) {
                text = format!("{text} {name}");
            }
        }
    }
    text
}

fn device_count(library: &Loaded, unit: Unit) -> i32 {
    let mut count = 0;
    // SAFETY: the pointer is to a local.
    let status = unsafe { (library.table.device_count)(unit.code(), &mut count) };
    if status == 0 { count } else { 0 }
}

fn device_name(library: &Loaded, unit: Unit) -> Option<String> {
    if device_count(library, unit) == 0 {
        return None;
    }
    let mut buffer = [0 as c_char; 256];
    // SAFETY: the buffer is as long as said; the shim ends what it writes with a zero.
    let name = unsafe {
        check(
            (library.table.device_name)(unit.code(), buffer.as_mut_ptr(), buffer.len()),
            "name a device",
        )
        .ok()?;
        CStr::from_ptr(buffer.as_ptr())
    };
    let name = name.to_string_lossy().into_owned();
    (!name.is_empty()).then_some(name)
}

/// Whether a first small computation succeeds: the library for CUDA names a GPU even where there is none.
fn availability(library: &Loaded, unit: Unit) -> Availability {
    let absent = |reason: String| Availability::Absent { reason, remedy: remedy(unit).to_owned() };
    let (version, path) = (&library.version, library.path.display());
    if device_count(library, unit) == 0 {
        let visible = std::env::var("CUDA_VISIBLE_DEVICES");
        let visible = visible.map(|text| format!("; `CUDA_VISIBLE_DEVICES` is `{text}`"));
        let visible = visible.unwrap_or_default();
        return absent(format!(
            "The MLX {version} at {path} finds no GPU, or is built for none{visible}."
        ));
    }
    match contain(NAME, "try the device", || try_out(unit)) {
        Ok(()) => Availability::Available,
        Err(error) if needs_gpu(unit, &error) => Availability::Absent {
            reason: format!(
                "The MLX {version} at {path} is built for CUDA and computes nothing without a GPU, not even on the \
                 processor: {error}."
            ),
            remedy: "Run `pip install mlx[cpu]` in place of `mlx[cuda13]` (or `mlx[cuda12]`), or let the program see a GPU."
                .to_owned(),
        },
        Err(error) => absent(format!("MLX has the device but could not use it: {error}.")),
    }
}

/// Whether the library for CUDA refuses the processor: it takes all memory from the driver.
fn needs_gpu(unit: Unit, error: &Error) -> bool {
    unit == Unit::Cpu && error.to_string().contains("CUDA-capable device")
}

fn try_out(unit: Unit) -> Result<()> {
    let stream = Stream::new(unit)?;
    let x = stream.upload(&Tensor::new(&[2], &[1.0f32, 2.0])?)?;
    let sum = stream.download(&stream.add(&x, &x)?)?;
    if sum.as_slice::<f32>()? == [2.0, 4.0] {
        return Ok(());
    }
    Err(crate::failure::failed("try the device", "1 + 1 and 2 + 2 came out wrong"))
}

fn remedy(unit: Unit) -> &'static str {
    match unit {
        Unit::Cpu => "Reinstall it with `pip install --force-reinstall mlx[cpu]`.",
        Unit::Gpu if cfg!(target_vendor = "apple") => {
            "Run `pip install mlx`, whose library has Metal."
        }
        Unit::Gpu => {
            "On a machine with an NVIDIA GPU and its driver, run `pip install mlx[cuda13]` (or `mlx[cuda12]`) in \
             place of `mlx[cpu]`."
        }
    }
}
