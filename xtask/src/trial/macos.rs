//! The types of the branches for macOS, checked from another system.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::journal::Journal;
use crate::mlx;
use crate::test::scope;
use crate::workspace::Workspace;

const TARGET: &str = "aarch64-apple-darwin";

/// Stands in for the compiler and the archiver of C, of which a check of types uses nothing: whatever file is asked for
/// is made, and is empty.
const STAND_IN: &str = r#"#!/bin/sh
previous=
for argument in "$@"; do
    case "$previous" in -o) : > "$argument" ;; esac
    case "$argument" in *.a) printf '!<arch>\n' > "$argument" ;; esac
    previous="$argument"
done
"#;

/// Runs Clippy for the target. Nothing is linked and nothing runs: that what is compiled for macOS works there is not
/// shown by this.
pub(super) fn macos(workspace: &Workspace, journal: &mut Journal) -> Result<()> {
    let folder = workspace.target().join("macos");
    fs::create_dir_all(&folder).context("the folder of the check cannot be made")?;
    let stand_in = folder.join("stand-in");
    write_program(&stand_in)?;
    let mut check = workspace.cargo();
    check.args(["clippy", "--locked", "--target", TARGET, "--all-targets"]).args(scope(false));
    // Neither C nor the shim is compiled, so builds for this machine must not find what comes of it.
    check.env("CARGO_TARGET_DIR", &folder);
    let suffix = TARGET.replace('-', "_");
    for tool in ["CC", "CXX", "AR"] {
        check.env(format!("{tool}_{suffix}"), &stand_in);
    }
    // Otherwise Apple's own tool is asked where its headers are.
    check.env("SDKROOT", &folder);
    check.args(["--", "--deny", "warnings"]);
    // With MLX's headers, what speaks to the shim is checked, too.
    mlx::provide(workspace, journal, &mut [&mut check]);
    let status = check.status().context("Cargo could not be started")?;
    ensure!(
        status.success(),
        "the check for {TARGET} failed; the target's standard library comes with `rustup target add {TARGET}`"
    );
    Ok(())
}

fn write_program(path: &Path) -> Result<()> {
    let written = fs::write(path, STAND_IN)
        .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o755)));
    written.with_context(|| format!("{} cannot be written", path.display()))
}
