//! The numbers that spans name operations by.

use std::collections::HashMap;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use super::recorder::OPERATION_BITS;
use crate::trace::{Operation, Work};

/// An operation that spans can be recorded of: a number, valid for the whole process and in all of its sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OperationId(pub(super) u32);

impl OperationId {
    /// Makes an operation known. The same operation gets the same number again. Takes a lock and may allocate, so do it
    /// where a model is loaded and not where it runs.
    ///
    /// A process has room for a million operations; what comes after them shares one that is named so.
    pub fn register(operation: Operation) -> Self {
        Self(dynamic().register(operation))
    }
}

/// A place in a program: what the macro [`span!`](crate::span!) keeps of it.
#[derive(Debug)]
pub struct Site {
    name: &'static str,
    category: &'static str,
    /// 0 as long as there is none.
    id: AtomicU32,
    next: AtomicPtr<Site>,
}

impl Site {
    /// A place with the operation's name and category.
    pub const fn new(name: &'static str, category: &'static str) -> Self {
        Self { name, category, id: AtomicU32::new(0), next: AtomicPtr::new(ptr::null_mut()) }
    }

    /// The operation's number.
    #[inline]
    pub fn id(&'static self) -> OperationId {
        match self.id.load(Ordering::Relaxed) {
            0 => self.intern(),
            id => OperationId(id),
        }
    }

    /// Takes a number, and enters the site in the list of all. Without a lock, as it happens in the middle of a
    /// program.
    #[cold]
    #[inline(never)]
    fn intern(&'static self) -> OperationId {
        let id = next_id();
        if let Err(other) = self.id.compare_exchange(0, id, Ordering::Relaxed, Ordering::Relaxed) {
            return OperationId(other);
        }
        let mut head = SITES.load(Ordering::Relaxed);
        loop {
            self.next.store(head, Ordering::Relaxed);
            let site = ptr::from_ref(self).cast_mut();
            match SITES.compare_exchange_weak(head, site, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return OperationId(id),
                Err(now) => head = now,
            }
        }
    }
}

/// The sites that have a number, as a linked list.
static SITES: AtomicPtr<Site> = AtomicPtr::new(ptr::null_mut());

static NEXT: AtomicU32 = AtomicU32::new(1);

/// The number that operations share when there are no more.
const SHARED: u32 = (1 << OPERATION_BITS) - 1;

fn next_id() -> u32 {
    NEXT.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |id| (id < SHARED).then_some(id + 1))
        .unwrap_or(SHARED)
}

/// The operations that were registered.
#[derive(Default)]
struct Dynamic {
    ids: HashMap<Key, u32>,
    list: Vec<(u32, Operation)>,
}

#[derive(PartialEq, Eq, Hash)]
struct Key {
    texts: [String; 4],
    work: Option<[u64; 3]>,
}

impl Key {
    fn new(operation: &Operation) -> Self {
        let Operation { name, category, device, detail, work } = operation.clone();
        let work = work.map(|Work { flops, bytes, transferred }| {
            [flops.to_bits(), bytes.to_bits(), transferred.to_bits()]
        });
        Self { texts: [name, category, device, detail], work }
    }
}

impl Dynamic {
    fn register(&mut self, operation: Operation) -> u32 {
        *self.ids.entry(Key::new(&operation)).or_insert_with(|| {
            let id = next_id();
            if id != SHARED {
                self.list.push((id, operation));
            }
            id
        })
    }
}

fn dynamic() -> MutexGuard<'static, Dynamic> {
    static DYNAMIC: LazyLock<Mutex<Dynamic>> = LazyLock::new(Mutex::default);
    DYNAMIC.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The operations of a trace, in the order in which its spans first name them; equal ones once.
pub(super) struct Positions {
    known: HashMap<u32, Operation>,
    by_id: HashMap<u32, u32>,
    by_operation: HashMap<Key, u32>,
    pub operations: Vec<Operation>,
}

impl Positions {
    /// No operations yet, of all that have a number.
    pub fn new() -> Self {
        let mut known: HashMap<u32, Operation> = dynamic().list.iter().cloned().collect();
        let mut site = SITES.load(Ordering::Acquire);
        // SAFETY: the list holds references to statics; `next` was written before the site was entered.
        while let Some(it) = unsafe { site.as_ref() } {
            let operation = Operation::new(it.name).with_category(it.category);
            known.insert(it.id.load(Ordering::Relaxed), operation);
            site = it.next.load(Ordering::Relaxed);
        }
        known.insert(SHARED, Operation::new("(more operations)"));
        Self { known, by_id: HashMap::new(), by_operation: HashMap::new(), operations: Vec::new() }
    }

    /// Where the operation with a number is to be found.
    pub fn of(&mut self, id: u32) -> u32 {
        if let Some(position) = self.by_id.get(&id) {
            return *position;
        }
        // A site has its number a moment before it is in the list.
        let operation = self.known.remove(&id).unwrap_or_else(|| Operation::new("(unknown)"));
        let position = *self.by_operation.entry(Key::new(&operation)).or_insert_with(|| {
            self.operations.push(operation);
            self.operations.len() as u32 - 1
        });
        self.by_id.insert(id, position);
        position
    }
}
