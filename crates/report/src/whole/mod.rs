//! Everything that is known, in one report.
//!
//! [`report`] takes a [`ReportInput`], any mixture of stored runs, comparisons, duels, checks, traces, collected metrics, memory reports
//! and histories, and works out a [`WholeReport`]: an executive summary with grades, the analysis of performance and
//! memory, bottlenecks, recommendations and trends. It is written as [HTML](WholeReport::html),
//! [Markdown](WholeReport::markdown), [JSON](WholeReport::json) or [CSV](WholeReport::csv).
//!
//! Each section can be made alone: [`executive_summary`], [`performance_analysis`], [`memory_analysis`],
//! [`bottlenecks()`], [`recommendations()`] and [`trends()`] give what it says, and [`WholeReport::only`] gives it in
//! any format.

mod bottlenecks;
mod collected;
mod csv;
mod figures;
mod grade;
mod grading;
mod html;
mod input;
mod markdown;
mod memory;
mod performance;
mod rankings;
mod recommendations;
mod sections;
mod summary;
mod traces;
mod trends;
mod verdicts;

pub use bottlenecks::{Bottleneck, bottlenecks};
pub use collected::Collected;
pub use figures::{Figure, Untimed};
pub use grade::{Aspect, Grade, GradedAspect, Number, NumberUnit};
pub use input::ReportInput;
pub use memory::{MemoryAnalysis, MemoryFigure, MemoryInput, memory_analysis};
pub use performance::{PerformanceAnalysis, RunLine, performance_analysis};
pub use rankings::{RankedDevice, Ranking};
pub use recommendations::{Priority, Recommendation, recommendations};
pub use sections::{Section, WholeReport, report};
pub use summary::{ExecutiveSummary, executive_summary};
pub use traces::TraceAnalysis;
pub use trends::{Trends, trends};
pub use verdicts::VerdictLine;
