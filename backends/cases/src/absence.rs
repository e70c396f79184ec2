//! Engines whose library is missing or is not one.
//!
//! A library is loaded once in the life of a process, so each case runs in a process of its own: the test
//! program starts itself again and asks it for one test only, which lists the devices.

use std::path::Path;
use std::process::Command;

use tachy_runtime::{Availability, Backend};

/// Set in the child process.
const CHILD: &str = "TACHY_TEST_LISTS_DEVICES";

/// In the child process, prints every device and why it is absent; elsewhere does nothing.
pub fn list_devices_in_child(backend: &dyn Backend) {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    for info in backend.devices() {
        match info.availability {
            Availability::Available => println!("DEVICE {} available", info.device),
            Availability::Absent { reason, remedy } => {
                println!("DEVICE {} absent: {reason} {remedy}", info.device);
            }
        }
    }
}

/// With each of these in place of its library, every device of the engine is absent and says why.
///
/// `test` is the name of the test that calls [`list_devices_in_child`]; `variable` names the library.
pub fn broken_libraries_are_absent(test: &str, variable: &str, package: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("text.so"), "not a library\n".repeat(100)).unwrap();
    let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    std::fs::write(path("cut.so"), &program[..program.len() / 2]).unwrap();
    std::fs::create_dir(path("empty")).unwrap();
    let mut cases = vec![
        (path("missing.so"), "does not exist"),
        (path("empty"), "holds no"),
        (path("text.so"), "cannot be"),
        (path("cut.so"), "cannot be"),
    ];
    // A library that is whole, and another engine's.
    cases.extend(some_library().map(|library| (library, "does not export")));
    for (library, why) in cases {
        let child = child(test, |command| command.env(variable, &library));
        assert_absent(&child, why);
        assert!(child.contains(variable), "{child}");
    }
    let nowhere = child(test, |command| {
        command.env_remove(variable).env("TACHY_PYTHON", path("no-python"));
        command.env_remove("LD_LIBRARY_PATH")
    });
    // Unless the system itself has the library, nothing is left to be found.
    if !nowhere.contains(" available") {
        assert_absent(&nowhere, "was not found");
        assert!(nowhere.contains(&format!("pip install {package}")), "{nowhere}");
    }
}

fn child(test: &str, configure: impl Fn(&mut Command) -> &mut Command) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env(CHILD, "1");
    let output = configure(&mut command).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}: {text}", output.status);
    let lines = text.lines().filter_map(|line| line.split_once("DEVICE ").map(|(_, rest)| rest));
    lines.collect::<Vec<_>>().join("\n")
}

fn assert_absent(devices: &str, why: &str) {
    assert!(!devices.is_empty());
    for line in devices.lines() {
        assert!(line.contains(" absent: ") && line.contains(why), "{line}");
    }
}

/// A shared library that this process has loaded.
fn some_library() -> Option<std::path::PathBuf> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let paths = maps.lines().filter_map(|line| line.split_whitespace().nth(5));
    paths.map(Path::new).find(|path| path.file_name().is_some_and(is_c_library)).map(Into::into)
}

fn is_c_library(name: &std::ffi::OsStr) -> bool {
    name.to_str().is_some_and(|name| name.starts_with("libc.so") || name.starts_with("libm.so"))
}
