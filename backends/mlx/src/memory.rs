//! MLX's figures and limits of memory, for the whole process.

use tachy_runtime::Result;

use crate::failure::check;
use crate::library::table;
use crate::table::RawMemory;

/// Bytes, as MLX's allocator counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryFigures {
    /// In use by arrays.
    pub active: u64,
    /// The most that was in use since the start, or since [`reset_peak`].
    pub peak: u64,
    /// Kept for arrays to come.
    pub cache: u64,
    /// What arrays may use. An array that alone is larger is refused.
    pub limit: u64,
}

/// The figures of now.
///
/// # Errors
/// If there is no MLX.
pub fn figures() -> Result<MemoryFigures> {
    let mut raw = RawMemory::default();
    // SAFETY: the pointer is to a local of the shim's structure.
    check(unsafe { (table()?.memory)(&mut raw) }, "tell its memory")?;
    let RawMemory { active, peak, cache, limit } = raw;
    Ok(MemoryFigures { active, peak, cache, limit })
}

/// Begins the peak anew.
///
/// # Errors
/// If there is no MLX.
pub fn reset_peak() -> Result<()> {
    // SAFETY: the function takes nothing.
    check(unsafe { (table()?.reset_peak)() }, "begin the peak of its memory anew")
}

/// Gives kept memory back to the system.
///
/// # Errors
/// If there is no MLX.
pub fn clear_cache() -> Result<()> {
    // SAFETY: the function takes nothing.
    check(unsafe { (table()?.clear_cache)() }, "clear its cache")
}

/// Sets what arrays may use; gives the former limit.
///
/// # Errors
/// If there is no MLX.
pub fn set_limit(bytes: u64) -> Result<u64> {
    let mut previous = 0;
    // SAFETY: the pointer is to a local.
    check(unsafe { (table()?.set_memory_limit)(bytes, &mut previous) }, "set its memory limit")?;
    Ok(previous)
}

/// Sets what may be kept for arrays to come; gives the former limit.
///
/// # Errors
/// If there is no MLX.
pub fn set_cache_limit(bytes: u64) -> Result<u64> {
    let mut previous = 0;
    // SAFETY: the pointer is to a local.
    check(unsafe { (table()?.set_cache_limit)(bytes, &mut previous) }, "set its cache's limit")?;
    Ok(previous)
}
