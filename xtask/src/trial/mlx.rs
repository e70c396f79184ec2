//! What the binding to MLX costs, beside MLX's own Python.

use anyhow::{Context, Result, ensure};

use crate::journal::Journal;
use crate::mlx;
use crate::python::Environment;
use crate::workspace::Workspace;

/// Runs the example that asks both in turns. Both compute with the BLAS that MLX brings, since Python does.
pub(super) fn mlx(workspace: &Workspace, journal: &mut Journal, unit: &str) -> Result<()> {
    let python = Environment::prepare(workspace, journal)?;
    let folder = mlx::prepare(workspace, journal, &python)?;
    let status = workspace
        .cargo()
        .args(["run", "--release", "--package", "tachy-mlx", "--example", "mlx_cost", "--"])
        .arg(python.interpreter())
        .arg(workspace.helpers().join("mlx_cost.py"))
        .arg(unit)
        .env("MLX_ROOT", folder)
        .env("TACHY_MLX_BLAS", "reference")
        .status()
        .context("Cargo could not be started")?;
    ensure!(status.success(), "the trial failed");
    Ok(())
}
