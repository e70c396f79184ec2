//! The commit that the files in a folder belong to.

use std::path::Path;
use std::process::{Command, Stdio};

/// A commit, and whether the files still are as it has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Revision {
    /// The commit's full name.
    pub commit: String,
    /// Whether tracked files differ from it; `None` if git could not tell.
    pub dirty: Option<bool>,
}

impl Revision {
    /// The revision of the current folder; `None` outside of a repository, without a commit or without git.
    pub(crate) fn of_current_folder() -> Option<Self> {
        Self::of(Path::new("."))
    }

    fn of(folder: &Path) -> Option<Self> {
        let commit = git(folder, &["rev-parse", "--verify", "HEAD"])?;
        // Untracked files are left out: looking for them takes long in large folders, and they are mostly results.
        let changes = git(folder, &["status", "--porcelain", "--untracked-files=no"]);
        Some(Self {
            commit: commit.trim().to_owned(),
            dirty: changes.map(|changes| !changes.trim().is_empty()),
        })
    }
}

/// What git prints, if it succeeds. It takes no lock, so that it disturbs no other git at work.
fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .arg("--no-optional-locks")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_makes_a_commit_dirty() {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        assert_eq!(Revision::of(here), None);
        let run = |arguments: &[&str]| git(here, arguments).is_some();
        if !run(&["init", "-q"]) {
            return;
        }
        std::fs::write(here.join("file"), "one").unwrap();
        assert!(run(&["add", "file"]));
        let identity = ["-c", "user.name=T", "-c", "user.email=t@localhost"];
        assert!(run(&[&identity[..], &["commit", "-qm", "First"]].concat()));
        let clean = Revision::of(here).unwrap();
        assert_eq!((clean.commit.len(), clean.dirty), (40, Some(false)));
        std::fs::write(here.join("file"), "two").unwrap();
        assert_eq!(Revision::of(here), Some(Revision { dirty: Some(true), ..clean }));
    }
}
