//! Whom everything is told.

use std::cell::RefCell;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::clock::{Calibration, Reading};

use super::event::RawEvent;
use super::lane::{Lane, Writer};
use super::ledger::Ledger;
use super::names::Names;
use super::view::View;
use super::{Account, EngineFigures, EngineReading, EventKind, MemoryEvent, MemoryFault};
use super::{MemoryReport, Occasion, Optimization};
use super::{clock, optimizations};

/// How much a tracker remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrackerOptions {
    /// Events that are kept, the latest: 32 bytes each.
    pub history: usize,
    /// Points of a device's timeline: 24 bytes each.
    pub timeline_points: usize,
}

impl Default for TrackerOptions {
    fn default() -> Self {
        Self { history: 16_384, timeline_points: 512 }
    }
}

/// Learns of allocations, frees and transfers from any thread and sums them up.
///
/// A clone is the same tracker. There are two ways to tell it of an event:
///
/// - [`account`](Self::account), once, then [`Account::allocated`] and its siblings, with numbers as ids: quick, for engines;
/// - [`track_allocation`](Self::track_allocation) and its siblings, with names for everything: they answer at once if something
///   is wrong, and are slower.
///
/// Its memory is bounded but for what is held (about 50 bytes for each live allocation): the history keeps the latest
/// events and counts the others; sums and peaks are exact nevertheless.
///
/// How it works: a thread writes its events, each with its time, into a queue of its own. Whoever finds its queue full,
/// or asks for a report, enters the events of all queues into the books in the order of time.
#[derive(Clone, Debug)]
pub struct MemoryTracker {
    pub(super) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(super) struct Inner {
    /// No other tracker of the process has it, or ever had it.
    id: u64,
    enabled: AtomicBool,
    /// Whether more than one thread has ever had a lane. A thread that was told something by another one sees that the
    /// other had a lane before.
    shared: AtomicBool,
    start: Reading,
    /// Nanoseconds since 1970-01-01 UTC.
    started: u64,
    // Whoever holds several of these took them in this order.
    ledger: Mutex<Ledger>,
    names: Mutex<Names>,
    lanes: Mutex<Vec<Arc<Lane>>>,
}

thread_local! {
    /// This thread's ends of the lanes, each with the id of its tracker.
    static WRITERS: RefCell<Vec<(u64, Writer)>> = const { RefCell::new(Vec::new()) };
}

/// A panic elsewhere leaves the books valid: every event is entered whole or not at all.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for MemoryTracker {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryTracker {
    /// A tracker that is on.
    pub fn new() -> Self {
        Self::with_options(TrackerOptions::default())
    }

