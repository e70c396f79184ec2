//! The native engine beside the others.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::{Bench, ZOO, figure, list, text};

/// The light models and the zoo, or those that were named; times of the others as multiples of the native engine's.
pub(super) fn speed(
    bench: &Bench,
    models: &[String],
    threads: usize,
    time: f64,
    devices: &[String],
) -> Result<()> {
    let models = match models {
        [] => all_models(bench)?,
        models => models.to_vec(),
    };
    let mut ratios: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    println!("Times of the others as multiples of the native engine's; threads: {threads}");
    for model in &models {
        let (threads, time) = (threads.to_string(), time.to_string());
        let mut options = vec!["--threads", &threads, "--time", &time];
        if !devices.is_empty() {
            options.extend(["--device", "cpu"]);
            options.extend(devices.iter().flat_map(|device| ["--device", device]));
        }
        let record = bench.compare(model, &options)?;
        let times: BTreeMap<&str, f64> = list(&record, "/summary/devices")
            .iter()
            .filter_map(|device| Some((text(device, "/device"), figure(device, "run")?)))
            .collect();
        let ours = *times.get("cpu").with_context(|| format!("no time of `cpu` for {model}"))?;
        let name = short_name(model);
        print!("{name:<24} {:>10.1} µs", ours * 1e6);
        let mut best = f64::INFINITY;
        for (device, seconds) in times.iter().filter(|(device, _)| **device != "cpu") {
            let ratio = seconds / ours;
            print!("  {device} {ratio:.2}");
            ratios.entry((*device).to_owned()).or_default().push(ratio);
            if matches!(*device, "ort:cpu" | "openvino:cpu") {
                best = best.min(ratio);
            }
        }
        println!("  best {best:.2}");
        let name = "the better of ort:cpu and openvino:cpu".to_owned();
        ratios.entry(name).or_default().push(best);
    }
    for (device, ratios) in &ratios {
        let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let mean = (ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len() as f64).exp();
        println!(
            "{device}: geometric mean {mean:.3}, least {least:.2}, of {} models",
            ratios.len()
        );
    }
    Ok(())
}

/// The light models and the zoo.
pub(super) fn all_models(bench: &Bench) -> Result<Vec<String>> {
    let mut models: Vec<String> = fs::read_dir(bench.data.join("light"))?
        .filter_map(|entry| Some(entry.ok()?.path().join("model.onnx")))
        .filter(|path| path.exists())
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    models.sort();
    models.extend(ZOO.iter().map(|name| (*name).to_owned()));
    Ok(models)
}

/// A model's folder, which its name is in, or what it was called.
pub(super) fn short_name(model: &str) -> Cow<'_, str> {
    let folder = Path::new(model).parent().and_then(Path::file_name);
    folder.map_or(model.into(), |name| name.to_string_lossy())
}
