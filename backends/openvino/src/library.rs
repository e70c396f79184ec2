//! The shared library: found, probed and loaded once in the life of the process.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use libloading::Library;
use tachy_runtime::{Error, LibraryAbsent, LibrarySearch, contain};

use crate::backend::NAME;

const SEARCH: LibrarySearch = LibrarySearch {
    engine: "OpenVINO",
    variable: "OPENVINO_LIB_PATH",
    package: "openvino",
    package_folder: "libs",
    stem: "openvino_c",
};

/// The loaded library.
pub(crate) struct Loaded {
    pub(crate) path: PathBuf,
    /// Year and release, as the library says: `2026.4.1`.
    pub(crate) version: String,
}

/// The library, loaded at the first call.
pub(crate) fn loaded() -> Result<&'static Loaded, &'static LibraryAbsent> {
    static LOADED: OnceLock<Result<Loaded, LibraryAbsent>> = OnceLock::new();
    LOADED.get_or_init(load).as_ref()
}

fn load() -> Result<Loaded, LibraryAbsent> {
    let path = SEARCH.find()?;
    let refuse = |problem: String| {
        SEARCH.absent(format!("{} cannot serve as OpenVINO: {problem}.", path.display()))
    };
    // The bindings take any library and panic at the first function that it lacks.
    let _probe = probe(&path).map_err(refuse)?;
    let version = contain(NAME, "start the library", || {
        openvino_sys::library::load_from(&path).map_err(|message| Error::Engine {
            backend: NAME,
            action: "start the library",
            message,
        })?;
        Ok(openvino::version().build_number)
    });
    let build = version.map_err(|error| refuse(error.to_string()))?;
    let version = build.split('-').next().unwrap_or_default().to_owned();
    Ok(Loaded { path, version })
}

/// Opens the library; refuses one that is not OpenVINO's C interface.
fn probe(path: &Path) -> Result<Library, String> {
    // SAFETY: opening runs the library's initialisers. That is what loading an engine means; the file is one
    // that the user named, or that is named and placed as OpenVINO's library is.
    let library = unsafe { Library::new(path) }.map_err(|error| error.to_string())?;
    for name in ["ov_get_openvino_version", "ov_core_create", "ov_infer_request_infer"] {
        // SAFETY: the symbol is only looked up, never called.
        let found = unsafe { library.get::<*const ()>(name.as_bytes()) }.is_ok();
        if !found {
            return Err(format!("it does not export `{name}`"));
        }
    }
    Ok(library)
}
