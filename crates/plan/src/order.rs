//! Orders in which items are placed.

use std::cmp::Reverse;

use crate::item::Item;

/// What an item is compared by; the greatest goes first.
pub(crate) type Key = fn(&Item) -> (u128, u128);

/// The orders that are tried first, the most successful ahead.
pub(crate) const QUICK_KEYS: [Key; 4] = [
    |item| (u128::from(item.length()), u128::from(item.size)),
    |item| (u128::from(item.size), u128::from(item.length())),
    |item| (area(item), u128::from(item.length())),
    |item| (area(item), u128::from(item.size)),
];

fn area(item: &Item) -> u128 {
    u128::from(item.size) * u128::from(item.length())
}

/// The items, the one with the greatest key first.
pub(crate) fn order_by(items: &[Item], key: Key) -> Vec<u32> {
    let mut order: Vec<u32> = (0..items.len() as u32).collect();
    order.sort_by_cached_key(|&index| Reverse(key(&items[index as usize])));
    order
}

/// The items, the one with the greatest weight first.
pub(crate) fn order_by_weights(weights: &[(f64, f64)]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..weights.len() as u32).collect();
    order.sort_by(|&a, &b| {
        let (a, b) = (weights[a as usize], weights[b as usize]);
        b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1))
    });
    order
}

/// The place of each item in the order.
pub(crate) fn ranks(order: &[u32]) -> Vec<u32> {
    let mut ranks = vec![0; order.len()];
    for (rank, &index) in order.iter().enumerate() {
        ranks[index as usize] = rank as u32;
    }
    ranks
}
