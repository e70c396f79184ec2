//! The latest events.

use super::event::RawEvent;

/// The latest events, up to a number.
#[derive(Debug)]
pub(super) struct History {
    /// As words: an event that is put together field by field would be waited for before it is copied.
    events: Vec<[u64; 4]>,
    capacity: usize,
    /// Where the next event goes once there is no more room.
    next: usize,
    /// Events that were ever kept.
    seen: u64,
}

impl History {
    pub(super) fn new(capacity: usize) -> Self {
        Self { events: Vec::new(), capacity, next: 0, seen: 0 }
    }

    #[inline]
    pub(super) fn push(&mut self, event: RawEvent) {
        self.seen += 1;
        let words = event.to_words();
        if self.events.len() < self.capacity {
            self.events.push(words);
        } else if let Some(oldest) = self.events.get_mut(self.next) {
            *oldest = words;
            self.next += 1;
            if self.next == self.capacity {
                self.next = 0;
            }
        }
    }

    /// The events that are still there, oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = RawEvent> {
        let (newer, older) = self.events.split_at(self.next);
        older.iter().chain(newer).map(|words| RawEvent::from_words(*words))
    }

    /// The same, newest first.
    pub(super) fn latest(&self) -> impl Iterator<Item = RawEvent> {
        self.iter().rev()
    }

    pub(super) fn seen(&self) -> u64 {
        self.seen
    }

    pub(super) fn dropped(&self) -> u64 {
        self.seen - self.events.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::EventKind;

    #[test]
    fn keeps_the_latest_in_order() {
        for capacity in [0, 1, 3, 10] {
            let mut history = History::new(capacity);
            for id in 0..7 {
                let kind = EventKind::Allocation;
                history.push(RawEvent { ticks: id, id, bytes: 1, account: 0, to: 0, kind });
            }
            let kept: Vec<u64> = history.iter().map(|event| event.id).collect();
            let first = 7_u64.saturating_sub(capacity as u64);
            assert_eq!(kept, (first..7).collect::<Vec<_>>());
            let latest: Vec<u64> = history.latest().map(|event| event.id).collect();
            assert_eq!(latest, (first..7).rev().collect::<Vec<_>>());
            assert_eq!((history.seen(), history.dropped()), (7, first));
        }
    }
}
