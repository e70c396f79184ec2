//! How long and how often to measure.

use std::num::NonZeroUsize;
use std::time::Duration;

use clap::Args;

use crate::settings::Settings;

/// How long and how often to measure.
#[derive(Debug, Clone, Args)]
pub struct MeasureArguments {
    /// Seconds of measuring for each device or benchmark [default: 3]
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds)]
    pub time: Option<f64>,

    /// Processes of each: the unit of replication [default: 5]
    #[arg(long, value_name = "COUNT")]
    pub processes: Option<NonZeroUsize>,

    /// Seconds that one answer may take before its process counts as hung [default: 120]
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds)]
    pub timeout: Option<f64>,
}

impl MeasureArguments {
    /// The time of measuring for each device or benchmark, over all its processes.
    pub fn time(&self, settings: &Settings) -> Duration {
        Duration::from_secs_f64(self.time.or(settings.time).unwrap_or(3.0))
    }

    /// How many processes each device or benchmark has.
    pub fn processes(&self, settings: &Settings) -> usize {
        self.processes.or(settings.processes).map_or(5, NonZeroUsize::get)
    }

    /// How long a process may take for one answer.
    pub fn timeout(&self, settings: &Settings) -> Duration {
        Duration::from_secs_f64(self.timeout.or(settings.timeout).unwrap_or(120.0))
    }
}

/// A number of seconds above 0, at most a million.
///
/// # Errors
/// Anything else, as a sentence.
pub fn parse_seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= 1e6 => Ok(seconds),
        _ => Err(format!("`{text}` is not a number of seconds above 0")),
    }
}
