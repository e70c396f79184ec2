//! Whether a plan is right.
//!
//! Written from the problem's definition alone; it shares nothing with the planner.

use std::collections::BTreeMap;

use crate::plan::Plan;
use crate::problem::{Buffer, Problem};

/// What is wrong with a plan. Buffers are named by their position in the problem, from 0.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A plan of another problem.
    #[error("the plan has offsets for {offsets} buffers, but the problem has {buffers}")]
    Count {
        /// Offsets in the plan.
        offsets: usize,
        /// Buffers in the problem.
        buffers: usize,
    },
    /// Two buffers share bytes while both are alive, and nothing allows it.
    #[error(
        "buffers {first} and {second} share bytes of the arena while both are alive at step {step}"
    )]
    Overlap {
        /// One of them.
        first: usize,
        /// The other.
        second: usize,
        /// A step at which both are alive.
        step: u64,
    },
    /// A buffer at an offset that its alignment does not allow.
    #[error(
        "buffer {buffer} is at offset {offset}, which is no multiple of its alignment of {alignment}"
    )]
    Misaligned {
        /// The buffer.
        buffer: usize,
        /// Where it is.
        offset: u64,
        /// What it asks for.
        alignment: u64,
    },
    /// A part that is not where its whole is.
    #[error(
        "buffer {buffer} is at offset {offset}, but as a part of buffer {parent} it belongs at {expected}"
    )]
    AliasElsewhere {
        /// The part.
        buffer: usize,
        /// The whole.
        parent: usize,
        /// Where the part is.
        offset: u64,
        /// Where it should be.
        expected: u128,
    },
    /// A buffer that ends beyond the peak.
    #[error("buffer {buffer} ends at byte {end}, beyond the plan's peak of {peak}")]
    BeyondPeak {
        /// The buffer.
        buffer: usize,
        /// Where it ends.
        end: u128,
        /// The peak that the plan states.
        peak: u64,
    },
    /// A peak below what any plan needs, so one of the two is wrong.
    #[error("the plan's peak of {peak} bytes is below its own lower bound of {lower_bound}")]
    BelowLowerBound {
        /// The peak that the plan states.
        peak: u64,
        /// The bound that the plan states.
        lower_bound: u64,
    },
    /// The problem contradicts itself, so that no plan of it is right.
    #[error("the problem contradicts itself at buffer {buffer}, so that no plan of it is right")]
    Problem {
        /// The buffer where it does.
        buffer: usize,
    },
}

/// Verifies a plan: what is alive at once shares no byte unless the problem says so, every alignment is kept, every
/// part lies in its whole, and nothing ends beyond the peak.
pub fn check(problem: &Problem, plan: &Plan) -> Result<(), Violation> {
    let (buffers, offsets) = (&problem.buffers, &plan.offsets);
    if buffers.len() != offsets.len() {
        return Err(Violation::Count { offsets: offsets.len(), buffers: buffers.len() });
    }
    if plan.peak < plan.lower_bound {
        return Err(Violation::BelowLowerBound { peak: plan.peak, lower_bound: plan.lower_bound });
    }
    for (index, (buffer, &offset)) in buffers.iter().zip(offsets).enumerate() {
        each(problem, plan, index, buffer, offset)?;
    }
    let owners = owners(problem)?;
    let mut blocks = blocks(problem, plan, &owners);
    blocks.sort_by_key(|block| block.born);
    no_overlap(&blocks)
}

/// What can be said of one buffer alone.
fn each(
    problem: &Problem,
    plan: &Plan,
    index: usize,
    buffer: &Buffer,
    offset: u64,
) -> Result<(), Violation> {
    let alignment = match (buffer.alignment, buffer.alias) {
        (Some(alignment), _) => alignment,
        (None, Some(_)) => 1,
        (None, None) => problem.alignment,
    };
    if alignment == 0 || buffer.lifetime.is_empty() {
        return Err(Violation::Problem { buffer: index });
    }
    if !offset.is_multiple_of(alignment) {
        return Err(Violation::Misaligned { buffer: index, offset, alignment });
    }
    let end = u128::from(offset) + u128::from(buffer.size);
    if buffer.size > 0 && end > u128::from(plan.peak) {
        return Err(Violation::BeyondPeak { buffer: index, end, peak: plan.peak });
    }
    if let Some(alias) = buffer.alias {
        let (Some(parent), Some(&at)) =
            (problem.buffers.get(alias.parent), plan.offsets.get(alias.parent))
        else {
            return Err(Violation::Problem { buffer: index });
        };
        if u128::from(alias.offset) + u128::from(buffer.size) > u128::from(parent.size) {
            return Err(Violation::Problem { buffer: index });
        }
        let expected = u128::from(at) + u128::from(alias.offset);
        if buffer.size > 0 && u128::from(offset) != expected {
            return Err(Violation::AliasElsewhere {
                buffer: index,
                parent: alias.parent,
                offset,
                expected,
            });
        }
    }
    Ok(())
}

