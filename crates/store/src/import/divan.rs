//! What divan prints: a tree of benchmarks with a table beside it.

use std::collections::BTreeMap;

use tachy_measure::{Environment, Measurement, Metric};

use super::{UNKNOWN, measured, one_process, run};
use crate::{Benchmark, Run};

/// One benchmark's rows.
struct Leaf {
    name: String,
    median: f64,
    calls: f64,
    allocations: Option<f64>,
    allocated: Option<f64>,
}

/// Which rows of allocations are being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    None,
    Other,
    Allocations,
    AllocatedBytes,
}

pub(super) fn parse(text: &str, modified: u64) -> Result<Run, String> {
    let mut leaves: Vec<Leaf> = Vec::new();
    let mut path: Vec<String> = Vec::new();
    // The sign at which the first column of figures begins, once a heading has told it.
    let mut start = None;
    let mut section = Section::None;
    for line in text.lines() {
        if let Some(place) = heading(line) {
            let title: String = line.chars().take(place).collect();
            path = vec![title.trim().to_owned()];
            start = Some(place);
            section = Section::None;
            continue;
        }
        let Some(start) = start else { continue };
        let Some(row) = Row::new(line, start) else { continue };
        if let Some((depth, name)) = row.node() {
            path.truncate(depth + 1);
            path.push(name);
            section = Section::None;
            if let (Some(median), Some(samples), Some(iterations)) =
                (time(&row.median), number(&row.samples), number(&row.iterations))
            {
                leaves.push(Leaf {
                    name: path.join("::"),
                    median,
                    calls: iterations / samples,
                    allocations: None,
                    allocated: None,
                });
            }
            continue;
        }
        let Some(leaf) = leaves.last_mut() else { continue };
        section = match (row.fastest.trim(), section) {
            ("alloc:", _) => Section::Allocations,
            (label, _) if label.ends_with(':') => Section::Other,
            (_, Section::Allocations) => {
                leaf.allocations = number(&row.median);
                Section::AllocatedBytes
            }
            (_, Section::AllocatedBytes) => {
                leaf.allocated = bytes(&row.median);
                Section::Other
            }
            (_, section) => section,
        };
    }
    if leaves.is_empty() {
        return Err(UNKNOWN.to_owned());
    }
    let benchmarks = leaves.into_iter().map(Leaf::benchmark).collect::<Result<_, String>>()?;
    run("divan", modified, text.as_bytes(), Environment::default(), benchmarks)
}

impl Leaf {
    fn benchmark(self) -> Result<Benchmark, String> {
        let figures = [
            (Metric::Time, Some(self.median)),
            (Metric::Allocations, self.allocations),
            (Metric::AllocatedBytes, self.allocated),
        ];
        let measurement =
            |(metric, value): (Metric, Option<f64>)| -> Option<Result<Measurement, String>> {
                Some(one_process(metric, vec![value?], self.calls))
            };
        let measurements =
            figures.into_iter().filter_map(measurement).collect::<Result<_, String>>()?;
        Ok(measured(&self.name, BTreeMap::new(), measurements))
    }
}

/// Where the first column of figures begins, if the line names the columns.
fn heading(line: &str) -> Option<usize> {
    let columns = ["fastest", "slowest", "median", "mean", "samples", "iters"];
    let mut rest = line;
    for column in columns {
        rest = &rest[rest.find(column)? + column.len()..];
    }
    Some(line[..line.find("fastest")?].chars().count())
}

/// A line of the table, cut into its columns.
struct Row {
    /// The tree, as it is drawn.
    tree: Vec<char>,
    fastest: String,
    median: String,
    samples: String,
    iterations: String,
}

impl Row {
    fn new(line: &str, start: usize) -> Option<Self> {
        let mut cells = line.rsplitn(6, '│');
        let mut next = || cells.next().map(str::to_owned);
        let (iterations, samples, _mean, median, _slowest) =
            (next()?, next()?, next()?, next()?, next()?);
        let first: Vec<char> = next()?.chars().collect();
        let (tree, fastest) = first.split_at(start.min(first.len()));
        Some(Self {
            tree: tree.to_vec(),
            fastest: fastest.iter().collect(),
            median,
            samples,
            iterations,
        })
    }

    /// The depth in the tree and the name there, if the line begins a node.
    fn node(&self) -> Option<(usize, String)> {
        let place = self.tree.iter().position(|sign| matches!(sign, '├' | '╰'))?;
        let name: String = self.tree.iter().skip(place + 2).collect();
        let name = name.trim().to_owned();
        (!name.is_empty()).then_some((place / 3, name))
    }
}

fn number(text: &str) -> Option<f64> {
    let value = text.trim().parse::<f64>().ok()?;
    (value.is_finite() && value >= 0.0).then_some(value)
}

fn scaled(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let (value, unit) = text.trim().split_once(' ')?;
    let (_, scale) = units.iter().find(|(name, _)| *name == unit.trim())?;
    Some(number(value)? * scale)
}

/// In seconds.
fn time(text: &str) -> Option<f64> {
    const UNITS: [(&str, f64); 7] = [
        ("ps", 1e-12),
        ("ns", 1e-9),
        ("µs", 1e-6),
        ("ms", 1e-3),
        ("s", 1.0),
        ("m", 60.0),
        ("h", 3600.0),
    ];
    scaled(text, &UNITS)
}

fn bytes(text: &str) -> Option<f64> {
    const UNITS: [(&str, f64); 9] = [
        ("B", 1.0),
        ("KB", 1e3),
        ("MB", 1e6),
        ("GB", 1e9),
        ("TB", 1e12),
        ("KiB", 1024.0),
        ("MiB", 1_048_576.0),
        ("GiB", 1_073_741_824.0),
        ("TiB", 1_099_511_627_776.0),
    ];
    scaled(text, &UNITS)
}
