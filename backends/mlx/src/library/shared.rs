//! Shared libraries whose names are found by libraries loaded later.

use std::ffi::CStr;
use std::io::Write as _;
use std::path::Path;

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};

/// A loaded library. It is closed when dropped, unless it is kept.
pub(super) struct Shared(Library);

/// Why a library that this program carries could not be had.
#[derive(Debug)]
pub(super) enum Carried {
    /// There was no place for its file.
    NotWritten(String),
    /// The loader refused it.
    NotLoaded(String),
}

impl Shared {
    /// Loads a library and lets later ones find its names. A name that it lacks itself is an error here, not later.
    pub(super) fn open_for_all(path: &Path) -> Result<Self, String> {
        Self::open(path, RTLD_NOW | RTLD_GLOBAL)
    }

    /// Loads a library for itself: a BLAS, which only Linux's needs.
    #[cfg(target_os = "linux")]
    pub(super) fn open_alone(path: &Path) -> Result<Self, String> {
        Self::open(path, RTLD_NOW | libloading::os::unix::RTLD_LOCAL)
    }

    fn open(path: &Path, flags: std::ffi::c_int) -> Result<Self, String> {
        // SAFETY: opening runs the library's initialisers. That is what loading an engine means; the file is one that
        // the user named, one that is named and placed as the library is, or our own.
        let library = unsafe { Library::open(Some(path), flags) };
        library.map(Self).map_err(|error| {
            // What the loader says is behind the error, which names the call only.
            let cause = std::error::Error::source(&error);
            cause.map_or_else(|| error.to_string(), |cause| cause.to_string())
        })
    }

    /// Loads a library that this program carries, by way of a file that is gone afterwards. Later libraries find its
    /// names.
    pub(super) fn from_bytes(name: &str, bytes: &[u8]) -> Result<Self, Carried> {
        let file = tempfile::Builder::new()
            .prefix(&format!("tachy-mlx-{name}-"))
            .suffix(std::env::consts::DLL_SUFFIX)
            .tempfile();
        let written = file.and_then(|mut file| file.write_all(bytes).map(|()| file));
        let file = written.map_err(|error| Carried::NotWritten(error.to_string()))?;
        Self::open_for_all(file.path()).map_err(Carried::NotLoaded)
    }

    /// A function or variable by its name, as a pointer.
    ///
    /// # Safety
    /// `T` is the function's type as a pointer, or a pointer to the variable.
    pub(super) unsafe fn function<T: Copy>(&self, name: &CStr) -> Option<T> {
        // SAFETY: the caller's promise.
        unsafe { self.0.get::<T>(name.to_bytes_with_nul()) }.ok().map(|symbol| *symbol)
    }

    /// Leaves the library open until the process ends: its threads and static objects do not survive closing.
    pub(super) fn keep(self) {
        std::mem::forget(self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_library_is_refused() {
        let refused = |bytes| match Shared::from_bytes("test", bytes).err() {
            Some(Carried::NotLoaded(problem)) => assert!(!problem.is_empty()),
            other => panic!("{other:?}"),
        };
        refused(b"");
        refused(b"not a library");
        refused(b"\x7fELF\x02\x01\x01 and then nothing that makes sense");
    }
}
