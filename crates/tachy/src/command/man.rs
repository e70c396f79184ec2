//! `tachy man`.

use std::path::PathBuf;

use clap::{Args, CommandFactory};

use super::entry::Cli;
use super::failure::Failure;

/// Write the manual pages into a folder.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tachy man ~/.local/share/man/man1 && man tachy-compare")]
pub(super) struct Man {
    /// The folder; it is made if it is not there
    folder: PathBuf,
}

impl Man {
    pub(super) fn execute(self) -> Result<(), Failure> {
        std::fs::create_dir_all(&self.folder)
            .and_then(|()| clap_mangen::generate_to(Cli::command(), &self.folder))
            .map_err(|error| {
                Failure::Input(format!("`{}` cannot be written: {error}.", self.folder.display()))
            })
    }
}
