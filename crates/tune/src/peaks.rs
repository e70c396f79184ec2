//! What devices reach at best, measured once and remembered.

use std::fs;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tachy_measure::operators::Peaks;

use crate::memory::write;

/// The peaks of one machine's devices in a folder, by the threads that their engines had.
#[derive(Debug, Clone)]
pub struct PeaksMemory {
    folder: PathBuf,
    machine: String,
}

/// A file: what was measured on another machine is not this one's.
#[derive(Serialize, Deserialize)]
struct Remembered {
    version: String,
    machine: String,
    threads: usize,
    peaks: Peaks,
}

impl PeaksMemory {
    /// A memory of a machine's peaks in this folder.
    pub fn new(folder: PathBuf, machine: String) -> Self {
        Self { folder, machine }
    }

    /// What is remembered; without a file of this machine's, nothing.
    pub fn read(&self, threads: NonZeroUsize) -> Peaks {
        let known = || {
            let known: Remembered =
                serde_json::from_slice(&fs::read(self.file(threads)).ok()?).ok()?;
            let same = known.version == env!("CARGO_PKG_VERSION")
                && known.machine == self.machine
                && known.threads == threads.get();
            same.then_some(known.peaks)
        };
        known().unwrap_or_default()
    }

    /// Remembers these in place of what was remembered. Whoever cannot remember measures again.
    pub fn write(&self, threads: NonZeroUsize, peaks: &Peaks) {
        let remembered = Remembered {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            machine: self.machine.clone(),
            threads: threads.get(),
            peaks: peaks.clone(),
        };
        let _ = write(&self.file(threads), &remembered);
    }

    fn file(&self, threads: NonZeroUsize) -> PathBuf {
        self.folder.join(format!("peaks-{threads}-threads.json"))
    }
}
