//! Hotspots as a table of text.

use std::fmt;

use super::Hotspots;
use crate::words;

const HEADINGS: [&str; 10] = [
    "operation",
    "self",
    "share",
    "total",
    "calls",
    "median",
    "rate",
    "bound",
    "roofline",
    "to win",
];

/// One line an operation, the unattributed time, and a line that sums up.
impl fmt::Display for Hotspots {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = vec![HEADINGS.map(str::to_owned)];
        lines.extend(self.rows.iter().map(|row| {
            let rate = match (row.flops_per_second, row.bytes_per_second) {
                (Some(flops), Some(bytes)) => {
                    format!("{} {}", words::flops(flops), words::bandwidth(bytes))
                }
                (Some(flops), None) => words::flops(flops),
                (None, Some(bytes)) => words::bandwidth(bytes),
                (None, None) => row.transferred_per_second.map_or(String::new(), words::bandwidth),
            };
            [
                row.operation.name.clone(),
                words::time(row.self_time as f64),
                words::percent(row.share),
                words::time(row.total as f64),
                row.calls.to_string(),
                words::time(row.median),
                rate,
                row.bound.to_string(),
                row.roofline.map_or(String::new(), words::percent),
                row.potential.map_or(String::new(), |potential| format!("{potential:.1}%")),
            ]
        }));
        let mut unattributed: [String; 10] = Default::default();
        unattributed[0] = "unattributed".to_owned();
        unattributed[1] = words::time(self.unattributed as f64);
        unattributed[2] = words::percent(self.unattributed_share());
        lines.push(unattributed);

        let width = |column: usize| {
            lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0)
        };
        let widths: [usize; 10] = std::array::from_fn(width);
        for line in &lines {
            let mut text = format!("{:<width$}", line[0], width = widths[0]);
            for (cell, width) in line.iter().zip(widths).skip(1) {
                text.push_str(&format!("  {cell:>width$}"));
            }
            writeln!(formatter, "{}", text.trim_end())?;
        }
        writeln!(
            formatter,
            "{} of wall time, {} in spans of the main thread, {} recorded at about {}.",
            words::time(self.wall as f64),
            words::percent(1.0 - self.unattributed_share()),
            words::count(self.spans, "span"),
            words::time(self.recording),
        )
    }
}
