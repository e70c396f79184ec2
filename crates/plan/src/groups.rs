//! Aliases resolved: every buffer as a part of one that has a place of its own.

use std::ops::Range;

use crate::error::ProblemError;
use crate::problem::Problem;

/// A buffer with a place of its own, and all that lies in it.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// The buffer with the place.
    pub root: usize,
    /// The union of the lifetimes of all that lies in it, as one interval.
    pub lifetime: Range<u64>,
    pub size: u64,
    pub alignment: u64,
    pub persistent: bool,
}

/// All groups, and where each buffer lies.
#[derive(Clone, Debug)]
pub(crate) struct Groups {
    pub groups: Vec<Group>,
    /// For each buffer, its group and its offset in it.
    pub place: Vec<(usize, u64)>,
}

impl Groups {
    /// Checks the problem and resolves its aliases.
    pub(crate) fn new(problem: &Problem) -> Result<Self, ProblemError> {
        validate(problem)?;
        let roots = resolve(problem)?;
        let mut groups: Vec<Group> = Vec::new();
        let mut group_of_root = vec![usize::MAX; problem.buffers.len()];
        for (index, buffer) in problem.buffers.iter().enumerate() {
            if buffer.alias.is_none() {
                group_of_root[index] = groups.len();
                groups.push(Group {
                    root: index,
                    lifetime: buffer.lifetime.clone(),
                    size: buffer.size,
                    alignment: buffer.alignment.unwrap_or(problem.alignment),
                    persistent: buffer.persistent,
                });
            }
        }
        let mut place = Vec::with_capacity(problem.buffers.len());
        for (index, (buffer, &(root, offset))) in problem.buffers.iter().zip(&roots).enumerate() {
            let group = &mut groups[group_of_root[root]];
            place.push((group_of_root[root], offset));
            if buffer.alias.is_none() {
                continue;
            }
            group.lifetime.start = group.lifetime.start.min(buffer.lifetime.start);
            group.lifetime.end = group.lifetime.end.max(buffer.lifetime.end);
            group.persistent |= buffer.persistent;
            if let Some(alignment) = buffer.alignment {
                if !offset.is_multiple_of(alignment) {
                    return Err(ProblemError::MisalignedAlias {
                        buffer: index,
                        root,
                        offset,
                        alignment,
                    });
                }
                group.alignment = least_common_multiple(group.alignment, alignment)?;
            }
        }
        let always = problem.buffers.iter().map(|buffer| buffer.lifetime.start).min().unwrap_or(0)
            ..problem.buffers.iter().map(|buffer| buffer.lifetime.end).max().unwrap_or(0);
        for group in groups.iter_mut().filter(|group| group.persistent) {
            group.lifetime = always.clone();
        }
        Ok(Self { groups, place })
    }

    /// The largest number that all offsets are multiples of.
    pub(crate) fn granularity(&self) -> u64 {
        self.groups
            .iter()
            .filter(|group| group.size > 0)
            .fold(0, |divisor, group| greatest_common_divisor(divisor, group.alignment))
            .max(1)
    }

    /// The group whose place the group may take over, and where in it, if the rules in
    /// [`Buffer::in_place`](crate::Buffer::in_place) allow it.
    pub(crate) fn may_take_over(&self, problem: &Problem, group: usize) -> Option<(usize, u64)> {
        let taker = &self.groups[group];
        let (source, offset) = self.place[problem.buffers[taker.root].in_place?];
        let giver = &self.groups[source];
        let born = taker.lifetime.start;
        let allowed = source != group
            && !taker.persistent
            && !giver.persistent
            && born == problem.buffers[taker.root].lifetime.start
            && giver.lifetime.start < born
            && giver.lifetime.end - 1 == born
            && taker.size > 0
            && giver.size > 0
            && offset.is_multiple_of(taker.alignment);
        allowed.then_some((source, offset))
    }
}

fn validate(problem: &Problem) -> Result<(), ProblemError> {
    let count = problem.buffers.len();
    for (index, buffer) in problem.buffers.iter().enumerate() {
        let Range { start: lower, end: upper } = buffer.lifetime;
        if lower >= upper {
            return Err(ProblemError::EmptyLifetime { buffer: index, lower, upper });
        }
        if buffer.alignment.unwrap_or(problem.alignment) == 0 {
            return Err(ProblemError::ZeroAlignment { buffer: index });
        }
        for to in buffer.alias.map(|alias| alias.parent).into_iter().chain(buffer.in_place) {
            if to >= count {
                return Err(ProblemError::NoSuchBuffer { buffer: index, to, count });
            }
        }
        if let Some(alias) = buffer.alias {
            let parent_size = problem.buffers[alias.parent].size;
            if alias.offset.checked_add(buffer.size).is_none_or(|end| end > parent_size) {
                return Err(ProblemError::AliasOutside {
                    buffer: index,
                    parent: alias.parent,
                    offset: alias.offset,
                    size: buffer.size,
                    parent_size,
                });
            }
        }
    }
    Ok(())
}

/// For each buffer, the end of its chain of aliases, and its offset there.
fn resolve(problem: &Problem) -> Result<Vec<(usize, u64)>, ProblemError> {
    let mut roots: Vec<Option<(usize, u64)>> = vec![None; problem.buffers.len()];
    let mut chain = Vec::new();
    for start in 0..problem.buffers.len() {
        let mut at = start;
        let (root, mut offset) = loop {
            if let Some(known) = roots[at] {
                break known;
            }
            let Some(alias) = problem.buffers[at].alias else { break (at, 0) };
            // No chain without a circle is longer than there are buffers.
            if chain.len() == problem.buffers.len() {
                return Err(ProblemError::CyclicAlias { buffer: start });
            }
            chain.push((at, alias.offset));
            at = alias.parent;
        };
        roots[at] = Some((root, offset));
        while let Some((part, inside)) = chain.pop() {
            // Each part lies within its parent, so the sum is below the size of the root.
            offset += inside;
            roots[part] = Some((root, offset));
        }
    }
    Ok(roots.into_iter().map(|root| root.expect("every chain was followed")).collect())
}

fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

pub(crate) fn least_common_multiple(a: u64, b: u64) -> Result<u64, ProblemError> {
    (a / greatest_common_divisor(a, b)).checked_mul(b).ok_or(ProblemError::Overflow)
}
