//! What a duel leaves behind.

use serde::{Deserialize, Serialize};
use tachy_stats::{Control, Judgement, Order, Pair, StatisticsError, judge, under_control};

use super::announcement::Announcement;
use super::options::Options;
use super::usage::{METRICS, Usage};
use crate::environment::Environment;
use crate::measurement::{Metric, Unit};

/// The version of the format of [`Record`] that this version of Tachy writes.
pub const FORMAT: u32 = 1;

/// A duel: the record that its reports are made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The version of this format.
    pub format: u32,
    /// When it began: seconds since 1970-01-01 UTC.
    pub started: u64,
    /// How long it took, in seconds.
    pub duration: f64,
    /// What was asked for.
    pub options: Options,
    /// Where.
    pub environment: Environment,
    /// What was said before; `None` if it was interrupted in the pilot.
    pub announcement: Option<Announcement>,
    /// Whether it was interrupted.
    pub interrupted: bool,
    /// What follows, for each metric that was measured.
    pub verdicts: Vec<Verdict>,
    /// Metrics that were not measured, with the reason.
    pub absent: Vec<(Metric, String)>,
    /// A peak that is not above this many bytes is the measuring process's own, which a child takes over at its start.
    pub least_peak_memory: Option<u64>,
    /// Every pair of processes, in run order.
    pub pairs: Vec<RecordedPair>,
}

/// The verdict on one metric.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The metric.
    pub metric: Metric,
    /// Its unit.
    pub unit: Unit,
    /// The median of the reference's processes, and of the candidate's, in the pairs that count.
    pub medians: [f64; 2],
    /// Candidate against reference, in the light of the control.
    pub judgement: Judgement,
    /// The reference against itself; `None` without a pair of it.
    pub control: Option<Judgement>,
}

/// What a pair is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The reference against itself, before the announcement. It counts for the control, too.
    Pilot,
    /// The reference against itself, among the pairs of the duel.
    Control,
    /// Candidate against reference.
    Duel,
}

/// A command's part in a duel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The command that the other is compared with.
    Reference,
    /// The command that is judged.
    Candidate,
}

/// Two processes that ran right after each other.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RecordedPair {
    /// What it is there for.
    pub part: Part,
    /// Which side ran first, as the lot had it.
    pub order: Order,
    /// By how many bytes the environment block of both was made longer.
    pub padding: usize,
    /// The process of the reference.
    pub reference: Usage,
    /// The process of the candidate; outside of the duel's pairs, another one of the reference's command.
    pub candidate: Usage,
}

impl RecordedPair {
    /// The pair in a metric, if both processes have it.
    pub fn pair(&self, metric: Metric) -> Option<Pair> {
        let (candidate, reference) = (self.candidate.value(metric)?, self.reference.value(metric)?);
        Pair::new(candidate, reference, self.order).ok()
    }
}

impl Record {
    /// The pairs of the duel, or those of the control and the pilot, in a metric; `None` if a process lacks it.
    pub fn pairs_of(&self, metric: Metric, duel: bool) -> Option<Vec<Pair>> {
        let wanted = self.pairs.iter().filter(|pair| (pair.part == Part::Duel) == duel);
        wanted.map(|pair| pair.pair(metric)).collect()
    }

    /// The verdict on a metric, if it was measured.
    pub fn verdict(&self, metric: Metric) -> Option<&Verdict> {
        self.verdicts.iter().find(|verdict| verdict.metric == metric)
    }

    /// Judges every metric anew by the pairs recorded; instructions and cycles may be absent for the reason given.
    ///
    /// # Errors
    /// Invalid options, or pairs that are not in the orders of the design.
    pub fn judge(&mut self, why_not_counted: Option<&str>) -> Result<(), StatisticsError> {
        self.verdicts.clear();
        self.absent.clear();
        for metric in METRICS {
            let (Some(duel), Some(control)) =
                (self.pairs_of(metric, true), self.pairs_of(metric, false))
            else {
                let reason = match (metric, why_not_counted) {
                    (Metric::Instructions | Metric::Cycles, Some(reason)) => reason,
                    (Metric::PeakMemory, _) => "the system does not tell it",
                    _ => "it was too little to be measured",
                };
                self.absent.push((metric, reason.to_owned()));
                continue;
            };
            if duel.is_empty() {
                continue;
            }
            let judging = &self.options.judging;
            let control = match control.as_slice() {
                [] => None,
                pairs => Some(judge(pairs, judging)?),
            };
            let trust = control.as_ref().map_or(Control::Trusted, Control::of);
            let medians = [Pair::reference, Pair::candidate]
                .map(|side| median(duel.iter().map(side).collect()));
            self.verdicts.push(Verdict {
                metric,
                unit: metric.unit(),
                medians,
                judgement: under_control(&judge(&duel, judging)?, trust),
                control,
            });
        }
        Ok(())
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        0 => f64::midpoint(values[middle - 1], values[middle]),
        _ => values[middle],
    }
}
