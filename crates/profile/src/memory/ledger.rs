//! The books: every event in the order of time, each exactly once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;
use std::panic::Location;

use super::engine::Engines;
use super::event::RawEvent;
use super::history::History;
use super::lifetimes::Lifetimes;
use super::live::{Held, Live};
use super::timeline::Timeline;
use super::{EventKind, Faults, Figures, MemoryFault, TrackerOptions};

/// More devices than any machine has; what comes after is `other`.
const MOST_DEVICES: usize = 1024;
/// More places that allocate than a program has; what comes after is `other`.
const MOST_ACCOUNTS: usize = 16_384;
const OTHER: &str = "other";
/// Among so many of the latest events it is looked up whether an unknown id was freed.
const REMEMBERED: usize = 4096;

/// All that was ever told, summed up. It belongs to one thread at a time.
#[derive(Debug)]
pub(super) struct Ledger {
    pub devices: Vec<Device>,
    pub purposes: Vec<Purpose>,
    pub accounts: Vec<AccountState>,
    pub history: History,
    /// Transfers and bytes, from device to device.
    pub traffic: HashMap<(u16, u16), (u64, u64)>,
    pub faults: Faults,
    pub engines: Engines,
    timeline_points: usize,
    device_names: HashMap<String, u16>,
    purpose_names: HashMap<(u16, String), u32>,
    account_places: HashMap<(u32, &'static Location<'static>), u32>,
}

#[derive(Debug)]
pub(super) struct Device {
    pub name: String,
    pub figures: Figures,
    pub live: Live,
    pub timeline: Timeline,
    pub reserved: Option<u64>,
    /// Addresses that the reserved bytes have.
    pub arena: Option<Range<u64>>,
}

/// One purpose on one device.
#[derive(Debug)]
pub(super) struct Purpose {
    pub name: String,
    pub device: u16,
    pub figures: Figures,
}

/// One purpose on one device from one place of the program.
#[derive(Debug)]
pub(super) struct AccountState {
    pub device: u16,
    pub purpose: u32,
    pub site: &'static Location<'static>,
    /// Allocations until now; the greatest number stands for all beyond it.
    pub allocations: u32,
    pub lifetimes: Lifetimes,
}

impl Ledger {
    pub(super) fn new(options: &TrackerOptions) -> Self {
        Self {
            devices: Vec::new(),
            purposes: Vec::new(),
            accounts: Vec::new(),
            history: History::new(options.history),
            traffic: HashMap::new(),
            faults: Faults::default(),
            engines: Engines::default(),
            timeline_points: options.timeline_points,
            device_names: HashMap::new(),
            purpose_names: HashMap::new(),
            account_places: HashMap::new(),
        }
    }

    pub(super) fn find_device(&self, name: &str) -> Option<u16> {
        self.device_names.get(name).copied()
    }

    /// The number of a device.
    pub(super) fn device(&mut self, mut name: &str) -> u16 {
        if let Some(device) = self.device_names.get(name) {
            return *device;
        }
        if self.devices.len() >= MOST_DEVICES {
            self.faults.count(MemoryFault::TooManyNames);
            name = OTHER;
            if let Some(device) = self.device_names.get(name) {
                return *device;
            }
        }
        let device = self.devices.len() as u16;
        self.devices.push(Device {
            name: name.to_owned(),
            figures: Figures::default(),
            live: Live::default(),
            timeline: Timeline::new(self.timeline_points),
            reserved: None,
            arena: None,
        });
        self.device_names.insert(name.to_owned(), device);
        device
    }

