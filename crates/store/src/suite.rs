//! Suites that several machines measured in parts.

use std::collections::{BTreeMap, BTreeSet};

use tachy_measure::Partition;

use crate::{PARTITION, RunHeader, SUITE};

/// The parts of a suite that are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suite {
    /// What all its runs have as their label `suite`.
    pub id: String,
    /// How many parts it was cut into.
    pub of: u64,
    /// The parts that are there.
    pub parts: BTreeSet<u64>,
    /// The runs that these parts are.
    pub runs: usize,
}

impl Suite {
    /// The suites that these runs are parts of, by name.
    pub fn all<'a>(runs: impl IntoIterator<Item = &'a RunHeader>) -> Vec<Self> {
        let mut suites: BTreeMap<(String, u64), Self> = BTreeMap::new();
        for run in runs {
            let (Some(id), Some(partition)) = (run.labels.get(SUITE), run.labels.get(PARTITION))
            else {
                continue;
            };
            // A label is what anybody wrote there; what is no part says nothing about a suite.
            let Ok(partition) = partition.parse::<Partition>() else { continue };
            let of = partition.of();
            let suite = suites.entry((id.clone(), of)).or_insert_with(|| Self {
                id: id.clone(),
                of,
                parts: BTreeSet::new(),
                runs: 0,
            });
            suite.parts.insert(partition.part());
            suite.runs += 1;
        }
        suites.into_values().collect()
    }

    /// The parts that are not there.
    pub fn missing(&self) -> Vec<u64> {
        (1..=self.of).filter(|part| !self.parts.contains(part)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RunId;

    fn run(labels: &[(&str, &str)]) -> RunHeader {
        RunHeader {
            id: RunId::new(0),
            started: 0,
            command: "cargo-bench".to_owned(),
            environment: Default::default(),
            labels: labels
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        }
    }

    #[test]
    fn parts_are_gathered_by_suite_and_what_is_missing_is_known() {
        let runs = [
            run(&[("suite", "7"), ("partition", "3/3")]),
            run(&[("suite", "7"), ("partition", "1/3")]),
            run(&[("suite", "7"), ("partition", "1/3")]),
            run(&[("suite", "7"), ("partition", "2/2")]),
            run(&[("suite", "7"), ("partition", "nonsense")]),
            run(&[("suite", "8"), ("partition", "1/1")]),
            run(&[("suite", "9")]),
            run(&[("partition", "1/2")]),
        ];
        let suites = Suite::all(&runs);
        let told: Vec<_> =
            suites.iter().map(|s| (s.id.as_str(), s.of, s.missing(), s.runs)).collect();
        assert_eq!(told, [("7", 2, vec![1], 1), ("7", 3, vec![2], 3), ("8", 1, vec![], 1)]);
    }
}
