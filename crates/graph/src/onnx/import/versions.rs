//! The versions of operators that a model uses.

use std::collections::HashMap;

use super::{NEWEST_OPERATOR_SET, OLDEST_OPERATOR_SET};
use crate::onnx::{ImportError, proto};

/// The domain's name: ONNX's own has two.
pub(super) fn domain(name: &str) -> &str {
    if name == "ai.onnx" { "" } else { name }
}

pub(super) fn opsets(imports: &[proto::OperatorSet]) -> HashMap<&str, i64> {
    imports.iter().map(|import| (domain(&import.domain), import.version)).collect()
}

pub(super) fn check_opset(opsets: &HashMap<&str, i64>) -> Result<(), ImportError> {
    match opsets.get("") {
        Some(&version) if !(OLDEST_OPERATOR_SET..=NEWEST_OPERATOR_SET).contains(&version) => {
            Err(ImportError::OperatorSet {
                version,
                oldest: OLDEST_OPERATOR_SET,
                newest: NEWEST_OPERATOR_SET,
            })
        }
        _ => Ok(()),
    }
}
