//! Where the workspace and its target folder are, and the commands that run in them.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

pub struct Workspace {
    root: PathBuf,
    target: PathBuf,
    target_is_chosen: bool,
}

impl Workspace {
    pub fn locate() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .context("The task runner must lie in a folder of the workspace.")?
            .to_path_buf();
        // A relative CARGO_TARGET_DIR is meant from the current folder, which is not the one that commands run in.
        let chosen = non_empty_variable("CARGO_TARGET_DIR")
            .map(|folder| std::path::absolute(&folder))
            .transpose()
            .context("CARGO_TARGET_DIR does not name a folder.")?;
        Ok(Self {
            target_is_chosen: chosen.is_some(),
            target: chosen.unwrap_or_else(|| root.join("target")),
            root,
        })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn target(&self) -> &Path {
        &self.target
    }

    /// The folder of the Python helpers.
    pub fn helpers(&self) -> PathBuf {
        self.root.join("xtask/python")
    }

    /// The Cargo that runs this task, to run in the workspace's root.
    pub fn cargo(&self) -> Command {
        let mut command = self.command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        if self.target_is_chosen {
            command.env("CARGO_TARGET_DIR", &self.target);
        }
        command
    }

    /// A program to run in the workspace's root.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        command
    }
}

/// An environment variable's value as a path; unset and empty are the same.
pub fn non_empty_variable(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}
