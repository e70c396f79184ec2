//! Variances that few values show badly, drawn towards what many of them have in common.

use statrs::function::gamma::digamma;

/// What variances have in common: each is taken for a draw from an inverse chi-squared distribution, whose degrees of
/// freedom and scale are fitted to the mean and the variance of the logarithms.
///
/// G. K. Smyth, *Linear models and empirical Bayes methods for assessing differential expression in microarray
/// experiments*, Statistical Applications in Genetics and Molecular Biology 3, 2004, section 6.2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tempering {
    /// The degrees of freedom of each variance as it was found.
    own: f64,
    /// What the others are worth, in degrees of freedom.
    prior: f64,
    /// The variance that they speak for.
    usual: f64,
}

/// However alike the variances are, together they weigh no more than so many degrees of freedom.
const MOST_PRIOR: f64 = 20.0;

impl Tempering {
    /// What these variances have in common, each of so many degrees of freedom; `None` if none is above zero.
    pub(crate) fn of(variances: &[f64], degrees: f64) -> Option<Self> {
        let logs: Vec<f64> =
            variances.iter().filter(|variance| **variance > 0.0).map(|it| it.ln()).collect();
        if logs.is_empty() {
            return None;
        }
        let count = logs.len() as f64;
        let center = logs.iter().sum::<f64>() / count;
        let squares: f64 = logs.iter().map(|log| (log - center).powi(2)).sum();
        let beyond = squares / (count - 1.0).max(1.0) - trigamma(0.5 * degrees);
        let prior = match beyond > 0.0 {
            true => (2.0 * inverse_trigamma(beyond)).min(MOST_PRIOR),
            false => MOST_PRIOR,
        };
        let usual = (center - offset(degrees) + offset(prior)).exp();
        Some(Self { own: degrees, prior, usual })
    }

    /// The variance, tempered.
    pub(crate) fn temper(&self, variance: f64) -> f64 {
        (self.prior * self.usual + self.own * variance) / (self.prior + self.own)
    }

    /// The degrees of freedom of a tempered variance.
    pub(crate) fn degrees(&self) -> f64 {
        self.prior + self.own
    }
}

/// By how much the logarithm of a variance with so many degrees of freedom lies off that of the true one, on average.
fn offset(degrees: f64) -> f64 {
    digamma(0.5 * degrees) - (0.5 * degrees).ln()
}

/// The derivative of [`digamma`]: steps up to where its asymptotic series serves (Abramowitz and Stegun, 6.4.6 and
/// 6.4.12).
fn trigamma(mut x: f64) -> f64 {
    let mut sum = 0.0;
    while x < 8.0 {
        sum += 1.0 / (x * x);
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    let series = 1.0 / 6.0 - square * (1.0 / 30.0 - square * (1.0 / 42.0 - square / 30.0));
    sum + 1.0 / x + 0.5 * square + square / x * series
}

/// Where [`trigamma`], which falls from infinity to 0, has a value.
fn inverse_trigamma(value: f64) -> f64 {
    let (mut low, mut high) = (1e-3, 1e6);
    for _ in 0..60 {
        let middle = f64::sqrt(low * high);
        if trigamma(middle) > value {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::sqrt(low * high)
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};
    use statrs::distribution::{ChiSquared, ContinuousCDF};

    use super::*;

    #[test]
    fn the_trigamma_function_has_its_known_values() {
        let pi = std::f64::consts::PI;
        for (x, value) in [(1.0, pi * pi / 6.0), (0.5, pi * pi / 2.0), (2.0, pi * pi / 6.0 - 1.0)] {
            assert!((trigamma(x) / value - 1.0).abs() < 1e-9, "{x}: {}", trigamma(x));
            assert!((inverse_trigamma(value) / x - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn the_prior_is_found_again() {
        use rand::Rng;
        let random = &mut StdRng::seed_from_u64(5);
        let mut chi_squared = |degrees: f64| {
            ChiSquared::new(degrees).unwrap().inverse_cdf(random.random_range(1e-9..1.0)) / degrees
        };
        let variances: Vec<f64> =
            (0..4000).map(|_| 3.0 / chi_squared(6.0) * chi_squared(4.0)).collect();
        let found = Tempering::of(&variances, 4.0).unwrap();
        assert!((found.prior / 6.0 - 1.0).abs() < 0.2, "{found:?}");
        assert!((found.usual / 3.0 - 1.0).abs() < 0.1, "{found:?}");
        let alike: Vec<f64> = (0..4000).map(|_| 3.0 * chi_squared(4.0)).collect();
        let found = Tempering::of(&alike, 4.0).unwrap();
        assert!(found.prior > 15.0 && (found.usual / 3.0 - 1.0).abs() < 0.1, "{found:?}");
        assert_eq!(Tempering::of(&[0.0, 0.0], 4.0), None);
    }
}
