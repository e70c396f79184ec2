//! What preparing costs: time and memory beside ONNX Runtime's, and the planner's share.

use anyhow::{Context, Result, ensure};

use super::speed::{all_models, short_name};
use super::{Bench, figure, list, text};
use crate::workspace::Workspace;

const DEVICES: [&str; 2] = ["cpu", "ort:cpu"];

/// The time to compile and the peak memory of a process, the native engine's and ONNX Runtime's.
pub(super) fn prepare(workspace: &Workspace, bench: &Bench, models: &[String]) -> Result<()> {
    let models = match models {
        [] => all_models(bench)?,
        models => models.to_vec(),
    };
    println!("{:<24} {:>32}   {:>32}", "", "compile, ms", "peak memory of a process, MiB");
    println!(
        "{:<24} {:>10} {:>10} {:>10}   {:>10} {:>10} {:>10}",
        "", "cpu", "ort:cpu", "ratio", "cpu", "ort:cpu", "ratio"
    );
    for model in &models {
        let devices = DEVICES.iter().flat_map(|device| ["--device", device]);
        let options: Vec<&str> =
            ["--threads", "1", "--time", "0.2"].into_iter().chain(devices).collect();
        let record = bench.compare(model, &options)?;
        let value = |device: &str, metric: &str| -> Result<f64> {
            list(&record, "/summary/devices")
                .iter()
                .find(|row| text(row, "/device") == device)
                .and_then(|row| figure(row, metric))
                .with_context(|| format!("{model} has no {metric} of {device}"))
        };
        print!("{:<24}", short_name(model));
        for (metric, scale) in [("compile", 1e3), ("peak_memory", 1.0 / (1 << 20) as f64)] {
            let [ours, theirs] = DEVICES.map(|device| value(device, metric));
            let (ours, theirs) = (ours? * scale, theirs? * scale);
            print!(" {ours:>10.1} {theirs:>10.1} {:>10.2}  ", theirs / ours);
        }
        println!();
    }
    let mut shares = workspace.cargo();
    shares.args(["run", "--release", "--package", "tachy-cpu", "--example", "prepare"]);
    let status = shares.status().context("Cargo could not be started")?;
    ensure!(status.success(), "preparing the models of the zoo failed");
    Ok(())
}
