//! A proposal to save memory.

use serde::{Deserialize, Serialize};

use crate::memory::MemoryEvent;

/// A proposal to save memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Optimization {
    /// What to do.
    pub kind: OptimizationKind,
    /// On which device.
    pub device: String,
    /// What was seen, and what to do about it.
    pub description: String,
    /// Bytes that are saved.
    pub potential_savings: u64,
    /// What those are bytes of.
    pub saving: Saving,
    /// How much that is among all bytes of its kind.
    pub priority: Priority,
    /// How much of a program must be changed.
    pub effort: Effort,
    /// The first events behind it, eight at most.
    pub events: Vec<MemoryEvent>,
    /// How many events are behind it in all.
    pub event_count: u64,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptimizationKind {
    /// Keep freed buffers for the next of the same size.
    Pool,
    /// Let purposes whose peaks do not coincide use the same memory.
    Share,
    /// Leave on a device what goes to and fro.
    KeepOnDevice,
    /// Free what was copied to another device and lies idle since.
    FreeAfterTransfer,
    /// Free the old before the new is allocated.
    FreeEarlier,
    /// Take small allocations from one block.
    Arena,
}

/// What the saved bytes are bytes of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Saving {
    /// Of the peak.
    Peak,
    /// Of what is held now.
    Held,
    /// Of what is asked of the allocator, all requests together.
    Requested,
    /// Of what goes between devices.
    Transferred,
}

/// How much a saving is among all bytes of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Less than a tenth.
    Low,
    /// A tenth or more.
    Medium,
    /// A quarter or more.
    High,
}

/// How much of a program must be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    /// A line at one place.
    Low,
    /// How one kind of buffers is made.
    Medium,
    /// How several parts of a program get their memory.
    High,
}

impl Priority {
    /// Of so many bytes among so many.
    pub(super) fn of(saved: u64, all: u64) -> Self {
        match u128::from(saved) * 100 {
            share if share >= 25 * u128::from(all) => Self::High,
            share if share >= 10 * u128::from(all) => Self::Medium,
            _ => Self::Low,
        }
    }
}
