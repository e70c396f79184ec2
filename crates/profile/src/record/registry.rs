//! The recorders of all threads, and the session that they record for.

use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use super::pool::{Block, Pool};
use super::recorder::{Recorder, Remainder};
use super::ring::Record;
use crate::clock;
use crate::trace::Thread;

/// The number of the session that records; 0 if none does.
static SESSION: AtomicU32 = AtomicU32::new(0);

/// The number of the session that records; 0 if none does.
#[inline(always)]
pub(super) fn session() -> u32 {
    if cfg!(feature = "off") { 0 } else { SESSION.load(Ordering::Relaxed) }
}

/// As many blocks as there may be at a time: a gigabyte of records.
const MOST_BLOCKS: usize = 1 << 16;
const BLOCK_BYTES: usize = size_of::<Block>();
/// What a thread that is gone takes besides its records.
const THREAD_BYTES: usize = 256;

thread_local! {
    /// Without a destructor, so that it costs no more than a load.
    static CURRENT: Cell<*const Recorder> = const { Cell::new(ptr::null()) };
    /// Has the recorder retire with its thread.
    static KEEPER: OnceCell<Keeper> = const { OnceCell::new() };
}

struct Keeper {
    number: u64,
    recorder: Arc<Recorder>,
}

impl Drop for Keeper {
    fn drop(&mut self) {
        CURRENT.set(ptr::null());
        registry().retire(self.number, &mut self.recorder);
    }
}

/// Does something with the thread's recorder, once it takes part in a session; `None` if the thread is ending.
#[inline(always)]
pub(super) fn with_recorder<R>(session: u32, act: impl FnOnce(&Recorder) -> R) -> Option<R> {
    let mut recorder = CURRENT.get();
    if recorder.is_null() {
        recorder = register()?;
    }
    // SAFETY: the keeper owns the recorder, and clears the pointer before it gives it up, on this very thread.
    let recorder = unsafe { &*recorder };
    if recorder.session() != session {
        recorder.join(session);
    }
    Some(act(recorder))
}

/// Does something with the thread's recorder, if it takes part in a session already.
#[cfg(not(feature = "off"))]
#[inline(always)]
pub(super) fn with_joined(session: u32, act: impl FnOnce(&Recorder)) {
    // SAFETY: as in `with_recorder`.
    if let Some(recorder) = unsafe { CURRENT.get().as_ref() }
        && recorder.session() == session
    {
        act(recorder);
    }
}

/// Gives the thread a recorder, and room for its first spans; `None` if the thread is ending.
#[cold]
#[inline(never)]
pub(super) fn register() -> Option<*const Recorder> {
    clock::prepare();
    KEEPER
        .try_with(|keeper| {
            let keeper = keeper.get_or_init(|| registry().admit());
            CURRENT.set(Arc::as_ptr(&keeper.recorder));
            // A block of the session's own, or one beside it if it has none: then the next session has one less.
            keeper.recorder.reserve(|| {
                let registry = registry();
                let mut block = registry.pool.take().or_else(|| registry.extra_block())?;
                block.touch();
                Some(block)
            });
            Arc::as_ptr(&keeper.recorder)
        })
        .ok()
}

/// The recorders of all threads, and the session that they record for.
pub(super) struct Registry {
    pool: Arc<Pool>,
    /// By the order in which they came.
    recorders: BTreeMap<u64, Arc<Recorder>>,
    next_recorder: u64,
    last_session: u32,
    active: Option<Active>,
}

/// The session that records.
struct Active {
    session: u32,
    retired: BTreeMap<u64, Recorded>,
    retired_bytes: usize,
    /// Blocks that were freed, as threads that are gone take their room.
    withheld: usize,
    /// Spans of threads that are gone, for which there was no room.
    lost: u64,
    /// Of threads that are gone and left nothing else.
    unbalanced: u64,
}

/// What one thread recorded in a session.
pub(super) struct Recorded {
    pub thread: Thread,
    pub records: Vec<Record>,
    pub remainder: Remainder,
    /// When the thread ended, in ticks, if it has.
    pub died: Option<u64>,
}

/// The thread that started a session.
#[derive(Debug)]
pub(super) struct Main {
    number: u64,
    thread: Thread,
}

/// The calling thread, once it has a recorder; `None` if it is ending.
pub(super) fn this_thread() -> Option<Main> {
    register()?;
    KEEPER
        .try_with(|keeper| {
            let keeper = keeper.get()?;
            Some(Main { number: keeper.number, thread: keeper.recorder.thread.clone() })
        })
        .ok()?
}

/// Everything that was recorded in a session.
pub(super) struct Harvest {
    /// The thread that started the session comes first.
    pub threads: Vec<Recorded>,
    /// Spans of threads that are gone, for which there was no room.
    pub lost: u64,
    /// Of threads that are gone and left nothing else.
    pub unbalanced: u64,
}

