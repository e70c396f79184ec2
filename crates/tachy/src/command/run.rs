//! `tachy run`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use tachy_graph::{Tensor, files};
use tachy_measure::tensor_values;
use tachy_runtime::{Device, Port};

use super::arguments::{ModelArguments, parse_file};
use super::executable::{self, unknown_name};
use super::failure::Failure;
use super::output;
use super::settings::Settings;

/// Elements of an output that are shown.
const SHOWN: usize = 6;

/// Run a model once: inputs from files, outputs to files.
///
/// Inputs that are not given are random, from the seed. Every output is summarised; those that are given a file, or all
/// with `--output-folder`, are written.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tachy run zoo:mlp\n  \
    tachy run model.onnx --input image=cat.npy --output scores=scores.npy\n  \
    tachy run model.onnx --dim batch=4 --device ort:cpu --output-folder results")]
pub(super) struct Run {
    #[command(flatten)]
    model: ModelArguments,

    /// The device
    #[arg(long, short, value_name = "DEVICE", default_value = "cpu")]
    device: Device,

    /// File for an output (.npy, .npz, .pb, .safetensors)
    #[arg(long = "output", short, value_name = "OUTPUT=FILE", value_parser = parse_file)]
    outputs: Vec<(String, PathBuf)>,

    /// Folder for all outputs, as NAME.npy; it is made if it is not there
    #[arg(long, value_name = "FOLDER")]
    output_folder: Option<PathBuf>,
}

impl Run {
    pub(super) fn execute(self, settings: &Settings) -> Result<(), Failure> {
        let registry = crate::registry();
        let mut executable =
            executable::compile(&self.model, &self.device, &registry, settings, false)?;
        let ports = executable.signature().outputs.clone();
        self.check_output_names(&ports)?;
        let inputs = executable::inputs(&self.model, &*executable, settings)?;
        let start = Instant::now();
        let tensors = executable.call(&inputs)?;
        let elapsed = start.elapsed();
        for (port, tensor) in ports.iter().zip(&tensors) {
            for (_, file) in self.outputs.iter().filter(|(name, _)| *name == port.name) {
                write_tensor(file, &port.name, tensor)?;
            }
            if let Some(folder) = &self.output_folder {
                std::fs::create_dir_all(folder).map_err(|error| {
                    Failure::Input(format!("`{}` cannot be made: {error}.", folder.display()))
                })?;
                let file = folder.join(format!("{}.npy", file_name(&port.name)));
                write_tensor(&file, &port.name, tensor)?;
            }
        }
        let mut text = String::new();
        for (port, tensor) in ports.iter().zip(&tensors) {
            let _ = writeln!(text, "{}", summary(&port.name, tensor));
        }
        let _ = writeln!(
            text,
            "One call on {} took {:.3} ms, warm-up included; `tachy bench` measures.",
            self.device,
            elapsed.as_secs_f64() * 1e3
        );
        output::write(&text, None)
    }

    fn check_output_names(&self, ports: &[Port]) -> Result<(), Failure> {
        let unknown =
            self.outputs.iter().find(|(name, _)| ports.iter().all(|port| port.name != *name));
        match unknown {
            None => Ok(()),
            Some((name, _)) => Err(unknown_name("output", name, ports)),
        }
    }
}

fn write_tensor(path: &Path, name: &str, tensor: &Tensor) -> Result<(), Failure> {
    files::write(path, &[(name.to_owned(), tensor.clone())]).map_err(Failure::input)
}

/// An output's name as a file's: names like `block/1:0` must not become folders.
fn file_name(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() || "._-".contains(c) { c } else { '_' }).collect()
}

/// One line on a tensor: its type, its range, its first elements.
fn summary(name: &str, tensor: &Tensor) -> String {
    let values = tensor_values(tensor);
    let numbers = || values.iter().copied().filter(|value| !value.is_nan());
    let mut text = format!("{name}: {}", tensor.ty());
    if !values.is_empty() {
        let (least, most) =
            (numbers().fold(f64::INFINITY, f64::min), numbers().fold(f64::NEG_INFINITY, f64::max));
        let mean = numbers().sum::<f64>() / numbers().count() as f64;
        let _ = write!(text, ", from {least:.6} to {most:.6}, mean {mean:.6}, begins with");
        for value in values.iter().take(SHOWN) {
            let _ = write!(text, " {value:.6}");
        }
        let missing = values.len() - numbers().count();
        if missing > 0 {
            let _ = write!(text, "; {missing} NaN");
        }
    }
    text
}
