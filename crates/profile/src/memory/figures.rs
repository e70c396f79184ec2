//! The sums of one device or purpose.

use serde::{Deserialize, Serialize};

use super::MemoryFault;

/// The sums of one device or purpose. They are exact, whatever the history has dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Bytes held now.
    pub current: u64,
    /// The most bytes ever held at once.
    pub peak: u64,
    /// When that was first so: nanoseconds since the tracker was made.
    pub peak_at: u64,
    /// Bytes of all allocations together.
    pub allocated: u64,
    /// How many allocations there were.
    pub allocations: u64,
    /// How many of them were freed.
    pub deallocations: u64,
}

impl Figures {
    /// How many allocations are held now.
    pub fn live(&self) -> u64 {
        self.allocations.saturating_sub(self.deallocations)
    }

    #[inline]
    pub(super) fn allocate(&mut self, bytes: u64, at: u64) -> Result<(), MemoryFault> {
        // `current` cannot overflow before `allocated` does.
        self.allocated = self.allocated.checked_add(bytes).ok_or(MemoryFault::Overflow)?;
        self.allocations += 1;
        self.current += bytes;
        if self.current > self.peak {
            (self.peak, self.peak_at) = (self.current, at);
        }
        Ok(())
    }

    #[inline]
    pub(super) fn free(&mut self, bytes: u64) {
        self.current -= bytes;
        self.deallocations += 1;
    }
}
