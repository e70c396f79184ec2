//! Histories as GitHub's Markdown.

use super::judged::{HistoryReport, Judged};
use crate::markdown::inline;
use crate::quantity::{plain, quantity};

impl HistoryReport {
    /// A table with a line for each series, then the steps and drifts that were found.
    pub fn markdown(&self) -> String {
        let mut lines = vec![
            "| benchmark | metric | machine | runs | last | found |".to_owned(),
            "| :--- | :--- | :--- | ---: | ---: | :--- |".to_owned(),
        ];
        lines.extend(self.series.iter().map(Judged::markdown_line));
        let found = self.series.iter().filter(|series| series.found() > 0);
        let items: Vec<String> = found.flat_map(Judged::markdown_items).collect();
        let mut blocks = vec![lines.join("\n")];
        if !items.is_empty() {
            blocks.push(items.join("\n"));
        }
        plain(&blocks.join("\n\n")) + "\n"
    }
}

impl Judged {
    /// The benchmark with its parameters.
    fn subject(&self) -> String {
        let parameters = self.key.parameters.iter().map(|(name, value)| format!(" {name}={value}"));
        self.key.benchmark.clone() + &parameters.collect::<String>()
    }

    fn found(&self) -> usize {
        self.analysis.changes.len() + usize::from(self.analysis.drift.is_some())
    }

    fn markdown_line(&self) -> String {
        let values = self.measured.values();
        let last = values.last().map(|value| quantity(*value, self.key.metric.unit()));
        let found = match self.found() {
            0 => "nothing".to_owned(),
            1 => "1 change".to_owned(),
            found => format!("{found} changes"),
        };
        format!(
            "| {} | {} | {} | {} | {} | {found} |",
            inline(&self.subject()),
            self.key.metric.name(),
            inline(&self.key.machine),
            values.len(),
            last.unwrap_or_default(),
        )
    }

    fn markdown_items(&self) -> Vec<String> {
        let changes = self.analysis.changes.iter().map(|change| self.change(change));
        let drift = self.analysis.drift.iter().map(|drift| self.drift(drift));
        let title = format!("`{}`, {}", self.subject(), self.key.metric.name());
        changes.chain(drift).map(|told| inline(&format!("- {title}: {told}"))).collect()
    }
}
