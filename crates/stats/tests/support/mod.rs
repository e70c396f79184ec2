//! Simulated devices with a known truth. Each test file uses its own part of it.
#![allow(dead_code)]

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use statrs::distribution::{ContinuousCDF, Normal};
use tachy_stats::Samples;

/// A standard normal draw.
pub fn normal(rng: &mut ChaCha8Rng) -> f64 {
    // The Box–Muller transform; 1 − u keeps the logarithm's argument above zero.
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.random::<f64>()).cos()
}

/// The shape of the samples around a median of 1.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// Normal with a standard deviation of 5%.
    Normal,
    /// Log-normal with a standard deviation of 0.3.
    LogNormal,
    /// 65% near 1, 35% near 1.3: two states of a cache or a clock.
    Bimodal,
    /// A Pareto tail without a mean, as when the scheduler takes the processor away.
    HeavyTailed,
}

pub const SHAPES: [Shape; 4] =
    [Shape::Normal, Shape::LogNormal, Shape::Bimodal, Shape::HeavyTailed];

impl Shape {
    /// The value whose standard normal score is `z`; 1 at z = 0 for all but the bimodal shape.
    pub fn value(self, z: f64) -> f64 {
        match self {
            Shape::Normal => 1.0 + 0.05 * z,
            Shape::LogNormal => (0.3 * z).exp(),
            Shape::Bimodal => {
                let p = Normal::standard().cdf(z);
                let spread =
                    |p: f64| 0.02 * Normal::standard().inverse_cdf(p.clamp(1e-12, 1.0 - 1e-12));
                if p < 0.65 { 1.0 + spread(p / 0.65) } else { 1.3 + spread((p - 0.65) / 0.35) }
            }
            Shape::HeavyTailed => {
                let p = Normal::standard().cdf(z);
                0.9 + 0.1 * (0.5 / (1.0 - p).max(1e-12)).powf(1.1)
            }
        }
    }

    /// The true median.
    pub fn median(self) -> f64 {
        self.value(0.0)
    }
}

/// One process: `n` samples of a shape, each resembling the last with the given correlation of
/// normal scores, all multiplied by `scale`.
pub fn process(
    rng: &mut ChaCha8Rng,
    shape: Shape,
    n: usize,
    correlation: f64,
    scale: f64,
) -> Samples {
    let mut z = normal(rng);
    let innovation = (1.0 - correlation * correlation).sqrt();
    let values = (0..n).map(|_| {
        z = correlation * z + innovation * normal(rng);
        scale * shape.value(z)
    });
    Samples::new(values.collect()).expect("simulated samples are valid")
}

/// How the processes of one device differ, as a logarithm of the scale.
#[derive(Clone, Copy, Debug)]
pub enum ProcessEffect {
    /// Normal with a standard deviation of 2%.
    Normal,
    /// 3% below or above, as memory layout may have it.
    Bimodal,
    /// Exponential: most processes a little fast, a few slow.
    Skewed,
    /// Student's t with 3 degrees of freedom.
    HeavyTailed,
}

pub const PROCESS_EFFECTS: [ProcessEffect; 4] = [
    ProcessEffect::Normal,
    ProcessEffect::Bimodal,
    ProcessEffect::Skewed,
    ProcessEffect::HeavyTailed,
];

impl ProcessEffect {
    /// A draw, with mean zero.
    pub fn draw(self, rng: &mut ChaCha8Rng) -> f64 {
        match self {
            ProcessEffect::Normal => 0.02 * normal(rng),
            ProcessEffect::Bimodal => {
                if rng.random::<bool>() {
                    0.03
                } else {
                    -0.03
                }
            }
            ProcessEffect::Skewed => 0.02 * (-(1.0 - rng.random::<f64>()).ln() - 1.0),
            ProcessEffect::HeavyTailed => {
                let squares: f64 = (0..3).map(|_| normal(rng).powi(2)).sum();
                0.02 * normal(rng) / (squares / 3.0).sqrt()
            }
        }
    }
}

/// The processes of one device: 30 mildly correlated normal samples each, around `scale`.
/// `rounds` holds what slows each process along with the other devices' processes of its round.
pub fn device(
    rng: &mut ChaCha8Rng,
    scale: f64,
    effect: ProcessEffect,
    rounds: &[f64],
) -> Vec<Samples> {
    rounds
        .iter()
        .map(|round| {
            let scale = scale * (round + effect.draw(rng)).exp();
            process(rng, Shape::Normal, 30, 0.3, scale)
        })
        .collect()
}
