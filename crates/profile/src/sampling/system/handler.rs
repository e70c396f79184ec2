//! What happens at each tick of the timer.
//!
//! The handler runs on a thread that was interrupted anywhere, perhaps in the middle of an allocation: it allocates
//! nothing, takes no lock, and calls nothing but the clock and two calls of the system.

use std::cell::UnsafeCell;
use std::collections::BTreeSet;
use std::mem::MaybeUninit;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::{fs, hint, io};

use framehop::{CacheNative, MustNotAllocateDuringUnwind, Unwinder, UnwinderNative};

use super::modules;
use super::readable::Reader;
use crate::sampling::{Sample, Samples, SamplingError};

type Cache = CacheNative<MustNotAllocateDuringUnwind>;

/// Frames that are kept of a stack, from the innermost outwards.
const DEPTH: usize = 128;
/// Words of memory for samples: 16 MiB, which is at least a minute of deep stacks at 250 a second.
const WORDS: usize = 2 << 20;
/// As many threads can be sampled at the same instant.
const AT_ONCE: usize = 8;

/// What the handler needs; null while nothing is sampled.
static STATE: AtomicPtr<State> = AtomicPtr::new(null_mut());
/// How many handlers are at work.
static AT_WORK: AtomicUsize = AtomicUsize::new(0);
static RUNNING: AtomicBool = AtomicBool::new(false);

struct State {
    unwinder: UnwinderNative<&'static [u8], MustNotAllocateDuringUnwind>,
    caches: Vec<Slot>,
    /// Samples one after the other: how many addresses, the thread, the time, the addresses. The number is written
    /// last, so a sample that is not complete has none.
    words: Vec<AtomicU64>,
    used: AtomicUsize,
    dropped: AtomicU64,
}

/// A cache that one handler at a time uses.
struct Slot {
    taken: AtomicBool,
    cache: UnsafeCell<Cache>,
}

// SAFETY: a slot's cache is touched only by the handler that has set `taken`.
unsafe impl Sync for Slot {}

pub(in crate::sampling) fn start(period: u64) -> Result<(), SamplingError> {
    if RUNNING.swap(true, Ordering::SeqCst) {
        return Err(SamplingError::Running);
    }
    let result = try_start(period);
    if result.is_err() {
        RUNNING.store(false, Ordering::SeqCst);
    }
    result
}

fn try_start(period: u64) -> Result<(), SamplingError> {
    let mut unwinder = UnwinderNative::new();
    for module in modules::loaded() {
        unwinder.add_module(module);
    }
    let slot = || Slot { taken: AtomicBool::new(false), cache: UnsafeCell::new(Cache::new_in()) };
    let state = Box::new(State {
        unwinder,
        caches: (0..AT_ONCE).map(|_| slot()).collect(),
        words: (0..WORDS).map(|_| AtomicU64::new(0)).collect(),
        used: AtomicUsize::new(0),
        dropped: AtomicU64::new(0),
    });
    install_handler()?;
    STATE.store(Box::into_raw(state), Ordering::SeqCst);
    if let Err(error) = set_timer(period) {
        drop(take_state());
        return Err(error.into());
    }
    Ok(())
}

pub(in crate::sampling) fn stop(into: &mut Samples) {
    // The timer can be stopped whenever it could be started.
    let _ = set_timer(0);
    if let Some(state) = take_state() {
        into.dropped = state.dropped.load(Ordering::Relaxed);
        into.samples = state.samples();
        let threads: BTreeSet<u64> = into.samples.iter().map(|sample| sample.thread).collect();
        for thread in threads {
            if let Ok(name) = fs::read_to_string(format!("/proc/self/task/{thread}/comm")) {
                into.threads.insert(thread, name.trim_end().to_owned());
            }
        }
    }
    RUNNING.store(false, Ordering::SeqCst);
}

/// Takes the state from the handlers, once none of them uses it any more.
fn take_state() -> Option<Box<State>> {
    let state = STATE.swap(null_mut(), Ordering::SeqCst);
    while AT_WORK.load(Ordering::SeqCst) > 0 {
        hint::spin_loop();
    }
    // SAFETY: it came from a box, and no handler has it: those that come find null.
    (!state.is_null()).then(|| unsafe { Box::from_raw(state) })
}

impl State {
    fn samples(&self) -> Vec<Sample> {
        let used = self.used.load(Ordering::SeqCst).min(self.words.len());
        let word = |place: usize| self.words[place].load(Ordering::Relaxed);
        let mut samples = Vec::new();
        let mut place = 0;
        while place + 3 <= used {
            let depth = word(place) as usize;
            if depth == 0 {
                break;
            }
            samples.push(Sample {
                thread: word(place + 1),
                time: word(place + 2),
                addresses: (0..depth).map(|frame| word(place + 3 + frame) as usize).collect(),
            });
            place += 3 + depth;
        }
        samples
    }

