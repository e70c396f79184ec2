//! The order in which things are loaded: a BLAS, MLX, the shim.

use tachy_runtime::{LibraryAbsent, LibrarySearch};

use super::Loaded;

pub(super) const SEARCH: LibrarySearch = LibrarySearch {
    engine: "MLX",
    variable: "MLX_ROOT",
    package: "mlx",
    package_folder: "lib",
    stem: "mlx",
};

/// Without the shim there is nothing to load.
#[cfg(not(all(unix, mlx_shim)))]
pub(super) fn load() -> Result<Loaded, LibraryAbsent> {
    // Whoever has no library is told so first.
    SEARCH.find()?;
    let reason =
        option_env!("TACHY_MLX_NOT_BUILT").unwrap_or("the shim is not made for this system");
    Err(LibraryAbsent {
        reason: format!("This program was built without MLX: {reason}."),
        remedy: "Run `cargo xtask setup mlx` or `pip install mlx[cpu]`, set MLX_ROOT to the package's folder, and build again."
            .to_owned(),
    })
}

#[cfg(all(unix, mlx_shim))]
pub(super) fn load() -> Result<Loaded, LibraryAbsent> {
    use std::ffi::CStr;

    use super::blas::Blas;
    use super::shared::{Carried, Shared};
    use crate::operation::OPERATIONS;
    use crate::table::{REVISION, Table};

    let path = SEARCH.find()?;
    let refuse = |problem: String| {
        SEARCH.absent(format!("{} cannot serve as MLX: {problem}.", path.display()))
    };
    choose_precision();
    let blas = Blas::install(&path);
    let library = Shared::open_for_all(&path).map_err(refuse)?;
    // The name is C++'s for `mlx::core::version()`.
    let version: Option<unsafe extern "C" fn() -> *const std::ffi::c_char> =
        // SAFETY: the function of that name takes nothing and gives a static string.
        unsafe { library.function(c"_ZN3mlx4core7versionEv") };
    let version =
        version.ok_or_else(|| refuse("it does not export `mlx::core::version`".to_owned()))?;
    // SAFETY: as above.
    let version = unsafe { version() };
    if version.is_null() {
        return Err(refuse("it does not say its version".to_owned()));
    }
    // SAFETY: as above.
    let version = unsafe { CStr::from_ptr(version) }.to_string_lossy().into_owned();
    // The layout of C++ classes may change with any version, so another one is refused.
    let headers = env!("TACHY_MLX_VERSION");
    if version.split(".dev").next() != Some(headers) {
        return Err(LibraryAbsent {
            reason: format!(
                "{} is MLX {version}, and this program was built with the headers of {headers}.",
                path.display()
            ),
            remedy: format!(
                "Run `pip install mlx=={headers}`, or set MLX_ROOT to the other version and build again."
            ),
        });
    }
    let shim = Shared::from_bytes("shim", include_bytes!(concat!(env!("OUT_DIR"), "/shim.so")))
        .map_err(|problem| match problem {
            Carried::NotLoaded(problem) if problem.contains("symbol") => {
                refuse(format!("it lacks what the shim needs: {problem}"))
            }
            Carried::NotLoaded(problem) => no_shim(&format!("cannot be loaded: {problem}")),
            Carried::NotWritten(problem) => no_shim(&format!("cannot be written: {problem}")),
        })?;
    let table: Option<unsafe extern "C" fn() -> *const Table> =
        // SAFETY: the shim is ours, and this is the type of its one function.
        unsafe { shim.function(c"tachy_mlx_table") };
    // SAFETY: the function gives a table that lives as long as the shim, which is never closed.
    let table = table.and_then(|table| unsafe { table().as_ref::<'static>() });
    let known = |table: &&Table| table.revision == REVISION && table.operation_count == OPERATIONS;
    let table =
        table.filter(known).ok_or_else(|| refuse("the shim has another table".to_owned()))?;
    // The library for CUDA names a GPU even where there is none. Nothing here relies on the default, but MLX asks it
    // for a stream now and then.
    // SAFETY: the function takes a kind of device: the processor.
    let status = unsafe { (table.set_default_device)(0) };
    if status != 0 {
        return Err(refuse("it has no device for the processor".to_owned()));
    }
    library.keep();
    shim.keep();
    Ok(Loaded { version, table, blas, path })
}

/// The program carries the shim, and has to lay it down as a file to load it.
#[cfg(all(unix, mlx_shim))]
fn no_shim(problem: &str) -> LibraryAbsent {
    let folder = std::env::temp_dir();
    LibraryAbsent {
        reason: format!("The shim to MLX needs a file in {}, which {problem}.", folder.display()),
        remedy: "Set TMPDIR to a folder where files can be written and executed.".to_owned(),
    }
}

/// On GPUs, MLX rounds the factors of f32 products to TF32's 10 bits unless this variable says otherwise; it looks once.
/// Here f32 means f32 unless the user decides: the other engines do the same.
#[cfg(all(unix, mlx_shim))]
fn choose_precision() {
    let name = "MLX_ENABLE_TF32";
    if std::env::var_os(name).is_none() {
        // SAFETY: Rust's own readers are kept out by its lock. A C library that reads the environment in this instant
        // on another thread is not; MLX itself is not loaded yet.
        unsafe { std::env::set_var(name, "0") };
    }
}
