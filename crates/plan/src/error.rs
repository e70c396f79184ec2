//! Why there is no plan.

use crate::plan::Plan;

/// Why a problem has no plan.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// The problem contradicts itself.
    #[error(transparent)]
    Problem(#[from] ProblemError),
    /// No plan within the capacity can exist.
    #[error(
        "{lower_bound} bytes are alive at one step, which the capacity of {capacity} bytes cannot hold; \
         raise the capacity, or shorten the lifetimes"
    )]
    Impossible {
        /// The capacity that was asked for.
        capacity: u64,
        /// Bytes that any plan needs.
        lower_bound: u64,
        /// The best plan found beyond the capacity.
        best: Box<Plan>,
    },
    /// No plan within the capacity was found. There may be one.
    #[error(
        "no plan within the capacity of {capacity} bytes was found: the best needs {}, and {} are alive at one step; \
         raise the capacity, or allow more search steps",
        .best.peak, .best.lower_bound
    )]
    NotFound {
        /// The capacity that was asked for.
        capacity: u64,
        /// The best plan found beyond the capacity.
        best: Box<Plan>,
    },
}

/// What is wrong with a problem. Buffers are named by their position in it, from 0.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProblemError {
    /// A lifetime without a step.
    #[error(
        "buffer {buffer} lives from step {lower} to just before step {upper}, which is no step at all; \
         let it live for at least the step that writes it"
    )]
    EmptyLifetime {
        /// The buffer.
        buffer: usize,
        /// Where its lifetime begins.
        lower: u64,
        /// Where its lifetime ends.
        upper: u64,
    },
    /// An alignment of zero.
    #[error("buffer {buffer} is to be aligned to 0 bytes; the smallest alignment is 1")]
    ZeroAlignment {
        /// The buffer.
        buffer: usize,
    },
    /// A reference to a buffer that is not there.
    #[error("buffer {buffer} refers to buffer {to}, but there are only {count}, from 0")]
    NoSuchBuffer {
        /// The buffer that refers.
        buffer: usize,
        /// The buffer that is referred to.
        to: usize,
        /// How many there are.
        count: usize,
    },
    /// A buffer that is, by way of others, part of itself.
    #[error(
        "buffer {buffer} is, by way of its aliases, a part of itself; let the chain end at a buffer of its own"
    )]
    CyclicAlias {
        /// The buffer.
        buffer: usize,
    },
    /// A part that reaches beyond the whole.
    #[error(
        "buffer {buffer} takes the bytes from {offset} of buffer {parent} and has {size}, \
         but that one has only {parent_size}; make the parent large enough"
    )]
    AliasOutside {
        /// The part.
        buffer: usize,
        /// The whole.
        parent: usize,
        /// Where the part begins.
        offset: u64,
        /// The part's size.
        size: u64,
        /// The whole's size.
        parent_size: u64,
    },
    /// A part at an offset that its own alignment does not allow.
    #[error(
        "buffer {buffer} lies {offset} bytes into buffer {root}, which is no multiple of its alignment of {alignment}; \
         give it a place of its own, or no alignment"
    )]
    MisalignedAlias {
        /// The part.
        buffer: usize,
        /// The buffer with a place of its own in which it lies.
        root: usize,
        /// Where it begins in that one.
        offset: u64,
        /// The alignment that it asks for.
        alignment: u64,
    },
    /// Sizes or alignments that do not fit into 64 bits.
    #[error(
        "the sizes and alignments of the buffers add up to more than 64 bits can hold; check them for a wrong unit"
    )]
    Overflow,
}