    fn record(&self, context: &libc::ucontext_t) {
        let free = |slot: &&Slot| !slot.taken.swap(true, Ordering::Acquire);
        let Some(slot) = self.caches.iter().find(free) else {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let mut addresses = [0u64; DEPTH];
        let mut depth = 0;
        {
            // SAFETY: `taken` was free and is set, so no other handler has this cache.
            let cache = unsafe { &mut *slot.cache.get() };
            let (counter, registers) = registers(context);
            let mut reader = Reader::new();
            let mut read = |address| reader.word(address);
            let mut frames = self.unwinder.iter_frames(counter, registers, cache, &mut read);
            while depth < DEPTH
                && let Ok(Some(frame)) = frames.next()
            {
                addresses[depth] = frame.address();
                depth += 1;
            }
        }
        slot.taken.store(false, Ordering::Release);

        let place = self.used.fetch_add(3 + depth, Ordering::Relaxed);
        if place + 3 + depth > self.words.len() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let (thread, time) = (thread(), time());
        self.words[place + 1].store(thread, Ordering::Relaxed);
        self.words[place + 2].store(time, Ordering::Relaxed);
        for (word, &address) in self.words[place + 3..].iter().zip(&addresses[..depth]) {
            word.store(address, Ordering::Relaxed);
        }
        self.words[place].store(depth as u64, Ordering::Release);
    }
}

extern "C" fn tick(_signal: libc::c_int, _info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    AT_WORK.fetch_add(1, Ordering::SeqCst);
    // SAFETY: the location of this thread's error number is valid as long as the thread lives.
    let error_number = unsafe { libc::__errno_location() };
    // SAFETY: as above.
    let before = unsafe { *error_number };
    // SAFETY: the state is not freed while a handler is counted as at work.
    if let Some(state) = unsafe { STATE.load(Ordering::SeqCst).as_ref() } {
        // SAFETY: with `SA_SIGINFO` the system gives the registers of the interrupted thread.
        state.record(unsafe { &*context.cast::<libc::ucontext_t>() });
    }
    // SAFETY: as above.
    unsafe { *error_number = before };
    AT_WORK.fetch_sub(1, Ordering::SeqCst);
}

/// The instruction that was interrupted, and the registers that unwinding starts from.
#[cfg(target_arch = "x86_64")]
fn registers(context: &libc::ucontext_t) -> (u64, framehop::x86_64::UnwindRegsX86_64) {
    let register = |number: libc::c_int| context.uc_mcontext.gregs[number as usize] as u64;
    let counter = register(libc::REG_RIP);
    let (stack, frame) = (register(libc::REG_RSP), register(libc::REG_RBP));
    (counter, framehop::x86_64::UnwindRegsX86_64::new(counter, stack, frame))
}

/// The instruction that was interrupted, and the registers that unwinding starts from.
#[cfg(target_arch = "aarch64")]
fn registers(context: &libc::ucontext_t) -> (u64, framehop::aarch64::UnwindRegsAarch64) {
    let machine = &context.uc_mcontext;
    let (frame, link) = (machine.regs[29], machine.regs[30]);
    (machine.pc, framehop::aarch64::UnwindRegsAarch64::new(link, machine.sp, frame))
}

fn thread() -> u64 {
    // SAFETY: the call has no conditions.
    u64::from(unsafe { libc::gettid() }.unsigned_abs())
}

/// Nanoseconds since 1970-01-01 UTC.
fn time() -> u64 {
    let mut time = MaybeUninit::<libc::timespec>::uninit();
    // SAFETY: the call writes the time to where it is told, and may be made in handlers.
    let time = unsafe {
        if libc::clock_gettime(libc::CLOCK_REALTIME, time.as_mut_ptr()) != 0 {
            return 0;
        }
        time.assume_init()
    };
    (time.tv_sec as u64).saturating_mul(1_000_000_000).saturating_add(time.tv_nsec as u64)
}

/// Has the handler called at each signal. It stays: a signal may be late, and would end the program without it.
fn install_handler() -> Result<(), SamplingError> {
    let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) = tick;
    // SAFETY: all-zero is a valid action: the default one, no flags, an empty mask.
    let mut before: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: the call only writes the present action.
    if unsafe { libc::sigaction(libc::SIGPROF, std::ptr::null(), &raw mut before) } != 0 {
        return Err(io::Error::last_os_error().into());
    }
    let ours = handler as libc::sighandler_t;
    if ![libc::SIG_DFL, libc::SIG_IGN, ours].contains(&before.sa_sigaction) {
        return Err(SamplingError::SignalTaken);
    }
    // SAFETY: as above.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = ours;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
    // SAFETY: the handler keeps to what may be done in handlers, and lives as long as the program.
    if unsafe { libc::sigaction(libc::SIGPROF, &raw const action, null_mut()) } != 0 {
        return Err(io::Error::last_os_error().into());
    }
    Ok(())
}

/// Has the signal sent after each so many nanoseconds of work; 0 ends it.
fn set_timer(period: u64) -> io::Result<()> {
    let interval = libc::timeval {
        tv_sec: (period / 1_000_000_000) as libc::time_t,
        tv_usec: (period / 1000 % 1_000_000) as libc::suseconds_t,
    };
    let timer = libc::itimerval { it_interval: interval, it_value: interval };
    // SAFETY: the call reads the timer that it is given.
    match unsafe { libc::setitimer(libc::ITIMER_PROF, &raw const timer, null_mut()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
