//! Student's t and the normal distribution, as the intervals need them.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// The `p` quantile of Student's t distribution with the given degrees of freedom (need not be whole).
fn t_quantile(p: f64, degrees_of_freedom: f64) -> f64 {
    // Far out the incomplete beta function loses its digits, and t is normal to four of them.
    if degrees_of_freedom > 1e5 {
        return Normal::standard().inverse_cdf(p);
    }
    StudentsT::new(0.0, 1.0, degrees_of_freedom).map_or(f64::INFINITY, |t| t.inverse_cdf(p))
}

/// Half the critical range of an interval at `level`: the t quantile that leaves `(1 − level) / 2` above it.
pub(crate) fn critical(level: f64, degrees_of_freedom: f64) -> f64 {
    t_quantile(0.5 + level / 2.0, degrees_of_freedom)
}

/// The share to cut from each tail of a bootstrap distribution of `count` units, so that the interval
/// is as wide as Student's t says rather than as wide as the normal distribution says.
pub(crate) fn widened_tail(level: f64, count: usize) -> f64 {
    let n = count as f64;
    let t = critical(level, n - 1.0);
    Normal::standard().cdf(-t * (n / (n - 1.0)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_quantiles_agree_with_the_tables() {
        // Two-sided 95% and 99.8% points of the printed tables of Student's t distribution.
        for (level, degrees, expected) in [
            (0.95, 1.0, 12.7062),
            (0.95, 2.0, 4.3027),
            (0.95, 4.0, 2.7764),
            (0.95, 8.0, 2.3060),
            (0.95, 120.0, 1.9799),
            (0.998, 2.0, 22.327),
            (0.998, 10.0, 4.1437),
        ] {
            let t = critical(level, degrees);
            assert!((t / expected - 1.0).abs() < 1e-4, "{level} {degrees}: {t} {expected}");
        }
        assert!((t_quantile(0.975, 1e7) - 1.959964).abs() < 1e-4);
        assert!(
            critical(0.95, 2.5) < critical(0.95, 2.0) && critical(0.95, 2.5) > critical(0.95, 3.0)
        );
    }

    #[test]
    fn tails_widen_as_units_become_few() {
        assert!((widened_tail(0.95, 100_000) - 0.025).abs() < 1e-4);
        assert!(widened_tail(0.95, 10) < 0.025 && widened_tail(0.95, 3) < widened_tail(0.95, 10));
    }
}
