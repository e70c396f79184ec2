//! A fixed number of threads and the hand-over of jobs to them.

use std::io;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use super::barrier::{Broken, Meeting, Member};
use super::sync::{
    AtomicBool, AtomicU32, AtomicUsize, Ordering, Padded, Patience, UnsafeCell, fence, thread,
};

/// Turns of an idle loop before a waiting thread goes to sleep: a millisecond at most.
const SPINS: u32 = 20_000;

/// A fixed number of threads, the caller's included.
///
/// Between two kernels the others spin for a moment and then sleep. A team of one has no other thread at all: it takes
/// no lock and makes no system call.
pub struct Team {
    shared: Arc<Shared>,
    others: Vec<thread::JoinHandle<()>>,
}

/// What every thread calls once, with its number.
type Job<'a> = dyn Fn(usize) + Sync + 'a;

struct Shared {
    /// Counts the jobs; the last bit says that there will be none any more.
    epoch: Padded<AtomicU32>,
    /// The current job: written by the caller while nobody works, read by those that have seen its epoch.
    job: UnsafeCell<Option<*const Job<'static>>>,
    /// Threads that have not finished the current job.
    working: Padded<AtomicUsize>,
    /// Whether a job is under way.
    busy: AtomicBool,
    sleepers: Vec<AtomicBool>,
    meeting: Meeting,
}

// SAFETY: `job` is written only while `working` is zero, which every other thread sets after its last use of it; the
// release on `epoch` and the acquire in `Shared::wait` order the write before the reads.
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
            epoch: Padded(AtomicU32::new(0)),
            job: UnsafeCell::new(None),
            working: Padded(AtomicUsize::new(0)),
            busy: AtomicBool::new(false),
            sleepers: (0..others).map(|_| AtomicBool::new(false)).collect(),
            meeting: Meeting::new(threads.get()),
        });
        let mut team = Self { shared, others: Vec::with_capacity(others) };
        for index in 0..others {
            let shared = Arc::clone(&team.shared);
            let thread = thread::Builder::new()
                .name(format!("tachy-{}", index + 1))
                .spawn(move || shared.serve(index))?;
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
        if tasks <= 1 || !self.take() {
            (0..tasks).for_each(|index| task(index, 0));
            return;
        }
        let next = Padded(AtomicUsize::new(0));
        self.share(&|member| {
            loop {
                let index = next.0.fetch_add(1, Ordering::Relaxed);
                if index >= tasks {
                    return;
                }
                task(index, member);
            }
        });
    }

    /// Calls `task` once on every thread, all at the same time, so that they may wait for one another at a
    /// [`Barrier`](super::Barrier), and returns when all calls have returned. If the team is at work already, as within
    /// a task, there is one call by a member that is alone.
    ///
    /// # Panics
    /// If a call panics, after all have ended.
    pub fn run_together(&self, task: impl Fn(&Member<'_>) + Sync) {
        if !self.take() {
            task(&Member::alone());
            return;
        }
        let meeting = &self.shared.meeting;
        meeting.reset();
        self.share(&|index| task(&Member { index, meeting: Some(meeting) }));
    }

    /// Takes the team for a job, if it has other threads and they have nothing to do.
    fn take(&self) -> bool {
        !self.others.is_empty() && !self.shared.busy.swap(true, Ordering::Acquire)
    }

    /// Has every thread do the job, after the team has been taken.
    fn share(&self, job: &Job<'_>) {
        let shared = &*self.shared;
        // SAFETY: nobody works, so nobody reads the job. It is used until `working` is zero, which is awaited below,
        // so the shorter life of the closure does not matter.
        shared.job.with_mut(|place| unsafe {
            *place = Some(std::mem::transmute::<*const Job<'_>, *const Job<'static>>(job));
        });
        shared.working.0.store(self.others.len(), Ordering::Relaxed);
        let epoch = shared.epoch.0.load(Ordering::Relaxed);
        shared.epoch.0.store(epoch.wrapping_add(2), Ordering::Release);
        // With the fence of a member that goes to sleep: either it sees the new epoch or it is seen asleep.
        fence(Ordering::SeqCst);
        for (other, sleeper) in self.others.iter().zip(&shared.sleepers) {
            if sleeper.load(Ordering::Relaxed) {
                other.thread().unpark();
            }
        }
        let result = shared.call(job, 0);
        let mut patience = Patience::of(SPINS);
        while shared.working.0.load(Ordering::Acquire) != 0 {
            patience.pause();
        }
        let broken = shared.meeting.take_broken();
        shared.busy.store(false, Ordering::Release);
        match result {
            Err(payload) if !payload.is::<Broken>() => resume_unwind(payload),
            _ if broken => panic!("a task of a kernel panicked on another thread"),
            _ => {}
        }
    }
}

impl Shared {
    /// Does this thread's part of a job, and lets nobody wait for it if it panics.
    fn call(&self, job: &Job<'_>, member: usize) -> std::thread::Result<()> {
        let result = catch_unwind(AssertUnwindSafe(|| job(member)));
        if result.is_err() {
            self.meeting.set_broken();
        }
        result
    }

    /// What the thread does that is number `index` of the others.
    fn serve(&self, index: usize) {
        let mut seen = 0;
        while let Some(epoch) = self.wait(index, seen) {
            seen = epoch;
            // SAFETY: the epoch was seen to change, so the job was written before and stays until `working` falls.
            let job = self.job.with(|job| unsafe { (*job).expect("an epoch has a job") });
            // SAFETY: as above. That the job panicked is noted, and told by the caller.
            let _ = self.call(unsafe { &*job }, index + 1);
            self.working.0.fetch_sub(1, Ordering::Release);
        }
    }

    /// The next epoch after the one that was seen; none if the team is closed.
    fn wait(&self, index: usize, seen: u32) -> Option<u32> {
        let mut patience = Patience::of(SPINS);
        loop {
            let epoch = self.epoch.0.load(Ordering::Acquire);
            if epoch & CLOSED != 0 {
                return None;
            }
            if epoch != seen {
                return Some(epoch);
            }
            if patience.spin() {
                continue;
            }
            let sleeper = &self.sleepers[index];
            sleeper.store(true, Ordering::Relaxed);
            // With the fence of whoever changes the epoch.
            fence(Ordering::SeqCst);
            while self.epoch.0.load(Ordering::Acquire) == seen {
                thread::park();
            }
            sleeper.store(false, Ordering::Relaxed);
        }
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        self.shared.epoch.0.fetch_or(CLOSED, Ordering::SeqCst);
        for other in self.others.drain(..) {
            other.thread().unpark();
            // A member catches what its tasks throw, so it ends in good order.
            let _ = other.join();
        }
    }
}
