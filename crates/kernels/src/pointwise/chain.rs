//! Several steps over the same vectors, which stay in registers from one step to the next.
//!
//! Where rows are long, this saves most of what passes over tiles store and load in between, and the processor may
//! wait for the memory of one group of vectors while it computes on another.

use super::lower::{Source, Step, Target};
use super::nest::LINE;
use super::operation::{
    Add, Arithmetic, Div, DivInto, Limits, Max, Min, Mul, Operation, PRelu, Pair, Sub, SubFrom,
    read,
};
use crate::lanes::{Lanes, Work, settle};
use crate::math::{Function, Map, Visitor};

/// Vectors that are carried from step to step together, so that one dispatch serves them all.
pub(super) const VECTORS: usize = 8;

/// How far ahead of its use memory is asked for, in elements.
const AHEAD: usize = 1024;

/// Links of the longest chain.
pub(super) const LONGEST: usize = 32;

/// What is done with the vectors in hand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Act {
    /// Takes up the operand.
    Load,
    /// In hand and operand.
    Arithmetic(Arithmetic),
    /// In hand · first operand + second.
    MulAdd,
    /// First operand · second + in hand.
    AddProduct,
    PRelu,
    Limit(Limits),
    Unary(Function),
    /// Puts the vectors down where the operand says.
    Store,
}

/// One act and its operands; `O` says where they lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Link<O> {
    pub act: Act,
    /// As many as the act takes; the others repeat the first.
    pub operands: [O; 2],
}

/// The steps as a chain, or none if one of them cannot be part of it or there are too many.
pub(super) fn chain(steps: &[Step]) -> Vec<Link<Source>> {
    let mut links = Vec::new();
    let mut before = None;
    for (index, step) in steps.iter().enumerate() {
        let [a, b, c] = step.operands;
        let held = held(step, before);
        let mut push = |act, operands| links.push(Link { act, operands });
        if held.is_none() {
            push(Act::Load, [a; 2]);
        }
        let limits = match step.operation {
            Operation::Copy => None,
            Operation::Unary(function) => {
                push(Act::Unary(function), [a; 2]);
                None
            }
            Operation::Arithmetic(arithmetic, limits) => {
                match held {
                    Some(1) => push(Act::Arithmetic(arithmetic.exchanged()), [a; 2]),
                    _ => push(Act::Arithmetic(arithmetic), [b; 2]),
                }
                limits
            }
            Operation::MulAdd(limits) => {
                match held {
                    Some(2) => push(Act::AddProduct, [a, b]),
                    Some(1) => push(Act::MulAdd, [a, c]),
                    _ => push(Act::MulAdd, [b, c]),
                }
                limits
            }
            Operation::PRelu => {
                push(Act::PRelu, [b; 2]);
                None
            }
            Operation::Pow => return Vec::new(),
        };
        if let Some(limits) = limits {
            push(Act::Limit(limits), [a; 2]);
        }
        if let Target::Register(register) = step.to
            && is_read_again(register, step, &steps[index + 1..])
        {
            push(Act::Store, [Source::Register(register); 2]);
        }
        before = Some(step);
    }
    if links.len() <= LONGEST { links } else { Vec::new() }
}

/// Which operand of a step is the result of the one before it, and may be taken from hand.
fn held(step: &Step, before: Option<&Step>) -> Option<usize> {
    let Target::Register(register) = before?.to else { return None };
    let place = step.read().iter().position(|source| *source == Source::Register(register));
    // The second operand of a PReLU is not like the first.
    place.filter(|place| *place == 0 || step.operation != Operation::PRelu)
}

/// Whether the result of a step is read other than from hand.
fn is_read_again(register: usize, step: &Step, later: &[Step]) -> bool {
    let mut from_hand = later.first().and_then(|next| held(next, Some(step)));
    for step in later {
        let from_hand = from_hand.take();
        let mut read = step.read().iter().enumerate();
        if read.any(|(place, source)| {
            *source == Source::Register(register) && Some(place) != from_hand
        }) {
            return true;
        }
        if step.to == Target::Register(register) {
            return false;
        }
    }
    false
}

