//! `tachy completions`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::entry::Cli;
use super::failure::Failure;
use super::output;

/// Write a completion script for a shell to standard output.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  tachy completions bash > ~/.local/share/bash-completion/completions/tachy"
)]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(super) fn execute(self) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "tachy", &mut script);
        output::write(&String::from_utf8_lossy(&script), None)
    }
}
