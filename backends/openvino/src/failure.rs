//! The library's errors as the runtime's.

use openvino::InferenceError;
use tachy_runtime::Error;

use crate::backend::NAME;

/// What the library said while doing something.
pub(crate) fn during(action: &'static str) -> impl Fn(InferenceError) -> Error {
    move |error| Error::Engine { backend: NAME, action, message: words(&error) }
}

/// An error of reading a model; operators that the library lacks are named.
pub(crate) fn of_reading(error: InferenceError) -> Error {
    let message = words(&error);
    match missing_operators(&message) {
        Some(operators) => Error::UnsupportedOperator {
            backend: NAME,
            operator: operators.to_owned(),
            node: String::new(),
            detail: message.clone(),
        },
        None => during("read the model")(error),
    }
}

/// The library's message in one line, without the places in its source.
pub(crate) fn words(error: &InferenceError) -> String {
    let message = error.message.as_deref().unwrap_or_default();
    let is_place = |line: &str| {
        line.starts_with("Exception from ")
            || (line.starts_with("Check '") && line.contains("' failed at "))
    };
    let lines = message.lines().map(str::trim).filter(|line| !line.is_empty() && !is_place(line));
    let said = lines.collect::<Vec<_>>().join(" ");
    if said.is_empty() { error.kind.to_string() } else { said.trim_end_matches('.').to_owned() }
}

/// The operators that the library has no conversion for; it does not say which nodes they stand in.
fn missing_operators(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("No conversion rule found for operations: ")?;
    rest.split(" To facilitate").next().map(str::trim)
}

#[cfg(test)]
mod tests {
    use openvino::InferenceErrorKind;

    use super::*;

    #[test]
    fn a_missing_operator_is_found_in_what_the_library_says() {
        let message = "Exception from src/inference/src/cpp/core.cpp:105:\n\
                       Check 'false' failed at src/frontends/report.cpp:151:\n\
                       FrontEnd API failed with OpConversionFailure:\nModel wasn't fully converted.\n\
                       Summary:\n-- No conversion rule found for operations: Det-17\n\
                       To facilitate the conversion of unsupported operations, refer to Frontend\n";
        let kind = InferenceErrorKind::GeneralError;
        let error = InferenceError { kind, message: Some(message.to_owned()) };
        assert!(!words(&error).contains("core.cpp"));
        match of_reading(error) {
            Error::UnsupportedOperator { operator, .. } => assert_eq!(operator, "Det-17"),
            other => panic!("{other}"),
        }
    }
}
