//! Test cases in the layout of ONNX's backend tests.
//!
//! A case is a folder with `model.onnx` and folders `test_data_set_*`, each with `input_*.pb` and `output_*.pb`:
//! TensorProto messages, in the order of the model's inputs and outputs.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::agreement::tensor_values;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tachy_graph::{Tensor, files, onnx};
use tachy_runtime::{Backend, CompileOptions, Device, Signature};

/// How much an output may differ: |a − b| ≤ absolute · M + relative · |b|, where b is expected and M is the largest
/// expected magnitude in that output.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Tolerance {
    /// Share of |b|.
    pub relative: f64,
    /// Share of M.
    pub absolute: f64,
}

impl Default for Tolerance {
    fn default() -> Self {
        Self { relative: 1e-3, absolute: 1e-5 }
    }
}

/// The cases under a folder: itself, or whatever lies in it at any depth; in the order of their names.
///
/// # Errors
/// If a folder cannot be read.
pub fn find_cases(folder: &Path) -> io::Result<Vec<PathBuf>> {
    if folder.join("model.onnx").is_file() {
        return Ok(vec![folder.to_owned()]);
    }
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    entries.sort();
    let mut cases = Vec::new();
    for entry in entries.into_iter().filter(|path| path.is_dir()) {
        cases.extend(find_cases(&entry)?);
    }
    Ok(cases)
}

/// What became of one case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum CaseOutcome {
    /// Every output of every data set is as expected.
    Passed {
        /// How many data sets there are.
        data_sets: usize,
        /// The largest |a − b| over all of them, as a share of the largest expected magnitude.
        worst: f64,
    },
    /// An output is not as expected.
    Wrong {
        /// Which, and how, as a sentence.
        message: String,
    },
    /// The device does not support what the model asks for.
    Unsupported {
        /// What it lacks, as a sentence.
        message: String,
    },
    /// The case could not be run.
    Failed {
        /// Why, as a sentence.
        message: String,
    },
}

impl CaseOutcome {
    /// Whether the case passed.
    pub fn passed(&self) -> bool {
        matches!(self, CaseOutcome::Passed { .. })
    }

    /// What to tell of it; nothing for a case that passed.
    pub fn message(&self) -> Option<&str> {
        match self {
            CaseOutcome::Passed { .. } => None,
            CaseOutcome::Wrong { message }
            | CaseOutcome::Unsupported { message }
            | CaseOutcome::Failed { message } => Some(message),
        }
    }
}

/// Runs one case on one device of this process.
pub fn run_case(
    backend: &dyn Backend,
    device: &Device,
    case: &Path,
    options: &CompileOptions,
    tolerance: Tolerance,
) -> CaseOutcome {
    match try_case(backend, device, case, options, tolerance) {
        Ok(outcome) => outcome,
        Err(Trouble::Runtime(error @ tachy_runtime::Error::UnsupportedOperator { .. }))
        | Err(Trouble::Runtime(
            error @ tachy_runtime::Error::Import(onnx::ImportError::UnknownOperator { .. }),
        )) => CaseOutcome::Unsupported { message: error.to_string() },
        Err(Trouble::Runtime(error)) => CaseOutcome::Failed { message: error.to_string() },
        Err(Trouble::Case(message)) => CaseOutcome::Failed { message },
    }
}

enum Trouble {
    Runtime(tachy_runtime::Error),
    Case(String),
}

impl From<tachy_runtime::Error> for Trouble {
    fn from(error: tachy_runtime::Error) -> Self {
        Self::Runtime(error)
    }
}

