//! The shim's table of functions: `shim/interface.h` in Rust.

use std::ffi::{c_char, c_void};

/// An array of MLX's.
#[repr(C)]
pub(crate) struct RawArray {
    _private: [u8; 0],
}

/// A stream of MLX's.
#[repr(C)]
pub(crate) struct RawStream {
    _private: [u8; 0],
}

/// A compiled function.
#[repr(C)]
pub(crate) struct RawFunction {
    _private: [u8; 0],
}

/// The operands of an operation.
#[repr(C)]
pub(crate) struct RawArguments {
    pub arrays: *const *mut RawArray,
    pub array_count: usize,
    pub integers: *const i64,
    pub integer_count: usize,
    pub reals: *const f64,
    pub real_count: usize,
    pub text: *const c_char,
}

/// Bytes, as MLX's allocator counts them.
#[repr(C)]
#[derive(Default)]
pub(crate) struct RawMemory {
    pub active: u64,
    pub peak: u64,
    pub cache: u64,
    pub limit: u64,
}

/// Builds the outputs of a function from its inputs.
pub(crate) type Build = unsafe extern "C" fn(
    context: *mut c_void,
    inputs: *const *mut RawArray,
    input_count: usize,
    outputs: *mut *mut RawArray,
    output_count: usize,
) -> i32;

/// The table's revision that this crate knows.
pub(crate) const REVISION: u32 = 3;

/// The functions. Each that gives a status gives 0 on success, and otherwise leaves a message.
#[repr(C)]
pub(crate) struct Table {
    pub revision: u32,
    pub operation_count: u32,
    pub headers_version: *const c_char,
    pub library_version: unsafe extern "C" fn() -> *const c_char,
    pub message: unsafe extern "C" fn() -> *const c_char,
    pub fail: unsafe extern "C" fn(*const c_char),

    pub device_count: unsafe extern "C" fn(i32, *mut i32) -> i32,
    pub device_name: unsafe extern "C" fn(i32, *mut c_char, usize) -> i32,
    pub set_default_device: unsafe extern "C" fn(i32) -> i32,
    pub new_stream: unsafe extern "C" fn(i32, *mut *mut RawStream) -> i32,

    pub from_host: unsafe extern "C" fn(
        i32,
        *const c_void,
        usize,
        i32,
        *const i32,
        usize,
        *mut *mut RawArray,
    ) -> i32,
    pub bring: unsafe extern "C" fn(*const RawArray, i32) -> i32,
    pub to_host: unsafe extern "C" fn(*const RawArray, *mut c_void, usize) -> i32,
    pub clone_array: unsafe extern "C" fn(*const RawArray) -> *mut RawArray,
    pub drop_array: unsafe extern "C" fn(*mut RawArray),
    pub rank: unsafe extern "C" fn(*const RawArray) -> usize,
    pub shape: unsafe extern "C" fn(*const RawArray, *mut i32),
    pub dtype: unsafe extern "C" fn(*const RawArray) -> i32,
    pub eval: unsafe extern "C" fn(*const *mut RawArray, usize) -> i32,

    pub apply: unsafe extern "C" fn(
        u32,
        *const RawArguments,
        *const RawStream,
        *mut *mut RawArray,
        usize,
    ) -> i32,

    pub compile: unsafe extern "C" fn(
        Build,
        *mut c_void,
        unsafe extern "C" fn(*mut c_void),
        usize,
        *mut *mut RawFunction,
    ) -> i32,
    pub call: unsafe extern "C" fn(
        *mut RawFunction,
        *const *mut RawArray,
        usize,
        *mut *mut RawArray,
        usize,
    ) -> i32,
    pub drop_function: unsafe extern "C" fn(*mut RawFunction),

    pub memory: unsafe extern "C" fn(*mut RawMemory) -> i32,
    pub reset_peak: unsafe extern "C" fn() -> i32,
    pub clear_cache: unsafe extern "C" fn() -> i32,
    pub set_memory_limit: unsafe extern "C" fn(u64, *mut u64) -> i32,
    pub set_cache_limit: unsafe extern "C" fn(u64, *mut u64) -> i32,
}

// SAFETY: the table is a constant of the shim's; its functions may be called on any thread.
unsafe impl Send for Table {}
// SAFETY: as above.
unsafe impl Sync for Table {}
