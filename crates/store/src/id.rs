//! Names of runs that no two runs share.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::{Builder, ContextV7, Timestamp, Uuid};

/// The name of a run: a UUID of version 7 (RFC 9562), whose text sorts by the time at which the run started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(Uuid);

impl RunId {
    /// A new name for a run that started at so many milliseconds since 1970-01-01 UTC.
    pub fn new(started: u64) -> Self {
        let nanoseconds = (started % 1000) as u32 * 1_000_000;
        Self(Uuid::new_v7(Timestamp::from_unix(ContextV7::new(), started / 1000, nanoseconds)))
    }

    /// The name of a run that was read from elsewhere: the same content gives the same name, so that importing it
    /// again adds nothing.
    pub fn of_content(started: u64, content: &[u8]) -> Self {
        let hash = fnv_1a(content).to_be_bytes();
        let mut rest = [0; 10];
        rest.copy_from_slice(&hash[..10]);
        Self(Builder::from_unix_timestamp_millis(started, &rest).into_uuid())
    }
}

/// Fowler, Noll and Vo's hash, 1a, of 128 bits (draft-eastlake-fnv): the same on every machine and for ever.
fn fnv_1a(content: &[u8]) -> u128 {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    content.iter().fold(OFFSET, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(PRIME))
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for RunId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        Ok(Self(Uuid::try_parse(text)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_runs_sort_after_earlier_ones() {
        let ids = [0, 1, 999, 1000, 1_795_000_000_123].map(|at| RunId::new(at).to_string());
        assert!(ids.is_sorted(), "{ids:?}");
        assert_ne!(RunId::new(5), RunId::new(5));
        assert_eq!(ids[3].parse::<RunId>().unwrap().to_string(), ids[3]);
    }

    #[test]
    fn content_gives_the_name() {
        assert_eq!(RunId::of_content(7, b"a"), RunId::of_content(7, b"a"));
        assert_ne!(RunId::of_content(7, b"a"), RunId::of_content(7, b"b"));
        // The check value of the draft.
        assert_eq!(fnv_1a(b"a"), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
    }
}
