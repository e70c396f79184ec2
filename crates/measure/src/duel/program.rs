//! A command as people write it, and the process it becomes.

use std::fmt;
use std::path::{Path, PathBuf};
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
    /// The folder that it starts in, and from which the path of its program is read; that of the duel without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
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
        let mut command = match self.shell {
            true => shell(&self.line),
            false => self.split()?,
        };
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        Ok(command)
    }

    fn split(&self) -> Result<Command, DuelError> {
        let words = shell_words::split(&self.line)
            .map_err(|_| DuelError::OpenQuote { command: self.line.clone() })?;
        let (program, arguments) = words.split_first().ok_or(DuelError::EmptyCommand)?;
        // A name alone is looked for on the PATH; where a path begins is not the same on all systems.
        let is_path = Path::new(program).components().count() > 1 || program.starts_with('.');
        let mut command = match &self.folder {
            Some(folder) if is_path => Command::new(folder.join(program)),
            _ => Command::new(program),
        };
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
pub(crate) fn shell(line: &str) -> Command {
    let (program, option) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut command = Command::new(program);
    command.args([option, line]);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(line: &str) -> Program {
        Program { line: line.to_owned(), shell: false, folder: None }
    }

    fn words(line: &str) -> Vec<String> {
        let command = program(line).command().unwrap();
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
        let error = |line: &str| program(line).command().unwrap_err().to_string();
        assert!(error("echo 'a").contains("quote"), "{}", error("echo 'a"));
        assert!(error("  ").contains("empty"), "{}", error("  "));
    }

    #[test]
    fn a_path_begins_at_the_folder_and_a_name_does_not() {
        let first = |line: &str| {
            let program = Program { folder: Some("there".into()), ..program(line) };
            program.command().unwrap().get_program().to_string_lossy().into_owned()
        };
        assert_eq!(first("python3 bench.py"), "python3");
        let joined = |path: &str| Path::new("there").join(path).to_string_lossy().into_owned();
        assert_eq!(first("target/release/bench 1"), joined("target/release/bench"));
        assert_eq!(first("./bench"), joined("./bench"));
    }
}
