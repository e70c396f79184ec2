//! Format, Clippy and documentation; a warning is an error.

use anyhow::Result;

use crate::journal::Journal;
use crate::mlx;
use crate::test::scope;
use crate::workspace::Workspace;

pub fn run(workspace: &Workspace, journal: &mut Journal, tract: bool) -> Result<()> {
    journal.step("check the format", workspace.cargo().args(["fmt", "--all", "--check"]))?;
    let mut clippy = workspace.cargo();
    clippy.arg("clippy").args(scope(tract)).arg("--all-targets");
    let mut documentation = workspace.cargo();
    documentation.arg("doc").args(scope(tract)).arg("--no-deps");
    mlx::provide(workspace, journal, &mut [&mut clippy, &mut documentation]);
    journal.step("check with Clippy", clippy.args(["--", "--deny", "warnings"]))?;
    journal.step("check the documentation", documentation.env("RUSTDOCFLAGS", "--deny warnings"))
}
