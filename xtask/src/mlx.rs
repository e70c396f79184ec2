//! MLX in the Python environment: its headers and its library.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::journal::Journal;
use crate::python::Environment;
use crate::workspace::{Workspace, non_empty_variable};

/// The version that the project is built and tested with.
const VERSION: &str = "0.32.4";

/// Installs MLX unless it is there already, or `MLX_ROOT` names one; returns the package's folder.
pub fn prepare(
    workspace: &Workspace,
    journal: &mut Journal,
    python: &Environment,
) -> Result<PathBuf> {
    if let Some(named) = non_empty_variable("MLX_ROOT") {
        return Ok(named);
    }
    // The libraries for CUDA and for processors lie in the same place: an environment has one of them.
    let library = if has_nvidia_gpu() { "mlx-cuda-13" } else { "mlx-cpu" };
    let packages = [format!("mlx=={VERSION}"), format!("{library}=={VERSION}")];
    if folder(workspace, python, library).is_err() {
        let mut install = workspace.command(python.interpreter());
        install.args(["-m", "pip", "install", "--quiet", "--no-input"]);
        install.arg("--disable-pip-version-check").args(&packages);
        journal.step("install MLX", &mut install)?;
    }
    folder(workspace, python, library)
}

/// Lets builds find MLX's headers, where they can be had: what is built with them and what is built without are not
/// the same.
pub fn provide(workspace: &Workspace, journal: &mut Journal, builds: &mut [&mut Command]) {
    if non_empty_variable("MLX_ROOT").is_some() {
        // They find it by themselves.
        return;
    }
    let folder = Environment::prepare(workspace, journal)
        .and_then(|python| prepare(workspace, journal, &python));
    match folder {
        Ok(folder) => {
            for build in builds {
                build.env("MLX_ROOT", &folder);
            }
        }
        Err(reason) => journal.leave_out(format!("What needs MLX's headers: {reason:#}")),
    }
}

/// The package's folder, if MLX and this library are installed in the version wanted.
fn folder(workspace: &Workspace, python: &Environment, library: &str) -> Result<PathBuf> {
    let output = python
        .helper(workspace, "mlx_folder.py")
        .args([library, VERSION])
        .output()
        .context("The Python environment's interpreter could not be started.")?;
    let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    ensure!(
        output.status.success() && !folder.is_empty(),
        "MLX {VERSION} is not installed. {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(folder.into())
}

fn has_nvidia_gpu() -> bool {
    let mut command = Command::new("nvidia-smi");
    command.arg("-L").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
