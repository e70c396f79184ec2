//! First fit: one item after the other, each at the lowest offset that is free for all its lifetime.

use crate::item::Instance;

/// Offsets for all items, placed in the given order. Takes time quadratic in their number.
pub(crate) fn first_fit(instance: &Instance, order: &[u32]) -> Vec<u64> {
    let items = &instance.items;
    let mut offsets = vec![0; items.len()];
    // What has been placed, by offset.
    let mut placed: Vec<u32> = Vec::with_capacity(items.len());
    for &index in order {
        let item = &items[index as usize];
        let mut offset: u64 = 0;
        for &other in &placed {
            let (other, start) = (&items[other as usize], offsets[other as usize]);
            if item.overlaps(other) {
                if offset + item.size <= start {
                    break;
                }
                offset = offset.max((start + other.size).next_multiple_of(item.alignment));
            }
        }
        offsets[index as usize] = offset;
        let at = placed.partition_point(|&other| offsets[other as usize] <= offset);
        placed.insert(at, index);
    }
    offsets
}
