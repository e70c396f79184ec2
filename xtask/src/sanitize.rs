//! The kernels' tests under a sanitizer.

use anyhow::Result;

use crate::journal::Journal;
use crate::workspace::Workspace;

/// Runs them with every access to memory checked. Sanitizers are an unstable option of the compiler, which the stable
/// one takes when it is told so; Miri, which checks more, comes with other toolchains and knows few vector instructions.
pub fn run(workspace: &Workspace, journal: &mut Journal) -> Result<()> {
    let mut command = workspace.cargo();
    command.args(["test", "--no-fail-fast", "--lib", "--tests"]);
    // With a target of their own, build scripts and macros are built without the sanitizer.
    command
        .args(["--target", &host()])
        .arg("--target-dir")
        .arg(workspace.target().join("sanitized"));
    command.args(["--package", "tachy-kernels"]);
    command.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", "-Zsanitizer=address");
    journal.step("test the kernels with AddressSanitizer", &mut command)
}

/// The target that the task runner itself was built for, as Rust names it.
fn host() -> String {
    let (vendor, system) = match std::env::consts::OS {
        "macos" => ("apple", "darwin"),
        system => ("unknown", system),
    };
    let environment = if system == "linux" { "-gnu" } else { "" };
    format!("{}-{vendor}-{system}{environment}", std::env::consts::ARCH)
}
