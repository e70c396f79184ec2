//! Whether a run can be trusted.

use serde::{Deserialize, Serialize};

use crate::{Finding, Judgement, Outcome, Settlement};

/// What the reference compared with itself says about a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Control {
    /// The control found nothing, as it should.
    Trusted,
    /// The control found a difference where there is none: the lots were not kept, or the harness treats
    /// its two sides differently. No finding of the run counts.
    Distrusted,
}

impl Control {
    /// What follows from the judgement of a control, which took part in the run like any benchmark.
    pub fn of(judgement: &Judgement) -> Self {
        match judgement.outcome {
            Outcome::Same | Outcome::Unsure => Control::Trusted,
            Outcome::Faster | Outcome::Slower => Control::Distrusted,
        }
    }
}

/// A judgement in the light of the run's control: in a run that is not to be trusted nothing is sure.
pub fn under_control(judgement: &Judgement, control: Control) -> Judgement {
    match control {
        Control::Trusted => *judgement,
        Control::Distrusted => judgement.withdrawn(Finding::ControlFailed, Settlement::RepairedRun),
    }
}
