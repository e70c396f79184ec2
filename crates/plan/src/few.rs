//! A few plain buffers, planned without making anything ready.

use std::cmp::Reverse;

use crate::plan::Plan;
use crate::problem::{Buffer, Problem};

/// Up to so many buffers, what the general way would make ready takes longer than the planning.
const FEW: usize = 8;

/// The plan of a few buffers with places of their own and one alignment, by first fit, those that live longest first;
/// `None` if they are not of this kind, or if the plan needs more than the bytes that are alive at once.
pub(crate) fn few(problem: &Problem) -> Option<Plan> {
    let buffers = &problem.buffers;
    let plain = |buffer: &Buffer| {
        buffer.alias.is_none()
            && buffer.in_place.is_none()
            && buffer.alignment.is_none_or(|alignment| alignment == problem.alignment)
            && buffer.lifetime.start < buffer.lifetime.end
            // So that no sum overflows.
            && buffer.size > 0
            && buffer.size < 1 << 48
    };
    let fits = buffers.len() <= FEW && (1..1 << 48).contains(&problem.alignment);
    if !fits || !buffers.iter().all(plain) {
        return None;
    }
    let end = buffers.iter().map(|buffer| buffer.lifetime.end).max()?;
    let mut items = [Item::default(); FEW];
    let items = &mut items[..buffers.len()];
    for (index, (item, buffer)) in items.iter_mut().zip(buffers).enumerate() {
        let always = buffer.persistent;
        *item = Item {
            index,
            start: if always { 0 } else { buffer.lifetime.start },
            end: if always { end } else { buffer.lifetime.end },
            size: buffer.size,
            padded: buffer.size.next_multiple_of(problem.alignment),
            offset: 0,
        };
    }
    let lower_bound = lower_bound(items);
    items.sort_unstable_by_key(|item| (Reverse(item.end - item.start), Reverse(item.size)));
    let mut peak = first_fit(items);
    if peak > lower_bound {
        // Only the highest buffer can do without its gap.
        let widest = (0..items.len()).max_by_key(|place| items[*place].gap())?;
        items[widest..].rotate_left(1);
        peak = first_fit(items);
    }
    let mut offsets = vec![0; items.len()];
    for item in items {
        offsets[item.index] = item.offset;
    }
    (peak == lower_bound).then_some(Plan { offsets, peak, lower_bound })
}

/// Gives each item, one after the other, the lowest offset that is free for all its life; tells where the highest ends.
fn first_fit(items: &mut [Item]) -> u64 {
    let mut peak = 0;
    for place in 0..items.len() {
        let (placed, rest) = items.split_at_mut(place);
        let item = &mut rest[0];
        item.offset = 0;
        while let Some(below) = placed.iter().find(|other| other.meets(item)) {
            item.offset = below.offset + below.padded;
        }
        peak = peak.max(item.offset + item.size);
    }
    peak
}

#[derive(Clone, Copy, Default)]
struct Item {
    /// Its buffer's.
    index: usize,
    start: u64,
    end: u64,
    size: u64,
    /// The size with the gap up to where the next buffer may begin.
    padded: u64,
    offset: u64,
}

impl Item {
    fn gap(&self) -> u64 {
        self.padded - self.size
    }

    /// Whether the two are alive at one step and have bytes in common.
    fn meets(&self, other: &Self) -> bool {
        self.start < other.end
            && other.start < self.end
            && self.offset < other.offset + other.padded
            && other.offset < self.offset + self.padded
    }
}

/// The most bytes that are alive at one step: all but the highest buffer fill what the alignment makes of them.
fn lower_bound(items: &[Item]) -> u64 {
    // The most is alive where something is born.
    let at = |step: u64| {
        let alive = items.iter().filter(|item| (item.start..item.end).contains(&step));
        let (bytes, slack) =
            alive.fold((0, 0), |(bytes, slack), item| (bytes + item.padded, slack.max(item.gap())));
        bytes - slack
    };
    items.iter().map(|item| at(item.start)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Limits, check, plan};

    fn buffer() -> impl Strategy<Value = Buffer> {
        (0..6_u64, 1..4_u64, 1..300_u64, any::<bool>()).prop_map(|(start, length, size, always)| {
            let buffer = Buffer::new(start..start + length, size);
            if always { buffer.persistent() } else { buffer }
        })
    }

    proptest! {
        #[test]
        fn a_plan_is_right_and_as_low_as_the_general_way_says(
            buffers in prop::collection::vec(buffer(), 0..=FEW),
            alignment in prop::sample::select(vec![1_u64, 3, 16, 64]),
        ) {
            let problem = Problem::new(buffers).with_alignment(alignment);
            // A buffer without bytes takes no part, and sends the problem the general way.
            let mut other = problem.clone();
            other.buffers.push(Buffer::new(0..1, 0));
            let general = plan(&other, &Limits::default()).unwrap();
            if let Some(plan) = few(&problem) {
                prop_assert_eq!(check(&problem, &plan), Ok(()));
                prop_assert_eq!(plan.lower_bound, general.lower_bound);
                prop_assert!(plan.peak <= general.peak);
            }
        }
    }
}
