//! What is held now.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// One allocation that is held.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub bytes: u64,
    /// In ticks.
    pub since: u64,
    pub account: u32,
    /// How many allocations its account had before; the greatest number stands for all beyond it.
    pub position: u32,
}

/// What is held on one device, by id.
pub(super) type Live = HashMap<u64, Held, BuildHasherDefault<Fold>>;

/// Multiplies and folds: ids are addresses or counters of the program itself, from which nobody attacks.
#[derive(Default)]
pub(super) struct Fold(u64);

impl Fold {
    #[inline]
    fn mix(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * 0x9e37_79b9_7f4a_7c15;
        self.0 = product as u64 ^ (product >> 64) as u64;
    }
}

impl Hasher for Fold {
    #[inline]
    fn write_u64(&mut self, word: u64) {
        self.mix(word);
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.mix((*byte).into()));
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
