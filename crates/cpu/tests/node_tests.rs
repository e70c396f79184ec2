//! The native engine on the node tests of ONNX.
//!
//! They are read from the folder `node` in the folder that `TACHY_TEST_DATA` names (`cargo xtask data` makes one);
//! without it there is nothing to run. `TACHY_NODE_TESTS=test_conv` runs only the tests whose names begin so.
//! What the importer or the engine refuses is printed, not counted as a failure; a wrong output is one.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use half::{bf16, f16};
use tachy_cpu::CpuBackend;
use tachy_graph::convert::Conversion;
use tachy_graph::files::protobuf;
use tachy_graph::{DType, Tensor};
use tachy_runtime::{Backend, CompileOptions, Device, Executable};

/// What became of one test.
enum Outcome {
    Passed,
    /// The importer or the engine says that it does not support the model.
    Refused(String),
    Failed(String),
}

#[test]
fn node_tests() {
    let Some(data) = std::env::var_os("TACHY_TEST_DATA") else { return };
    let prefix = std::env::var("TACHY_NODE_TESTS").unwrap_or_default();
    let Ok(entries) = std::fs::read_dir(Path::new(&data).join("node")) else { return };
    let mut cases: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    cases.sort();
    let mut failures = Vec::new();
    for case in cases {
        let name = case.file_name().expect("a folder has a name").to_string_lossy().into_owned();
        let Ok(model) = std::fs::read(case.join("model.onnx")) else { continue };
        if !name.starts_with(&prefix) {
            continue;
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| run_case(&case, model.clone())))
            .unwrap_or_else(|_| Outcome::Failed("it panicked".to_owned()));
        match outcome {
            Outcome::Passed => println!("passed {name}"),
            Outcome::Refused(reason) => println!("refused {name}: {reason}"),
            Outcome::Failed(reason) => {
                println!("failed {name}: {reason}");
                failures.push(name);
            }
        }
    }
    assert!(failures.is_empty(), "{} tests fail: {}", failures.len(), failures.join(", "));
}

fn run_case(case: &Path, model: Vec<u8>) -> Outcome {
    let data = case.join("test_data_set_0");
    let read = |role: &str| -> Result<Vec<(String, Tensor)>, String> {
        (0..)
            .map(|index| data.join(format!("{role}_{index}.pb")))
            .take_while(|path| path.exists())
            .map(|path| {
                let bytes = std::fs::read(&path).map_err(|error| error.to_string())?;
                protobuf::decode(bytes).map_err(|error| error.to_string())
            })
            .collect()
    };
    let (inputs, expected) = match (read("input"), read("output")) {
        (Ok(inputs), Ok(expected)) => (inputs, expected),
        (Err(reason), _) | (_, Err(reason)) => return Outcome::Refused(reason),
    };
    let options = CompileOptions {
        known_inputs: inputs.iter().cloned().collect(),
        ..CompileOptions::default()
    };
    let mut executable = match CpuBackend.load_onnx(model.into(), &Device::of("cpu"), &options) {
        Ok(executable) => executable,
        Err(error) => return Outcome::Refused(error.to_string()),
    };
    match check(executable.as_mut(), &inputs, &expected) {
        Ok(()) => Outcome::Passed,
        Err(reason) => Outcome::Failed(reason),
    }
}

fn check(
    executable: &mut dyn Executable,
    inputs: &[(String, Tensor)],
    expected: &[(String, Tensor)],
) -> Result<(), String> {
    let by_name: BTreeMap<_, _> = inputs.iter().cloned().collect();
    let signature = executable.signature().clone();
    let ordered = signature.inputs.iter().map(|port| {
        by_name.get(&port.name).cloned().ok_or_else(|| format!("no data for `{}`", port.name))
    });
    let ordered = ordered.collect::<Result<Vec<_>, _>>()?;
    let outputs = executable.call(&ordered).map_err(|error| error.to_string())?;
    for (name, expected) in expected {
        let found = signature
            .outputs
            .iter()
            .position(|port| port.name == *name)
            .ok_or_else(|| format!("there is no output `{name}`"))?;
        compare(&outputs[found], expected)
            .map_err(|reason| format!("output `{name}`: {reason}"))?;
    }
    Ok(())
}

/// |a − b| ≤ r·|b| + 1e-5·max|b| for floats, equality for everything else. r is 1e-3, but at least two units in the
/// last place of the 16-bit floats: where models round between operators, what comes out depends on the order of
/// the sums within.
fn compare(found: &Tensor, expected: &Tensor) -> Result<(), String> {
    if found.ty() != expected.ty() {
        return Err(format!("it is {}, not {}", found.ty(), expected.ty()));
    }
    let float = found.dtype().is_float() || found.dtype().is_small_float();
    if !float {
        return if found == expected { Ok(()) } else { Err(preview(found, expected)) };
    }
    let wide = |tensor: &Tensor| tensor.cast(DType::F64, Conversion::default());
    let (a, b) = (
        wide(found).map_err(|error| error.to_string())?,
        wide(expected).map_err(|error| error.to_string())?,
    );
    let (a, b) = (a.as_slice::<f64>().expect("f64"), b.as_slice::<f64>().expect("f64"));
    let largest = b.iter().filter(|b| b.is_finite()).fold(0f64, |largest, b| largest.max(b.abs()));
    let relative = match found.dtype() {
        DType::BF16 => 2.0 * bf16::EPSILON.to_f64(),
        DType::F16 => 2.0 * f16::EPSILON.to_f64(),
        _ => 1e-3,
    };
    let close = |a: f64, b: f64| {
        a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= relative * b.abs() + 1e-5 * largest
    };
    if a.iter().zip(b).all(|(a, b)| close(*a, *b)) { Ok(()) } else { Err(preview(found, expected)) }
}

/// The first elements of both, as numbers.
fn preview(found: &Tensor, expected: &Tensor) -> String {
    let values = |tensor: &Tensor| match tensor.cast(DType::F64, Conversion::default()) {
        Ok(tensor) => {
            let values = tensor.as_slice::<f64>().expect("f64");
            format!("{:?}", &values[..values.len().min(12)])
        }
        Err(error) => error.to_string(),
    };
    format!("{} is {}, not {}", found.ty(), values(found), values(expected))
}
