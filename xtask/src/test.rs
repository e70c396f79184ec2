//! Every test of the workspace, with all that Python can bring.

use std::env;

use anyhow::Result;
use clap::Args;

use crate::journal::Journal;
use crate::material;
use crate::python::Environment;
use crate::workspace::Workspace;

#[derive(Args, Default)]
pub struct Options {
    /// Tests this package only; may be given more than once
    #[arg(short, long = "package", value_name = "NAME")]
    packages: Vec<String>,
    /// Tests the release build
    #[arg(long)]
    release: bool,
    /// Passed on to `cargo test`
    #[arg(last = true, value_name = "ARGUMENTS")]
    passed_on: Vec<String>,
}

pub fn run(workspace: &Workspace, journal: &mut Journal, options: &Options) -> Result<()> {
    let mut command = workspace.cargo();
    command.args(["test", "--all-features", "--no-fail-fast"]);
    if options.packages.is_empty() {
        command.arg("--workspace");
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
        }
        Err(reason) => journal.leave_out(format!(
            "The tests on the models and node tests of the Python package `onnx`, and those of the engines that \
             Python brings (ONNX Runtime, OpenVINO), unless the environment names them: {reason:#}"
        )),
    }
    journal.step("test", &mut command)
}
