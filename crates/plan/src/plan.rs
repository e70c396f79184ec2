//! From a problem to a plan.

use crate::bound::lower_bound;
use crate::check::check;
use crate::error::PlanError;
use crate::few::few;
use crate::groups::Groups;
use crate::limits::Limits;
use crate::merge::merge;
use crate::pack::pack;
use crate::problem::Problem;

/// Where every buffer lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// For each buffer of the problem, its offset in the arena in bytes.
    pub offsets: Vec<u64>,
    /// Bytes that the arena needs: the end of the highest buffer.
    pub peak: u64,
    /// Bytes that any plan needs: the most that is alive at one step, with what may share memory counted once, and
    /// with the gaps that the alignment forces.
    pub lower_bound: u64,
}

/// Gives every buffer its place.
///
/// Quick heuristics come first, and often reach the lower bound; where they do not, a search follows, as far as the
/// limits allow.
///
/// # Errors
///
/// If the problem contradicts itself, or if no plan within the capacity was found; the error then holds the best.
pub fn plan(problem: &Problem, limits: &Limits<'_>) -> Result<Plan, PlanError> {
    if let Some(plan) = few(problem)
        && limits.capacity.is_none_or(|capacity| plan.peak <= capacity)
    {
        debug_assert_eq!(check(problem, &plan), Ok(()));
        return Ok(plan);
    }
    let groups = Groups::new(problem)?;
    let merged = merge(problem, &groups)?;
    let lower_bound = lower_bound(problem, &groups);
    let finish = |offsets: Vec<u64>| {
        let offsets: Vec<u64> = (merged.place.iter())
            .map(|&(item, inside)| item.map_or(0, |item| offsets[item] + inside))
            .collect();
        let ends = problem.buffers.iter().zip(&offsets).filter(|(buffer, _)| buffer.size > 0);
        let peak = ends.map(|(buffer, offset)| offset + buffer.size).max().unwrap_or(0);
        let plan = Plan { offsets, peak, lower_bound };
        debug_assert_eq!(check(problem, &plan), Ok(()));
        plan
    };
    let Some(capacity) = limits.capacity else {
        return Ok(finish(pack(&merged.instance, merged.instance.bound(), limits)));
    };
    // The last granule of the highest buffer may lie partly beyond the capacity.
    let goal = capacity.checked_next_multiple_of(merged.granularity).unwrap_or(capacity);
    let mut best = finish(pack(&merged.instance, goal, limits));
    if best.peak > capacity && goal != capacity {
        let other = finish(pack(&merged.instance, capacity, limits));
        if other.peak < best.peak {
            best = other;
        }
    }
    if best.peak <= capacity {
        Ok(best)
    } else if lower_bound > capacity {
        Err(PlanError::Impossible { capacity, lower_bound, best: Box::new(best) })
    } else {
        Err(PlanError::NotFound { capacity, best: Box::new(best) })
    }
}
