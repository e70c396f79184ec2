//! One suite of conformance cases, run on every backend.
//!
//! The cases are the node tests that the Python package `onnx` generates, for the operators that `docs/operators.md`
//! lists, and the re-seeded light models. `cargo xtask test` prepares them and sets `TACHY_TEST_DATA`. What a device does
//! not support stands in `conformance/DEVICE.txt`, each line with its reason. A line of the native engine's list that is no
//! longer needed fails the suite, so that the list only shrinks; the other engines take other paths on other processors, so
//! theirs is told.

#[path = "conformance/ignore.rs"]
mod ignore;
#[path = "conformance/material.rs"]
mod material;

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use ignore::IgnoreList;
use material::{Material, TestCase};
use tachy::measure::{CaseOutcome, Tolerance, VerifiedCase, VerifyPlan};
use tachy::runtime::Device;

fn worker() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tachy"));
    command.arg("__worker");
    command
}

/// For models of one node MLX would call a C++ compiler more than a thousand times; they are computed without.
fn worker_for_nodes() -> Command {
    let mut command = worker();
    command.env("MLX_DISABLE_COMPILE", "1");
    command
}

/// The device and the material, unless one of them is absent, which is said.
fn prepare(device: &str) -> Option<(Device, Material)> {
    let Some(material) = Material::find() else {
        println!("left out: TACHY_TEST_DATA is not set; `cargo xtask test` sets it");
        return None;
    };
    match tachy::registry().find(&device.parse().unwrap()) {
        Ok((_, device)) => Some((device, material)),
        Err(error) => {
            println!("left out: {error}");
            None
        }
    }
}

fn verify(
    device: &Device,
    cases: Vec<std::path::PathBuf>,
    worker: fn() -> Command,
) -> Vec<VerifiedCase> {
    let plan = VerifyPlan {
        device: device.clone(),
        cases,
        threads: 1,
        dims: Default::default(),
        tolerance: Tolerance::default(),
        timeout: Duration::from_secs(300),
    };
    tachy::measure::verify(&plan, worker, |_| {})
}

fn node_cases(device: &str, least_share: f64) {
    let Some((device, material)) = prepare(device) else { return };
    let list = IgnoreList::read(&device.to_string().replace(':', "-"));
    let cases: Vec<TestCase> = material.node_cases_of_supported_operators();
    let folders = cases.iter().map(|case| case.folder.clone()).collect();
    let outcomes = verify(&device, folders, worker_for_nodes);
    let mut unexpected = Vec::new();
    let mut needed = BTreeSet::new();
    let mut passed = 0;
    for (case, verified) in cases.iter().zip(&outcomes) {
        match (&verified.outcome, list.find(case)) {
            (CaseOutcome::Passed { .. }, _) => passed += 1,
            (_, Some(line)) => {
                needed.insert(line);
            }
            (outcome, None) => {
                unexpected.push(format!(
                    "{}: {}",
                    case.name,
                    outcome.message().unwrap_or_default()
                ));
            }
        }
    }
    let share = passed as f64 / cases.len() as f64;
    println!(
        "{device}: {passed} of {} node cases pass ({:.1}%), {} are listed with a reason",
        cases.len(),
        share * 100.0,
        cases.len() - passed - unexpected.len()
    );
    assert!(unexpected.is_empty(), "{} do not pass:\n{}", unexpected.len(), unexpected.join("\n"));
    let stale = list.lines_but(&needed);
    if device == Device::of("cpu") {
        assert!(stale.is_empty(), "no longer needed in the list:\n{}", stale.join("\n"));
    } else if !stale.is_empty() {
        println!("{device}: not needed on this machine:\n{}", stale.join("\n"));
    }
    assert!(share >= least_share, "only {:.1}% pass", share * 100.0);
}

fn light_models(device: &str) {
    let Some((device, material)) = prepare(device) else { return };
    let list = IgnoreList::read(&device.to_string().replace(':', "-"));
    let cases = material.light_cases();
    assert_eq!(cases.len(), 9, "the material holds nine light models");
    let folders = cases.iter().map(|case| case.folder.clone()).collect();
    let outcomes = verify(&device, folders, worker);
    let passed = outcomes.iter().filter(|verified| verified.outcome.passed()).count();
    let unexpected: Vec<String> = cases
        .iter()
        .zip(&outcomes)
        .filter(|(case, _)| list.find(case).is_none())
        .filter_map(|(case, verified)| {
            Some(format!("{}: {}", case.name, verified.outcome.message()?))
        })
        .collect();
    println!("{device}: {passed} of 9 light models pass");
    assert!(unexpected.is_empty(), "{}", unexpected.join("\n"));
}

macro_rules! suite {
    ($($backend:ident: $device:literal, $least_share:expr;)*) => {$(
        mod $backend {
            #[test]
            fn node_cases() {
                super::node_cases($device, $least_share);
            }

            #[test]
            fn light_models() {
                super::light_models($device);
            }
        }
    )*};
}

suite! {
    cpu: "cpu", 0.95;
    ort: "ort:cpu", 0.0;
    openvino: "openvino:cpu", 0.0;
    rten: "rten", 0.0;
    tract: "tract", 0.0;
    mlx: "mlx:cpu", 0.0;
    mlx_gpu: "mlx:gpu", 0.0;
}