fn try_case(
    backend: &dyn Backend,
    device: &Device,
    case: &Path,
    options: &CompileOptions,
    tolerance: Tolerance,
) -> Result<CaseOutcome, Trouble> {
    let model_path = case.join("model.onnx");
    let model: Bytes = std::fs::read(&model_path)
        .map_err(|error| Trouble::Case(format!("`{}`: {error}.", model_path.display())))?
        .into();
    let (mut data_sets, mut worst) = (0, 0.0f64);
    for folder in data_set_folders(case)? {
        let inputs = read_numbered(&folder, "input")?;
        let expected = read_numbered(&folder, "output")?;
        let mut options = options.clone();
        options.model_path = Some(model_path.clone());
        options.known_inputs = inputs.iter().cloned().collect();
        options.input_shapes = options
            .known_inputs
            .iter()
            .map(|(name, tensor)| (name.clone(), tensor.shape().to_vec()))
            .collect::<BTreeMap<_, _>>();
        let mut executable = backend.load_onnx(model.clone(), device, &options)?;
        let inputs: Vec<Tensor> = inputs.into_iter().map(|(_, tensor)| tensor).collect();
        let outputs = executable.call(&inputs)?;
        match compare_outputs(executable.signature(), &outputs, &expected, tolerance) {
            Ok(error) => worst = worst.max(error),
            Err(message) => return Ok(CaseOutcome::Wrong { message }),
        }
        data_sets += 1;
    }
    if data_sets == 0 {
        return Err(Trouble::Case(format!(
            "`{}` has no folder `test_data_set_0` with inputs and outputs.",
            case.display()
        )));
    }
    Ok(CaseOutcome::Passed { data_sets, worst })
}

fn data_set_folders(case: &Path) -> Result<Vec<PathBuf>, Trouble> {
    let entries = std::fs::read_dir(case)
        .map_err(|error| Trouble::Case(format!("`{}`: {error}.", case.display())))?;
    let mut folders: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.starts_with("test_data_set_"))
        })
        .collect();
    folders.sort();
    Ok(folders)
}

/// `input_0.pb`, `input_1.pb` … as far as there are any, each with the name that stands in it.
fn read_numbered(folder: &Path, stem: &str) -> Result<Vec<(String, Tensor)>, Trouble> {
    (0..)
        .map(|place| folder.join(format!("{stem}_{place}.pb")))
        .take_while(|path| path.is_file())
        .map(|path| {
            let tensors = files::read(&path).map_err(|error| Trouble::Case(error.to_string()))?;
            Ok(tensors.into_iter().next().expect("this format holds one tensor"))
        })
        .collect()
}

/// The worst error as a share of the largest expected magnitude, or what is wrong.
fn compare_outputs(
    signature: &Signature,
    found: &[Tensor],
    expected: &[(String, Tensor)],
    tolerance: Tolerance,
) -> Result<f64, String> {
    if found.len() != expected.len() {
        return Err(format!("there are {} outputs, not {}.", found.len(), expected.len()));
    }
    let mut worst = 0.0f64;
    for ((port, found), (_, expected)) in signature.outputs.iter().zip(found).zip(expected) {
        if found.ty() != expected.ty() {
            return Err(format!(
                "output `{}` is {}, not {}.",
                port.name,
                found.ty(),
                expected.ty()
            ));
        }
        let error = tolerance
            .compare(found, expected)
            .map_err(|message| format!("output `{}`: {message}", port.name))?;
        worst = worst.max(error);
    }
    Ok(worst)
}

impl Tolerance {
    /// The largest |a − b| as a share of the largest expected magnitude, or the worst element that is too far off.
    fn compare(self, found: &Tensor, expected: &Tensor) -> Result<f64, String> {
        let (found, expected) = (tensor_values(found), tensor_values(expected));
        let finite = expected.iter().filter(|b| b.is_finite());
        let magnitude = finite.fold(0.0f64, |most, b| most.max(b.abs()));
        let mut worst = 0.0f64;
        for (place, (a, b)) in found.iter().zip(&expected).enumerate() {
            if a == b || (a.is_nan() && b.is_nan()) {
                continue;
            }
            let difference = (a - b).abs();
            // Written so that a NaN on one side counts as too far off.
            let near = difference <= self.absolute * magnitude + self.relative * b.abs();
            if !near {
                return Err(format!(
                    "element {place} of {} is {a}, not {b} (difference {difference:.3e}, largest magnitude {magnitude:.3e}).",
                    expected.len()
                ));
            }
            worst = worst.max(difference / magnitude);
        }
        Ok(worst)
    }
}
