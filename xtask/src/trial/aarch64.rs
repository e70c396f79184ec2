//! Tests on 64-bit ARM, in an emulator where the machine is another.

use anyhow::{Context, Result, ensure};

use crate::workspace::Workspace;

const TARGET: &str = "aarch64-unknown-linux-gnu";

/// Runs the kernels' tests, or what else is asked for. On Debian, `gcc-aarch64-linux-gnu`, `libc6-dev-arm64-cross` and
/// `qemu-user` bring the linker, its libraries and the emulator.
pub(super) fn aarch64(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let mut test = workspace.cargo();
    test.args(["test", "--locked", "--target", TARGET]);
    match arguments {
        [] => test.args(["--package", "tachy-kernels", "--lib"]),
        arguments => test.args(arguments),
    };
    if std::env::consts::ARCH != "aarch64" {
        let variable =
            |name: &str| format!("CARGO_TARGET_{}_{name}", TARGET.to_uppercase().replace('-', "_"));
        test.env(variable("LINKER"), "aarch64-linux-gnu-gcc");
        test.env(variable("RUNNER"), "qemu-aarch64 -L /usr/aarch64-linux-gnu");
    }
    let status = test.status().context("Cargo could not be started")?;
    ensure!(
        status.success(),
        "the tests on {TARGET} failed; the target's standard library comes with `rustup target add {TARGET}`"
    );
    Ok(())
}
