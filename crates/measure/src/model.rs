//! Where a model comes from.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tachy_graph::catalogue::{CaseError, OperatorCase};
use tachy_graph::zoo::{self, ZooError, ZooOptions};
use tachy_graph::{Graph, GraphError};
use thiserror::Error;

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
    /// A graph of one operator.
    Operator {
        /// Its name in the catalogue, without `op:`.
        case: String,
        /// The seed of its weights, if it has any.
        seed: u64,
    },
}

/// A graph that Tachy cannot build.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The zoo does not have it.
    #[error(transparent)]
    Zoo(#[from] ZooError),
    /// The catalogue does not have it.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// Its size makes the graph impossible.
    #[error(transparent)]
    Graph(#[from] GraphError),
}

impl ModelSource {
    /// The graph, if it is Tachy that builds it; nothing for a file.
    ///
    /// # Errors
    /// If there is none of this name, or its size is impossible.
    pub fn graph(&self) -> Result<Option<Graph>, SourceError> {
        Ok(match self {
            ModelSource::File { .. } => None,
            ModelSource::Zoo { name, seed, batch } => Some(zoo::build(
                name,
                &ZooOptions { seed: *seed, batch: *batch, resolution: None },
            )?),
            ModelSource::Operator { case, seed } => {
                Some(case.parse::<OperatorCase>()?.graph(*seed)?)
            }
        })
    }
}

impl fmt::Display for ModelSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ModelSource::File { path } => write!(f, "{}", path.display()),
            ModelSource::Zoo { name, .. } => write!(f, "zoo:{name}"),
            ModelSource::Operator { case, .. } => write!(f, "op:{case}"),
        }
    }
}
