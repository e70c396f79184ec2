//! The figures that the project claims of its gate, with real processes on this machine.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::workspace::Workspace;

/// How much to measure.
#[derive(Args)]
pub struct Gate {
    /// Verdicts on equals: as many as the machine is, and as many beside bursts of load
    #[arg(long, default_value_t = 2000)]
    verdicts: usize,
    /// The most pairs of such a verdict
    #[arg(long, default_value_t = 60)]
    most: usize,
    /// Duels with 2% injected, and as many with 5%
    #[arg(long, default_value_t = 100)]
    duels: usize,
    /// What decides in those: `time` or `processor-time`
    #[arg(long, default_value = "time")]
    metric: String,
    /// File to append every wrong verdict to, and some right ones, with their pairs
    #[arg(long, value_name = "FILE")]
    cases: Option<PathBuf>,
}

pub(super) fn gate(workspace: &Workspace, gate: &Gate) -> Result<()> {
    let mut trial = workspace.cargo();
    trial.args(["run", "--release", "--package", "tachy-measure", "--example", "gate_trial", "--"]);
    trial.args(["--verdicts", &gate.verdicts.to_string(), "--most", &gate.most.to_string()]);
    trial.args(["--duels", &gate.duels.to_string(), "--metric", &gate.metric]);
    if let Some(path) = &gate.cases {
        // The trial runs in the workspace's root.
        trial
            .arg("--cases")
            .arg(std::path::absolute(path).context("the file has no absolute path")?);
    }
    let status = trial.status().context("Cargo could not be started")?;
    ensure!(status.success(), "the trial of the gate failed");
    Ok(())
}
