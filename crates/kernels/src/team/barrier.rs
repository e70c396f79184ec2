//! Where threads that work together wait for one another.

use std::ops::Range;

use super::sync::{AtomicBool, AtomicUsize, Ordering, Padded, Patience};

/// Turns of a loop before a thread that waits for the others gives its processor away. They have as much to do as
/// itself, so it is soon unless the system has stopped one of them.
const SPINS: u32 = 2_000;

/// One thread of those that do something together.
pub struct Member<'a> {
    pub(super) index: usize,
    pub(super) meeting: Option<&'a Meeting>,
}

/// What the threads of a team know of each other's progress.
pub(super) struct Meeting {
    /// How many barriers each thread has reached: written by itself alone.
    reached: Vec<Padded<AtomicUsize>>,
    /// Whether a thread has panicked: the others would wait for it for ever.
    broken: AtomicBool,
}

/// A place that threads leave when all of them have reached it, again and again. What any of them has written before is
/// seen by all of them afterwards. Nobody locks anything; only if it takes far too long does a waiting thread call
/// the system, to let others have its processor.
pub struct Barrier<'a> {
    reached: &'a [Padded<AtomicUsize>],
    own: usize,
    broken: Option<&'a AtomicBool>,
    turn: usize,
}

/// What a thread that waits in vain unwinds with.
pub(super) struct Broken;

impl Member<'_> {
    /// A thread that works by itself.
    pub fn alone() -> Self {
        Self { index: 0, meeting: None }
    }

    /// Its number, below [`members`](Self::members).
    pub fn index(&self) -> usize {
        self.index
    }

    /// How many threads work together.
    pub fn members(&self) -> usize {
        self.meeting.map_or(1, |meeting| meeting.reached.len())
    }

    /// A barrier for the members in a range, of which this is one. A member may be in one range alone, and takes its
    /// barrier once.
    ///
    /// # Panics
    /// If this is not in the range, or the range goes beyond the members.
    pub fn barrier(&self, range: Range<usize>) -> Barrier<'_> {
        assert!(range.contains(&self.index), "a barrier is for members of its range");
        match self.meeting {
            Some(meeting) if range.len() > 1 => Barrier {
                own: self.index - range.start,
                reached: &meeting.reached[range],
                broken: Some(&meeting.broken),
                turn: 0,
            },
            _ => {
                assert!(range.end <= self.members(), "a barrier is for members of the team");
                Barrier::alone()
            }
        }
    }
}

impl Barrier<'_> {
    /// A barrier for one thread: it waits for nobody, and touches no memory that threads share.
    pub fn alone() -> Self {
        Self { reached: &[], own: 0, broken: None, turn: 0 }
    }

    /// Waits until all have called this as often.
    ///
    /// # Panics
    /// If another of the threads has panicked.
    #[inline]
    pub fn wait(&mut self) {
        let Some(broken) = self.broken else { return };
        let before = self.turn;
        self.turn = before.wrapping_add(1);
        self.reached[self.own].0.store(self.turn, Ordering::Release);
        for (index, reached) in self.reached.iter().enumerate() {
            let mut patience = Patience::of(SPINS);
            // The others are one turn behind, here, or one turn ahead; never further, as they wait for this one too.
            while index != self.own && reached.0.load(Ordering::Acquire) == before {
                if broken.load(Ordering::Relaxed) {
                    std::panic::resume_unwind(Box::new(Broken));
                }
                patience.pause();
            }
        }
    }
}

impl Meeting {
    pub fn new(members: usize) -> Self {
        let reached = (0..members).map(|_| Padded(AtomicUsize::new(0))).collect();
        Self { reached, broken: AtomicBool::new(false) }
    }

    /// Makes it ready for the next time, while nobody is there.
    pub fn reset(&self) {
        for reached in &self.reached {
            reached.0.store(0, Ordering::Relaxed);
        }
    }

    /// Lets nobody wait any more.
    pub fn set_broken(&self) {
        self.broken.store(true, Ordering::Relaxed);
    }

    /// Whether somebody has panicked since the last call.
    pub fn take_broken(&self) -> bool {
        self.broken.swap(false, Ordering::Relaxed)
    }
}
