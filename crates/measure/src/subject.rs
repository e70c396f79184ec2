//! What is measured, so that it can be measured again.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tachy_graph::Shape;

use crate::model::ModelSource;
use crate::variants::Variant;

/// A model with all that decides what an engine is to compute, whichever engine it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Subject {
    /// The model.
    pub model: ModelSource,
    /// Threads of each engine.
    pub threads: usize,
    /// Sizes of symbolic dimensions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dims: BTreeMap<String, usize>,
    /// Whole shapes of inputs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub input_shapes: BTreeMap<String, Shape>,
    /// Files of inputs, by the input's name; the others are made from the seed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub input_files: BTreeMap<String, PathBuf>,
    /// Seed of inputs and orders.
    pub seed: u64,
    /// How what is computed differs from what the model's source says. Unknown to older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<Variant>,
}

impl Subject {
    /// Where the inputs come from, for people.
    pub(crate) fn inputs(&self) -> String {
        match self.input_files.len() {
            0 => format!("seeded generator (seed {})", self.seed),
            count => format!(
                "{count} from files, the others from the seeded generator (seed {})",
                self.seed
            ),
        }
    }
}
