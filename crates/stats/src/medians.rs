//! One figure per process: the logarithm of its median.

use crate::{Samples, StatisticsError};

/// The natural logarithm of each process's median.
///
/// # Errors
/// No process, a process without samples, or a median of zero.
pub(crate) fn log_medians(processes: &[Samples]) -> Result<Vec<f64>, StatisticsError> {
    if processes.is_empty() {
        return Err(StatisticsError::NoProcess);
    }
    let log_median = |(process, samples): (usize, &Samples)| {
        let sorted = samples.sorted().ok_or(StatisticsError::EmptyProcess { process })?;
        match sorted.median() {
            median if median > 0.0 => Ok(median.ln()),
            _ => Err(StatisticsError::ZeroMedian { process }),
        }
    };
    processes.iter().enumerate().map(log_median).collect()
}
