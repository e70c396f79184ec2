//! The device `auto` beside the devices that it chooses among.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{Bench, list, text};
use crate::workspace::Workspace;

/// How much longer than on the best device a call may take.
const MOST: f64 = 1.10;
/// The sizes that are tuned on, and others between them and beyond.
const TUNED: [usize; 4] = [16, 64, 256, 1024];
const HELD_OUT: [usize; 5] = [24, 48, 96, 160, 400];
/// Images grow with the square, and channels make them larger.
const TUNED_IMAGES: [usize; 4] = [4, 8, 16, 64];
const HELD_OUT_IMAGES: [usize; 4] = [6, 12, 24, 40];

/// Tunes on one grid, and measures all devices and `auto` on another one.
pub(super) fn auto(
    workspace: &Workspace,
    bench: &Bench,
    operators: &[String],
    threads: usize,
    chosen: (&[usize], &[usize]),
) -> Result<()> {
    let cache = workspace.target().join("trial-auto");
    if cache.exists() {
        std::fs::remove_dir_all(&cache)
            .context("what an earlier trial remembered is in the way")?;
    }
    let (mut within, mut all, mut worst) = (0, 0, 0.0f64);
    for operator in operators {
        let images = matches!(operator.as_str(), "conv2d" | "groupnorm");
        let (tuned, held_out) = match (chosen.0, images) {
            ([], true) => (&TUNED_IMAGES[..], &HELD_OUT_IMAGES[..]),
            ([], false) => (&TUNED[..], &HELD_OUT[..]),
            _ => chosen,
        };
        let tachy = || {
            let mut command = Command::new(&bench.program);
            command.envs(bench.variables.iter().map(|(name, value)| (name, value)));
            command.env("XDG_CACHE_HOME", &cache);
            command
        };
        let compare = |sizes: &[usize], options: &[&str]| -> Result<Value> {
            let sizes = sizes.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
            let mut command = tachy();
            command.args(["compare", "op", operator, "--sizes", &sizes, "--format", "json"]);
            command.args(["--no-peaks", "--threads", &threads.to_string()]).args(options);
            let output = command.output().context("tachy could not be started")?;
            serde_json::from_slice(&output.stdout).with_context(|| {
                format!("tachy gave no record: {}", String::from_utf8_lossy(&output.stderr))
            })
        };
        let record = compare(tuned, &[])?;
        let devices: Vec<&str> =
            list(&record, "/devices").iter().map(|device| text(device, "/device")).collect();
        let devices = format!("{},auto", devices.join(","));
        let record = compare(held_out, &["--no-remember", "--devices", &devices])?;
        let mut calls: BTreeMap<&str, Vec<(&str, f64)>> = BTreeMap::new();
        for figure in list(&record, "/figures") {
            if let Some(call) = figure.pointer("/call").and_then(Value::as_f64) {
                calls
                    .entry(text(figure, "/case"))
                    .or_default()
                    .push((text(figure, "/device"), call));
            }
        }
        for (case, calls) in calls {
            let auto = calls.iter().find(|(device, _)| *device == "auto");
            let (_, auto) = auto.with_context(|| format!("no time of `auto` for {case}"))?;
            let others = calls.iter().filter(|(device, _)| *device != "auto");
            let (best, seconds) = others
                .min_by(|a, b| a.1.total_cmp(&b.1))
                .with_context(|| format!("no time of a device for {case}"))?;
            let ratio = auto / seconds;
            println!(
                "{case:<22} auto {:>10.2} µs, best {:>10.2} µs on {best:<14} {ratio:>6.3}{}",
                auto * 1e6,
                seconds * 1e6,
                if ratio <= MOST { "" } else { "  beyond 10%" }
            );
            if ratio > MOST {
                let mut ask = tachy();
                ask.args(["profile", &format!("op:{case}"), "--device", "auto", "--time", "0.1"]);
                let told = ask.args(["--threads", &threads.to_string()]).output();
                let told = told.context("tachy could not be started")?;
                let told = String::from_utf8_lossy(&told.stdout).replace('\n', " ");
                if let Some((_, chosen)) = told.split_once("The device is ") {
                    println!("    auto is {chosen}");
                }
            }
            within += usize::from(ratio <= MOST);
            all += 1;
            worst = worst.max(ratio);
        }
    }
    println!(
        "auto is within 10% of the best device in {within} of {all} cases; the worst is {worst:.3}."
    );
    ensure!(all > 0, "nothing was measured");
    ensure!(within == all, "auto is more than 10% off the best device in {} cases", all - within);
    Ok(())
}
