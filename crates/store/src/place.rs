//! Where the store of a project is.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::StoreError;

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a file of SQLite.
    File(PathBuf),
    /// On a PostgreSQL server: a URL that begins with `postgres://` or `postgresql://`.
    Server(String),
}

/// The file of a project's store, in the project's folder.
const FILE: &str = ".tachy/store.sqlite";

/// What marks a project's folder, the surest first.
const MARKS: [&str; 3] = ["tachy.toml", "Cargo.toml", ".git"];

impl Place {
    /// A file's path, or a server's URL.
    pub fn new(text: &str) -> Self {
        match ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme)) {
            true => Self::Server(text.to_owned()),
            false => Self::File(PathBuf::from(text)),
        }
    }

    /// Where the store is: where `named` says, else where the environment variable `TACHY_STORE` says, else where
    /// `configured` says, else
    /// `.tachy/store.sqlite` beside the nearest `tachy.toml` in this folder or above it, or else beside the nearest
    /// `Cargo.toml`, or else at the root of the git repository, or else in the user's data folder.
    ///
    /// # Errors
    /// If the user has no data folder.
    pub fn find(
        named: Option<&str>,
        configured: Option<&str>,
        folder: &Path,
    ) -> Result<Self, StoreError> {
        let variable = std::env::var("TACHY_STORE").ok().filter(|text| !text.is_empty());
        match named.map(str::to_owned).or(variable).or(configured.map(str::to_owned)) {
            Some(text) => Ok(Self::new(&text)),
            None => project_file(folder)
                .or_else(|| Some(data_folder()?.join("tachy/store.sqlite")))
                .map(Self::File)
                .ok_or(StoreError::NoPlace),
        }
    }
}

fn project_file(folder: &Path) -> Option<PathBuf> {
    MARKS.iter().find_map(|mark| {
        let mut above = folder.ancestors();
        above.find(|folder| folder.join(mark).exists()).map(|folder| folder.join(FILE))
    })
}

fn data_folder() -> Option<PathBuf> {
    let folder = |name: &str| {
        std::env::var_os(name).map(PathBuf::from).filter(|folder| folder.is_absolute())
    };
    if cfg!(windows) {
        return folder("LOCALAPPDATA");
    }
    let home = folder("HOME");
    if cfg!(target_os = "macos") {
        return Some(home?.join("Library/Application Support"));
    }
    folder("XDG_DATA_HOME").or_else(|| Some(home?.join(".local/share")))
}

/// The path or the URL, without a password.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::File(path) => path.display().fmt(f),
            Place::Server(url) => {
                let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
                let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
                // Names and passwords hold no plain `@`; a password may also stand among the options.
                let (user, host) = rest.rsplit_once('@').unwrap_or(("", rest));
                write!(f, "{scheme}://")?;
                if !user.is_empty() {
                    write!(f, "{}@", user.split(':').next().unwrap_or_default())?;
                }
                f.write_str(host)?;
                let options = query.split('&').filter(|option| !option.is_empty());
                let shown = options.filter(|option| !option.starts_with("password="));
                for (place, option) in shown.enumerate() {
                    write!(f, "{}{option}", if place == 0 { '?' } else { '&' })?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_project_has_the_store() {
        let root = tempfile::tempdir().unwrap();
        let inner = root.path().join("a/b/c");
        std::fs::create_dir_all(&inner).unwrap();
        let at = |path: &str| Some(root.path().join(path).join(FILE));
        std::fs::create_dir(root.path().join(".git")).unwrap();
        assert_eq!(project_file(&inner), at(""));
        std::fs::write(root.path().join("a/b/Cargo.toml"), "").unwrap();
        assert_eq!(project_file(&inner), at("a/b"));
        std::fs::write(root.path().join("a/tachy.toml"), "").unwrap();
        assert_eq!(project_file(&inner), at("a"));
    }

    #[test]
    fn passwords_are_not_shown() {
        let place = Place::new("postgres://ann:secret@host:5432/runs?sslmode=disable&password=x");
        assert!(matches!(place, Place::Server(_)));
        assert_eq!(place.to_string(), "postgres://ann@host:5432/runs?sslmode=disable");
        assert_eq!(Place::new("postgresql://host/runs").to_string(), "postgresql://host/runs");
        assert_eq!(Place::new("runs.sqlite"), Place::File("runs.sqlite".into()));
    }
}
