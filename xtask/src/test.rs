//! Every test of the workspace, with all that Python can bring.

use std::env;

use anyhow::Result;
use clap::Args;

use crate::journal::Journal;
use crate::material;
use crate::mlx;
use crate::python::Environment;
use crate::workspace::Workspace;

#[derive(Args, Default)]
pub struct Options {
    /// Tests this package only; may be given more than once
    #[arg(short, long = "package", value_name = "NAME")]
    packages: Vec<String>,
    /// Builds and tests the engine tract, too, which takes minutes more
    #[arg(long)]
    pub tract: bool,
    /// Tests the release build
    #[arg(long)]
    release: bool,
    /// Passed on to `cargo test`
    #[arg(last = true, value_name = "ARGUMENTS")]
    passed_on: Vec<String>,
}

/// What all steps are about: the whole workspace, with the engine tract or without.
pub fn scope(tract: bool) -> &'static [&'static str] {
    match tract {
        true => &["--workspace", "--all-features"],
        // The default features are all but tract, and those of the profile that a program asks for.
        false => &[
            "--workspace",
            "--exclude",
            "tachy-tract",
            "--features",
            "tachy-profile/exports,tachy-profile/heap,tachy-profile/sampling",
        ],
    }
}

pub fn run(workspace: &Workspace, journal: &mut Journal, options: &Options) -> Result<()> {
    let mut command = workspace.cargo();
    command.args(["test", "--no-fail-fast"]);
    if options.packages.is_empty() {
        command.args(scope(options.tract));
    }
    for package in &options.packages {
        command.args(["--package", package]);
    }
    if options.release {
        command.arg("--release");
    }
    command.args(&options.passed_on);

    match Environment::prepare(workspace, journal) {
        Ok(python) => {
            let data = material::prepare(workspace, journal, &python)?;
            command.env("TACHY_TEST_DATA", data);
            command.env("TACHY_PYTHON", python.interpreter());
            for (name, path) in python.engine_libraries(workspace)? {
                if env::var_os(&name).is_none_or(|value| value.is_empty()) {
                    command.env(name, path);
                }
            }
            match mlx::prepare(workspace, journal, &python) {
                Ok(folder) => {
                    command.env("MLX_ROOT", folder).env("TACHY_REQUIRE_MLX", "1");
                }
                Err(reason) => journal.leave_out(format!("The tests of MLX: {reason:#}")),
            }
        }
        Err(reason) => journal.leave_out(format!(
            "The tests on the models and node tests of the Python package `onnx`, and those of the engines that \
             Python brings (ONNX Runtime, OpenVINO), unless the environment names them: {reason:#}"
        )),
    }
    journal.step("test", &mut command)
}
