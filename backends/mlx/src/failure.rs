//! What MLX says when it fails.

use std::ffi::CStr;

use tachy_runtime::{Error, Result};

use crate::backend::NAME;
use crate::library::table;

/// An error of the engine's, in these words.
pub(crate) fn failed(action: &'static str, message: impl Into<String>) -> Error {
    Error::Engine { backend: NAME, action, message: message.into() }
}

/// A status of the shim's as a result, with the shim's message.
pub(crate) fn check(status: i32, action: &'static str) -> Result<()> {
    if status == 0 {
        return Ok(());
    }
    let table = table()?;
    // SAFETY: the message is a string of this thread's, which stays until the thread's next call.
    let message = unsafe { CStr::from_ptr((table.message)()) };
    Err(failed(action, message.to_string_lossy()))
}
