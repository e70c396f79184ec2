//! `tachy plan`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use tachy_plan::csv::{self, Table};
use tachy_plan::{Limits, Plan, PlanError, check};

use super::failure::Failure;
use super::output;

/// Lay buffers out in one arena.
///
/// FILE has MiniMalloc's layout: a line of names, `id,lower,upper,size` and perhaps `alignment`, and a line for each
/// buffer. It is alive from step `lower` to just before step `upper`. What is alive at once must not overlap; the
/// planner looks for offsets with the smallest peak or, with a capacity, for any that fit.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tachy plan buffers.csv\n  \
    tachy plan buffers.csv --capacity 1048576 --output offsets.csv\n  \
    tachy plan buffers.csv --format json")]
pub(super) struct PlanCommand {
    /// The buffers
    file: PathBuf,

    /// Bytes that the arena may have
    #[arg(long, value_name = "BYTES")]
    capacity: Option<u64>,

    /// Write the buffers with their offsets
    #[arg(long, short, value_name = "FILE.csv")]
    output: Option<PathBuf>,

    /// Search steps, once the quick heuristics have missed the goal
    #[arg(long, value_name = "COUNT")]
    steps: Option<u64>,

    /// Give up the search after so long; without it, the plan depends on no clock
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,

    /// What to print
    #[arg(long, value_enum, default_value_t = Summary::Text)]
    format: Summary,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Summary {
    Text,
    Json,
}

fn seconds(text: &str) -> Result<Duration, String> {
    text.parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "it must be a number of seconds, such as 10 or 0.5".to_owned())
}

/// Search steps with a capacity: it is worth more to fit than to be a little smaller.
const STEPS_WITH_CAPACITY: u64 = 1_000_000;

impl PlanCommand {
    pub(super) fn execute(self) -> Result<(), Failure> {
        let name = self.file.display();
        let text = std::fs::read_to_string(&self.file)
            .map_err(|error| Failure::Input(format!("`{name}` cannot be read: {error}.")))?;
        let table = csv::read(&text)
            .map_err(|error| Failure::Input(format!("`{name}` cannot be read: {error}.")))?;

        let start = Instant::now();
        let interrupt = || self.timeout.is_some_and(|timeout| start.elapsed() >= timeout);
        let default = match self.capacity {
            Some(_) => STEPS_WITH_CAPACITY,
            None => Limits::default().steps,
        };
        let limits = Limits {
            capacity: self.capacity,
            steps: self.steps.unwrap_or(default),
            interrupt: Some(&interrupt),
        };
        let result = tachy_plan::plan(&table.problem, &limits);
        let elapsed = start.elapsed();

        let (plan, failure) = match result {
            Ok(plan) => (plan, None),
            Err(PlanError::Problem(error)) => {
                return Err(Failure::Input(format!("`{name}` cannot be planned: {error}.")));
            }
            Err(error) => {
                let message = Failure::Check(format!("{error}."));
                match error {
                    PlanError::Impossible { best, .. } | PlanError::NotFound { best, .. } => {
                        (*best, Some(message))
                    }
                    PlanError::Problem(_) => return Err(message),
                }
            }
        };
        check(&table.problem, &plan)
            .map_err(|violation| Failure::Check(format!("the plan is wrong: {violation}.")))?;
        let summary = match self.format {
            Summary::Text => self.text(&plan, elapsed),
            Summary::Json => self.json(&table, &plan, elapsed),
        };
        output::write(&summary, None)?;
        if let Some(failure) = failure {
            return Err(failure);
        }
        if let Some(path) = &self.output {
            let table = Table { offsets: Some(plan.offsets), ..table };
            output::write_file(&csv::write(&table), path)?;
        }
        Ok(())
    }

    fn text(&self, plan: &Plan, elapsed: Duration) -> String {
        let mut text = String::new();
        let mut line = |name: &str, value: String| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{name:<12} {value}");
        };
        line("buffers", plan.offsets.len().to_string());
        line("peak", bytes(plan.peak));
        line("lower bound", bytes(plan.lower_bound));
        line("ratio", ratio(plan).map_or("none".to_owned(), |ratio| format!("{ratio:.4}")));
        line("time", format!("{:.3} ms", elapsed.as_secs_f64() * 1e3));
        if let Some(capacity) = self.capacity {
            let verdict = if plan.peak <= capacity { "kept" } else { "exceeded" };
            line("capacity", format!("{}, {verdict}", bytes(capacity)));
        }
        text
    }

    fn json(&self, table: &Table, plan: &Plan, elapsed: Duration) -> String {
        let offsets: Vec<_> = (table.ids.iter().zip(&plan.offsets))
            .map(|(id, offset)| serde_json::json!({ "id": id, "offset": offset }))
            .collect();
        let value = serde_json::json!({
            "buffers": plan.offsets.len(),
            "peak": plan.peak,
            "lower_bound": plan.lower_bound,
            "ratio": ratio(plan),
            "seconds": elapsed.as_secs_f64(),
            "capacity": self.capacity,
            "fits": self.capacity.map(|capacity| plan.peak <= capacity),
            "offsets": offsets,
        });
        serde_json::to_string_pretty(&value).expect("the summary is plain data") + "\n"
    }
}

/// Peak to lower bound, where there is anything to place.
fn ratio(plan: &Plan) -> Option<f64> {
    (plan.lower_bound > 0).then(|| plan.peak as f64 / plan.lower_bound as f64)
}

fn bytes(count: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut value = count as f64;
    let mut unit = None;
    for larger in units {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = Some(larger);
    }
    match unit {
        Some(unit) => format!("{count} bytes ({value:.2} {unit})"),
        None => format!("{count} bytes"),
    }
}
