//! The engine's errors as the runtime's.

use rten::{LoadError, LoadErrorKind, RunError};
use tachy_runtime::Error;

use crate::backend::NAME;

/// An error of loading; an operator that the engine lacks is named.
pub(crate) fn of_loading(error: LoadError) -> Error {
    let message = error.to_string();
    if let Some(operator) = missing_operator(&error, &message) {
        return Error::UnsupportedOperator {
            backend: NAME,
            operator: operator.to_owned(),
            node: error.node().unwrap_or_default().to_owned(),
            detail: message.clone(),
        };
    }
    Error::Engine { backend: NAME, action: "load the model", message }
}

/// An error of a run. Its message names the node.
pub(crate) fn of_running(error: RunError) -> Error {
    Error::Engine { backend: NAME, action: "run the model", message: error.to_string() }
}

/// The operator's name stands in front of these words in the engine's message.
fn missing_operator<'a>(error: &LoadError, message: &'a str) -> Option<&'a str> {
    if error.kind() != LoadErrorKind::OperatorInvalid {
        return None;
    }
    let (before, _) = message.split_once(" operator not supported")?;
    before.rsplit([' ', ':']).next().filter(|name| !name.is_empty())
}
