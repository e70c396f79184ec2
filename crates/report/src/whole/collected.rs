//! What a metrics collector saw of a program at work.

use serde::{Deserialize, Serialize};
use tachy_profile::metrics::{Aggregate, MetricsSnapshot};

/// All executions of one operation on one device that a metrics collector was told of. Times are in seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Collected {
    /// Which operation.
    pub operation: String,
    /// Where.
    pub device: String,
    /// How many executions.
    pub count: u64,
    /// The mean time.
    pub mean: f64,
    /// The time that half of them stayed below, nineteen of twenty, and 99 of 100; `None` of too few executions.
    pub quantiles: [Option<f64>; 3],
    /// The longest time.
    pub longest: f64,
    /// Items of batches a second while one ran.
    pub items_per_second: f64,
}

const SHARES: [f64; 3] = [0.5, 0.95, 0.99];

/// A line for each operation on each device, those that took most time first.
pub(super) fn collected(snapshots: &[MetricsSnapshot]) -> Vec<Collected> {
    let mut aggregates: Vec<&Aggregate> =
        snapshots.iter().flat_map(|snapshot| &snapshot.aggregates).collect();
    aggregates.sort_by_key(|aggregate| std::cmp::Reverse(aggregate.total));
    aggregates.into_iter().map(line).collect()
}

fn line(aggregate: &Aggregate) -> Collected {
    let seconds = |nanoseconds: f64| nanoseconds * 1e-9;
    let quantile = |share: f64| {
        let known = aggregate.quantiles.iter().find(|(known, _)| *known == share);
        known.map(|(_, time)| seconds(*time as f64))
    };
    Collected {
        operation: aggregate.operation.clone(),
        device: aggregate.device.clone(),
        count: aggregate.count,
        mean: seconds(aggregate.mean),
        quantiles: SHARES.map(quantile),
        longest: seconds(aggregate.max as f64),
        items_per_second: aggregate.items_per_second(),
    }
}
