//! What git knows of a project.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::error::GateError;

/// A git repository, and where in it the project lies.
#[derive(Debug, Clone)]
pub(super) struct Repository {
    /// The top of the working tree.
    pub(super) root: PathBuf,
    /// The project's folder, from the root.
    pub(super) prefix: PathBuf,
}

impl Repository {
    /// The repository that a folder lies in.
    pub(super) fn of(folder: &Path) -> Result<Self, GateError> {
        let no_repository = |detail| GateError::NoRepository { folder: folder.to_owned(), detail };
        let ask = |question| match git(folder, &["rev-parse", question]) {
            Ok(answer) => Ok(PathBuf::from(answer)),
            Err(detail) => Err(no_repository(detail)),
        };
        Ok(Self { root: ask("--show-toplevel")?, prefix: ask("--show-prefix")? })
    }

    /// The full name of the commit that a revision means.
    pub(super) fn commit(&self, revision: &str) -> Result<String, GateError> {
        let commit = format!("{revision}^{{commit}}");
        git(&self.root, &["rev-parse", "--verify", "--quiet", "--end-of-options", &commit])
            .map_err(|_| GateError::NoRevision { revision: revision.to_owned() })
    }

    /// Whether tracked files differ from the commit that is checked out.
    pub(super) fn is_dirty(&self) -> Result<bool, GateError> {
        Ok(!self.run(&["status", "--porcelain", "--untracked-files=no"])?.is_empty())
    }

    /// The first line of a commit's message.
    pub(super) fn subject(&self, commit: &str) -> Result<String, GateError> {
        self.run(&["log", "-1", "--format=%s", commit])
    }

    /// The commits after one up to another, the earliest first, along the line of first parents.
    pub(super) fn between(&self, good: &str, bad: &str) -> Result<Vec<String>, GateError> {
        let ancestor = git(&self.root, &["merge-base", "--is-ancestor", good, bad]);
        if ancestor.is_err() || good == bad {
            let (good, bad) = (good.to_owned(), bad.to_owned());
            return Err(GateError::NotAnAncestor { good, bad });
        }
        let range = format!("{good}..{bad}");
        let list = self.run(&["rev-list", "--first-parent", "--reverse", &range])?;
        Ok(list.lines().map(str::to_owned).collect())
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Result<String, GateError> {
        git(&self.root, arguments)
            .map_err(|detail| GateError::Git { arguments: arguments.join(" "), detail })
    }
}

/// What git prints, without the last line's end; what it complains about, if it fails.
pub(super) fn git(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("git cannot be started: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(text(&output.stderr)),
    }
}