    /// The number of an account.
    pub(super) fn account(
        &mut self,
        device: &str,
        mut purpose: &str,
        site: &'static Location<'static>,
    ) -> u32 {
        let device = self.device(device);
        let full = self.accounts.len() >= MOST_ACCOUNTS;
        let mut key = (device, purpose.to_owned());
        if full && !self.purpose_names.contains_key(&key) {
            self.faults.count(MemoryFault::TooManyNames);
            purpose = OTHER;
            key.1 = OTHER.to_owned();
        }
        let purpose = *self.purpose_names.entry(key).or_insert_with(|| {
            self.purposes.push(Purpose {
                name: purpose.to_owned(),
                device,
                figures: Figures::default(),
            });
            self.purposes.len() as u32 - 1
        });
        *self.account_places.entry((purpose, site)).or_insert_with(|| {
            let lifetimes = Lifetimes::default();
            self.accounts.push(AccountState { device, purpose, site, allocations: 0, lifetimes });
            self.accounts.len() as u32 - 1
        })
    }

    /// Enters one event; says and counts what is wrong with it.
    #[inline]
    pub(super) fn enter(&mut self, event: RawEvent) -> Result<(), MemoryFault> {
        let entered = match event.kind {
            EventKind::Allocation => self.allocate(event),
            EventKind::Deallocation => self.free(event),
            EventKind::Transfer => self.transfer(event),
        };
        if let Err(fault) = entered {
            self.faults.count(fault);
        }
        entered
    }

    #[inline]
    fn allocate(&mut self, event: RawEvent) -> Result<(), MemoryFault> {
        let RawEvent { ticks, id, bytes, account, .. } = event;
        let state = &mut self.accounts[account as usize];
        let device = &mut self.devices[state.device as usize];
        let Entry::Vacant(entry) = device.live.entry(id) else {
            return Err(MemoryFault::AllocatedTwice);
        };
        device.figures.allocate(bytes, ticks)?;
        // What the device's sums can hold, those of its part can.
        self.purposes[state.purpose as usize].figures.allocate(bytes, ticks)?;
        entry.insert(Held { bytes, since: ticks, account, position: state.allocations });
        state.allocations = state.allocations.saturating_add(1);
        device.timeline.record(ticks, device.figures.current);
        self.history.push(event);
        if bytes == 0 { Err(MemoryFault::ZeroBytes) } else { Ok(()) }
    }

    #[inline]
    fn free(&mut self, event: RawEvent) -> Result<(), MemoryFault> {
        let RawEvent { ticks, id, .. } = event;
        let number = self.accounts[event.account as usize].device;
        let device = &mut self.devices[number as usize];
        let Some(Held { bytes, account, position, .. }) = device.live.remove(&id) else {
            return Err(self.why_not_held(id, number));
        };
        device.figures.free(bytes);
        device.timeline.record(ticks, device.figures.current);
        // The purpose is the one of the allocation: a sum would be wrong if it grew here and shrank there.
        let state = &mut self.accounts[account as usize];
        state.lifetimes.record((state.allocations - position).into());
        self.purposes[state.purpose as usize].figures.free(bytes);
        self.history.push(RawEvent { bytes, account, ..event });
        Ok(())
    }

    #[cold]
    fn why_not_held(&self, id: u64, device: u16) -> MemoryFault {
        let freed = |event: RawEvent| {
            event.kind == EventKind::Deallocation
                && event.id == id
                && self.accounts[event.account as usize].device == device
        };
        match self.history.latest().take(REMEMBERED).any(freed) {
            true => MemoryFault::FreedTwice,
            false => MemoryFault::UnknownId,
        }
    }

    /// How many allocations are held on all devices.
    pub(super) fn count_live(&self) -> usize {
        self.devices.iter().map(|device| device.live.len()).sum()
    }

    fn transfer(&mut self, event: RawEvent) -> Result<(), MemoryFault> {
        let from = self.accounts[event.account as usize].device;
        let (count, bytes) = self.traffic.entry((from, event.to)).or_default();
        *bytes = bytes.checked_add(event.bytes).ok_or(MemoryFault::Overflow)?;
        *count += 1;
        self.history.push(event);
        if event.bytes == 0 { Err(MemoryFault::ZeroBytes) } else { Ok(()) }
    }
}
