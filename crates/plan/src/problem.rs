//! What is to be planned.

use std::ops::Range;

/// The alignment that buffers have unless they say otherwise, in bytes: a cache line, and the widest vector register.
pub const DEFAULT_ALIGNMENT: u64 = 64;

/// Buffers that are to share one arena.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The buffers. They refer to each other by their position in this list.
    pub buffers: Vec<Buffer>,
    /// The alignment, in bytes, of the buffers that name none. Any number from 1.
    pub alignment: u64,
}

impl Problem {
    /// A problem with the [`DEFAULT_ALIGNMENT`].
    pub fn new(buffers: Vec<Buffer>) -> Self {
        Self { buffers, alignment: DEFAULT_ALIGNMENT }
    }

    /// The same buffers, aligned to `alignment` bytes unless they say otherwise.
    pub fn with_alignment(self, alignment: u64) -> Self {
        Self { alignment, ..self }
    }
}

/// One buffer: how long it lives, and how large it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// The steps at which it is alive: from the one that writes it first, to just after the one that reads it last.
    /// At least one step, so that what is written and never read has its place, too.
    pub lifetime: Range<u64>,
    /// Size in bytes. A buffer of no bytes is placed at 0 and takes no part.
    pub size: u64,
    /// Alignment in bytes, any number from 1. If there is none: the problem's for a buffer with a place of its own,
    /// and whatever its parent and its offset give for one with an [`alias`](Self::alias).
    pub alignment: Option<u64>,
    /// Alive at every step, and from run to run: recurrent state, and the program's inputs and outputs.
    /// The lifetime only says then which steps use it.
    pub persistent: bool,
    /// Part of another buffer: a view of it, or a piece of a concatenation. It is placed there, and that buffer then
    /// lives whenever this one does.
    pub alias: Option<Placement>,
    /// A buffer whose place this one may take over, because the operator that writes this one works in place.
    ///
    /// The planner decides. It shares only if that buffer, with all its views, dies in the very step in which this
    /// one is born (its lifetime ends one step after this one's begins), and then at the same offset. Ignored
    /// otherwise, and ignored on a buffer that has an alias or is persistent.
    pub in_place: Option<usize>,
}

impl Buffer {
    /// A buffer of `size` bytes that is alive at the steps of `lifetime`.
    pub fn new(lifetime: Range<u64>, size: u64) -> Self {
        Self { lifetime, size, alignment: None, persistent: false, alias: None, in_place: None }
    }

    /// The same, aligned to `alignment` bytes.
    pub fn aligned_to(self, alignment: u64) -> Self {
        Self { alignment: Some(alignment), ..self }
    }

    /// The same, alive at every step and from run to run.
    pub fn persistent(self) -> Self {
        Self { persistent: true, ..self }
    }

    /// The same, as the part of the buffer `parent` that begins at its byte `offset`.
    pub fn part_of(self, parent: usize, offset: u64) -> Self {
        Self { alias: Some(Placement { parent, offset }), ..self }
    }

    /// The same, allowed to take over the place of the buffer `source`, which dies where this one is born.
    pub fn in_place_of(self, source: usize) -> Self {
        Self { in_place: Some(source), ..self }
    }
}

/// A place inside another buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Position of the other buffer in [`Problem::buffers`]. It may itself be part of a third one.
    pub parent: usize,
    /// Where in it, in bytes from its start.
    pub offset: u64,
}
