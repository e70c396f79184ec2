//! Places in one arena for all buffers of a program.

use tachy_plan::{Limits, Problem};
use tachy_runtime::{Error, Result};

use super::buffer::{BufferId, Home};
use super::lowering::Lowered;
use crate::backend::NAME;

/// Where every buffer is in the arena.
pub(crate) struct Places {
    /// Bytes from the arena's start, by buffer; `None` for constants.
    pub(crate) offsets: Vec<Option<u64>>,
    /// Bytes of the arena.
    pub(crate) bytes: u64,
    /// The bytes that are alive at once at the most: no arena can be smaller.
    pub(crate) lower_bound: u64,
}

/// Plans the arena.
///
/// # Errors
/// If the buffers are more than can be addressed.
pub(crate) fn place(lowered: &Lowered) -> Result<Places> {
    let end = lowered.steps.len() as u64 + 1;
    let mut lifetimes: Vec<Option<(u64, u64)>> = vec![None; lowered.buffers.len()];
    let mut touch = |id: BufferId, step: u64| {
        let (first, last) = lifetimes[id.0].get_or_insert((step, step));
        (*first, *last) = ((*first).min(step), (*last).max(step));
    };
    for (number, step) in lowered.steps.iter().enumerate() {
        // Step 0 binds the inputs.
        step.operands.iter().flatten().for_each(|id| touch(*id, number as u64 + 1));
    }
    lowered.inputs.iter().for_each(|id| touch(*id, 0));
    lowered.outputs.iter().for_each(|id| touch(*id, end));
    let mut numbers = vec![None; lowered.buffers.len()];
    let mut arena = Vec::new();
    for (index, buffer) in lowered.buffers.iter().enumerate() {
        if let Home::Arena { .. } = buffer.home {
            numbers[index] = Some(arena.len());
            arena.push(index);
        }
    }
    let buffers = arena
        .iter()
        .map(|index| {
            let buffer = &lowered.buffers[*index];
            let (first, last) = lifetimes[*index].unwrap_or((0, 0));
            let mut planned = tachy_plan::Buffer::new(first..last + 1, buffer.bytes() as u64);
            if let Home::Arena { persistent, part_of, in_place_of } = &buffer.home {
                if *persistent {
                    planned = planned.persistent();
                }
                if let Some((whole, offset)) = part_of
                    && let Some(whole) = numbers[whole.0]
                {
                    planned = planned.part_of(whole, *offset as u64);
                }
                if let Some(source) = in_place_of.and_then(|source| numbers[source.0]) {
                    planned = planned.in_place_of(source);
                }
            }
            planned
        })
        .collect();
    let plan = tachy_plan::plan(&Problem::new(buffers), &Limits::default().with_steps(2_000))
        .map_err(|error| Error::Engine {
            backend: NAME,
            action: "plan the memory",
            message: error.to_string(),
        })?;
    let mut offsets = vec![None; lowered.buffers.len()];
    for (index, offset) in arena.iter().zip(&plan.offsets) {
        offsets[*index] = Some(*offset);
    }
    Ok(Places { offsets, bytes: plan.peak, lower_bound: plan.lower_bound })
}
