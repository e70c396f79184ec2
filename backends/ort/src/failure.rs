//! The library's errors as the runtime's.

use tachy_runtime::Error;

use crate::backend::NAME;

/// What the library said while doing something.
pub(crate) fn during<R>(action: &'static str) -> impl Fn(ort::Error<R>) -> Error {
    move |error| Error::Engine { backend: NAME, action, message: error.message().to_owned() }
}

/// An error of making a session; an operator that the library lacks is named.
pub(crate) fn of_loading(error: ort::Error) -> Error {
    let message = error.message();
    match missing_operator(message) {
        Some((operator, node)) => Error::UnsupportedOperator {
            backend: NAME,
            operator: operator.to_owned(),
            node: node.to_owned(),
            detail: message.to_owned(),
        },
        None => during("create a session")(error),
    }
}

/// The operator and the node in the library's two ways of saying that it lacks one.
fn missing_operator(message: &str) -> Option<(&str, &str)> {
    let between = |from: &str, to: &str| {
        let (_, rest) = message.split_once(from)?;
        rest.split_once(to).map(|(found, _)| found)
    };
    if let Some(operator) = between("No Op registered for ", " with domain_version") {
        return Some((operator, between("In Node, (\"", "\"").unwrap_or_default()));
    }
    let operator = between("Could not find an implementation for ", "(")?;
    Some((operator, between("node with name '", "'").unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::missing_operator;

    #[test]
    fn a_missing_operator_is_found_in_what_the_library_says() {
        let unknown = "This is an invalid model. In Node, (\"frob_node\", Frobnicate, \"\", -1) : (\"x\": \
                       tensor(float),) -> (\"y\": tensor(float),) , Error No Op registered for Frobnicate \
                       with domain_version of 17";
        assert_eq!(missing_operator(unknown), Some(("Frobnicate", "frob_node")));
        let no_kernel = "Could not find an implementation for Mod(13) node with name 'modulo'";
        assert_eq!(missing_operator(no_kernel), Some(("Mod", "modulo")));
        assert_eq!(missing_operator("Protobuf parsing failed."), None);
    }
}
