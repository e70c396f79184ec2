//! An estimate, its interval, and what the interval was replicated over.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The lower end, in the estimate's unit.
    pub low: f64,
    /// The upper end, in the estimate's unit.
    pub high: f64,
    /// The share of such intervals meant to hold the truth, for example 0.95.
    pub level: f64,
}

impl Interval {
    /// Whether `value` lies in the interval, ends included.
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// What was repeated to learn how uncertain an estimate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplicationUnit {
    /// Whole processes: the interval speaks for the next process as well.
    Process,
    /// Blocks of samples within one process. The interval covers what varied inside that process
    /// and nothing that is settled when a process starts (memory layout, thread placement, …).
    Block,
}

/// The unit of replication and how many of it there were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replication {
    /// What was repeated.
    pub unit: ReplicationUnit,
    /// How often; for a ratio, the smaller of the two sides.
    pub count: usize,
}

impl Replication {
    /// What a ratio rests on: the weaker unit, and the smaller count.
    pub(crate) fn weaker(self, other: Self) -> Self {
        match (self.unit, other.unit) {
            (ReplicationUnit::Block, ReplicationUnit::Process) => self,
            (ReplicationUnit::Process, ReplicationUnit::Block) => other,
            _ if self.count <= other.count => self,
            _ => other,
        }
    }
}

impl fmt::Display for Replication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.count == 1 { "" } else { "s" };
        match self.unit {
            ReplicationUnit::Process => {
                write!(f, "{} process{}", self.count, if self.count == 1 { "" } else { "es" })
            }
            ReplicationUnit::Block => write!(f, "one process ({} block{plural})", self.count),
        }
    }
}

/// A value with its uncertainty.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The best single figure.
    pub value: f64,
    /// Its interval; `None` where the data are too few for one at the level asked for.
    pub interval: Option<Interval>,
    /// What the interval was replicated over.
    pub replication: Replication,
}
