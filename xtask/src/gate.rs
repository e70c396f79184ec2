//! The project's own gate: its kernels against another revision's.

use anyhow::Result;
use clap::Args;

use crate::journal::Journal;
use crate::mlx;
use crate::test::scope;
use crate::workspace::Workspace;

#[derive(Args)]
pub struct Options {
    /// The revision to compare with
    #[arg(long, value_name = "REVISION", default_value = PREVIOUS)]
    against: String,
}

const PREVIOUS: &str = "HEAD~1";

impl Default for Options {
    fn default() -> Self {
        Self { against: PREVIOUS.to_owned() }
    }
}

/// Runs `tachy check` on what `tachy.toml` names. A revision that has no benchmarks yet is left out, and so is one that
/// is not there, as in a clone without history.
pub fn run(workspace: &Workspace, journal: &mut Journal, options: &Options) -> Result<()> {
    let program = format!("{}:benches/gate.rs", options.against);
    let known = workspace.command("git").args(["cat-file", "-e", &program]).output();
    if !known.is_ok_and(|output| output.status.success()) {
        journal.leave_out(format!(
            "The kernels were not gated: `{}` is no commit here that has their benchmarks. Clone with its history.",
            options.against
        ));
        return Ok(());
    }
    // Built with the tests and as they are, nothing is left to do after them.
    let mut build = workspace.cargo();
    build.args(["test", "--no-run", "--quiet"]).args(scope(false));
    mlx::provide(workspace, journal, &mut [&mut build]);
    journal.step("build the gate", &mut build)?;
    let mut command = workspace.command(workspace.target().join("debug/tachy"));
    command.args(["check", "--time", "15", "--against", &options.against]);
    journal.step("gate the kernels", &mut command)
}