/// Where an operand of a link lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// The element in the first column, or the vectors of a group.
    pub pointer: *const f32,
    pub kind: Kind,
}

/// What lies at a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// One number for all columns.
    Number,
    /// The vectors of the present group.
    Group,
    /// An element for each column.
    Row,
}

impl Place {
    #[inline(always)]
    fn at(self, column: usize) -> *const f32 {
        self.pointer.wrapping_add(if self.kind == Kind::Row { column } else { 0 })
    }
}

/// A chain over a row of whole groups.
pub(super) struct ChainWork<'a> {
    pub links: &'a [Link<Place>],
    pub to: *mut f32,
    /// A multiple of the elements in a group.
    pub columns: usize,
    /// Memory for the vectors of a group.
    pub spill: *mut f32,
    /// Rows that lie far away.
    pub ahead: &'a [*const f32],
    /// Whether to store past the caches, if the vectors lie so that this can be.
    pub past_caches: bool,
}

impl Work for ChainWork<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        // SAFETY: as for this function.
        unsafe {
            if self.past_caches && self.to.addr().is_multiple_of(L::LANES * size_of::<f32>()) {
                self.groups::<L, true>();
                settle();
            } else {
                self.groups::<L, false>();
            }
        }
    }
}

impl ChainWork<'_> {
    #[inline(always)]
    unsafe fn groups<L: Lanes, const PAST_CACHES: bool>(&self) {
        let mut column = 0;
        while column < self.columns {
            let group = VECTORS * L::LANES;
            for row in self.ahead {
                for line in (AHEAD..AHEAD + group).step_by(LINE) {
                    L::prefetch(row.wrapping_add(column + line));
                }
            }
            // SAFETY: who makes the work promises the memory behind it; `Isa::run` the instruction set.
            unsafe {
                let mut hand = [L::splat(0.0); VECTORS];
                for link in self.links {
                    follow(&mut hand, link, column, self.spill);
                }
                let to = self.to.wrapping_add(column);
                if PAST_CACHES {
                    for (index, value) in hand.iter().enumerate() {
                        value.store_past_caches(to.wrapping_add(index * L::LANES));
                    }
                } else {
                    put(&hand, to);
                }
            }
            column += group;
        }
    }
}

/// Carries one link out on a group of vectors.
#[inline(always)]
unsafe fn follow<L: Lanes>(
    hand: &mut [L; VECTORS],
    link: &Link<Place>,
    column: usize,
    spill: *mut f32,
) {
    let [first, second] = link.operands;
    // SAFETY: the caller has made sure of the instruction set and of the memory.
    unsafe {
        match link.act {
            Act::Load => combine(hand, Second, first, column),
            Act::Arithmetic(arithmetic) => match arithmetic {
                Arithmetic::Add => combine(hand, Add, first, column),
                Arithmetic::Sub => combine(hand, Sub, first, column),
                Arithmetic::SubFrom => combine(hand, SubFrom, first, column),
                Arithmetic::Mul => combine(hand, Mul, first, column),
                Arithmetic::Div => combine(hand, Div, first, column),
                Arithmetic::DivInto => combine(hand, DivInto, first, column),
                Arithmetic::Min => combine(hand, Min, first, column),
                Arithmetic::Max => combine(hand, Max, first, column),
            },
            Act::PRelu => combine(hand, PRelu, first, column),
            Act::MulAdd => mul_add::<L, true>(hand, first, second, column),
            Act::AddProduct => mul_add::<L, false>(hand, first, second, column),
            Act::Limit(Limits { low, high }) => {
                let (low, high) = (L::splat(low), L::splat(high));
                for value in hand {
                    *value = value.clamp(low, high);
                }
            }
            Act::Unary(function) => {
                // Through memory, as the longer functions need most registers themselves.
                put(hand, spill);
                function.visit(InMemory::<L>(spill, std::marker::PhantomData));
                for (index, value) in hand.iter_mut().enumerate() {
                    *value = L::load(spill.wrapping_add(index * L::LANES));
                }
            }
            Act::Store => put(hand, first.pointer.cast_mut()),
        }
    }
}

