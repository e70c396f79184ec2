//! What the profiler claims: what recording a model costs, how much of a run it explains, and what a comparison of two
//! traces finds.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::text;
use crate::workspace::Workspace;

/// The models of the zoo whose traces are looked at.
const EXPLAINED: [&str; 6] =
    ["mlp", "mobilenet-v3-small", "resnet-18", "lstm-256", "conv1d-denoiser", "transformer-block"];

/// The models whose traces are compared: one of many short operations, and one of fewer long ones.
const COMPARED: [&str; 2] = ["zoo:mobilenet-v3-small", "zoo:resnet-18"];

/// Profiles the zoo, then makes so many traces of one model, each in a process of its own, for the example to compare.
pub(super) fn profile(workspace: &Workspace, traces: usize) -> Result<()> {
    let cargo = |arguments: &[&str]| -> Result<()> {
        let status =
            workspace.cargo().args(arguments).status().context("Cargo could not be started")?;
        ensure!(status.success(), "cargo {} failed", arguments.join(" "));
        Ok(())
    };
    cargo(&[
        "build",
        "--release",
        "--package",
        "tachy",
        "--example",
        "profile_trial",
        "--bin",
        "tachy",
    ])?;
    let program = workspace.target().join("release/tachy");
    println!("Time of the wall that is in no span, and what recording costs, one thread");
    for model in EXPLAINED {
        let model = format!("zoo:{model}");
        let output = Command::new(&program)
            .args(["profile", &model, "--threads", "1", "--time", "2", "--format", "json"])
            .output()
            .context("tachy could not be started")?;
        let record: Value =
            serde_json::from_slice(&output.stdout).context("tachy gave no record")?;
        let hotspots = &record["hotspots"];
        let number = |name: &str| hotspots[name].as_f64().unwrap_or(f64::NAN);
        let rows = hotspots["rows"].as_array().context("there are no operations")?;
        let sum = |wanted: &dyn Fn(&Value) -> bool| -> f64 {
            let of = rows.iter().filter(|row| wanted(row));
            of.map(|row| row["main"].as_f64().unwrap_or(f64::NAN)).sum()
        };
        let wall = number("wall");
        let all = (sum(&|_| true) + number("unattributed")) / wall;
        let between = sum(&|row| text(row, "/operation/name") == "run") / wall;
        println!(
            "{model:<24} spans + unattributed = {:.2}% of the wall; unattributed {:.3}%, between the steps {:.2}%; \
             recording {:.2}%",
            all * 100.0,
            number("unattributed") / wall * 100.0,
            between * 100.0,
            number("recording") / wall * 100.0,
        );
    }
    let folder = workspace.target().join("traces");
    if folder.exists() {
        fs::remove_dir_all(&folder).context("the last trial's traces cannot be removed")?;
    }
    let mut example =
        vec!["run", "--release", "--package", "tachy", "--example", "profile_trial", "--"];
    let mut folders = Vec::new();
    for (number, model) in COMPARED.into_iter().enumerate() {
        let folder = folder.join(number.to_string());
        record(&program, model, traces, &folder)?;
        folders.push(folder.to_string_lossy().into_owned());
    }
    example.extend(folders.iter().map(String::as_str));
    cargo(&example)
}

/// Traces of a model, each of a process of its own.
fn record(program: &Path, model: &str, traces: usize, folder: &Path) -> Result<()> {
    let count = traces.to_string();
    let status = Command::new(program)
        .args(["profile", model, "--threads", "1", "--processes", &count, "--save"])
        .arg(folder)
        .stdout(Stdio::null())
        .status()
        .context("tachy could not be started")?;
    ensure!(status.success(), "tachy could not profile {model}");
    Ok(())
}