/// The buffer with a place of its own that each buffer lies in.
fn owners(problem: &Problem) -> Result<Vec<usize>, Violation> {
    let mut owners: Vec<Option<usize>> = vec![None; problem.buffers.len()];
    for index in 0..problem.buffers.len() {
        let mut path = vec![index];
        let owner = loop {
            let last = path[path.len() - 1];
            if let Some(owner) = owners[last] {
                break owner;
            }
            match problem.buffers[last].alias {
                None => break last,
                Some(_) if path.len() > problem.buffers.len() => {
                    return Err(Violation::Problem { buffer: index });
                }
                Some(alias) => path.push(alias.parent),
            }
        };
        for buffer in path {
            owners[buffer] = Some(owner);
        }
    }
    Ok(owners.into_iter().flatten().collect())
}

/// Bytes that are taken for a while.
#[derive(Clone)]
struct Block {
    born: u64,
    dead: u64,
    start: u128,
    end: u128,
    owner: usize,
}

/// The blocks of all owners. Where a buffer rightly takes over the place of one that dies in that step, the common
/// bytes belong to the new one alone.
fn blocks(problem: &Problem, plan: &Plan, owners: &[usize]) -> Vec<Block> {
    let always = (
        problem.buffers.iter().map(|buffer| buffer.lifetime.start).min().unwrap_or(0),
        problem.buffers.iter().map(|buffer| buffer.lifetime.end).max().unwrap_or(0),
    );
    let mut whole: BTreeMap<usize, Block> = BTreeMap::new();
    let mut persistent = vec![false; owners.len()];
    for (buffer, &owner) in problem.buffers.iter().zip(owners) {
        let start = u128::from(plan.offsets[owner]);
        let block = whole.entry(owner).or_insert_with(|| Block {
            born: buffer.lifetime.start,
            dead: buffer.lifetime.end,
            start,
            end: start + u128::from(problem.buffers[owner].size),
            owner,
        });
        block.born = block.born.min(buffer.lifetime.start);
        block.dead = block.dead.max(buffer.lifetime.end);
        persistent[owner] |= buffer.persistent;
    }
    for (&owner, block) in &mut whole {
        if persistent[owner] {
            (block.born, block.dead) = always;
        }
    }
    // For each owner, the bytes that others take over in its last step.
    let mut taken: BTreeMap<usize, Vec<(u128, u128)>> = BTreeMap::new();
    for (&owner, block) in &whole {
        let buffer = &problem.buffers[owner];
        let Some(source) = buffer.in_place.filter(|source| *source < owners.len()) else {
            continue;
        };
        let before = &whole[&owners[source]];
        if !persistent[owner]
            && !persistent[owners[source]]
            && block.born == buffer.lifetime.start
            && before.born < block.born
            && before.dead == block.born + 1
            && plan.offsets[source] == plan.offsets[owner]
        {
            taken.entry(before.owner).or_default().push((block.start, block.end));
        }
    }
    let mut blocks = Vec::with_capacity(whole.len());
    for (owner, block) in whole {
        let Some(mut taken) = taken.remove(&owner) else {
            blocks.push(block);
            continue;
        };
        let last = block.dead - 1;
        taken.sort_unstable();
        let mut from = block.start;
        for (start, end) in taken {
            blocks.push(Block { born: last, start: from, end: start, ..block.clone() });
            from = from.max(end);
        }
        blocks.push(Block { born: last, start: from, ..block.clone() });
        blocks.push(Block { dead: last, ..block });
    }
    blocks.retain(|block| block.start < block.end);
    blocks
}

/// Sweeps over time. What is alive at once must lie side by side.
fn no_overlap(by_birth: &[Block]) -> Result<(), Violation> {
    let mut by_death: Vec<&Block> = by_birth.iter().collect();
    by_death.sort_by_key(|block| block.dead);
    let mut dying = by_death.into_iter().peekable();
    let mut alive: BTreeMap<u128, &Block> = BTreeMap::new();
    for block in by_birth {
        while let Some(dead) = dying.next_if(|dead| dead.dead <= block.born) {
            alive.remove(&dead.start);
        }
        let below = alive.range(..block.end).next_back();
        if let Some((_, other)) = below.filter(|(_, other)| other.end > block.start) {
            return Err(Violation::Overlap {
                first: block.owner.min(other.owner),
                second: block.owner.max(other.owner),
                step: block.born,
            });
        }
        alive.insert(block.start, block);
    }
    Ok(())
}
