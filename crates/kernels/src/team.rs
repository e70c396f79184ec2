//! Threads that share the tasks of a kernel.

use std::cell::UnsafeCell;
use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

/// Turns of an idle loop before a waiting thread goes to sleep: some tens of microseconds.
const SPINS: u32 = 20_000;

/// A fixed number of threads, the caller's included.
///
/// Between two kernels the others spin for a moment and then sleep. A team of one has no other thread at all: it takes
/// no lock and makes no system call.
pub struct Team {
    shared: Arc<Shared>,
    others: Vec<JoinHandle<()>>,
}

type Job<'a> = dyn Fn(usize, usize) + Sync + 'a;

struct Shared {
    /// Counts the jobs; the last bit says that there will be none any more.
    epoch: AtomicU32,
    /// The current job: written by the caller while nobody works, read by those that have seen its epoch.
    job: UnsafeCell<Option<*const Job<'static>>>,
    tasks: AtomicUsize,
    next: AtomicUsize,
    /// Threads that have not finished the current job.
    working: AtomicUsize,
    panicked: AtomicBool,
    /// Whether a job is under way.
    busy: AtomicBool,
    sleepers: Vec<AtomicBool>,
}

// SAFETY: `job` is written only while `working` is zero, which every other thread sets after its last use of it; the
// release on `epoch` and the acquire in `Member::wait` order the write before the reads.
unsafe impl Sync for Shared {}
// SAFETY: as above; the pointer is to a `Sync` closure that outlives its job.
unsafe impl Send for Shared {}

const CLOSED: u32 = 1;

impl Team {
    /// A team of so many threads.
    ///
    /// # Errors
    /// If the system does not give them.
    pub fn new(threads: NonZeroUsize) -> io::Result<Self> {
        let others = threads.get() - 1;
        let shared = Arc::new(Shared {
            epoch: AtomicU32::new(0),
            job: UnsafeCell::new(None),
            tasks: AtomicUsize::new(0),
            next: AtomicUsize::new(0),
            working: AtomicUsize::new(0),
            panicked: AtomicBool::new(false),
            busy: AtomicBool::new(false),
            sleepers: (0..others).map(|_| AtomicBool::new(false)).collect(),
        });
        let mut team = Self { shared, others: Vec::with_capacity(others) };
        for index in 0..others {
            let shared = Arc::clone(&team.shared);
            let thread = thread::Builder::new()
                .name(format!("tachy-{}", index + 1))
                .spawn(move || Member { shared: &shared, index }.serve())?;
            team.others.push(thread);
        }
        Ok(team)
    }

    /// The number of threads.
    pub fn threads(&self) -> usize {
        self.others.len() + 1
    }

    /// Calls `task` with every number below `tasks`, on all threads, and returns when all calls have returned. A task
    /// that calls this again does the inner tasks by itself.
    ///
    /// # Panics
    /// If a task panics, after all have ended.
    pub fn run(&self, tasks: usize, task: impl Fn(usize) + Sync) {
        self.run_as_member(tasks, |index, _| task(index));
    }

    /// As [`run`](Self::run), and tells each call the number of the thread that makes it, below
    /// [`threads`](Self::threads): no two calls with the same number run at a time, so each may have scratch memory of
    /// its own. Tasks within tasks are all made by number 0: they must not share scratch memory with the outer ones.
    ///
    /// # Panics
    /// As for `run`.
    pub fn run_as_member(&self, tasks: usize, task: impl Fn(usize, usize) + Sync) {
        let shared = &*self.shared;
        if self.others.is_empty() || tasks <= 1 || shared.busy.swap(true, Ordering::Acquire) {
            (0..tasks).for_each(|index| task(index, 0));
            return;
        }
        let job: *const Job<'_> = &task;
        // SAFETY: nobody works, so nobody reads the job. It is used until `working` is zero, which is awaited below,
        // so the shorter life of the closure does not matter.
        unsafe {
            *shared.job.get() =
                Some(std::mem::transmute::<*const Job<'_>, *const Job<'static>>(job));
        }
        shared.tasks.store(tasks, Ordering::Relaxed);
        shared.next.store(0, Ordering::Relaxed);
        shared.working.store(self.others.len(), Ordering::Relaxed);
        // Sequentially consistent with a member's going to sleep: either it sees the new epoch or it is seen asleep.
        shared.epoch.fetch_add(2, Ordering::SeqCst);
        for (other, sleeper) in self.others.iter().zip(&shared.sleepers) {
            if sleeper.load(Ordering::SeqCst) {
                other.thread().unpark();
            }
        }
        // Dropped in the other order, also when the caller's own task panics.
        let busy = Busy(shared);
        let waiting = Waiting(shared);
        shared.work(&task, 0);
        drop(waiting);
        let panicked = shared.panicked.swap(false, Ordering::Relaxed);
        drop(busy);
        if panicked {
            panic!("a task of a kernel panicked on another thread");
        }
    }
}

/// Waits, when it is dropped, until no other thread works.
struct Waiting<'a>(&'a Shared);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut spins = 0u32;
        while self.0.working.load(Ordering::Acquire) != 0 {
            spins += 1;
            if spins < SPINS {
                std::hint::spin_loop();
            } else {
                // More threads than processors: let the other one run.
                thread::yield_now();
            }
        }
    }
}

/// Lets others have the team when it is dropped.
struct Busy<'a>(&'a Shared);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.busy.store(false, Ordering::Release);
    }
}

impl Shared {
    fn work(&self, task: &Job<'_>, member: usize) {
        let tasks = self.tasks.load(Ordering::Relaxed);
        loop {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            if index >= tasks {
                return;
            }
            task(index, member);
        }
    }
}

struct Member<'a> {
    shared: &'a Shared,
    index: usize,
}

impl Member<'_> {
    fn serve(&self) {
        let mut seen = 0;
        while let Some(epoch) = self.wait(seen) {
            seen = epoch;
            // SAFETY: the epoch was seen to change, so the job was written before and stays until `working` falls.
            let job = unsafe { (*self.shared.job.get()).expect("an epoch has a job") };
            let work =
                // SAFETY: the caller answers for the memory.
                std::panic::AssertUnwindSafe(|| self.shared.work(unsafe { &*job }, self.index + 1));
            if std::panic::catch_unwind(work).is_err() {
                self.shared.panicked.store(true, Ordering::Relaxed);
            }
            self.shared.working.fetch_sub(1, Ordering::Release);
        }
    }

    /// The next epoch after the one that was seen; none if the team is closed.
    fn wait(&self, seen: u32) -> Option<u32> {
        let mut spins = 0;
        loop {
            let epoch = self.shared.epoch.load(Ordering::SeqCst);
            if epoch & CLOSED != 0 {
                return None;
            }
            if epoch != seen {
                return Some(epoch);
            }
            spins += 1;
            if spins < SPINS {
                std::hint::spin_loop();
                continue;
            }
            let sleeper = &self.shared.sleepers[self.index];
            sleeper.store(true, Ordering::SeqCst);
            while self.shared.epoch.load(Ordering::SeqCst) == seen {
                thread::park();
            }
            sleeper.store(false, Ordering::SeqCst);
            spins = 0;
        }
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        self.shared.epoch.fetch_or(CLOSED, Ordering::SeqCst);
        for other in self.others.drain(..) {
            other.thread().unpark();
            // A member catches what its tasks throw, so it ends in good order.
            let _ = other.join();
        }
    }
}
