//! From a comparison to a ranking.

use tachy_stats::{Candidate, ComparisonOptions, Place, Ranking, StatisticsError};

use crate::measurement::Metric;
use crate::record::{Comparison, Outcome, Row};

/// The rows of a comparison in the order in which a table shows them.
#[derive(Debug, Clone)]
pub struct Ranked<'a> {
    /// Devices that were timed, the fastest first, each with its place.
    pub timed: Vec<(&'a Row, Place)>,
    /// Devices that were wrong or failed, in the comparison's order.
    pub untimed: Vec<&'a Row>,
    /// How the ranking was made.
    pub ranking: Ranking,
}

/// Ranks the devices by one metric; where the data cannot tell two apart, they share a rank.
///
/// # Errors
/// If a device's samples give no estimate, such as a time of zero.
pub fn rank(comparison: &Comparison, metric: Metric) -> Result<Ranked<'_>, StatisticsError> {
    let measured = |row: &Row| match &row.outcome {
        Outcome::Measured(measured) => measured.metric(metric).map(|m| m.processes()),
        _ => None,
    };
    let candidates: Vec<Candidate> = comparison
        .rows
        .iter()
        .filter_map(|row| {
            Some(Candidate { name: row.device.to_string(), processes: measured(row)? })
        })
        .collect();
    let ranking = tachy_stats::rank(&candidates, &ComparisonOptions::default())?;
    let timed = ranking
        .places
        .iter()
        .filter_map(|place| {
            let row = comparison.rows.iter().find(|row| row.device.to_string() == place.name)?;
            Some((row, place.clone()))
        })
        .collect();
    let untimed = comparison.rows.iter().filter(|row| measured(row).is_none()).collect();
    Ok(Ranked { timed, untimed, ranking })
}
