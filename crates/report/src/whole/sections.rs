//! The report as a whole, and its sections.

use serde::Serialize;

use super::bottlenecks::{self, Bottleneck};
use super::input::ReportInput;
use super::memory::{self, MemoryAnalysis};
use super::performance::{PerformanceAnalysis, performance_analysis};
use super::recommendations::{self, Recommendation};
use super::summary::{self, ExecutiveSummary};
use super::trends::{Trends, trends};
use crate::layout::layout;

/// A part of the report that can stand alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Grades and the most important findings.
    Summary,
    /// What was measured, who is fastest, what changed.
    Performance,
    /// How memory is used.
    Memory,
    /// What holds the work up.
    Bottlenecks,
    /// What to do.
    Recommendations,
    /// What became of series over the runs.
    Trends,
}

impl Section {
    /// Every section, in order.
    pub const ALL: [Section; 6] = [
        Section::Summary,
        Section::Performance,
        Section::Memory,
        Section::Bottlenecks,
        Section::Recommendations,
        Section::Trends,
    ];

    /// The heading.
    pub const fn title(self) -> &'static str {
        match self {
            Section::Summary => "Summary",
            Section::Performance => "Performance",
            Section::Memory => "Memory",
            Section::Bottlenecks => "Bottlenecks",
            Section::Recommendations => "Recommendations",
            Section::Trends => "Trends",
        }
    }
}

/// A report, ready to be written in any format. Sections that it does not have are `None`.
#[derive(Debug, Clone, Serialize)]
pub struct WholeReport {
    /// What it is called.
    pub title: String,
    /// The version of the format of [`WholeReport::json`].
    pub format: u32,
    /// Grades and the most important findings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<ExecutiveSummary>,
    /// What was measured, who is fastest, what changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub performance: Option<PerformanceAnalysis>,
    /// How memory is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<MemoryAnalysis>,
    /// What holds the work up, the gravest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bottlenecks: Option<Vec<Bottleneck>>,
    /// What to do, the most urgent first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recommendations: Option<Vec<Recommendation>>,
    /// What became of series over the runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trends: Option<Trends>,
}

/// What sections rest on, worked out once.
pub(super) struct Parts {
    pub(super) performance: PerformanceAnalysis,
    pub(super) memory: MemoryAnalysis,
    pub(super) bottlenecks: Vec<Bottleneck>,
    pub(super) trends: Trends,
}

impl Parts {
    pub(super) fn new(input: &ReportInput) -> Self {
        let performance = performance_analysis(input);
        Self {
            memory: memory::of(&performance, input),
            bottlenecks: bottlenecks::of(&performance),
            trends: trends(input),
            performance,
        }
    }
}

/// The version of the format of [`WholeReport::json`].
const FORMAT: u32 = 1;

/// Works everything out that can be said of the input.
pub fn report(input: &ReportInput) -> WholeReport {
    let parts = Parts::new(input);
    let title = match input.title.is_empty() {
        false => input.title.clone(),
        true => title(&parts),
    };
    WholeReport {
        title,
        format: FORMAT,
        summary: Some(summary::of(&parts)),
        recommendations: Some(recommendations::of(&parts)),
        performance: Some(parts.performance),
        memory: Some(parts.memory),
        bottlenecks: Some(parts.bottlenecks),
        trends: Some(parts.trends),
    }
}

/// The benchmark's name, if there is but one.
fn title(parts: &Parts) -> String {
    let mut names: Vec<&str> = parts.performance.figures.iter().map(|f| &*f.benchmark).collect();
    names.sort_unstable();
    names.dedup();
    match names.as_slice() {
        [] => "Report".to_owned(),
        [name] => (*name).to_owned(),
        names => format!("{} benchmarks", names.len()),
    }
}

impl WholeReport {
    /// The same with some of its sections alone.
    #[must_use]
    pub fn only(self, sections: &[Section]) -> Self {
        let wanted = |section| sections.contains(&section);
        Self {
            title: self.title,
            format: self.format,
            summary: self.summary.filter(|_| wanted(Section::Summary)),
            performance: self.performance.filter(|_| wanted(Section::Performance)),
            memory: self.memory.filter(|_| wanted(Section::Memory)),
            bottlenecks: self.bottlenecks.filter(|_| wanted(Section::Bottlenecks)),
            recommendations: self.recommendations.filter(|_| wanted(Section::Recommendations)),
            trends: self.trends.filter(|_| wanted(Section::Trends)),
        }
    }

    /// Everything that was worked out, section by section, as the fields of this type are documented. Times are in
    /// seconds, sizes in bytes. Raw samples are not in it; they are in the runs that it was made of.
    pub fn json(&self) -> String {
        layout(&serde_json::to_string(self).expect("a report has string keys"))
    }
}
