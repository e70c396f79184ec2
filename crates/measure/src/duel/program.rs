//! A command as people write it, and the process it becomes.

use std::fmt;
use std::process::Command;

use serde::{Deserialize, Serialize};

use super::error::DuelError;

/// A command of a duel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// As it was written.
    pub line: String,
    /// Whether a shell reads the line. Without one, quotes and backslashes are understood, and nothing else is.
    pub shell: bool,
}

impl Program {
    /// The process to start.
    ///
    /// # Errors
    /// A line with an open quote, or without a word.
    pub(super) fn command(&self) -> Result<Command, DuelError> {
        if self.line.trim().is_empty() {
            return Err(DuelError::EmptyCommand);
        }
        if self.shell {
            return Ok(shell(&self.line));
        }
        let words = shell_words::split(&self.line)
            .map_err(|_| DuelError::OpenQuote { command: self.line.clone() })?;
        let (program, arguments) = words.split_first().ok_or(DuelError::EmptyCommand)?;
        let mut command = Command::new(program);
        command.args(arguments);
        Ok(command)
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

/// A line for the system's shell.
pub(super) fn shell(line: &str) -> Command {
    let (program, option) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut command = Command::new(program);
    command.args([option, line]);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        let command = Program { line: line.to_owned(), shell: false }.command().unwrap();
        let all = std::iter::once(command.get_program()).chain(command.get_args());
        all.map(|word| word.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn a_line_is_split_as_a_shell_splits_it() {
        assert_eq!(
            words(r#"convert "a b.png"  -size 'c\d' e\ f "#),
            ["convert", "a b.png", "-size", r"c\d", "e f"]
        );
        assert_eq!(words("grep $HOME *.txt | wc"), ["grep", "$HOME", "*.txt", "|", "wc"]);
    }

    #[test]
    fn what_is_no_command_is_refused() {
        let error = |line: &str| {
            Program { line: line.to_owned(), shell: false }.command().unwrap_err().to_string()
        };
        assert!(error("echo 'a").contains("quote"), "{}", error("echo 'a"));
        assert!(error("  ").contains("empty"), "{}", error("  "));
    }
}
