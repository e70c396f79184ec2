//! What every store can do, wherever it keeps its runs.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tachy_measure::{Environment, Metric};

use crate::{Run, RunId, SeriesKey, StoreError};

/// The benchmark whose time tells how fast the machine itself was in a run: a kernel that never changes, timed beside
/// the others. Where runs have one, a history can be freed of the machine's moods.
pub const REFERENCE: &str = "tachy:reference";

/// A place that keeps runs.
///
/// Whatever is written is written wholly or not at all, and is on the disk when the call returns. Several programs may
/// use one store at the same time: writers wait for each other.
pub trait Store {
    /// The place, for people.
    fn place(&self) -> &str;

    /// Stores a run. Returns whether it is new: a run that is there already stays as it is.
    ///
    /// # Errors
    /// An invalid run, or a store that cannot be written.
    fn save(&mut self, run: &Run) -> Result<bool, StoreError>;

    /// A run with all its samples.
    ///
    /// # Errors
    /// If there is none of this name, or the store cannot be read.
    fn run(&mut self, id: RunId) -> Result<Run, StoreError>;

    /// All runs without their benchmarks, the latest first; at most so many.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn runs(&mut self, most: usize) -> Result<Vec<RunHeader>, StoreError>;

    /// The names of all runs, the earliest first.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn ids(&mut self) -> Result<Vec<RunId>, StoreError>;

    /// The run whose name begins like this, or the latest run for `latest`.
    ///
    /// # Errors
    /// If no run or several fit, or the store cannot be read.
    fn find(&mut self, name: &str) -> Result<RunId, StoreError>;

    /// Gives a run a name. A baseline that has the name already now names this run.
    ///
    /// # Errors
    /// If there is no such run, or the store cannot be written.
    fn save_baseline(&mut self, baseline: &Baseline) -> Result<(), StoreError>;

    /// All baselines, by name.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn baselines(&mut self) -> Result<Vec<Baseline>, StoreError>;

    /// Takes a run's name away; the run stays.
    ///
    /// # Errors
    /// If there is no such baseline, or the store cannot be written.
    fn remove_baseline(&mut self, name: &str) -> Result<(), StoreError>;

    /// What became of each series that the filter lets through, over the runs; the series measured last come first.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn history(&mut self, filter: &HistoryFilter) -> Result<Vec<History>, StoreError>;

    /// The baseline of this name.
    ///
    /// # Errors
    /// If there is none, or the store cannot be read.
    fn baseline(&mut self, name: &str) -> Result<Baseline, StoreError> {
        let baselines = self.baselines()?;
        baselines.iter().find(|baseline| baseline.name == name).cloned().ok_or_else(|| {
            let names: Vec<String> =
                baselines.iter().map(|baseline| format!("`{}`", baseline.name)).collect();
            StoreError::NoBaseline {
                name: name.to_owned(),
                known: match names.is_empty() {
                    true => "there are none yet; `tachy baseline save NAME` makes one.".to_owned(),
                    false => format!("there are {}.", names.join(", ")),
                },
            }
        })
    }
}

/// A run with a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// The name.
    pub name: String,
    /// The run.
    pub run: RunId,
    /// When it got the name: milliseconds since 1970-01-01 UTC. Where stores are merged, the later one keeps it.
    pub saved: u64,
}

/// A run without its benchmarks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunHeader {
    /// Its name.
    pub id: RunId,
    /// When it began: milliseconds since 1970-01-01 UTC.
    pub started: u64,
    /// What made it.
    pub command: String,
    /// Where it was measured, and of which commit.
    pub environment: Environment,
    /// What else is worth knowing, by name.
    #[serde(default)]
    pub labels: std::collections::BTreeMap<String, String>,
}

/// Which histories are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryFilter {
    /// Words that all stand in the benchmark's name or in one of its parameters, as `device=cpu` does.
    pub words: Vec<String>,
    /// The metrics; all if there is none.
    pub metrics: Vec<Metric>,
    /// The latest so many points of each.
    pub points: usize,
    /// At most so many series.
    pub series: usize,
}

impl Default for HistoryFilter {
    fn default() -> Self {
        Self { words: Vec::new(), metrics: Vec::new(), points: 1000, series: usize::MAX }
    }
}

/// One series over the runs.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// Which.
    pub key: SeriesKey,
    /// One point for each run, the earliest first.
    pub points: Vec<Point>,
}

/// What one run says of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// The run.
    pub run: Arc<RunHeader>,
    /// The median of each process, in the metric's unit.
    pub medians: Vec<f64>,
    /// The median time of [`REFERENCE`] in the same run, where it was timed.
    pub reference: Option<f64>,
}
