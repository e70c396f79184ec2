//! Folders in which other revisions are built.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::error::GateError;
use super::repository::{Repository, git};
use crate::duel::shell;

/// Where Cargo would put what it builds, whichever folder it builds: then both revisions would be one.
const TARGET_FOLDER: &str = "CARGO_TARGET_DIR";

/// How much of what a build wrote is kept for the message about its failure.
const LAST_LINES: usize = 12;

/// The folder of a project's checkouts, held for one check at a time.
///
/// A checkout is a working tree of git. It stays after the check, with what was built in it, so that the next revision
/// is built from there.
#[derive(Debug)]
pub(super) struct Checkouts<'a> {
    repository: &'a Repository,
    folder: PathBuf,
    /// Locked as long as it is open.
    _lock: File,
}

impl<'a> Checkouts<'a> {
    /// The checkouts of a repository: `.tachy/checkouts` in its root.
    pub(super) fn of(repository: &'a Repository) -> Result<Self, GateError> {
        let own = repository.root.join(".tachy");
        let folder = own.join("checkouts");
        let lock = || -> io::Result<File> {
            let new = !own.exists();
            fs::create_dir_all(&folder)?;
            if new {
                fs::write(own.join(".gitignore"), "*\n")?;
            }
            File::create(folder.join("lock"))
        };
        let file = lock().map_err(|source| GateError::Files { path: folder.clone(), source })?;
        match file.try_lock() {
            Ok(()) => Ok(Self { repository, folder, _lock: file }),
            Err(TryLockError::WouldBlock) => Err(GateError::InUse { folder }),
            Err(TryLockError::Error(source)) => Err(GateError::Files { path: folder, source }),
        }
    }

    /// The project's folder in the checkout of this name, brought to a commit. What was built there before stays.
    pub(super) fn at(&self, name: &str, commit: &str) -> Result<PathBuf, GateError> {
        let path = self.folder.join(name);
        let text = path.to_string_lossy();
        if git(&path, &["rev-parse", "--show-prefix"]).is_ok_and(|prefix| prefix.is_empty()) {
            let arguments = ["checkout", "--quiet", "--force", "--detach", commit];
            git(&path, &arguments)
                .map_err(|detail| GateError::Git { arguments: arguments.join(" "), detail })?;
        } else {
            // Git may remember a folder that somebody has deleted.
            self.repository.run(&["worktree", "prune"])?;
            self.repository
                .run(&["worktree", "add", "--quiet", "--force", "--detach", &text, commit])?;
        }
        Ok(path.join(&self.repository.prefix))
    }
}

/// Builds what a folder holds.
pub(super) fn build(folder: &Path, line: &str, revision: &str) -> Result<(), GateError> {
    let failed = |detail: String| GateError::Build {
        revision: revision.to_owned(),
        command: line.to_owned(),
        detail,
    };
    let output = shell(line)
        .current_dir(folder)
        .env_remove(TARGET_FOLDER)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = words.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = lines[lines.len().saturating_sub(LAST_LINES)..].join("\n");
    Err(failed(match last.is_empty() {
        true => output.status.to_string(),
        false => format!("{}:\n{last}", output.status),
    }))
}
