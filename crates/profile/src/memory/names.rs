//! Ids that are words.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Freed allocations whose names are remembered, so that the history can be read.
const MOST_FREED: usize = 65_536;

/// Set in every number that stands for a name; numbers of the program's own are mostly addresses or counters, which
/// lack it.
const NAMED: u64 = 1 << 63;

/// Which number stands for which name.
#[derive(Debug, Default)]
pub(super) struct Names {
    names: HashMap<u64, Box<str>>,
}

impl Names {
    /// The number of a name, which is the same each time.
    pub(super) fn number(&mut self, name: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        let mut number = hasher.finish() | NAMED;
        while self.names.get(&number).is_some_and(|other| **other != *name) {
            number = number.wrapping_add(1) | NAMED;
        }
        self.names.entry(number).or_insert_with(|| name.into());
        number
    }

    pub(super) fn name(&self, number: u64) -> Option<&str> {
        self.names.get(&number).map(|name| &**name)
    }

    /// The allocation of this name is no more; its name is kept while there is room beside the `live` ones.
    pub(super) fn freed(&mut self, number: u64, live: usize) {
        if self.names.len() > live + MOST_FREED {
            self.names.remove(&number);
        }
    }
}