    /// A tracker that is on and remembers as much as told.
    pub fn with_options(options: TrackerOptions) -> Self {
        let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let inner = Inner {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            enabled: AtomicBool::new(true),
            shared: AtomicBool::new(false),
            start: Reading::now(),
            started: started.as_nanos() as u64,
            ledger: Mutex::new(Ledger::new(&options)),
            names: Mutex::default(),
            lanes: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Turns the tracker on or off. While it is off, events cost next to nothing and are lost: an allocation that was
    /// told before is held for ever if its end falls into that time.
    pub fn set_enabled(&self, enabled: bool) {
        self.inner.enabled.store(enabled, Ordering::Relaxed);
    }

    /// Whether it is on.
    pub fn is_enabled(&self) -> bool {
        self.inner.enabled.load(Ordering::Relaxed)
    }

    /// The quick way in for one purpose on one device. Reports name the place that calls this.
    #[track_caller]
    pub fn account(&self, device: &str, purpose: &str) -> Account {
        let mut ledger = lock(&self.inner.ledger);
        let number = ledger.account(device, purpose, Location::caller());
        let device = ledger.accounts[number as usize].device;
        Account { inner: self.inner.clone(), number, device }
    }

    /// Tells that `bytes` were allocated on a device.
    ///
    /// # Errors
    ///
    /// If the id is live on this device, the size is 0 or no size.
    #[track_caller]
    pub fn track_allocation(
        &self,
        id: &str,
        bytes: u64,
        device: &str,
        purpose: &str,
    ) -> Result<(), MemoryFault> {
        let site = Location::caller();
        self.inner.tell_named(EventKind::Allocation, id, bytes, [device, ""], purpose, site)
    }

    /// Tells that an allocation was freed. It is taken from the purpose with which it was allocated.
    ///
    /// # Errors
    ///
    /// If the id is not live on this device.
    #[track_caller]
    pub fn track_deallocation(
        &self,
        id: &str,
        device: &str,
        purpose: &str,
    ) -> Result<(), MemoryFault> {
        let site = Location::caller();
        self.inner.tell_named(EventKind::Deallocation, id, 0, [device, ""], purpose, site)
    }

    /// Tells that `bytes` were copied from one device to another. What is held where is told by allocations alone, so
    /// that a transfer may be of an id that was never allocated.
    ///
    /// # Errors
    ///
    /// If the size is 0 or no size.
    #[track_caller]
    pub fn track_transfer(
        &self,
        id: &str,
        bytes: u64,
        from: &str,
        to: &str,
        purpose: &str,
    ) -> Result<(), MemoryFault> {
        let site = Location::caller();
        self.inner.tell_named(EventKind::Transfer, id, bytes, [from, to], purpose, site)
    }

    /// Tells how many bytes a device's arena or pool has taken from the system. The share of it that is not held is
    /// told in the report.
    pub fn set_reserved(&self, device: &str, bytes: u64) {
        let mut ledger = lock(&self.inner.ledger);
        let device = ledger.device(device);
        let device = &mut ledger.devices[device as usize];
        (device.reserved, device.arena) = (Some(bytes), None);
    }

    /// Tells which addresses a device's arena has. Ids of allocations on this device that lie in it are taken as
    /// addresses, and the report tells the largest gap among them.
    pub fn set_arena(&self, device: &str, addresses: std::ops::Range<u64>) {
        let mut ledger = lock(&self.inner.ledger);
        let device = ledger.device(device);
        let device = &mut ledger.devices[device as usize];
        device.reserved = Some(addresses.end.saturating_sub(addresses.start));
        device.arena = Some(addresses);
    }

    /// Tells what an engine says of its own memory on a device, once something has been done: sums, where nobody is told of
    /// the single allocations. The latest of each occasion counts. `purpose` is what the memory is for, and `source` says
    /// who counted, and of what: `MLX's allocator, for the whole process`.
    ///
    /// These figures stand beside the sums of events, in [`MemoryReport::engines`], and are not added to them.
    pub fn engine_tells(
        &self,
        device: &str,
        [purpose, source]: [&str; 2],
        occasion: Occasion,
        figures: EngineFigures,
    ) {
        if self.is_enabled() {
            let reading = EngineReading { occasion, at: self.inner.now(), figures };
            lock(&self.inner.ledger).engines.tell([device, purpose, source], Some(reading));
        }
    }

    /// Tells that an engine has no figures of its memory on a device, and why, in a sentence.
    pub fn engine_tells_nothing(&self, device: &str, reason: &str) {
        if self.is_enabled() {
            lock(&self.inner.ledger).engines.tell([device, "", reason], None);
        }
    }

    /// The bytes that are held on a device now.
    pub fn current(&self, device: &str) -> u64 {
        let ledger = self.inner.settled();
        ledger.find_device(device).map_or(0, |found| ledger.devices[found as usize].figures.current)
    }

    /// The most bytes that a device ever held.
    pub fn peak(&self, device: &str) -> u64 {
        let ledger = self.inner.settled();
        ledger.find_device(device).map_or(0, |found| ledger.devices[found as usize].figures.peak)
    }

    /// The latest events, oldest first.
    pub fn events(&self) -> Vec<MemoryEvent> {
        let ledger = self.inner.settled();
        let names = lock(&self.inner.names);
        let view = self.inner.view(&ledger, &names);
        let event = |event: RawEvent| {
            let account = &ledger.accounts[event.account as usize];
            let device = |number: u16| ledger.devices[number as usize].name.clone();
            MemoryEvent {
                at: view.nanoseconds(event.ticks),
                kind: event.kind,
                id: event.id,
                name: names.name(event.id).map(str::to_owned),
                bytes: event.bytes,
                device: device(account.device),
                to: (event.kind == EventKind::Transfer).then(|| device(event.to)),
                purpose: ledger.purposes[account.purpose as usize].name.clone(),
            }
        };
        ledger.history.iter().map(event).collect()
    }

    /// What could be saved on a device, the most important first: [`optimizations`] of the events that are kept.
    pub fn optimizations(&self, device: &str) -> Vec<Optimization> {
        let report = self.report();
        report.device(device).map_or_else(Vec::new, |memory| optimizations(&self.events(), memory))
    }

    /// All figures until now.
    pub fn report(&self) -> MemoryReport {
        let ledger = self.inner.settled();
        let names = lock(&self.inner.names);
        MemoryReport::of(&self.inner.view(&ledger, &names), self.inner.started)
    }
}

impl Inner {
    /// Ticks since the tracker was made.
    #[inline]
    fn now(&self) -> u64 {
        clock::now().saturating_sub(self.start.ticks)
    }

    /// The same, for an event on its way to the lane: the only thread there is keeps its order without being told to.
    #[inline]
    fn time_of_event(&self) -> u64 {
        let now =
            if self.shared.load(Ordering::Relaxed) { clock::now() } else { clock::about_now() };
        now.saturating_sub(self.start.ticks)
    }

    #[inline]
    pub(super) fn tell(&self, kind: EventKind, id: u64, bytes: u64, account: u32, to: u16) {
        if !self.enabled.load(Ordering::Relaxed) {
            return;
        }
        let event = RawEvent { ticks: self.time_of_event(), id, bytes, account, to, kind };
        let pushed = WRITERS.try_with(|writers| match writers.borrow_mut().first_mut() {
            Some((tracker, writer)) if *tracker == self.id => writer.push(event),
            _ => false,
        });
        if !matches!(pushed, Ok(true)) {
            self.tell_slowly(event);
        }
    }

    /// Tells when the lane is full, is not the thread's first, or is yet to be made.
    #[cold]
    fn tell_slowly(&self, event: RawEvent) {
        let mut ledger = self.settled();
        // A thread that is ending has no lane any more.
        let _ = WRITERS.try_with(|writers| {
            let mut writers = writers.borrow_mut();
            match writers.iter().position(|(tracker, _)| *tracker == self.id) {
                // The latest used comes first.
                Some(position) => writers.swap(0, position),
                None => {
                    writers.retain(|(_, writer)| !writer.is_abandoned());
                    let (writer, lane) = Writer::new();
                    let mut lanes = lock(&self.lanes);
                    lanes.push(lane);
                    if lanes.len() > 1 {
                        self.shared.store(true, Ordering::Relaxed);
                    }
                    drop(lanes);
                    writers.insert(0, (self.id, writer));
                }
            }
        });
        // Faults of the quick way are counted and nothing else.
        let _ = ledger.enter(event);
    }

    fn tell_named(
        &self,
        kind: EventKind,
        id: &str,
        bytes: u64,
        [device, to]: [&str; 2],
        purpose: &str,
        site: &'static Location<'static>,
    ) -> Result<(), MemoryFault> {
        if !self.enabled.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut ledger = self.settled();
        let mut names = lock(&self.names);
        let id = names.number(id);
        let account = ledger.account(device, purpose, site);
        let to = if kind == EventKind::Transfer { ledger.device(to) } else { 0 };
        let entered = ledger.enter(RawEvent { ticks: self.now(), id, bytes, account, to, kind });
        if kind != EventKind::Allocation {
            names.freed(id, ledger.count_live());
        }
        entered
    }

    fn view<'a>(&self, ledger: &'a Ledger, names: &'a Names) -> View<'a> {
        let time = Calibration::new(self.start, Reading::now());
        View { ledger, names, time, now: self.now() }
    }

    /// The ledger with all events entered that were told before.
    fn settled(&self) -> MutexGuard<'_, Ledger> {
        let mut ledger = lock(&self.ledger);
        // Every event that somebody told because of one before this time is told after it. What is later waits for the
        // next time, so that no effect is entered before its cause.
        let horizon = self.now();
        clock::hold_loads();
        let mut lanes = lock(&self.lanes);
        if let [lane] = &lanes[..] {
            lane.take(horizon, |event| _ = ledger.enter(event));
        } else {
            let mut batch = Vec::new();
            lanes.iter().for_each(|lane| lane.take(horizon, |event| batch.push(event)));
            // Stable, because events of one thread at one time are in order.
            batch.sort_by_key(|event| event.ticks);
            batch.into_iter().for_each(|event| _ = ledger.enter(event));
        }
        lanes.retain(|lane| !lane.is_finished());
        drop(lanes);
        ledger
    }
}
