//! What is kept of allocations while they are recorded.
//!
//! The record itself needs memory. A mark on the thread keeps that memory out of the record, and keeps a thread
//! from waiting for a lock that it holds.

use std::cell::Cell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::HeapReport;
use super::frames::{Addresses, capture};

/// Whether allocations are recorded.
static ON: AtomicBool = AtomicBool::new(false);
/// One allocation in so many is recorded.
static PERIOD: AtomicU64 = AtomicU64::new(1);
static SESSION: Mutex<Option<Session>> = Mutex::new(None);
static SITES: Mutex<Option<Sites>> = Mutex::new(None);

const SHARDS: usize = 64;
/// The recorded allocations that are not freed, by address.
static LIVE: [Mutex<Option<Live>>; SHARDS] = [const { Mutex::new(None) }; SHARDS];

type Live = HashMap<usize, Allocation, BuildHasherDefault<AddressHasher>>;

thread_local! {
    static RECORDING: Cell<bool> = const { Cell::new(false) };
    static UNTIL_NEXT: Cell<u64> = const { Cell::new(0) };
    static RANDOM: Cell<u64> = const { Cell::new(0x9e37_79b9_7f4a_7c15) };
}

/// A recorded allocation.
#[derive(Clone, Copy)]
pub(super) struct Allocation {
    site: u32,
    size: usize,
}

#[derive(Clone, Copy)]
struct Session {
    began: Instant,
    started: u64,
}

#[derive(Default)]
pub(super) struct Sites {
    positions: HashMap<Addresses, u32>,
    pub list: Vec<(Addresses, Counts)>,
    pub total: Counts,
}

/// What was counted at a place.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub allocations: u64,
    pub bytes: u64,
    pub live: u64,
    pub live_bytes: u64,
    pub peak_bytes: u64,
}

impl Counts {
    fn add(&mut self, size: usize) {
        self.allocations += 1;
        self.bytes += size as u64;
        self.appear(size);
    }

    fn appear(&mut self, size: usize) {
        self.live += 1;
        self.live_bytes += size as u64;
        self.peak_bytes = self.peak_bytes.max(self.live_bytes);
    }

    fn vanish(&mut self, size: usize) {
        self.live = self.live.saturating_sub(1);
        self.live_bytes = self.live_bytes.saturating_sub(size as u64);
    }
}

/// Marks that the thread is inside the record.
struct Inside;

impl Inside {
    fn enter() -> Option<Self> {
        let entered = RECORDING.try_with(|recording| !recording.replace(true));
        // One that is made and dropped would take the mark away.
        if entered.unwrap_or(false) { Some(Self) } else { None }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let _gone = RECORDING.try_with(|recording| recording.set(false));
    }
}

/// Begins to record one allocation in so many, at random; 1 records all. What was recorded before is forgotten.
///
/// Without [`HeapSites`](super::HeapSites) as the program's allocator nothing is ever recorded.
pub fn start(period: u64) {
    let _inside = Inside::enter();
    clear();
    PERIOD.store(period.max(1), Ordering::Relaxed);
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    *lock(&SESSION) =
        Some(Session { began: Instant::now(), started: since_epoch.as_nanos() as u64 });
    *lock(&SITES) = Some(Sites::default());
    ON.store(true, Ordering::SeqCst);
}

/// Ends the record, and says what was allocated where; empty if nothing was being recorded.
///
/// Names are looked up here, which takes a while the first time.
pub fn stop() -> HeapReport {
    let _inside = Inside::enter();
    ON.store(false, Ordering::SeqCst);
    let session = lock(&SESSION).take();
    let sites = lock(&SITES).take().unwrap_or_default();
    clear();
    let (started, wall) = session
        .map_or((0, 0), |session| (session.started, session.began.elapsed().as_nanos() as u64));
    HeapReport::new(started, wall, PERIOD.load(Ordering::Relaxed), sites)
}

fn clear() {
    for shard in &LIVE {
        *lock(shard) = None;
    }
}

pub(super) fn allocated(pointer: *mut u8, size: usize) {
    if !ON.load(Ordering::Relaxed) || pointer.is_null() {
        return;
    }
    let Some(_inside) = Inside::enter() else { return };
    if !is_chosen() {
        return;
    }
    let addresses = capture();
    let mut guard = lock(&SITES);
    // It may have ended since.
    let Some(sites) = guard.as_mut() else { return };
    let next = sites.list.len() as u32;
    let site = *sites.positions.entry(addresses).or_insert(next);
    if site == next {
        sites.list.push((addresses, Counts::default()));
    }
    sites.list[site as usize].1.add(size);
    sites.total.add(size);
    drop(guard);
    let live = &mut *lock(shard(pointer));
    live.get_or_insert_default().insert(pointer as usize, Allocation { site, size });
}

/// Forgets an allocation, and says what it was if it was recorded.
pub(super) fn freed(pointer: *mut u8) -> Option<Allocation> {
    if !ON.load(Ordering::Relaxed) {
        return None;
    }
    let _inside = Inside::enter()?;
    let allocation = lock(shard(pointer)).as_mut()?.remove(&(pointer as usize))?;
    count(allocation, Counts::vanish);
    Some(allocation)
}

/// Takes back that an allocation was freed.
pub(super) fn still_there(pointer: *mut u8, allocation: Option<Allocation>) {
    if let Some(allocation) = allocation
        && let Some(_inside) = Inside::enter()
    {
        count(allocation, Counts::appear);
        lock(shard(pointer)).get_or_insert_default().insert(pointer as usize, allocation);
    }
}

fn count(allocation: Allocation, change: fn(&mut Counts, usize)) {
    if let Some(sites) = lock(&SITES).as_mut() {
        if let Some((_, counts)) = sites.list.get_mut(allocation.site as usize) {
            change(counts, allocation.size);
        }
        change(&mut sites.total, allocation.size);
    }
}

/// Whether this allocation is one of those to be recorded: gaps are random, with the period as their mean.
fn is_chosen() -> bool {
    let period = PERIOD.load(Ordering::Relaxed);
    if period == 1 {
        return true;
    }
    UNTIL_NEXT.with(|until| {
        if until.get() > 0 {
            until.set(until.get() - 1);
            return false;
        }
        // Marsaglia's xorshift; the address of the thread's own state makes threads differ.
        RANDOM.with(|random| {
            let mut state = random.get() ^ (std::ptr::from_ref(random) as u64).rotate_left(32);
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            random.set(state);
            until.set(state % (2 * period - 1));
        });
        true
    })
}

fn shard(pointer: *mut u8) -> &'static Mutex<Option<Live>> {
    let mut hasher = AddressHasher::default();
    hasher.write_usize(pointer as usize);
    &LIVE[(hasher.finish() >> 32) as usize % SHARDS]
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Addresses differ in their middle bits; a multiplication spreads these.
#[derive(Default)]
struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_usize(byte.into());
        }
    }

    fn write_usize(&mut self, address: usize) {
        let spread = (self.0 ^ (address as u64 >> 4)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = spread ^ (spread >> 29);
    }
}
