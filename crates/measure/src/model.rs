//! Where a model comes from.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Where a model comes from. It travels by name: every process reads or builds it for itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelSource {
    /// An ONNX file.
    File {
        /// Its path.
        path: PathBuf,
    },
    /// A graph of the zoo.
    Zoo {
        /// Its name, without `zoo:`.
        name: String,
        /// The seed of its weights.
        seed: u64,
        /// The batch size.
        batch: usize,
    },
}

impl fmt::Display for ModelSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ModelSource::File { path } => write!(f, "{}", path.display()),
            ModelSource::Zoo { name, .. } => write!(f, "zoo:{name}"),
        }
    }
}
