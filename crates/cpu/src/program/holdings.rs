//! What a program holds, told to the process's memory tracker.

use std::sync::atomic::{AtomicU64, Ordering};

use tachy_profile::memory::{Account, listener};

use crate::backend::NAME;

/// What one program holds; freed for the tracker when this is dropped. Nothing, if nobody tracks memory.
pub(super) struct Holdings(Vec<(Account, u64)>);

impl Holdings {
    /// Tells of so many bytes for each purpose.
    pub(super) fn new(purposes: &[(&str, u64)]) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let Some(tracker) = listener() else { return Self(Vec::new()) };
        let held = purposes.iter().filter(|(_, bytes)| *bytes > 0).map(|(purpose, bytes)| {
            let (account, id) =
                (tracker.account(NAME, purpose), NEXT.fetch_add(1, Ordering::Relaxed));
            account.allocated(id, *bytes);
            (account, id)
        });
        Self(held.collect())
    }
}

impl Drop for Holdings {
    fn drop(&mut self) {
        for (account, id) in &self.0 {
            account.freed(*id);
        }
    }
}

#[cfg(test)]
mod tests {
    use tachy_profile::memory::tracker;

    use super::*;

    #[test]
    fn what_is_held_is_told_as_long_as_it_is() {
        assert!(Holdings::new(&[("before", 1)]).0.is_empty(), "nobody listens");
        let tracker = tracker();
        // Other tests make programs meanwhile, so these have purposes of their own.
        let current = |purpose: &str| {
            let report = tracker.report();
            let device = report.device(NAME)?;
            let found = device.purposes.iter().find(|found| found.purpose == purpose)?;
            Some(found.figures.current)
        };
        let holdings = Holdings::new(&[("test arena", 4096), ("test scratch", 0)]);
        assert_eq!((current("test arena"), current("test scratch")), (Some(4096), None));
        drop(holdings);
        assert_eq!(current("test arena"), Some(0));
    }
}
