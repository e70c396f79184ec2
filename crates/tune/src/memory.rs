//! Where routes are remembered.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::routes::Routes;

/// Routes in a file, or in this process alone.
#[derive(Debug, Default)]
pub struct Memory {
    file: Option<PathBuf>,
    machine: String,
    routes: Routes,
}

/// The file: what was measured on another machine is not this one's.
#[derive(Serialize, Deserialize)]
struct Remembered {
    version: String,
    machine: String,
    routes: Routes,
}

impl Memory {
    /// Reads what is remembered of a machine; a file that is not there or is another machine's holds nothing.
    pub fn open(file: Option<PathBuf>, machine: String) -> Self {
        let routes = file.as_deref().and_then(|file| read(file, &machine)).unwrap_or_default();
        Self { file, machine, routes }
    }

    /// The machine whose routes these are.
    pub fn machine(&self) -> &str {
        &self.machine
    }

    /// What is known.
    pub fn routes(&self) -> &Routes {
        &self.routes
    }

    /// Adds to what is known, and writes it down: after a look at what others have written meanwhile. Whoever cannot
    /// remember measures again.
    pub fn change(&mut self, change: impl FnOnce(&mut Routes)) {
        if let Some(routes) = self.file.as_deref().and_then(|file| read(file, &self.machine)) {
            self.routes = routes;
        }
        change(&mut self.routes);
        if let Some(file) = &self.file {
            let remembered = Remembered {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                machine: self.machine.clone(),
                routes: self.routes.clone(),
            };
            let _ = write(file, &remembered);
        }
    }
}

fn read(file: &Path, machine: &str) -> Option<Routes> {
    let known: Remembered = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    let same = known.version == env!("CARGO_PKG_VERSION") && known.machine == machine;
    same.then_some(known.routes)
}

/// Whole or not at all, so that a reader never sees half of it.
pub(crate) fn write(file: &Path, remembered: &impl Serialize) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut whole = tempfile::NamedTempFile::new_in(folder)?;
    whole.write_all(serde_json::to_string_pretty(remembered)?.as_bytes())?;
    whole.persist(file)?;
    Ok(())
}

/// Where what can be found out again is kept.
pub fn cache_folder() -> Option<PathBuf> {
    let folder = |name: &str| {
        std::env::var_os(name).map(PathBuf::from).filter(|folder| folder.is_absolute())
    };
    let caches = match std::env::consts::OS {
        "windows" => folder("LOCALAPPDATA"),
        "macos" => folder("HOME").map(|home| home.join("Library/Caches")),
        _ => folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache"))),
    };
    Some(caches?.join("tachy"))
}
