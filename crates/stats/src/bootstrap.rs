//! Resampling: contiguous blocks within a process, and whole processes.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::block_length::block_length;
use crate::medians::log_medians;
use crate::sorted::interpolate;
use crate::student::widened_tail;
use crate::{Interval, Replication, ReplicationUnit, Samples, StatisticsError};

/// How often to resample, and from which seed. The same seed gives the same result on every machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resampling {
    /// The number of resamples.
    pub resamples: usize,
    /// The seed of the random numbers.
    pub seed: u64,
}

impl Default for Resampling {
    fn default() -> Self {
        Self { resamples: 2000, seed: 0 }
    }
}

impl Resampling {
    /// The fewest resamples of which the tails can be read.
    const FEWEST: usize = 100;

    pub(crate) fn check(&self) -> Result<(), StatisticsError> {
        if self.resamples < Self::FEWEST {
            return Err(StatisticsError::TooFewResamples {
                resamples: self.resamples,
                fewest: Self::FEWEST,
            });
        }
        Ok(())
    }
}

/// The bootstrap distribution of a typical value or of a ratio of two.
///
/// The typical value of a device is the geometric mean of its processes' medians. A resample draws
/// processes with replacement (a cluster bootstrap) and, within each, circular blocks of samples
/// with replacement (Politis and Romano, *A Circular Block-Resampling Procedure for Stationary
/// Data*, 1992). With one process only the blocks remain, and [`Replication`] says so.
#[derive(Clone, Debug)]
pub struct Bootstrap {
    estimate: f64,
    replicates: Vec<f64>,
    replication: Replication,
}

impl Bootstrap {
    /// Resamples the typical value of one device, given its processes.
    ///
    /// # Errors
    /// No process, a process without samples, a median of zero, or fewer than 100 resamples.
    pub fn typical(
        processes: &[Samples],
        resampling: &Resampling,
    ) -> Result<Self, StatisticsError> {
        resampling.check()?;
        let device = RankedDevice::new(processes)?;
        let mut rng = ChaCha8Rng::seed_from_u64(resampling.seed);
        let replicates = (0..resampling.resamples).map(|_| device.resample(&mut rng).exp());
        Ok(Self::new(device.log_typical.exp(), replicates.collect(), device.replication))
    }

    /// Resamples the typical value of `candidate` divided by that of `reference`.
    ///
    /// # Errors
    /// As [`Bootstrap::typical`], for either side.
    pub fn ratio(
        candidate: &[Samples],
        reference: &[Samples],
        resampling: &Resampling,
    ) -> Result<Self, StatisticsError> {
        resampling.check()?;
        let (candidate, reference) = (RankedDevice::new(candidate)?, RankedDevice::new(reference)?);
        let mut rng = ChaCha8Rng::seed_from_u64(resampling.seed);
        let replicates = (0..resampling.resamples)
            .map(|_| (candidate.resample(&mut rng) - reference.resample(&mut rng)).exp());
        Ok(Self::new(
            (candidate.log_typical - reference.log_typical).exp(),
            replicates.collect(),
            candidate.replication.weaker(reference.replication),
        ))
    }

    fn new(estimate: f64, mut replicates: Vec<f64>, replication: Replication) -> Self {
        replicates.sort_unstable_by(f64::total_cmp);
        Self { estimate, replicates, replication }
    }

    /// The estimate from the samples themselves.
    pub fn estimate(&self) -> f64 {
        self.estimate
    }

    /// The resampled estimates, ascending.
    pub fn replicates(&self) -> &[f64] {
        &self.replicates
    }

    /// What was resampled.
    pub fn replication(&self) -> Replication {
        self.replication
    }

    /// The standard error of the estimate's logarithm, that is, nearly its relative standard error.
    ///
    /// Resampling `m` units understates the variance by `(m − 1) / m`; this is corrected for.
    pub fn log_standard_error(&self) -> f64 {
        let count = self.replicates.len() as f64;
        let logs: Vec<f64> = self.replicates.iter().map(|x| x.ln()).collect();
        let mean = logs.iter().sum::<f64>() / count;
        let squares: f64 = logs.iter().map(|x| (x - mean) * (x - mean)).sum();
        let units = self.replication.count as f64;
        (squares / (count - 1.0) * units / (units - 1.0).max(1.0)).sqrt()
    }

