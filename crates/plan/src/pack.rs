//! The packing strategies, from the quickest to the most thorough.

use std::cmp::Reverse;

use crate::first_fit::first_fit;
use crate::item::{Instance, Item};
use crate::limits::Limits;
use crate::skyline::skyline;

/// Up to so many items, first fit in several orders is quicker than anything else.
const FEW: usize = 2_000;

/// Offsets with a peak that is at most the goal, if one is found; else the lowest found.
pub(crate) fn pack(instance: &Instance, goal: u64, limits: &Limits<'_>) -> Vec<u64> {
    let goal = goal.max(instance.bound());
    let mut best = Best { offsets: Vec::new(), peak: u64::MAX };
    let _ = limits;
    let area = |item: &Item| u128::from(item.size) * u128::from(item.length());
    let orders: [&dyn Fn(&Item) -> (u128, u128); 4] = [
        &|item| (u128::from(item.length()), u128::from(item.size)),
        &|item| (u128::from(item.size), u128::from(item.length())),
        &|item| (area(item), u128::from(item.length())),
        &|item| (area(item), u128::from(item.size)),
    ];
    for key in orders {
        let order = order_by(&instance.items, key);
        best.offer(instance, skyline(instance, &ranks(&order)));
        if best.peak <= goal {
            break;
        }
        if instance.items.len() <= FEW {
            best.offer(instance, first_fit(instance, &order));
            if best.peak <= goal {
                break;
            }
        }
    }
    best.offsets
}

/// The best packing so far.
struct Best {
    offsets: Vec<u64>,
    peak: u64,
}

impl Best {
    fn offer(&mut self, instance: &Instance, offsets: Vec<u64>) {
        let peak = instance.peak(&offsets);
        if peak < self.peak {
            *self = Self { offsets, peak };
        }
    }
}

/// The items, the one with the greatest key first.
fn order_by<K: Ord>(items: &[Item], key: impl Fn(&Item) -> K) -> Vec<u32> {
    let mut order: Vec<u32> = (0..items.len() as u32).collect();
    order.sort_by_cached_key(|&index| Reverse(key(&items[index as usize])));
    order
}

/// The place of each item in the order.
fn ranks(order: &[u32]) -> Vec<u32> {
    let mut ranks = vec![0; order.len()];
    for (rank, &index) in order.iter().enumerate() {
        ranks[index as usize] = rank as u32;
    }
    ranks
}
