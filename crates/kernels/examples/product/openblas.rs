//! OpenBLAS, loaded at run time.
//!
//! The library is the one that the environment variable `OPENBLAS` names, else the system's. It may have integers of 64
//! bits and prefixed names, as the one in NumPy's wheel (`numpy.libs/libscipy_openblas64_*.so`).

use std::ffi::c_int;

use libloading::Library;

use super::Square;

const ROW_MAJOR: c_int = 101;
const NOT_TRANSPOSED: c_int = 111;

/// `cblas_sgemm`, whose sizes and pitches are of this type.
type Sgemm<I> = unsafe extern "C" fn(
    c_int,
    c_int,
    c_int,
    I,
    I,
    I,
    f32,
    *const f32,
    I,
    *const f32,
    I,
    f32,
    *mut f32,
    I,
);

enum Function {
    Narrow(Sgemm<c_int>),
    Wide(Sgemm<i64>),
}

/// The loaded library.
pub struct OpenBlas {
    function: Function,
    _library: Library,
}

impl OpenBlas {
    /// Loads it for so many threads; if that fails, says why.
    pub fn load(threads: usize) -> Result<Self, String> {
        let named = std::env::var("OPENBLAS").ok();
        let usual = ["libopenblas.so.0", "libopenblas.so", "libopenblas.dylib", "libopenblas.dll"];
        let names = named.as_deref().map_or(usual.to_vec(), |name| vec![name]);
        // SAFETY: what runs when OpenBLAS is loaded asks nothing of us.
        let library = names.iter().find_map(|name| unsafe { Library::new(*name) }.ok());
        let library = library.ok_or_else(|| {
            format!(
                "OpenBLAS is not measured, there is no {names:?}: let OPENBLAS name the library."
            )
        })?;
        // SAFETY: these are the functions' types in OpenBLAS, with 64-bit integers where the name says so.
        unsafe {
            let set_threads = ["", "scipy_"].iter().zip(["", "64_"]).find_map(|(before, after)| {
                let name = format!("{before}openblas_set_num_threads{after}");
                library.get::<unsafe extern "C" fn(c_int)>(name.as_bytes()).ok()
            });
            let set_threads =
                set_threads.ok_or("The library that OPENBLAS names is another one.")?;
            set_threads(threads as c_int);
            let narrow = library.get::<Sgemm<c_int>>(b"cblas_sgemm");
            let wide = || library.get::<Sgemm<i64>>(b"scipy_cblas_sgemm64_");
            let function = match narrow {
                Ok(narrow) => Function::Narrow(*narrow),
                Err(_) => Function::Wide(*wide().map_err(|error| error.to_string())?),
            };
            Ok(Self { function, _library: library })
        }
    }

    /// One product.
    pub fn multiply(&self, square: Square<'_>) {
        let Square { n, a, b, out } = square;
        macro_rules! call {
            ($sgemm:expr) => {{
                let size = n.try_into().expect("the size is an integer of the library's");
                $sgemm(
                    ROW_MAJOR,
                    NOT_TRANSPOSED,
                    NOT_TRANSPOSED,
                    size,
                    size,
                    size,
                    1.0,
                    a.as_ptr(),
                    size,
                    b.as_ptr(),
                    size,
                    0.0,
                    out.as_mut_ptr(),
                    size,
                )
            }};
        }
        // SAFETY: the matrices are of these sizes.
        unsafe {
            match self.function {
                Function::Narrow(sgemm) => call!(sgemm),
                Function::Wide(sgemm) => call!(sgemm),
            }
        }
    }
}
