//! A comparison with what follows from it: ranks, typical values, who differs from whom.

use tachy_measure::{Agreement, Comparison, Measured, Metric, Outcome, Row, Stage, rank};
use tachy_stats::{ComparisonOptions, Place, Samples, StatisticsError, Verdict, compare};

use crate::energy::EnergyNotes;
use crate::figure::Figure;

/// A comparison, ranked and ready to be told.
#[derive(Debug, Clone)]
pub struct Report<'a> {
    pub(crate) comparison: &'a Comparison,
    /// The fastest first.
    pub(crate) timed: Vec<Timed<'a>>,
    pub(crate) wrong: Vec<(&'a Row, &'a Agreement)>,
    pub(crate) failed: Vec<Failed<'a>>,
    /// Each two devices that were timed: the one on the lower line against the one on the upper.
    pub(crate) pairs: Vec<Pair>,
    /// The level of the intervals of ratios: all of them together hold at 95%.
    pub(crate) pair_level: f64,
}

/// A device that was timed.
#[derive(Debug, Clone)]
pub(crate) struct Timed<'a> {
    pub(crate) row: &'a Row,
    pub(crate) measured: &'a Measured,
    pub(crate) place: Place,
    pub(crate) figures: Vec<Figure>,
}

/// A device that failed.
#[derive(Debug, Clone)]
pub(crate) struct Failed<'a> {
    pub(crate) row: &'a Row,
    pub(crate) stage: Stage,
    pub(crate) message: &'a str,
}

/// Two devices by their places in [`Report::timed`], and how the slower compares with the faster.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    pub(crate) slower: usize,
    pub(crate) faster: usize,
    pub(crate) verdict: Verdict,
}

impl<'a> Report<'a> {
    /// Ranks a comparison by the time of a run.
    ///
    /// # Errors
    /// If the samples of a device give no estimate, such as a run that took no time at all; the error names the
    /// device.
    pub fn new(comparison: &'a Comparison) -> Result<Self, StatisticsError> {
        let ranked = rank(comparison, Metric::Run)?;
        let timed: Vec<Timed> = ranked
            .timed
            .into_iter()
            .filter_map(|(row, place)| {
                let Outcome::Measured(measured) = &row.outcome else { return None };
                let figures = METRICS.iter().filter_map(|metric| Figure::new(measured, *metric));
                Some(Timed { row, measured, place, figures: figures.collect() })
            })
            .collect();
        let (mut wrong, mut failed) = (Vec::new(), Vec::new());
        for row in ranked.untimed {
            match &row.outcome {
                Outcome::Wrong { agreement } => wrong.push((row, agreement)),
                Outcome::Failed { stage, message } => {
                    failed.push(Failed { row, stage: *stage, message });
                }
                Outcome::Measured(_) => {
                    let message = "no time of a run was recorded";
                    failed.push(Failed { row, stage: Stage::Sample, message });
                }
            }
        }
        let pair_level = ranked.ranking.pair_level;
        let pairs = pairs(&timed, pair_level)?;
        Ok(Self { comparison, timed, wrong, failed, pairs, pair_level })
    }

    /// Whether anybody's energy is known.
    pub(crate) fn has_energy(&self) -> bool {
        self.timed.iter().any(|timed| timed.figure(Metric::Energy).is_some())
    }

    /// What is to be said of energy.
    pub(crate) fn energy_notes(&self) -> EnergyNotes<'_> {
        EnergyNotes::of(self.timed.iter().map(|timed| (timed.name(), timed.measured)))
    }

    /// The groups of devices that share a rank, as ranges of [`Report::timed`].
    pub(crate) fn groups(&self) -> Vec<&[Timed<'a>]> {
        self.timed.chunk_by(|a, b| a.place.rank == b.place.rank).collect()
    }

    /// The pairs within a group that begins at this rank.
    pub(crate) fn pairs_of(&self, rank: usize) -> impl Iterator<Item = &Pair> {
        self.pairs.iter().filter(move |pair| {
            [pair.slower, pair.faster].iter().all(|&place| self.timed[place].place.rank == rank)
        })
    }
}

/// Every metric, in the order in which reports show them.
pub(crate) const METRICS: [Metric; 9] = [
    Metric::Run,
    Metric::Upload,
    Metric::Fetch,
    Metric::Call,
    Metric::Compile,
    Metric::FirstCall,
    Metric::PeakMemory,
    Metric::Energy,
    Metric::Power,
];

fn pairs(timed: &[Timed], level: f64) -> Result<Vec<Pair>, StatisticsError> {
    let processes: Vec<Vec<Samples>> = timed
        .iter()
        .map(|timed| timed.measured.metric(Metric::Run).map(|run| run.processes()))
        .map(Option::unwrap_or_default)
        .collect();
    let options = ComparisonOptions { level, ..ComparisonOptions::default() };
    let mut pairs = Vec::new();
    for slower in 0..timed.len() {
        for faster in 0..slower {
            let verdict = compare(&processes[slower], &processes[faster], &options)?;
            pairs.push(Pair { slower, faster, verdict });
        }
    }
    Ok(pairs)
}

impl Timed<'_> {
    pub(crate) fn name(&self) -> String {
        self.row.device.to_string()
    }

    pub(crate) fn figure(&self, metric: Metric) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.metric == metric)
    }

    /// Upload, run and fetch as a share of the whole call, timed from outside.
    pub(crate) fn parts_of_call(&self) -> Option<f64> {
        let value = |metric| self.figure(metric).map(Figure::value);
        let parts = value(Metric::Upload)? + value(Metric::Run)? + value(Metric::Fetch)?;
        let call = value(Metric::Call)?;
        (call > 0.0).then(|| parts / call)
    }

    /// The samples of a run in each process.
    pub(crate) fn counts(&self) -> Vec<usize> {
        let run = self.measured.metric(Metric::Run);
        run.map_or(Vec::new(), |run| run.processes.iter().map(|s| s.samples.len()).collect())
    }

    /// `5 × 40`: processes, and samples of each.
    pub(crate) fn replication(&self) -> String {
        replication(&self.counts())
    }

    /// The rank, with a sign where others share it.
    pub(crate) fn rank(&self) -> String {
        format!("{}{}", self.place.rank, if self.place.tied { "=" } else { "" })
    }
}

/// `5 × 40`: processes, and samples of each.
pub(crate) fn replication(counts: &[usize]) -> String {
    match (counts.iter().min(), counts.iter().max()) {
        (Some(least), Some(most)) if least == most => format!("{} × {least}", counts.len()),
        (Some(least), Some(most)) => format!("{} × {least}–{most}", counts.len()),
        _ => String::new(),
    }
}
