//! Tells the crate which compiler builds it: part of every measurement's fingerprint.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=RUSTC");
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let Ok(output) = Command::new(compiler).arg("--version").output() else { return };
    let version = String::from_utf8_lossy(&output.stdout);
    if output.status.success() && !version.trim().is_empty() {
        println!("cargo:rustc-env=TACHY_COMPILER={}", version.trim());
    }
}
