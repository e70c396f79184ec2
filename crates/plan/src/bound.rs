//! How little memory any plan needs.

use std::collections::BTreeMap;

use crate::groups::Groups;
use crate::problem::Problem;

/// The most bytes alive at one step, whatever the planner decides.
///
/// Where a buffer may take over another's place, their common bytes count once. Each buffer but the highest fills
/// the granules that it touches, because the next one is aligned.
///
/// The sizes, rounded up, must add up to less than 2⁶⁴.
pub(crate) fn lower_bound(problem: &Problem, groups: &Groups) -> u64 {
    let granularity = groups.granularity();
    // (time, whether born, size in whole granules, slack in the last granule)
    let mut events: Vec<(u64, bool, u64, u64)> = Vec::new();
    let padded = |size: u64| size.next_multiple_of(granularity);
    // For each group, the bytes of it that another may take over.
    let mut saved: Vec<u64> = Vec::new();
    for (index, group) in groups.groups.iter().enumerate() {
        if group.size == 0 {
            continue;
        }
        let size = padded(group.size);
        events.push((group.lifetime.start, true, size, size - group.size));
        events.push((group.lifetime.end, false, size, size - group.size));
        if let Some((source, offset)) = groups.may_take_over(problem, index) {
            let common = padded(groups.groups[source].size - offset).min(size);
            saved.resize(groups.groups.len(), 0);
            saved[source] = saved[source].max(common);
        }
    }
    events.sort_unstable();
    let mut savings: Vec<(u64, u64)> = (saved.iter().zip(&groups.groups))
        .filter(|(bytes, _)| **bytes > 0)
        .map(|(bytes, group)| (group.lifetime.end - 1, *bytes))
        .collect();
    savings.sort_unstable();
    let mut savings = savings.into_iter().peekable();
    let (mut bound, mut alive) = (0, 0);
    let mut slacks: BTreeMap<u64, usize> = BTreeMap::new();
    let mut events = events.into_iter().peekable();
    while let Some(&(time, ..)) = events.peek() {
        // Deaths sort before births.
        while let Some((_, born, size, slack)) = events.next_if(|event| event.0 == time) {
            if born {
                alive += size;
            } else {
                alive -= size;
            }
            if slack > 0 {
                let count = slacks.entry(slack).or_default();
                *count = if born { *count + 1 } else { *count - 1 };
                if *count == 0 {
                    slacks.remove(&slack);
                }
            }
        }
        let mut shared = 0;
        while let Some((_, bytes)) = savings.next_if(|saving| saving.0 == time) {
            shared += bytes;
        }
        // What dies after the step at which memory is shared ends there, so these savings hold for all of the interval
        // up to the next event.
        let slack = slacks.last_key_value().map_or(0, |(slack, _)| *slack);
        bound = bound.max((alive - shared).saturating_sub(slack));
    }
    bound
}
