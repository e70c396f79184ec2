//! One part of a suite that several machines measure together.

use std::env;

use clap::Args;
use tachy_measure::Partition;

/// Which part of a suite, and of which.
#[derive(Debug, Clone, Args)]
pub struct PartitionArguments {
    /// Measure one part of the benchmarks only: 3/8 is the third of eight. A benchmark's name decides where it belongs
    #[arg(long, value_name = "PART/PARTS")]
    partition: Option<Partition>,

    /// What all parts of one suite have in common [default: GITHUB_RUN_ID or SLURM_ARRAY_JOB_ID]
    #[arg(long, value_name = "ID", requires = "partition")]
    suite: Option<String>,
}

/// Variables in which continuous integration and clusters say what belongs together.
const SUITES: [&str; 2] = ["GITHUB_RUN_ID", "SLURM_ARRAY_JOB_ID"];

impl PartitionArguments {
    /// Whether the benchmark of this name is to be measured.
    pub fn holds(&self, name: &str) -> bool {
        self.partition.is_none_or(|partition| partition.holds(name))
    }

    /// Whether it is a part at all.
    pub fn is_given(&self) -> bool {
        self.partition.is_some()
    }

    /// What to note with a run: nothing, if it is no part.
    pub fn labels(&self) -> Vec<(String, String)> {
        let Some(partition) = self.partition else { return Vec::new() };
        let of_environment =
            || SUITES.iter().find_map(|name| env::var(name).ok().filter(|id| !id.is_empty()));
        let suite = self.suite.clone().or_else(of_environment);
        let suite = suite.map(|suite| (tachy_store::SUITE.to_owned(), suite));
        [(tachy_store::PARTITION.to_owned(), partition.to_string())]
            .into_iter()
            .chain(suite)
            .collect()
    }
}
