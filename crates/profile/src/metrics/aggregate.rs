//! What many executions of one operation on one device come to.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::OperationMetrics;

/// What all executions of one operation on one device come to. Times are in nanoseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Aggregate {
    /// Which operation.
    pub operation: String,
    /// Where.
    pub device: String,
    /// How many executions.
    pub count: u64,
    /// Items of all batches.
    pub items: u64,
    /// Time of all executions together.
    pub total: u64,
    /// The mean time.
    pub mean: f64,
    /// The shortest.
    pub min: u64,
    /// The longest.
    pub max: u64,
    /// Pairs of a share and the time that this share of the executions did not exceed, to 0.1%. A share needs that many
    /// executions: 99 of 100 are told of no fewer than 100.
    pub quantiles: Vec<(f64, u64)>,
    /// How many executions took how long: each bucket begins where the one before ends.
    pub buckets: Vec<Bucket>,
}

/// A range of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// The longest time that belongs to it, in nanoseconds; all that is longer than any other belongs to the last.
    pub to: Option<u64>,
    /// Executions in it.
    pub count: u64,
}

impl Aggregate {
    /// Executions a second while one runs.
    pub fn throughput(&self) -> f64 {
        per_second(self.count, self.total)
    }

    /// Items of batches a second while one runs.
    pub fn items_per_second(&self) -> f64 {
        per_second(self.items, self.total)
    }
}

fn per_second(count: u64, nanoseconds: u64) -> f64 {
    if nanoseconds == 0 { 0.0 } else { count as f64 * 1e9 / nanoseconds as f64 }
}

const QUANTILES: [f64; 5] = [0.5, 0.9, 0.95, 0.99, 0.999];
/// From 1 µs to 100 s, in nanoseconds.
const DECADES: std::ops::Range<u32> = 3..11;

/// Three hours, in nanoseconds: what takes longer counts as that in quantiles, so that a histogram has 300 kB at most.
const LONGEST: u64 = 3 * 3600 * 1_000_000_000;

/// The sums while they grow.
#[derive(Debug)]
pub(super) struct Sums {
    histogram: Histogram<u64>,
    items: u64,
    total: u64,
    min: u64,
    max: u64,
}

impl Sums {
    pub(super) fn new() -> Self {
        let histogram = Histogram::new(3).expect("three digits are allowed");
        Self { histogram, items: 0, total: 0, min: u64::MAX, max: 0 }
    }

    pub(super) fn add(&mut self, metrics: &OperationMetrics) {
        let recorded = self.histogram.record(metrics.duration.min(LONGEST));
        debug_assert!(recorded.is_ok(), "the histogram grows on need");
        (self.min, self.max) = (self.min.min(metrics.duration), self.max.max(metrics.duration));
        self.items = self.items.saturating_add(metrics.context.batch_size.max(1));
        self.total = self.total.saturating_add(metrics.duration);
    }

    pub(super) fn aggregate(&self, operation: &str, device: &str) -> Aggregate {
        let count = self.histogram.len();
        let known = QUANTILES.into_iter().filter(|share| count as f64 * (1.0 - share) >= 0.999_999);
        let quantile = |share| (share, self.histogram.value_at_quantile(share));
        let ends = DECADES.flat_map(|decade| [1, 2, 5].map(|step| step * 10_u64.pow(decade)));
        let mut from = 0;
        let mut buckets: Vec<Bucket> = ends
            .map(|to| {
                let count = self.histogram.count_between(from, to);
                from = to + 1;
                Bucket { to: Some(to), count }
            })
            .collect();
        // A bucket of the histogram may reach across a border and be counted on both sides.
        let mut left = count;
        for bucket in &mut buckets {
            bucket.count = bucket.count.min(left);
            left -= bucket.count;
        }
        buckets.push(Bucket { to: None, count: left });
        Aggregate {
            operation: operation.to_owned(),
            device: device.to_owned(),
            count,
            items: self.items,
            total: self.total,
            mean: if count == 0 { 0.0 } else { self.total as f64 / count as f64 },
            min: if count == 0 { 0 } else { self.min },
            max: self.max,
            quantiles: known.map(quantile).collect(),
            buckets,
        }
    }
}
