//! One thing that happened to memory.

use serde::{Deserialize, Serialize};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// Memory was taken.
    Allocation,
    /// Memory was given back.
    Deallocation,
    /// Bytes went from one device to another.
    Transfer,
}

/// One thing that happened, as people and files get it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryEvent {
    /// Nanoseconds since the tracker was made.
    pub at: u64,
    /// What happened.
    pub kind: EventKind,
    /// Of which allocation; for a named one, a number that stands for the name.
    pub id: u64,
    /// Its name, if it was told by name and the name is still remembered.
    pub name: Option<String>,
    /// How many bytes.
    pub bytes: u64,
    /// Where; for a transfer, from where.
    pub device: String,
    /// For a transfer, to where.
    pub to: Option<String>,
    /// What for.
    pub purpose: String,
}

/// One thing that happened, as it travels from the thread that told of it: 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RawEvent {
    pub ticks: u64,
    pub id: u64,
    pub bytes: u64,
    pub account: u32,
    /// For a transfer, the device at its end.
    pub to: u16,
    pub kind: EventKind,
}

impl RawEvent {
    #[inline]
    pub(super) fn to_words(self) -> [u64; 4] {
        let kind = self.kind as u64;
        [
            self.ticks,
            self.id,
            self.bytes,
            u64::from(self.account) | u64::from(self.to) << 32 | kind << 48,
        ]
    }

    #[inline]
    pub(super) fn from_words([ticks, id, bytes, rest]: [u64; 4]) -> Self {
        let kind = match rest >> 48 {
            0 => EventKind::Allocation,
            1 => EventKind::Deallocation,
            _ => EventKind::Transfer,
        };
        Self { ticks, id, bytes, account: rest as u32, to: (rest >> 32) as u16, kind }
    }
}
