//! Random weights that are the same on every machine.

use crate::shape::element_count;
use crate::tensor::Tensor;

/// A source of random weights: SplitMix64 (Steele, Lea and Flood, 2014) and the method of Box and Muller (1958).
///
/// Logarithm, sine and cosine are those of `libm`, since the systems' own differ in their last bits.
pub(crate) struct Weights {
    state: u64,
}

impl Weights {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// Normal with this mean and standard deviation.
    pub(crate) fn normal(&mut self, shape: &[usize], mean: f32, deviation: f32) -> Tensor {
        let count = element_count(shape).expect("weights have possible shapes");
        let mut values = Vec::with_capacity(count + 1);
        while values.len() < count {
            for value in self.normal_pair() {
                values.push(mean + deviation * value);
            }
        }
        values.truncate(count);
        Tensor::new(shape, &values).expect("there are as many values as the shape holds")
    }

    /// Normal, scaled for layers that a rectifier follows (He et al., 2015): variance 2 / `fan_in`.
    pub(super) fn he(&mut self, shape: &[usize], fan_in: usize) -> Tensor {
        self.normal(shape, 0.0, (2.0 / fan_in as f32).sqrt())
    }

    /// Uniform between two values.
    pub(crate) fn uniform_between(&mut self, shape: &[usize], low: f32, high: f32) -> Tensor {
        let count = element_count(shape).expect("weights have possible shapes");
        let values: Vec<f32> =
            (0..count).map(|_| low + (high - low) * self.uniform() as f32).collect();
        Tensor::new(shape, &values).expect("there are as many values as the shape holds")
    }

    fn normal_pair(&mut self) -> [f32; 2] {
        let radius = (-2.0 * libm::log(1.0 - self.uniform())).sqrt();
        let (sine, cosine) = libm::sincos(std::f64::consts::TAU * self.uniform());
        [(radius * cosine) as f32, (radius * sine) as f32]
    }

    /// Uniform in [0, 1), from 53 random bits.
    fn uniform(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^= bits >> 31;
        (bits >> 11) as f64 / (1u64 << 53) as f64
    }
}
