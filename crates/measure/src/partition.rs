//! A suite in parts: which benchmarks belong to which.

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

use twox_hash::XxHash64;

/// One of the parts of a suite: `3/8` is the third of eight.
///
/// A benchmark is in the part that the hash of its name falls into (XXH64 with seed 0, modulo the number of parts), as
/// in cargo-nextest's `hash:3/8`: on every machine, for ever, whatever other benchmarks there are and in whatever order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partition {
    part: NonZeroU64,
    of: NonZeroU64,
}

impl Partition {
    /// Whether the benchmark of this name is in this part.
    pub fn holds(self, name: &str) -> bool {
        XxHash64::oneshot(0, name.as_bytes()) % self.of == self.part.get() - 1
    }

    /// Which part, from 1.
    pub fn part(self) -> u64 {
        self.part.get()
    }

    /// How many parts there are.
    pub fn of(self) -> u64 {
        self.of.get()
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.part, self.of)
    }
}

/// Why a text is no [`Partition`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no part; parts are numbered from 1, such as 3/8 for the third of eight")]
pub struct InvalidPartition(String);

impl FromStr for Partition {
    type Err = InvalidPartition;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text
            .split_once('/')
            .and_then(|(part, of)| Some(Self { part: part.parse().ok()?, of: of.parse().ok()? }));
        parts
            .filter(|partition| partition.part <= partition.of)
            .ok_or_else(|| InvalidPartition(text.to_owned()))
    }
}