#[inline(always)]
unsafe fn put<L: Lanes>(hand: &[L; VECTORS], to: *mut f32) {
    for (index, value) in hand.iter().enumerate() {
        // SAFETY: the caller has made sure of the instruction set and of the memory.
        unsafe { value.store(to.wrapping_add(index * L::LANES)) }
    }
}

#[inline(always)]
unsafe fn combine<L: Lanes, P: Pair>(
    hand: &mut [L; VECTORS],
    pair: P,
    place: Place,
    column: usize,
) {
    // SAFETY: the caller has made sure of the instruction set and of the memory.
    unsafe {
        if place.kind == Kind::Number {
            let number = L::splat(*place.pointer);
            for value in hand {
                *value = pair.of(*value, number);
            }
        } else {
            let pointer = place.at(column);
            for (index, value) in hand.iter_mut().enumerate() {
                *value = pair.of(*value, L::load(pointer.wrapping_add(index * L::LANES)));
            }
        }
    }
}

/// In hand · first + second, or first · second + in hand.
#[inline(always)]
unsafe fn mul_add<L: Lanes, const FACTOR: bool>(
    hand: &mut [L; VECTORS],
    first: Place,
    second: Place,
    column: usize,
) {
    // SAFETY: the caller has made sure of the instruction set and of the memory.
    unsafe {
        match (first.kind == Kind::Number, second.kind == Kind::Number) {
            (false, false) => mul_add_of::<L, FACTOR, false, false>(hand, first, second, column),
            (false, true) => mul_add_of::<L, FACTOR, false, true>(hand, first, second, column),
            (true, false) => mul_add_of::<L, FACTOR, true, false>(hand, first, second, column),
            (true, true) => mul_add_of::<L, FACTOR, true, true>(hand, first, second, column),
        }
    }
}

#[inline(always)]
unsafe fn mul_add_of<L: Lanes, const FACTOR: bool, const FIRST: bool, const SECOND: bool>(
    hand: &mut [L; VECTORS],
    first: Place,
    second: Place,
    column: usize,
) {
    let (first, second) = (first.at(column), second.at(column));
    // SAFETY: the caller has made sure of the instruction set and of the memory.
    unsafe {
        for (index, value) in hand.iter_mut().enumerate() {
            let at = index * L::LANES;
            let x = read::<L, FIRST, false>(first.wrapping_add(if FIRST { 0 } else { at }), 0);
            let y = read::<L, SECOND, false>(second.wrapping_add(if SECOND { 0 } else { at }), 0);
            *value = if FACTOR { value.mul_add(x, y) } else { x.mul_add(y, *value) };
        }
    }
}

/// The operand itself.
#[derive(Clone, Copy)]
struct Second;

impl Pair for Second {
    const CHEAP: bool = true;

    #[inline(always)]
    unsafe fn of<L: Lanes>(self, _: L, b: L) -> L {
        b
    }
}

/// A function of the vectors of a group, in place.
struct InMemory<L>(*mut f32, std::marker::PhantomData<L>);

impl<L: Lanes> Visitor for InMemory<L> {
    type Output = ();

    #[inline(always)]
    fn visit<M: Map>(self, map: M) {
        for index in 0..VECTORS {
            let place = self.0.wrapping_add(index * L::LANES);
            // SAFETY: who makes it has made sure of the instruction set and of the memory.
            unsafe { map.apply(L::load(place)).store(place) }
        }
    }
}
