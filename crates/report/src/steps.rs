//! Where the time of one run goes, step by step.

use serde::Serialize;
use tachy_measure::Unit;

use crate::look::{Look, Tone};
use crate::quantity::{percent, quantity, significant};
use crate::table::{Cell, Column, Table};

/// A line of [`steps`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepEntry {
    /// The node's name.
    pub node: String,
    /// The operator's name.
    pub operator: String,
    /// How it is computed.
    pub detail: String,
    /// The time of the step.
    pub seconds: f64,
    /// Operations on numbers.
    pub flops: f64,
    /// Bytes read and written.
    pub bytes: f64,
    /// The time that the machine's ceilings allow: no kernel can be faster.
    pub least_seconds: f64,
}

/// The steps of one run in their order, then the operators' sums: time, its share, rates, and how close each step comes
/// to the machine's ceilings (its share of the roofline: Williams, Waterman and Patterson, 2009).
pub fn steps(entries: &[StepEntry], look: Look) -> String {
    let total: f64 = entries.iter().map(|entry| entry.seconds).sum();
    let mut all = Table::new(columns("step"));
    for entry in entries {
        all.row(cells(&entry.node, entry, total));
    }
    let mut operators: Vec<StepEntry> = Vec::new();
    for entry in entries {
        match operators.iter_mut().find(|sum| sum.operator == entry.operator) {
            Some(sum) => {
                sum.seconds += entry.seconds;
                sum.flops += entry.flops;
                sum.bytes += entry.bytes;
                sum.least_seconds += entry.least_seconds;
            }
            None => operators.push(StepEntry { detail: String::new(), ..entry.clone() }),
        }
    }
    operators.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
    let mut sums = Table::new(columns("operators"));
    for sum in &operators {
        let count = entries.iter().filter(|entry| entry.operator == sum.operator).count();
        sums.row(cells(&format!("{count} ×"), sum, total));
    }
    format!("{}\n{}", all.render(look), sums.render(look))
}

fn columns(first: &str) -> Vec<Column> {
    vec![
        Column::left(first),
        Column::left("operator"),
        Column::right("time"),
        Column::right("share"),
        Column::right("GFLOP/s"),
        Column::right("GB/s"),
        Column::right("roofline"),
        Column::left("how"),
    ]
}

fn cells(first: &str, entry: &StepEntry, total: f64) -> Vec<Cell> {
    let rate = |amount: f64| match amount > 0.0 {
        true => significant(amount / entry.seconds / 1e9),
        false => "–".to_owned(),
    };
    let roofline = match entry.flops + entry.bytes > 0.0 {
        true => percent((entry.least_seconds / entry.seconds).min(1.0)),
        false => "–".to_owned(),
    };
    vec![
        first.into(),
        entry.operator.as_str().into(),
        quantity(entry.seconds, Unit::Seconds).into(),
        percent(entry.seconds / total).into(),
        rate(entry.flops).into(),
        rate(entry.bytes).into(),
        roofline.into(),
        Cell::new(&entry.detail, Tone::Quiet),
    ]
}
