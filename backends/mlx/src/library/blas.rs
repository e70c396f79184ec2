//! What computes products of matrices on Linux's processors.
//!
//! The library for processors brings the reference BLAS, which reaches 4 GFLOP/s where OpenBLAS reaches 150. So an
//! OpenBLAS is looked for, and MLX's calls are handed on to it.

use std::ffi::c_int;
#[cfg(all(unix, mlx_shim))]
use std::path::Path;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Names the file of an OpenBLAS; `reference` leaves MLX its own.
#[cfg(all(target_os = "linux", mlx_shim))]
const VARIABLE: &str = "TACHY_MLX_BLAS";

/// The BLAS behind MLX.
pub(crate) struct Blas {
    /// The file; `None` where MLX keeps its own.
    path: Option<PathBuf>,
    set_threads: Option<unsafe extern "C" fn(c_int)>,
    threads: AtomicUsize,
}

impl Blas {
    /// MLX keeps the one that it brings.
    #[cfg(all(unix, mlx_shim))]
    fn own() -> Self {
        Self { path: None, set_threads: None, threads: AtomicUsize::new(0) }
    }

    /// For people, to follow the name of a device.
    pub(crate) fn describe(&self) -> Option<String> {
        if !cfg!(target_os = "linux") {
            return None;
        }
        Some(match &self.path {
            Some(path) => {
                let name = path.file_name().unwrap_or(path.as_os_str());
                format!("BLAS {}", name.to_string_lossy())
            }
            None => "its own BLAS, which is slow: install `numpy` or OpenBLAS".to_owned(),
        })
    }

    /// Lets products use so many threads, the calling one included.
    pub(crate) fn use_threads(&self, threads: usize) {
        if let Some(set_threads) = self.set_threads
            && self.threads.swap(threads, Ordering::Relaxed) != threads
        {
            // SAFETY: OpenBLAS allows it at any time; the number is positive.
            unsafe { set_threads(c_int::try_from(threads).unwrap_or(c_int::MAX)) }
        }
    }

    /// Apple's library uses the system's own, which is fast.
    #[cfg(all(unix, mlx_shim, not(target_os = "linux")))]
    pub(super) fn install(_mlx: &Path) -> Self {
        Self::own()
    }

    /// Loads the first OpenBLAS that can be had, and what hands MLX's calls on to it. To be called before MLX is loaded.
    #[cfg(all(target_os = "linux", mlx_shim))]
    pub(super) fn install(mlx: &Path) -> Self {
        let named = std::env::var_os(VARIABLE).filter(|value| !value.is_empty());
        let candidates = match named {
            Some(named) if named == "reference" => Vec::new(),
            Some(named) => vec![PathBuf::from(named)],
            None => candidates(mlx),
        };
        candidates.iter().find_map(|path| hand_on(path)).unwrap_or_else(Self::own)
    }
}

/// OpenBLAS in the Python packages beside MLX, which are newer as a rule, then the system's.
#[cfg(all(target_os = "linux", mlx_shim))]
fn candidates(mlx: &Path) -> Vec<PathBuf> {
    let folders = ["scipy_openblas32/lib", "scipy_openblas64/lib", "numpy.libs", "scipy.libs"];
    let mut found = Vec::new();
    // The library is `mlx/lib/libmlx.so` in the folder of all packages.
    if let Some(packages) = mlx.ancestors().nth(3) {
        for folder in folders {
            let files = std::fs::read_dir(packages.join(folder)).into_iter().flatten().flatten();
            found.extend(files.map(|file| file.path()).filter(|path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                name.starts_with("libscipy_openblas") && name.contains(".so")
            }));
        }
    }
    // The system's loader knows where these lie.
    found.extend(["libopenblas.so.0", "libopenblas.so"].map(PathBuf::from));
    found
}

/// The names that an OpenBLAS may have: its own, with 64-bit counts, and those of the Python packages.
#[cfg(all(target_os = "linux", mlx_shim))]
const NAMES: [(&str, &str, bool); 4] =
    [("", "", false), ("", "64_", true), ("scipy_", "", false), ("scipy_", "64_", true)];

#[cfg(all(target_os = "linux", mlx_shim))]
fn hand_on(path: &Path) -> Option<Blas> {
    use std::ffi::{CString, c_void};

    use super::shared::Shared;

    let library = Shared::open_alone(path).ok()?;
    let find = |name: String| -> Option<*mut c_void> {
        let name = CString::new(name).ok()?;
        // SAFETY: the function is taken as an address only.
        unsafe { library.function::<*mut c_void>(&name) }
    };
    let found = NAMES.into_iter().find_map(|(prefix, suffix, wide)| {
        let product = |letter| find(format!("{prefix}cblas_{letter}gemm{suffix}"));
        let products = [product('s')?, product('d')?, product('c')?];
        Some((products, wide, find(format!("{prefix}openblas_set_num_threads{suffix}"))))
    });
    let (products, wide, set_threads) = found?;
    let hand =
        Shared::from_bytes("blas", include_bytes!(concat!(env!("OUT_DIR"), "/blas.so"))).ok()?;
    let names = [c"tachy_blas_sgemm", c"tachy_blas_dgemm", c"tachy_blas_cgemm"];
    // SAFETY: these are the variables of our own library, and nobody reads them yet.
    unsafe {
        for (name, product) in names.into_iter().zip(products) {
            *hand.function::<*mut *mut c_void>(name)? = product;
        }
        *hand.function::<*mut c_int>(c"tachy_blas_wide")? = c_int::from(wide);
    }
    library.keep();
    hand.keep();
    // SAFETY: this is the type of OpenBLAS's function of that name.
    let set_threads = set_threads.map(|address| unsafe {
        std::mem::transmute::<*mut c_void, unsafe extern "C" fn(c_int)>(address)
    });
    Some(Blas { path: Some(path.to_owned()), set_threads, threads: AtomicUsize::new(0) })
}
