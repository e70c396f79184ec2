//! The figures that the project claims of its statistics.

use anyhow::{Context, Result, ensure};

use crate::workspace::Workspace;

/// Simulations with fixed seeds: but for the times, every machine prints the same figures.
pub(super) fn statistics(workspace: &Workspace, share: f64) -> Result<()> {
    let mut trial = workspace.cargo();
    trial.args(["run", "--release", "--package", "tachy-stats"]);
    trial.args(["--example", "statistics_trial", "--"]).arg(share.to_string());
    let status = trial.status().context("Cargo could not be started")?;
    ensure!(status.success(), "the trial of the statistics failed");
    Ok(())
}
