//! What a comparison is asked to do.

use crate::{Resampling, StatisticsError};

/// How the processes of two devices belong together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pairing {
    /// They do not: each process ran at its own time.
    #[default]
    Independent,
    /// Process *i* of every device ran in round *i*, interleaved with the others of that round.
    ///
    /// What slows a whole round (heat, a neighbour on the machine) then cancels in the ratio. The
    /// price is half the degrees of freedom, so rounds are paired from
    /// [eight](crate::FEWEST_PAIRED_ROUNDS) of them on. With fewer, or with unequal numbers of
    /// processes, the devices are treated as independent, which is wider than need be but not wrong.
    ByRound,
}

/// Settings of a comparison or a ranking.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ComparisonOptions {
    /// The confidence level, 0.95 by default. A ranking holds it for all its pairs together.
    pub level: f64,
    /// The difference that does not matter in practice, as a share; 0.01 (1%) by default.
    pub margin: f64,
    /// How processes of different devices belong together.
    pub pairing: Pairing,
    /// Resampling within a single process; several processes need none.
    pub resampling: Resampling,
}

impl Default for ComparisonOptions {
    fn default() -> Self {
        Self {
            level: 0.95,
            margin: 0.01,
            pairing: Pairing::default(),
            resampling: Resampling::default(),
        }
    }
}

impl ComparisonOptions {
    pub(crate) fn check(&self) -> Result<(), StatisticsError> {
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(StatisticsError::InvalidLevel { level: self.level });
        }
        if !(self.margin >= 0.0 && self.margin.is_finite()) {
            return Err(StatisticsError::InvalidMargin { margin: self.margin });
        }
        self.resampling.check()
    }
}
