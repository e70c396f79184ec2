//! Buffers that are freed and allocated again in the same size.

use std::collections::{BTreeMap, HashMap};

use crate::memory::{EventKind, MemoryEvent};

use super::window::Window;
use super::{Effort, Optimization, OptimizationKind, Saving};

/// Fewer allocations than this that a pool would serve are not worth one.
const FEWEST: usize = 8;

/// What a pool of one purpose would do.
#[derive(Default)]
struct Pool<'a> {
    /// Buffers that lie in it, by size.
    idle: HashMap<u64, u64>,
    /// Bytes of buffers that had to be made.
    made: u64,
    allocations: u64,
    served: Vec<&'a MemoryEvent>,
}

/// Plays the events with a pool that keeps each freed buffer for the next of the same purpose and size.
pub(super) fn find(window: &Window<'_>) -> Vec<Optimization> {
    let mut pools: BTreeMap<&str, Pool<'_>> = BTreeMap::new();
    for event in &window.events {
        let pool = pools.entry(&event.purpose).or_default();
        match event.kind {
            EventKind::Allocation => {
                pool.allocations += 1;
                match pool.idle.get_mut(&event.bytes).filter(|idle| **idle > 0) {
                    Some(idle) => {
                        *idle -= 1;
                        pool.served.push(event);
                    }
                    None => pool.made = pool.made.saturating_add(event.bytes),
                }
            }
            EventKind::Deallocation => *pool.idle.entry(event.bytes).or_default() += 1,
            EventKind::Transfer => {}
        }
    }
    let worth = pools.into_iter().filter(|(_, pool)| pool.served.len() >= FEWEST);
    let proposals = worth.filter_map(|(purpose, pool)| {
        let saved = pool.served.iter().fold(0_u64, |sum, event| sum.saturating_add(event.bytes));
        window.proposal(
            (OptimizationKind::Pool, Effort::Medium),
            (saved, Saving::Requested),
            &pool.served,
            format!(
                "`{purpose}`: {} of {} allocations have the size of a buffer that was freed before. A pool that keeps them \
                 would ask for {} bytes instead of {}.",
                pool.served.len(),
                pool.allocations,
                pool.made,
                pool.made.saturating_add(saved),
            ),
        )
    });
    proposals.collect()
}
