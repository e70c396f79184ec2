//! Keeping an engine's panics inside the engine.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::{Error, Result};

/// Runs a piece of an engine; a panic in it becomes an error.
///
/// What the piece was changing may be left half done: the caller throws it away or makes it anew.
///
/// # Errors
/// If the piece fails or panics.
pub fn contain<T>(
    backend: &'static str,
    action: &'static str,
    piece: impl FnOnce() -> Result<T>,
) -> Result<T> {
    catch_unwind(AssertUnwindSafe(piece)).unwrap_or_else(|panic| {
        let message = format!("it panicked: {}", message_of(&*panic));
        Err(Error::Engine { backend, action, message })
    })
}

fn message_of(panic: &(dyn Any + Send)) -> &str {
    if let Some(text) = panic.downcast_ref::<String>() {
        text
    } else if let Some(text) = panic.downcast_ref::<&str>() {
        text
    } else {
        "without a message"
    }
}
