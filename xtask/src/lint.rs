//! Format, Clippy and documentation; a warning is an error.

use anyhow::Result;

use crate::journal::Journal;
use crate::test::scope;
use crate::workspace::Workspace;

pub fn run(workspace: &Workspace, journal: &mut Journal, tract: bool) -> Result<()> {
    journal.step("check the format", workspace.cargo().args(["fmt", "--all", "--check"]))?;
    journal.step(
        "check with Clippy",
        workspace
            .cargo()
            .arg("clippy")
            .args(scope(tract))
            .arg("--all-targets")
            .args(["--", "--deny", "warnings"]),
    )?;
    journal.step(
        "check the documentation",
        workspace
            .cargo()
            .arg("doc")
            .args(scope(tract))
            .arg("--no-deps")
            .env("RUSTDOCFLAGS", "--deny warnings"),
    )
}
