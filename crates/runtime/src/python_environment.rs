//! The Python environment whose packages may carry an engine's library.

use std::env;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long the interpreter may take to say where a package lies. It takes some 30 ms; a cold disk, seconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// Prints the folder of a package without importing it: importing an engine takes seconds and starts threads.
/// The working directory is taken off the search path, lest a folder that has the package's name be found.
const WHERE_IS: &str = "\
import sys
sys.path[:] = [entry for entry in sys.path if entry]
import importlib.util
spec = importlib.util.find_spec(sys.argv[1])
for folder in (spec.submodule_search_locations or [])[:1] if spec else []:
    print(folder, end='')
";

/// A Python interpreter and the packages that it sees.
#[derive(Debug, Clone)]
pub struct PythonEnvironment {
    interpreter: PathBuf,
}

impl PythonEnvironment {
    /// The interpreter that `TACHY_PYTHON` names, else that of the active virtual environment (`VIRTUAL_ENV`),
    /// else the first `python3` on the path.
    pub fn current() -> Self {
        let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        let interpreter = if let Some(named) = set("TACHY_PYTHON") {
            PathBuf::from(named)
        } else if let Some(environment) = set("VIRTUAL_ENV") {
            let inside = if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" };
            PathBuf::from(environment).join(inside)
        } else {
            PathBuf::from(if cfg!(windows) { "python" } else { "python3" })
        };
        Self { interpreter }
    }

    /// The interpreter's program.
    pub fn interpreter(&self) -> &Path {
        &self.interpreter
    }

    /// The folder of an installed package, found without importing it; `None` if it is not installed.
    ///
    /// # Errors
    /// If the interpreter cannot be run or does not answer, as part of a sentence.
    pub fn package_folder(&self, package: &str) -> Result<Option<PathBuf>, String> {
        let name = self.interpreter.display();
        let mut child = Command::new(&self.interpreter)
            .args(["-c", WHERE_IS, package])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("the Python interpreter {name} could not be run ({error})"))?;
        let start = Instant::now();
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if start.elapsed() < PATIENCE => thread::sleep(Duration::from_millis(2)),
                _ => {
                    // It may have ended in this instant; then there is nothing to stop.
                    let _ = child.kill();
                    let _ = child.wait();
                    let seconds = PATIENCE.as_secs();
                    return Err(format!(
                        "the Python interpreter {name} did not say within {seconds} seconds where the package \
                         `{package}` is"
                    ));
                }
            }
        };
        let mut folder = String::new();
        let read = child.stdout.take().map(|mut pipe| pipe.read_to_string(&mut folder));
        if !status.success() || !matches!(read, Some(Ok(_))) {
            return Err(format!(
                "the Python interpreter {name} failed to say where the package `{package}` is"
            ));
        }
        Ok((!folder.is_empty()).then(|| PathBuf::from(folder)))
    }
}