pub(super) fn registry() -> MutexGuard<'static, Registry> {
    static REGISTRY: LazyLock<Mutex<Registry>> = LazyLock::new(|| {
        Mutex::new(Registry {
            pool: Arc::new(Pool::new(MOST_BLOCKS)),
            recorders: BTreeMap::new(),
            next_recorder: 0,
            last_session: 0,
            active: None,
        })
    });
    // Nothing is left half done where something could panic.
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Registry {
    fn admit(&mut self) -> Keeper {
        let number = self.next_recorder;
        self.next_recorder += 1;
        let thread = std::thread::current();
        let name = thread.name().map_or_else(|| format!("thread {number}"), str::to_owned);
        let thread = Thread { name, id: system_thread_id() };
        let recorder = Arc::new(Recorder::new(thread, Arc::clone(&self.pool)));
        self.recorders.insert(number, Arc::clone(&recorder));
        Keeper { number, recorder }
    }

    /// A block for a thread that comes while no session is there to give it one.
    fn extra_block(&self) -> Option<Box<Block>> {
        self.active.is_none().then(Block::new)
    }

    /// Prepares a session, of which the calling thread is the main one, for so many bytes of records. `None` if there
    /// is one.
    pub fn open(&mut self, memory: usize, touch: bool) -> Option<u32> {
        if self.active.is_some() {
            return None;
        }
        self.last_session = self.last_session.checked_add(1).unwrap_or(1);
        let session = self.last_session;
        self.active = Some(Active {
            session,
            retired: BTreeMap::new(),
            retired_bytes: 0,
            withheld: 0,
            lost: 0,
            unbalanced: 0,
        });
        // Each thread that is there has one already.
        let blocks = (memory / BLOCK_BYTES).saturating_sub(self.recorders.len()).min(MOST_BLOCKS);
        for _ in 0..blocks {
            let mut block = Block::new();
            if touch {
                block.touch();
            }
            // SAFETY: whoever gives has the registry's lock.
            unsafe { self.pool.give(block) };
        }
        Some(session)
    }

    /// Lets the threads record.
    pub fn begin(&self, session: u32) {
        SESSION.store(session, Ordering::Release);
    }

    /// Ends the session, of which `main` is the main thread.
    pub fn close(&mut self, session: u32, main: &Main) -> Harvest {
        let Some(active) = self.active.take_if(|active| active.session == session) else {
            return Harvest { threads: Vec::new(), lost: 0, unbalanced: 0 };
        };
        SESSION.store(0, Ordering::SeqCst);
        while self.pool.take().is_some() {}
        let mut threads = active.retired;
        for (number, recorder) in &self.recorders {
            if let Some(recorded) = collect(recorder, session, drop) {
                threads.insert(*number, recorded);
            }
        }
        let first = threads.remove(&main.number).unwrap_or_else(|| Recorded {
            thread: main.thread.clone(),
            records: Vec::new(),
            remainder: Remainder::default(),
            died: None,
        });
        let others = threads.into_values();
        Harvest {
            threads: std::iter::once(first).chain(others).collect(),
            lost: active.lost,
            unbalanced: active.unbalanced,
        }
    }

    /// Takes over what a thread that ends has recorded.
    ///
    /// Its records move out of the blocks, so that the rest of the last one is not lost to the others: as much memory
    /// is freed in blocks as the records take outside them.
    fn retire(&mut self, number: u64, recorder: &mut Arc<Recorder>) {
        self.recorders.remove(&number);
        let Some(active) = &mut self.active else { return };
        let mut freed = 0;
        let recorded = collect(recorder, active.session, |block| {
            drop(block);
            freed += 1;
        });
        // Nobody else has the recorder now.
        let mut blocks = Arc::get_mut(recorder).map_or(Vec::new(), |it| it.ring.take_blocks());
        if let Some(mut recorded) = recorded {
            if recorded.records.is_empty() && recorded.remainder.open.is_empty() {
                active.lost += recorded.remainder.dropped;
                active.unbalanced += recorded.remainder.unbalanced;
            } else {
                recorded.died = Some(clock::ticks());
                let bytes = recorded.bytes();
                let needed = (active.retired_bytes + bytes)
                    .div_ceil(BLOCK_BYTES)
                    .saturating_sub(active.withheld);
                while freed < needed {
                    let Some(block) = blocks.pop().or_else(|| self.pool.take()) else { break };
                    drop(block);
                    freed += 1;
                }
                if freed >= needed {
                    freed -= needed;
                    active.withheld += needed;
                    active.retired_bytes += bytes;
                    active.retired.insert(number, recorded);
                } else {
                    active.lost += recorded.spans();
                    active.unbalanced += recorded.remainder.unbalanced;
                }
            }
        }
        for block in blocks.into_iter().chain((0..freed).map(|_| Block::new())) {
            // SAFETY: whoever gives has the registry's lock.
            unsafe { self.pool.give(block) };
        }
    }
}

impl Recorded {
    /// What this takes of the session's memory.
    fn bytes(&self) -> usize {
        self.records.len() * size_of::<Record>()
            + self.remainder.open.len() * size_of::<(u32, u64)>()
            + self.thread.name.len()
            + THREAD_BYTES
    }

    /// Spans that would be lost with this.
    fn spans(&self) -> u64 {
        (self.records.len() + self.remainder.open.len()) as u64 + self.remainder.dropped
    }
}

fn collect(recorder: &Recorder, session: u32, empty: impl FnMut(Box<Block>)) -> Option<Recorded> {
    let mut records = Vec::new();
    // SAFETY: whoever collects has the registry's lock.
    let remainder = unsafe { recorder.collect(session, |record| records.push(record), empty) }?;
    Some(Recorded { thread: recorder.thread.clone(), records, remainder, died: None })
}

/// The number that the system knows the calling thread by; 0 if there is none that is known here.
fn system_thread_id() -> u64 {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: the call has no conditions.
        u64::from(unsafe { libc::gettid() }.unsigned_abs())
    }
    #[cfg(target_os = "macos")]
    {
        let mut id = 0;
        // SAFETY: 0 stands for the calling thread, and the number is written to a variable of the right type.
        unsafe { libc::pthread_threadid_np(0, &mut id) };
        id
    }
    #[cfg(not(any(target_os = "linux", target_os = "macos")))]
    {
        0
    }
}
