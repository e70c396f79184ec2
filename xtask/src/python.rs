//! The Python environment that brings the reference material and the peers' engines.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::journal::Journal;
use crate::stamp::Stamp;
use crate::workspace::{Workspace, non_empty_variable};

/// A Python interpreter that has every pinned package.
pub struct Environment {
    interpreter: PathBuf,
}

impl Environment {
    /// Takes the interpreter that `TACHY_PYTHON` names if it has the pinned packages, and otherwise the project's own
    /// environment under the target folder, which is created unless it is there and its pins are today's.
    pub fn prepare(workspace: &Workspace, journal: &mut Journal) -> Result<Self> {
        if let Some(interpreter) = non_empty_variable("TACHY_PYTHON") {
            match check_pins(workspace, &interpreter) {
                Ok(()) => return Ok(Self { interpreter }),
                Err(reason) => println!("TACHY_PYTHON is set aside: {reason}"),
            }
        }
        let folder = workspace.target().join("python");
        let pins = workspace.helpers().join("requirements.txt");
        let stamp = Stamp::new(folder.join("requirements.stamp"), std::slice::from_ref(&pins))?;
        let interpreter = interpreter_in(&folder);
        if stamp.is_current() && check_pins(workspace, &interpreter).is_ok() {
            return Ok(Self { interpreter });
        }

        let interpreter = create(workspace, journal, &folder, &pins)?;
        stamp.write()?;
        Ok(Self { interpreter })
    }

    pub fn interpreter(&self) -> &Path {
        &self.interpreter
    }

    /// A helper of the project, by its file name, to run in this environment.
    pub fn helper(&self, workspace: &Workspace, file: &str) -> Command {
        helper(workspace, &self.interpreter, file)
    }

    /// The variables that name the engines' shared libraries, each with the library's path.
    pub fn engine_libraries(&self, workspace: &Workspace) -> Result<Vec<(String, String)>> {
        let output = self
            .helper(workspace, "engine_libraries.py")
            .stderr(Stdio::inherit())
            .output()
            .context("The Python environment's interpreter could not be started.")?;
        if !output.status.success() {
            bail!("The engines' shared libraries could not be looked up.");
        }
        Ok(String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, path)| (name.to_owned(), path.to_owned()))
            .collect())
    }
}

/// Makes an environment anew in a folder, with the packages that a file pins, and returns its interpreter.
pub fn create(
    workspace: &Workspace,
    journal: &mut Journal,
    folder: &Path,
    pins: &Path,
) -> Result<PathBuf> {
    let system = system_interpreter(workspace)?;
    if folder.exists() {
        fs::remove_dir_all(folder)
            .with_context(|| format!("{} cannot be removed.", folder.display()))?;
    }
    journal.step(
        "create the Python environment",
        workspace.command(system).args(["-m", "venv"]).arg(folder),
    )?;
    let interpreter = interpreter_in(folder);
    journal.step(
        "install the Python packages",
        workspace
            .command(&interpreter)
            .args(["-m", "pip", "install", "--quiet", "--no-input"])
            .args(["--disable-pip-version-check", "--requirement"])
            .arg(pins),
    )
    .context(
        "The Python packages could not be installed; they need a network, and pip says above what it met",
    )?;
    Ok(interpreter)
}

fn helper(workspace: &Workspace, interpreter: &Path, file: &str) -> Command {
    let mut command = workspace.command(interpreter);
    // Compiled helpers would be written next to the sources.
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command.arg(workspace.helpers().join(file));
    command
}

/// Whether every pinned package is installed in its version; the error says which is not.
fn check_pins(workspace: &Workspace, interpreter: &Path) -> Result<()> {
    let output = helper(workspace, interpreter, "check_pins.py")
        .output()
        .with_context(|| format!("{} could not be started.", interpreter.display()))?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr);
        bail!("{} cannot serve. {}", interpreter.display(), reason.trim());
    }
    Ok(())
}

/// The interpreter of an environment.
pub fn interpreter_in(environment: &Path) -> PathBuf {
    if cfg!(windows) {
        environment.join("Scripts/python.exe")
    } else {
        environment.join("bin/python")
    }
}

/// The system's Python, if it can create environments.
fn system_interpreter(workspace: &Workspace) -> Result<&'static str> {
    let answers = |program: &&str, code: &str| {
        workspace
            .command(program)
            .args(["-c", code])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    let Some(program) = ["python3", "python"]
        .into_iter()
        .find(|program| answers(program, "import sys; sys.exit(sys.version_info < (3, 11))"))
    else {
        bail!("No Python 3.11 or newer was found. Install python3 (on Debian also python3-venv).");
    };
    if !answers(&program, "import ensurepip, venv") {
        bail!(
            "This Python cannot create environments. Install its venv module (on Debian python3-venv)."
        );
    }
    Ok(program)
}
