//! The engine's errors as the runtime's.

use tachy_runtime::Error;
use tract_onnx::prelude::TractError;

use crate::backend::NAME;

/// What the engine said while doing something, with everything that led to it.
pub(crate) fn during(action: &'static str) -> impl Fn(TractError) -> Error {
    move |error| Error::Engine { backend: NAME, action, message: format!("{error:#}") }
}
