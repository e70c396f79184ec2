//! Trials: what the project claims of its own measurements, put to the test on this machine.
//!
//! Each prints its figures. They depend on the machine, so they are no tests; what holds is kept under
//! `docs/measurements/`.

mod aarch64;
mod auto;
mod exports;
mod gate;
#[cfg(unix)]
mod macos;
mod mlx;
mod prepare;
mod profile;
mod report;
#[cfg(unix)]
mod slurm;
mod speed;
mod statistics;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use clap::Subcommand;
use serde_json::Value;

use crate::journal::Journal;
use crate::material;
use crate::python::Environment;
use crate::workspace::Workspace;

#[derive(Subcommand)]
pub enum Trial {
    /// The kernels' tests for 64-bit ARM, where this machine is another, under QEMU; needs the target's standard library
    Aarch64 {
        /// Arguments for `cargo test` instead of the kernels' package
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// The device `auto`, tuned on one grid of sizes, on another one: how far it is off the best device
    Auto {
        /// Operators
        #[arg(default_values = ["matmul", "add", "conv2d", "layernorm", "softmax"])]
        operators: Vec<String>,
        /// Threads of every engine
        #[arg(long, default_value_t = 1)]
        threads: usize,
        /// Sizes to tune on instead of the usual ones
        #[arg(long, value_delimiter = ',', requires = "held_out")]
        tuned: Vec<usize>,
        /// Sizes to try it at
        #[arg(long, value_delimiter = ',', requires = "tuned")]
        held_out: Vec<usize>,
        /// A `tachy` that was built elsewhere, to be run as it is; otherwise it is built, and the engines are set up
        #[arg(long, value_name = "FILE")]
        program: Option<PathBuf>,
    },
    /// Every engine agrees with the reference on the re-seeded light ResNet-50 within 1e-4 relative L2
    Agreement,
    /// The profiler: what recording costs, how much of a run is explained, and what a comparison of traces finds
    Profile {
        /// Traces of each model to compare, each of a process of its own
        #[arg(long, default_value_t = 200)]
        traces: usize,
    },
    /// Two runs of one comparison rank the clear winners alike
    Repeat {
        /// What to compare
        #[arg(default_value = "zoo:mobilenet-v3-small")]
        model: String,
    },
    /// The native engine against the others on the light models and the zoo: times as multiples of its own
    Speed {
        /// Models: `zoo:NAME` or files; the light models and the zoo if there are none
        models: Vec<String>,
        /// Threads of every engine
        #[arg(long, default_value_t = 1)]
        threads: usize,
        /// Seconds for each device of each model
        #[arg(long, default_value_t = 5.0)]
        time: f64,
        /// Devices beside `cpu`; all that can be used if there are none
        #[arg(long = "device")]
        devices: Vec<String>,
    },
    /// The types of the branches for macOS, checked from here; needs the target's standard library. Nothing runs
    #[cfg(unix)]
    Macos,
    /// The binding to MLX beside MLX's own Python: a product of matrices, and building lazy graphs
    Mlx {
        /// The unit: cpu or gpu
        #[arg(long, default_value = "cpu")]
        unit: String,
    },
    /// Upload + run + fetch is within 2% of the whole call
    Parts {
        /// Models; the zoo if there are none
        models: Vec<String>,
    },
    /// What preparing costs: its time and the peak memory beside ONNX Runtime's, and the planner's share
    Prepare {
        /// Models: `zoo:NAME` or files; the light models and the zoo if there are none
        models: Vec<String>,
    },
    /// The arena planner: MiniMalloc's instances, networks, and 60,000 buffers
    Planner {
        /// Folder of CSV files [default: the instances A to F in the repository]
        folder: Option<PathBuf>,
    },
    /// The statistics on simulated noise: coverage, false alarms, power, plans, histories, and their speed
    Statistics {
        /// The share of the full size to run
        #[arg(long, default_value_t = 1.0)]
        share: f64,
    },
    /// The files that traces are written to, opened by the programs they are for, as far as these can be had
    Exports,
    /// The gate on real processes: false alarms among equals, and whether what is announced is found
    Gate(gate::Gate),
    /// The page of a report of many measurements: its seconds and bytes, and what a browser finds wrong with it
    ///
    /// It is opened in headless Chromium in light, dark, on a phone and on paper: no console error, no request, axe's
    /// rules of WCAG 2.2 A and AA, every table sorted with the keyboard, no sideways scrolling. Chromium is found on
    /// the path or named in CHROMIUM; Node.js and npm bring axe.
    Report {
        /// Measurements of the report
        #[arg(long, default_value_t = 10_000)]
        measurements: u64,
    },
    /// The worked example of a Slurm job array, on a cluster of this machine alone; Slurm must be installed
    #[cfg(unix)]
    Slurm {
        /// Tasks of the array
        #[arg(long, default_value_t = 3)]
        parts: u64,
    },
}

pub fn run(workspace: &Workspace, journal: &mut Journal, trial: &Trial) -> Result<()> {
    let mut bench = || Bench::prepare(workspace, journal);
    match trial {
        Trial::Aarch64 { arguments } => aarch64::aarch64(workspace, arguments),
        Trial::Agreement => agreement(&bench()?),
        Trial::Auto { operators, threads, tuned, held_out, program } => {
            let bench = match program {
                Some(program) => Bench::of(program),
                None => bench()?,
            };
            auto::auto(workspace, &bench, operators, *threads, (tuned, held_out))
        }
        Trial::Exports => exports::exports(workspace, journal),
        Trial::Gate(trial) => gate::gate(workspace, trial),
        #[cfg(unix)]
        Trial::Macos => macos::macos(workspace, journal),
        Trial::Mlx { unit } => mlx::mlx(workspace, journal, unit),
        Trial::Parts { models } => parts(&bench()?, models),
        Trial::Planner { folder } => planner(workspace, folder.as_deref()),
        Trial::Prepare { models } => prepare::prepare(workspace, &bench()?, models),
        Trial::Profile { traces } => profile::profile(workspace, *traces),
        Trial::Repeat { model } => repeat(&bench()?, model),
        Trial::Report { measurements } => report::report(workspace, journal, *measurements),
        #[cfg(unix)]
        Trial::Slurm { parts } => slurm::slurm(workspace, *parts),
        Trial::Speed { models, threads, time, devices } => {
            speed::speed(&bench()?, models, *threads, *time, devices)
        }
        Trial::Statistics { share } => statistics::statistics(workspace, *share),
    }
}

/// Planning needs neither an engine nor test material.
fn planner(workspace: &Workspace, folder: Option<&Path>) -> Result<()> {
    let mut trial = workspace.cargo();
    trial.args(["run", "--release", "--package", "tachy-plan", "--example", "planner_trial", "--"]);
    if let Some(folder) = folder {
        // The trial runs in the workspace's root.
        trial.arg(std::path::absolute(folder).context("the folder has no absolute path")?);
    }
    let status = trial.status().context("Cargo could not be started")?;
    ensure!(status.success(), "the planner's trial failed");
    Ok(())
}

/// The command in its release build, and what it needs to find every engine.
struct Bench {
    program: PathBuf,
    variables: Vec<(String, String)>,
    data: PathBuf,
}

impl Bench {
    fn prepare(workspace: &Workspace, journal: &mut Journal) -> Result<Self> {
        let python = Environment::prepare(workspace, journal)?;
        let data = material::prepare(workspace, journal, &python)?;
        let variables = python.engine_libraries(workspace)?;
        let mut build = workspace.cargo();
        build.args(["build", "--release", "--package", "tachy", "--features", "tract"]);
        journal.step("build", &mut build)?;
        Ok(Self { program: workspace.target().join("release/tachy"), variables, data })
    }

