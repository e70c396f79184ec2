//! How much pairs vary, learned from a pilot or from history.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use statrs::distribution::{ContinuousCDF, FisherSnedecor, Normal};

use super::adjust::log_ratios;
use super::design::Design;
use super::pair::{InvalidPair, Pair};
use super::signed_rank::signed_rank_location;

/// The noise of log ratios, from which plans are made.
#[derive(Clone, Debug, PartialEq)]
pub struct Noise {
    /// How far the log ratios seen lie from their centre, ascending.
    deviations: Vec<f64>,
    /// What blurs each deviation, so that a few of them stand for a continuum.
    blur: f64,
    /// By how much the noise of the pairs to come may exceed what a short pilot shows.
    allowance: f64,
}

/// A pilot must have this many coins for its own shape to be used; a shorter one tells the spread alone.
const FEWEST_FOR_SHAPE: usize = 8;

/// With which probability the pairs after the pilot spread no wider than what is planned with.
const ASSURANCE: f64 = 0.95;

impl Noise {
    /// Normal noise of a known standard deviation of log ratios, which is nearly that of the ratio.
    pub fn normal(standard_deviation: f64) -> Self {
        const POINTS: usize = 199;
        let quantile = |i: usize| Normal::standard().inverse_cdf((i as f64 + 0.5) / POINTS as f64);
        Self {
            deviations: (0..POINTS).map(|i| standard_deviation * quantile(i)).collect(),
            blur: 0.0,
            allowance: 1.0,
        }
    }

    /// The noise of pairs that were measured; `None` with fewer than two coins, which show none.
    ///
    /// A short pilot is as likely to show too little noise as too much, and the pairs after it have noise
    /// of their own, which differs from the pilot's at least as one pilot's from the next one's. So it is
    /// planned with an upper limit, as Browne does (*On the Use of a Pilot Sample for Sample Size
    /// Determination*, Statistics in Medicine 14, 1995), but that of a second pilot and not that of the true
    /// spread: by the F distribution, 1.78 times what ten coins show and 1.36 times what thirty do are
    /// exceeded once in 20 times.
    ///
    /// # Errors
    /// Two pairs of a block in the same order.
    pub fn of_pairs(pairs: &[Pair], design: Design) -> Result<Option<Self>, InvalidPair> {
        Ok(Self::of_log_ratios(&log_ratios(pairs, design)?))
    }

    /// The noise of log ratios that were measured, one for each coin; `None` with fewer than two.
    pub fn of_log_ratios(log_ratios: &[f64]) -> Option<Self> {
        let count = log_ratios.len();
        if count < 2 {
            return None;
        }
        let center = signed_rank_location(log_ratios)?;
        let degrees = count as f64 - 1.0;
        let allowance = FisherSnedecor::new(degrees, degrees)
            .map_or(1.0, |variances| variances.inverse_cdf(ASSURANCE).sqrt());
        // A centre that was found among the values lies closer to them than the true one.
        let correction = (count as f64 / degrees).sqrt();
        let mut deviations: Vec<f64> =
            log_ratios.iter().map(|x| correction * (x - center)).collect();
        deviations.sort_unstable_by(f64::total_cmp);
        let spread = root_mean_square(&deviations);
        if count < FEWEST_FOR_SHAPE {
            return Some(Self { allowance, ..Self::normal(spread) });
        }
        // Silverman's rule, with the quartiles where they are the narrower: tails must not blur the middle.
        let quartiles = deviations[3 * count / 4] - deviations[count / 4];
        let blur = 0.9 * spread.min(quartiles / 1.34) * (count as f64).powf(-0.2);
        Some(Self { deviations, blur, allowance })
    }

    /// The standard deviation of log ratios that is planned with.
    pub fn standard_deviation(&self) -> f64 {
        let squares = root_mean_square(&self.deviations).powi(2) + self.blur * self.blur;
        self.allowance * squares.sqrt()
    }

    /// The deviation of one coin. Its sign is drawn anew: candidate and reference are alike but for the lot.
    pub(crate) fn draw(&self, rng: &mut ChaCha8Rng) -> f64 {
        let deviation = self.deviations[rng.random_range(0..self.deviations.len())];
        let blurred = match self.blur {
            0.0 => deviation,
            blur => deviation + blur * standard_normal(rng),
        };
        let sign = if rng.random() { 1.0 } else { -1.0 };
        sign * self.allowance * blurred
    }
}

fn root_mean_square(values: &[f64]) -> f64 {
    (values.iter().map(|x| x * x).sum::<f64>() / values.len() as f64).sqrt()
}

/// A standard normal draw by the transform of Box and Muller.
fn standard_normal(rng: &mut ChaCha8Rng) -> f64 {
    // 1 − u keeps the logarithm's argument above zero.
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.random::<f64>()).cos()
}
