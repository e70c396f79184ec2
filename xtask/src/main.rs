//! The project's task runner: `cargo xtask --help` says what it does.

#![forbid(unsafe_code)]

mod command_line;
mod gate;
mod journal;
mod lint;
mod material;
mod mlx;
mod python;
mod sanitize;
mod stamp;
mod test;
mod trial;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

use command_line::{Arguments, Setup, Task};
use journal::Journal;
use workspace::Workspace;

fn main() -> ExitCode {
    let task = Arguments::parse().task;
    let mut journal = Journal::default();
    let result = perform(task, &mut journal);
    journal.close();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(task: Task, journal: &mut Journal) -> anyhow::Result<()> {
    let workspace = &Workspace::locate()?;
    match task {
        Task::Test(options) => test::run(workspace, journal, &options),
        Task::Trial(trial) => trial::run(workspace, journal, &trial),
        Task::Lint { tract } => lint::run(workspace, journal, tract),
        Task::Gate(options) => gate::run(workspace, journal, &options),
        Task::Sanitize => sanitize::run(workspace, journal),
        Task::Ci => {
            lint::run(workspace, journal, false)?;
            test::run(workspace, journal, &test::Options::default())?;
            gate::run(workspace, journal, &gate::Options::default())
        }
        Task::Data => {
            let python = python::Environment::prepare(workspace, journal)?;
            material::prepare(workspace, journal, &python).map(drop)
        }
        Task::Setup(Setup::Mlx) => {
            let python = python::Environment::prepare(workspace, journal)?;
            println!("MLX_ROOT={}", mlx::prepare(workspace, journal, &python)?.display());
            Ok(())
        }
        Task::Setup(Setup::Python) => {
            let python = python::Environment::prepare(workspace, journal)?;
            println!("TACHY_PYTHON={}", python.interpreter().display());
            for (name, path) in python.engine_libraries(workspace)? {
                println!("{name}={path}");
            }
            Ok(())
        }
    }
}
