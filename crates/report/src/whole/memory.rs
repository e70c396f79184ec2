//! How memory is used.

use serde::{Deserialize, Serialize};
use tachy_measure::{Metric, Unit};
use tachy_profile::memory::pressure::{Pressure, PressureLevel};
use tachy_profile::memory::{Holding, MemoryReport, Optimization};
use tachy_profile::trace::Trace;

use super::figures::Figure;
use super::input::ReportInput;
use super::performance::{PerformanceAnalysis, performance_analysis};

/// What a memory tracker saw, and what follows from it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MemoryInput {
    /// The recorded session that it was part of, if it was.
    #[serde(default)]
    pub session: String,
    /// The tracker's figures.
    pub report: MemoryReport,
    /// What could be saved, of all devices.
    #[serde(default)]
    pub optimizations: Vec<Optimization>,
    /// How scarce memory was, by device.
    #[serde(default)]
    pub pressure: Vec<(String, Pressure)>,
}

impl MemoryInput {
    /// A tracker's figures and nothing else.
    pub fn of(report: MemoryReport) -> Self {
        let session = String::new();
        Self { session, report, optimizations: Vec::new(), pressure: Vec::new() }
    }

    /// Whether nobody told of allocations, and engines told of their own memory.
    pub(super) fn is_of_engines_alone(&self) -> bool {
        let MemoryReport { devices, engines, faults, .. } = &self.report;
        let told = !devices.is_empty() || !self.pressure.is_empty() || faults.total() > 0;
        !told && !engines.is_empty()
    }
}

/// How memory is used.
#[derive(Debug, Clone, Default, Serialize)]
pub struct MemoryAnalysis {
    /// What memory trackers saw, those of traces at the end.
    pub tracked: Vec<MemoryInput>,
    /// What programs at work held, as their metrics collectors tell it.
    pub collected: Vec<Holding>,
    /// What each benchmark needed, the most first.
    pub peaks: Vec<MemoryFigure>,
}

/// The memory that a benchmark needed.
#[derive(Debug, Clone, Serialize)]
pub struct MemoryFigure {
    /// The benchmark with its parameters.
    pub subject: String,
    /// What was counted: peak memory, allocations, allocated bytes.
    pub metric: String,
    /// The unit of the values.
    pub unit: Unit,
    /// The typical value.
    pub typical: f64,
    /// The least and the most that was seen.
    pub range: [f64; 2],
    /// The processes that it was seen in.
    pub processes: usize,
}

/// How memory is used.
pub fn memory_analysis(input: &ReportInput) -> MemoryAnalysis {
    of(&performance_analysis(input), input)
}

pub(super) fn of(performance: &PerformanceAnalysis, input: &ReportInput) -> MemoryAnalysis {
    let counts = |figure: &&Figure| {
        matches!(figure.metric, Metric::PeakMemory | Metric::Allocations | Metric::AllocatedBytes)
    };
    let mut peaks: Vec<MemoryFigure> = performance
        .figures
        .iter()
        .filter(counts)
        .map(|figure| MemoryFigure {
            subject: figure.subject(),
            metric: crate::csv::identifier(figure.metric),
            unit: figure.unit,
            typical: figure.value(),
            range: [figure.pooled.min, figure.pooled.max],
            processes: figure.processes,
        })
        .collect();
    peaks.sort_by(|a, b| a.metric.cmp(&b.metric).reverse().then(b.typical.total_cmp(&a.typical)));
    let of_trace = |trace: &Trace| {
        let report = trace.memory.clone()?;
        Some(MemoryInput { session: trace.name.clone(), ..MemoryInput::of(report) })
    };
    let traces = input.traces.iter().filter_map(of_trace);
    let tracked = input.memory.iter().cloned().chain(traces).collect();
    let collected = input.metrics.iter().flat_map(|snapshot| snapshot.memory.clone()).collect();
    MemoryAnalysis { tracked, collected, peaks }
}

/// The word for a level.
pub(super) fn level(level: PressureLevel) -> &'static str {
    match level {
        PressureLevel::None => "none",
        PressureLevel::Low => "low",
        PressureLevel::Medium => "medium",
        PressureLevel::High => "high",
        PressureLevel::Critical => "critical",
    }
}

impl MemoryAnalysis {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.tracked.is_empty() && self.collected.is_empty() && self.peaks.is_empty()
    }
}
