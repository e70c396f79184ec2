//! Which side runs first in each pair, drawn by lot.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::pair::Order;

/// How the orders within pairs are drawn.
///
/// The lot is not a courtesy but the ground on which every verdict stands. If candidate and reference
/// are the same program, what the clock showed did not depend on how the coin fell, so each coin is
/// fair *given everything that was measured*: drift, bursts, two modes, a slow first process and all.
/// (Fisher, *The Design of Experiments*, 1935; Rosenbaum, *Observational Studies*, 2002, for the same
/// with a constant effect.) The number of coins is therefore what limits how sure one can be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Design {
    /// One coin for each pair.
    ///
    /// That the second process of a pair is slower, or faster, than the first is learned from the pairs
    /// before and taken off; see [`Duel`](crate::Duel).
    #[default]
    Pairs,
    /// One coin for each block of two pairs in opposite orders: ABBA or BAAB.
    ///
    /// What a position in the pair costs cancels within a block, and so does a steady drift, from the
    /// first block on. The price is half the coins: an effect far above the noise takes twice the pairs.
    Abba,
}

impl Design {
    /// How many pairs share a coin.
    pub fn pairs_per_coin(self) -> usize {
        match self {
            Design::Pairs => 1,
            Design::Abba => 2,
        }
    }

    /// The orders of pair after pair, without end; the same seed gives the same orders everywhere.
    pub fn orders(self, seed: u64) -> Orders {
        Orders { design: self, rng: ChaCha8Rng::seed_from_u64(seed), owed: None }
    }
}

/// The orders of pair after pair; see [`Design::orders`].
#[derive(Clone, Debug)]
pub struct Orders {
    design: Design,
    rng: ChaCha8Rng,
    /// The order that completes a block.
    owed: Option<Order>,
}

impl Iterator for Orders {
    type Item = Order;

    fn next(&mut self) -> Option<Order> {
        if let Some(order) = self.owed.take() {
            return Some(order);
        }
        let order = match self.rng.random() {
            true => Order::CandidateFirst,
            false => Order::ReferenceFirst,
        };
        if self.design == Design::Abba {
            self.owed = Some(order.reversed());
        }
        Some(order)
    }
}
