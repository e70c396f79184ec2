//! How long allocations lived: how many others the same place made meanwhile. Unlike time, that does not change if a
//! program pauses.

/// How many allocations lived how long, by powers of two.
#[derive(Debug)]
pub(super) struct Lifetimes {
    counts: [u64; 65],
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self { counts: [0; 65] }
    }
}

impl Lifetimes {
    #[inline]
    pub(super) fn record(&mut self, lifetime: u64) {
        self.counts[(64 - lifetime.leading_zeros()) as usize] += 1;
    }

    pub(super) fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// What at least this share of the lifetimes did not exceed, to the next power of two; `None` if there were none.
    pub(super) fn quantile(&self, share: f64) -> Option<u64> {
        let wanted = ((self.count() as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        let position = self.counts.iter().position(|count| {
            seen += count;
            seen >= wanted
        })?;
        Some(((1_u128 << position) - 1) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_bound_the_lifetimes() {
        let mut lifetimes = Lifetimes::default();
        assert_eq!(lifetimes.quantile(0.5), None);
        for lifetime in [0, 5, 5, 100] {
            lifetimes.record(lifetime);
        }
        assert_eq!(lifetimes.quantile(0.0), Some(0));
        assert_eq!(lifetimes.quantile(0.75), Some(7));
        assert_eq!(lifetimes.quantile(1.0), Some(127));
        lifetimes.record(u64::MAX);
        assert_eq!(lifetimes.quantile(1.0), Some(u64::MAX));
    }
}
