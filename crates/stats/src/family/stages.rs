//! A run of many benchmarks, judged as one.

use serde::{Deserialize, Serialize};

use super::confirm::confirm;
use super::control::{Control, under_control};
use super::false_discovery::e_benjamini_hochberg;
use crate::{Finding, Judgement, Outcome, Settlement};

/// A benchmark as it was judged at first and, if that called for it, when it was measured anew.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stages {
    /// The judgement of the first measurement.
    pub first: Judgement,
    /// That of the second, with fresh lots and in reversed order of the benchmarks.
    pub second: Option<Judgement>,
}

impl Stages {
    /// A benchmark that was measured once.
    pub fn first(first: Judgement) -> Self {
        Self { first, second: None }
    }

    /// Whether it was flagged and has yet to be measured anew.
    pub fn awaits_confirmation(&self) -> bool {
        is_finding(&self.first) && self.second.is_none()
    }

    /// The judgement of both measurements; a finding that was not confirmed is none.
    pub fn judgement(&self) -> Judgement {
        match &self.second {
            Some(second) => confirm(&self.first, second),
            None if is_finding(&self.first) => self.first.withdrawn(
                Finding::Unconfirmed,
                Settlement::MorePairs(self.first.ratio.replication.count),
            ),
            None => self.first,
        }
    }

    /// The e-value of both measurements: they share no lot, so their e-values may be multiplied.
    pub fn e_value(&self) -> f64 {
        self.first.e_value * self.second.map_or(1.0, |second| second.e_value)
    }
}

/// Judges all benchmarks of a run, in their order.
///
/// 1. In a run whose control failed, nothing is sure.
/// 2. A finding stands only if it was confirmed; see [`confirm`].
/// 3. Of the findings that are left a share of `rate` at most is false on average, by
///    [`e_benjamini_hochberg`] over the e-values of all benchmarks. Two stages at the default rate of
///    false alarms suffice for some thousand benchmarks, so this seldom takes anything away.
///
/// Count what stands with [`Balance`](crate::Balance) to see whether it all points one way.
pub fn judge_family(benchmarks: &[Stages], control: Control, rate: f64) -> Vec<Judgement> {
    let e_values: Vec<f64> = benchmarks.iter().map(Stages::e_value).collect();
    let reported = e_benjamini_hochberg(&e_values, rate);
    let judge = |(stages, reported): (&Stages, bool)| {
        let judgement = stages.judgement();
        let judgement = match reported || !is_finding(&judgement) {
            true => judgement,
            false => judgement.withdrawn(
                Finding::AmongMany,
                Settlement::MorePairs(judgement.ratio.replication.count),
            ),
        };
        under_control(&judgement, control)
    };
    benchmarks.iter().zip(reported).map(judge).collect()
}

fn is_finding(judgement: &Judgement) -> bool {
    matches!(judgement.outcome, Outcome::Faster | Outcome::Slower)
}