    /// A command that was built elsewhere.
    fn of(program: &Path) -> Self {
        Self { program: program.to_path_buf(), variables: Vec::new(), data: PathBuf::new() }
    }

    /// The record of a comparison.
    fn compare(&self, model: &str, options: &[&str]) -> Result<Value> {
        let mut command = Command::new(&self.program);
        command.args(["compare", model, "--format", "json"]).args(options);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let output = command.output().context("tachy could not be started")?;
        serde_json::from_slice(&output.stdout).with_context(|| {
            format!("tachy gave no record: {}", String::from_utf8_lossy(&output.stderr))
        })
    }
}

fn list<'a>(value: &'a Value, path: &str) -> &'a [Value] {
    value.pointer(path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

/// The typical value of a metric of a device, in the metric's unit.
fn figure(device: &Value, metric: &str) -> Option<f64> {
    let figure =
        list(device, "/figures").iter().find(|figure| text(figure, "/metric") == metric)?;
    figure.pointer("/typical/value")?.as_f64()
}

fn agreement(bench: &Bench) -> Result<()> {
    let model = bench.data.join("light/light_resnet50/model.onnx");
    let record = bench.compare(&model.to_string_lossy(), &["--threads", "1"])?;
    let mut agreeing = 0;
    for row in list(&record, "/rows") {
        let error = row.pointer("/outcome/agreement/relative_l2").and_then(Value::as_f64);
        let state = text(row, "/outcome/state");
        let error_text = error.map_or("no figure".to_owned(), |error| format!("{error:.2e}"));
        println!("{:<16} {state:<9} relative L2 error {error_text}", text(row, "/device"));
        agreeing += usize::from(state == "measured" && error.is_some_and(|error| error <= 1e-4));
    }
    println!("{}", text(&record, "/summary/headline"));
    println!("{agreeing} engines agree within 1e-4.");
    ensure!(agreeing >= 5, "fewer than five engines agree");
    Ok(())
}

/// The pairs that a comparison tells apart: the slower device, then the faster.
fn clear_pairs(record: &Value) -> Vec<(String, String)> {
    list(record, "/ranking/pairs")
        .iter()
        .filter_map(|pair| {
            let (candidate, reference) = (text(pair, "/candidate"), text(pair, "/reference"));
            match text(pair, "/verdict/outcome") {
                "slower" => Some((candidate.to_owned(), reference.to_owned())),
                "faster" => Some((reference.to_owned(), candidate.to_owned())),
                _ => None,
            }
        })
        .collect()
}

fn repeat(bench: &Bench, model: &str) -> Result<()> {
    let runs: Vec<Value> = ["1", "2"]
        .iter()
        .map(|seed| bench.compare(model, &["--seed", seed]))
        .collect::<Result<_>>()?;
    for (number, run) in runs.iter().enumerate() {
        println!("run {}: {}", number + 1, text(run, "/summary/headline"));
        for place in list(run, "/ranking/places") {
            let rank = place.pointer("/rank").and_then(Value::as_u64).unwrap_or_default();
            println!("  {rank} {}", text(place, "/name"));
        }
    }
    let (first, second) = (clear_pairs(&runs[0]), clear_pairs(&runs[1]));
    let both = first.iter().filter(|pair| second.contains(pair)).count();
    let contradictions: Vec<_> = first
        .iter()
        .filter(|(slower, faster)| second.contains(&(faster.clone(), slower.clone())))
        .collect();
    println!(
        "{} clear pairs in the first run, {} in the second, {both} in both alike, {} contradict each other.",
        first.len(),
        second.len(),
        contradictions.len()
    );
    if !contradictions.is_empty() {
        bail!("the two runs contradict each other: {contradictions:?}");
    }
    Ok(())
}

const ZOO: [&str; 6] = [
    "zoo:mlp",
    "zoo:mobilenet-v3-small",
    "zoo:resnet-18",
    "zoo:lstm-256",
    "zoo:conv1d-denoiser",
    "zoo:transformer-block",
];

fn parts(bench: &Bench, models: &[String]) -> Result<()> {
    let models: Vec<&str> = match models {
        [] => ZOO.to_vec(),
        models => models.iter().map(String::as_str).collect(),
    };
    let (mut within, mut all) = (0, 0);
    for model in models {
        let record = bench.compare(model, &["--threads", "1"])?;
        for device in list(&record, "/summary/devices") {
            let Some(share) = device.pointer("/parts_of_call").and_then(Value::as_f64) else {
                continue;
            };
            let mark = if (share - 1.0).abs() <= 0.02 { "" } else { "  beyond 2%" };
            println!("{model:<24} {:<14} {:>7.2}%{mark}", text(device, "/device"), share * 100.0);
            within += usize::from(mark.is_empty());
            all += 1;
        }
    }
    println!("upload + run + fetch is within 2% of the whole call in {within} of {all} cases.");
    Ok(())
}
