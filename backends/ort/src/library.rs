//! The shared library: found, probed and loaded once in the life of the process.

use std::ffi::CStr;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use libloading::Library;
use ort::environment::Environment;
use ort::sys::{ORT_API_VERSION, OrtApiBase};
use tachy_runtime::{LibraryAbsent, LibrarySearch, contain};

use crate::arena::Functions;
use crate::backend::NAME;

const SEARCH: LibrarySearch = LibrarySearch {
    engine: "ONNX Runtime",
    variable: "ORT_DYLIB_PATH",
    package: "onnxruntime",
    package_folder: "capi",
    stem: "onnxruntime",
};

/// The loaded library.
pub(crate) struct Loaded {
    pub(crate) path: PathBuf,
    /// As the library says: `1.31.1`.
    pub(crate) version: String,
    /// What sessions are made in. One is allowed in a process; it lives until the end.
    pub(crate) environment: Environment,
    /// What tells the figures of arenas; `None` if the library is too old.
    pub(crate) functions: Option<&'static Functions>,
}

/// The library, loaded at the first call.
pub(crate) fn loaded() -> Result<&'static Loaded, &'static LibraryAbsent> {
    static LOADED: OnceLock<Result<Loaded, LibraryAbsent>> = OnceLock::new();
    LOADED.get_or_init(load).as_ref()
}

fn load() -> Result<Loaded, LibraryAbsent> {
    let path = SEARCH.find()?;
    // The bindings would panic on some of what the probe refuses. It stays open until they have the library,
    // so that it is not unloaded and loaded again.
    let (version, functions, _probe) = probe(&path).map_err(|problem| {
        SEARCH.absent(format!("{} cannot serve as ONNX Runtime: {problem}.", path.display()))
    })?;
    let environment = contain(NAME, "start the library", || {
        let engine = |message: String| tachy_runtime::Error::Engine {
            backend: NAME,
            action: "start the library",
            message,
        };
        let builder = ort::init_from(&path).map_err(|error| engine(error.to_string()))?;
        let builder = builder.with_name("tachy").with_telemetry(false);
        builder.build().map_err(|error| engine(error.to_string()))
    })
    .map_err(|error| SEARCH.absent(format!("{} was found, but {error}.", path.display())))?;
    Ok(Loaded { path, version, environment, functions })
}

/// Opens the library and asks for its version; refuses one that lacks the interface used here.
fn probe(path: &Path) -> Result<(String, Option<&'static Functions>, Library), String> {
    // SAFETY: opening runs the library's initialisers. That is what loading an engine means; the file is one
    // that the user named, or that is named and placed as ONNX Runtime's library is.
    let library = unsafe { Library::new(path) }.map_err(|error| error.to_string())?;
    let (version, functions) = {
        // SAFETY: this is the type of the function of that name in ONNX Runtime's C interface since 1.0.
        let base = unsafe {
            library.get::<unsafe extern "C" fn() -> *const OrtApiBase>(b"OrtGetApiBase\0")
        };
        let base = base.map_err(|_| "it does not export `OrtGetApiBase`".to_owned())?;
        // SAFETY: the function takes nothing and returns a pointer to a static structure, or null.
        let base = unsafe { base().as_ref() }.ok_or("its `OrtGetApiBase` gives nothing")?;
        // SAFETY: both functions may be called at any time; the version is a static string.
        let (version, api) =
            unsafe { (CStr::from_ptr((base.GetVersionString)()), (base.GetApi)(ORT_API_VERSION)) };
        let version = version.to_string_lossy().into_owned();
        if api.is_null() {
            return Err(format!(
                "its version is {version}, and 1.{ORT_API_VERSION} is the oldest that can be used"
            ));
        }
        // SAFETY: the bindings are about to load the library for good; unless they do, the table is not used.
        (version, unsafe { Functions::of(base) })
    };
    Ok((version, functions, library))
}
