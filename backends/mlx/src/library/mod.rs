//! MLX's library: found, probed and loaded once in the life of the process, and the shim after it.

mod blas;
mod load;
#[cfg(unix)]
mod shared;

use std::path::PathBuf;
use std::sync::OnceLock;

use tachy_runtime::{Device, Error, LibraryAbsent, Result};

pub(crate) use blas::Blas;

use crate::backend::NAME;
use crate::table::Table;

/// The loaded library.
pub(crate) struct Loaded {
    pub(crate) path: PathBuf,
    /// As the library says: `0.32.4`.
    pub(crate) version: String,
    pub(crate) table: &'static Table,
    /// What computes products of matrices on Linux's processors.
    pub(crate) blas: Blas,
}

/// The library, loaded at the first call.
pub(crate) fn loaded() -> Result<&'static Loaded, &'static LibraryAbsent> {
    static LOADED: OnceLock<Result<Loaded, LibraryAbsent>> = OnceLock::new();
    LOADED.get_or_init(load::load).as_ref()
}

/// The shim's functions.
pub(crate) fn table() -> Result<&'static Table> {
    match loaded() {
        Ok(library) => Ok(library.table),
        Err(absent) => Err(Error::DeviceAbsent {
            device: Device::of(NAME),
            reason: absent.reason.clone(),
            remedy: absent.remedy.clone(),
        }),
    }
}

/// The version of the library that is loaded; `None` if there is none that can be used.
pub fn library_version() -> Option<&'static str> {
    loaded().ok().map(|library| library.version.as_str())
}
