//! Format, Clippy and documentation; a warning is an error.

use anyhow::Result;

use crate::journal::Journal;
use crate::workspace::Workspace;

pub fn run(workspace: &Workspace, journal: &mut Journal) -> Result<()> {
    journal.step("check the format", workspace.cargo().args(["fmt", "--all", "--check"]))?;
    journal.step(
        "check with Clippy",
        workspace
            .cargo()
            .args(["clippy", "--workspace", "--all-targets", "--all-features"])
            .args(["--", "--deny", "warnings"]),
    )?;
    journal.step(
        "check the documentation",
        workspace
            .cargo()
            .args(["doc", "--workspace", "--all-features", "--no-deps"])
            .env("RUSTDOCFLAGS", "--deny warnings"),
    )
}