    /// The percentile interval at `level`, widened for a small number of units.
    ///
    /// The tails are those of Hesterberg's expanded percentile interval (*What Teachers Should Know
    /// About the Bootstrap*, The American Statistician 69, 2015): with `m` units the plain percentile
    /// interval is too short by `√((m − 1)/m)` and takes normal tails where Student's t are due. The
    /// bias-corrected accelerated interval is no remedy here: its acceleration comes from the
    /// jackknife, which is inconsistent for the median.
    ///
    /// Even so, with two or three processes the resamples cannot leave the range of what was seen;
    /// [`ratio`](crate::ratio) covers better there. `None` with fewer than two units.
    pub fn interval(&self, level: f64) -> Option<Interval> {
        if !(level > 0.0 && level < 1.0) || self.replication.count < 2 {
            return None;
        }
        let tail = widened_tail(level, self.replication.count);
        Some(Interval {
            low: interpolate(&self.replicates, tail),
            high: interpolate(&self.replicates, 1.0 - tail),
            level,
        })
    }
}

/// The processes of one device, ready to be resampled.
struct RankedDevice {
    processes: Vec<RankedSeries>,
    log_typical: f64,
    replication: Replication,
}

impl RankedDevice {
    fn new(processes: &[Samples]) -> Result<Self, StatisticsError> {
        let medians = log_medians(processes)?;
        let log_typical = medians.iter().sum::<f64>() / medians.len() as f64;
        let processes: Vec<RankedSeries> = processes.iter().map(RankedSeries::new).collect();
        let replication = match processes.as_slice() {
            [only] => Replication { unit: ReplicationUnit::Block, count: only.block_count() },
            several => Replication { unit: ReplicationUnit::Process, count: several.len() },
        };
        Ok(Self { processes, log_typical, replication })
    }

    /// The logarithm of the typical value of one resample.
    fn resample(&self, rng: &mut ChaCha8Rng) -> f64 {
        let count = self.processes.len();
        let draws = (0..count).map(|_| {
            let process = &self.processes[rng.random_range(0..count)];
            process.resampled_median(rng).ln()
        });
        draws.sum::<f64>() / count as f64
    }
}

/// A series as ranks into its distinct values, so that the median of a resample is found by counting.
struct RankedSeries {
    /// The distinct values, ascending.
    values: Vec<f64>,
    /// The rank of each sample in run order, followed by the first ones again to close the circle.
    ranks: Vec<u32>,
    /// The number of samples.
    count: usize,
    /// The length of a block.
    block: usize,
}

impl RankedSeries {
    fn new(samples: &Samples) -> Self {
        let series = samples.values();
        let sorted = samples.sorted();
        let median = sorted.as_ref().map_or(0.0, |s| s.median());
        let block = block_length(series, median);
        let mut values = sorted.map_or(Vec::new(), |s| s.values().to_vec());
        values.dedup();
        let rank = |x: &f64| values.partition_point(|v| v < x) as u32;
        let ranks = series.iter().chain(&series[..block.min(series.len())]).map(rank).collect();
        Self { values, ranks, count: series.len(), block }
    }

    fn block_count(&self) -> usize {
        self.count / self.block
    }

    fn resampled_median(&self, rng: &mut ChaCha8Rng) -> f64 {
        let mut histogram = vec![0_u32; self.values.len()];
        let mut left = self.count;
        while left > 0 {
            let start = rng.random_range(0..self.count);
            let take = self.block.min(left);
            for &rank in &self.ranks[start..start + take] {
                histogram[rank as usize] += 1;
            }
            left -= take;
        }
        let (below, above) = ((self.count - 1) / 2, self.count / 2);
        let mut seen = 0;
        let mut low = None;
        for (rank, &times) in histogram.iter().enumerate() {
            seen += times as usize;
            if low.is_none() && seen > below {
                low = Some(self.values[rank]);
            }
            if seen > above {
                return 0.5 * low.unwrap_or(self.values[rank]) + 0.5 * self.values[rank];
            }
        }
        f64::NAN
    }
}
