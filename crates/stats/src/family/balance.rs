//! Whether findings all point one way.

use std::fmt;

use serde::{Deserialize, Serialize};
use statrs::distribution::{Binomial, DiscreteCDF};

use crate::Outcome;

/// How many findings point each way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// The number of findings of "faster".
    pub faster: usize,
    /// The number of findings of "slower".
    pub slower: usize,
}

/// Findings so one-sided that a common cause is likelier than many separate ones.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lopsided {
    /// How many findings point each way.
    pub balance: Balance,
    /// The probability that fair coins fall so unevenly, to either side.
    pub p_value: f64,
}

impl Balance {
    /// Counts outcomes; "same" and "unsure" point nowhere.
    pub fn of(outcomes: impl IntoIterator<Item = Outcome>) -> Self {
        let mut balance = Self::default();
        for outcome in outcomes {
            match outcome {
                Outcome::Faster => balance.faster += 1,
                Outcome::Slower => balance.slower += 1,
                Outcome::Same | Outcome::Unsure => {}
            }
        }
        balance
    }

    /// The two-sided p-value of the sign test: 1 where the two directions are as frequent.
    pub fn p_value(&self) -> f64 {
        let (fewer, all) = (self.faster.min(self.slower), self.faster + self.slower);
        Binomial::new(0.5, all as u64)
            .map_or(1.0, |binomial| (2.0 * binomial.cdf(fewer as u64)).min(1.0))
    }

    /// An alarm where the sign test finds the directions unlike at the level `alarm`, for example 0.01.
    ///
    /// Among equals the two directions are as frequent, so false alarms that all point one way come from
    /// the harness. Among real changes, most of them on one side speak for one cause: the machine, the
    /// compiler, a dependency that all benchmarks share.
    pub fn alarm(&self, alarm: f64) -> Option<Lopsided> {
        let p_value = self.p_value();
        (p_value <= alarm).then_some(Lopsided { balance: *self, p_value })
    }
}

impl fmt::Display for Lopsided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Balance { faster, slower } = self.balance;
        write!(
            f,
            "{slower} findings of slower stand against {faster} of faster (sign test: p = {:.2e}); look for one cause \
             of them all, such as the machine, the compiler or a shared dependency",
            self.p_value
        )
    }
}
