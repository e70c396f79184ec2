//! What a project has measured at its gate.

use serde::{Deserialize, Serialize};

/// The benchmarks of a gate, and how the programs that they run are built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suite {
    /// A line for the shell that builds a revision in its folder; nothing is built without one.
    pub build: Option<String>,
    /// The benchmarks, in order.
    pub benchmarks: Vec<NamedCommand>,
}

/// A benchmark: a command that does the same work in every revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedCommand {
    /// Its name in reports.
    pub name: String,
    /// The command, read as a shell reads words and quotes, and nothing else. It starts in the revision's folder.
    pub command: String,
}
