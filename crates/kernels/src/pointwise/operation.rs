//! The passes over a tile, each compiled for vectors.

use super::nest::{Body, Pass, PassWork};
use crate::lanes::{Isa, Lanes};
use crate::math::{self, Function, Map, Visitor};

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Operation {
    /// The operand itself.
    Copy,
    Unary(Function),
    Arithmetic(Arithmetic, Option<Limits>),
    /// First · second + third.
    MulAdd(Option<Limits>),
    Pow,
    PRelu,
}

impl Operation {
    /// How many operands it takes.
    pub fn operands(self) -> usize {
        match self {
            Self::Copy | Self::Unary(_) => 1,
            Self::Arithmetic(..) | Self::Pow | Self::PRelu => 2,
            Self::MulAdd(_) => 3,
        }
    }
}

/// Functions of two numbers that take an instruction or two.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Arithmetic {
    Add,
    Sub,
    /// Second − first.
    SubFrom,
    Mul,
    Div,
    /// Second / first.
    DivInto,
    Min,
    Max,
}

/// The range to which a result is limited.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limits {
    pub low: f32,
    pub high: f32,
}

impl Limits {
    pub const NONE: Self = Self { low: f32::NEG_INFINITY, high: f32::INFINITY };
}

impl Arithmetic {
    /// The function that gives the same for exchanged operands.
    pub fn exchanged(self) -> Self {
        match self {
            Self::Sub => Self::SubFrom,
            Self::SubFrom => Self::Sub,
            Self::Div => Self::DivInto,
            Self::DivInto => Self::Div,
            same => same,
        }
    }
}

/// Carries one step out. `splat` says which of the second and third operands is one number for a whole row.
///
/// # Safety
/// The elements of the pass must be readable and writable.
pub(super) unsafe fn execute(isa: Isa, operation: Operation, splat: [bool; 2], pass: &Pass) {
    match operation {
        Operation::Copy => isa.run(PassWork { pass, body: Mapped(Same) }),
        Operation::Unary(function) => function.visit(Unary { isa, pass }),
        Operation::Arithmetic(arithmetic, limits) => match arithmetic {
            Arithmetic::Add => pair(isa, Add, splat[0], limits, pass),
            Arithmetic::Sub => pair(isa, Sub, splat[0], limits, pass),
            Arithmetic::SubFrom => pair(isa, SubFrom, splat[0], limits, pass),
            Arithmetic::Mul => pair(isa, Mul, splat[0], limits, pass),
            Arithmetic::Div => pair(isa, Div, splat[0], limits, pass),
            Arithmetic::DivInto => pair(isa, DivInto, splat[0], limits, pass),
            Arithmetic::Min => pair(isa, Min, splat[0], limits, pass),
            Arithmetic::Max => pair(isa, Max, splat[0], limits, pass),
        },
        Operation::MulAdd(limits) => match splat {
            [false, false] => triple::<false, false>(isa, limits, pass),
            [false, true] => triple::<false, true>(isa, limits, pass),
            [true, false] => triple::<true, false>(isa, limits, pass),
            [true, true] => triple::<true, true>(isa, limits, pass),
        },
        Operation::Pow => pair(isa, Pow, splat[0], None, pass),
        Operation::PRelu => pair(isa, PRelu, splat[0], None, pass),
    }
}

/// The function of every element, in place.
pub(crate) fn map_in_place(isa: Isa, function: Function, elements: &mut [f32]) {
    let pointer = elements.as_mut_ptr();
    let pass = Pass {
        to: pointer,
        from: [pointer.cast_const(); 3],
        to_row: 0,
        from_row: [0; 3],
        rows: 1,
        columns: elements.len(),
        ahead: [std::ptr::null(); 4],
        aheads: 0,
    };
    // SAFETY: the elements are borrowed mutably.
    unsafe { execute(isa, Operation::Unary(function), [false; 2], &pass) }
}

struct Unary<'a> {
    isa: Isa,
    pass: &'a Pass,
}

impl Visitor for Unary<'_> {
    type Output = ();
    #[inline]
    fn visit<M: Map>(self, map: M) {
        self.isa.run(PassWork { pass: self.pass, body: Mapped(map) });
    }
}

fn pair<P: Pair>(isa: Isa, pair: P, splat: bool, limits: Option<Limits>, pass: &Pass) {
    match (splat, limits) {
        (false, None) => isa.run(PassWork { pass, body: Paired::<P, false, ()>(pair, ()) }),
        (true, None) => isa.run(PassWork { pass, body: Paired::<P, true, ()>(pair, ()) }),
        (false, Some(limits)) => {
            isa.run(PassWork { pass, body: Paired::<P, false, Limits>(pair, limits) });
        }
        (true, Some(limits)) => {
            isa.run(PassWork { pass, body: Paired::<P, true, Limits>(pair, limits) });
        }
    }
}

fn triple<const B: bool, const C: bool>(isa: Isa, limits: Option<Limits>, pass: &Pass) {
    match limits {
        None => isa.run(PassWork { pass, body: MulAdd::<B, C, ()>(()) }),
        Some(limits) => isa.run(PassWork { pass, body: MulAdd::<B, C, Limits>(limits) }),
    }
}

/// What is done with a result before it is stored.
trait Finish: Copy {
    unsafe fn finish<L: Lanes>(self, x: L) -> L;
}

impl Finish for () {
    #[inline(always)]
    unsafe fn finish<L: Lanes>(self, x: L) -> L {
        x
    }
}

impl Finish for Limits {
    #[inline(always)]
    unsafe fn finish<L: Lanes>(self, x: L) -> L {
        // SAFETY: the caller has made sure of the instruction set.
        unsafe { x.clamp(L::splat(self.low), L::splat(self.high)) }
    }
}

/// An operand: a vector, the first lanes of one, or one number for all lanes.
#[inline(always)]
pub(super) unsafe fn read<L: Lanes, const SPLAT: bool, const PART: bool>(
    from: *const f32,
    count: usize,
) -> L {
    // SAFETY: the caller has made sure of the instruction set and of the elements.
    unsafe {
        if SPLAT {
            L::splat(*from)
        } else if PART {
            L::load_first(from, count)
        } else {
            L::load(from)
        }
    }
}

#[derive(Clone, Copy)]
struct Same;

impl Map for Same {
    #[inline(always)]
    unsafe fn apply<L: Lanes>(self, x: L) -> L {
        x
    }
}

#[derive(Clone, Copy)]
struct Mapped<M>(M);

impl<M: Map> Body for Mapped<M> {
    const OPERANDS: usize = 1;
    const SPLAT: [bool; 3] = [false; 3];
    const CHEAP: bool = false;

    #[inline(always)]
    unsafe fn of<L: Lanes, const PART: bool>(self, from: [*const f32; 3], count: usize) -> L {
        // SAFETY: the caller has made sure of the instruction set and of the elements.
        unsafe { self.0.apply(read::<L, false, PART>(from[0], count)) }
    }
}

#[derive(Clone, Copy)]
struct Paired<P, const SPLAT: bool, F>(P, F);

impl<P: Pair, const SPLAT: bool, F: Finish> Body for Paired<P, SPLAT, F> {
    const OPERANDS: usize = 2;
    const SPLAT: [bool; 3] = [false, SPLAT, false];
    const CHEAP: bool = P::CHEAP;

    #[inline(always)]
    unsafe fn of<L: Lanes, const PART: bool>(self, from: [*const f32; 3], count: usize) -> L {
        // SAFETY: the caller has made sure of the instruction set and of the elements.
        unsafe {
            let a = read::<L, false, PART>(from[0], count);
            self.1.finish(self.0.of(a, read::<L, SPLAT, PART>(from[1], count)))
        }
    }
}

#[derive(Clone, Copy)]
struct MulAdd<const B: bool, const C: bool, F>(F);

impl<const B: bool, const C: bool, F: Finish> Body for MulAdd<B, C, F> {
    const OPERANDS: usize = 3;
    const SPLAT: [bool; 3] = [false, B, C];
    const CHEAP: bool = true;

    #[inline(always)]
    unsafe fn of<L: Lanes, const PART: bool>(self, from: [*const f32; 3], count: usize) -> L {
        // SAFETY: the caller has made sure of the instruction set and of the elements.
        unsafe {
            let factor = read::<L, B, PART>(from[1], count);
            let term = read::<L, C, PART>(from[2], count);
            self.0.finish(read::<L, false, PART>(from[0], count).mul_add(factor, term))
        }
    }
}

/// A function of two numbers.
pub(super) trait Pair: Copy {
    /// As [`Body::CHEAP`].
    const CHEAP: bool;

    unsafe fn of<L: Lanes>(self, a: L, b: L) -> L;
}

macro_rules! pairs {
    ($($cheap:literal $name:ident: |$a:ident, $b:ident| $value:expr;)*) => {$(
        #[derive(Clone, Copy)]
        pub(super) struct $name;
        impl Pair for $name {
            const CHEAP: bool = $cheap;
            #[inline(always)]
            unsafe fn of<L: Lanes>(self, $a: L, $b: L) -> L {
                // SAFETY: the caller has made sure of the instruction set.
                unsafe { $value }
            }
        }
    )*};
}

pairs! {
    true Add: |a, b| a.add(b);
    true Sub: |a, b| a.sub(b);
    true SubFrom: |a, b| b.sub(a);
    true Mul: |a, b| a.mul(b);
    true Div: |a, b| a.div(b);
    true DivInto: |a, b| b.div(a);
    // The check for NaN is of the first operand; where it is one number for all, it stands outside of the loop.
    true Min: |a, b| b.min(a);
    true Max: |a, b| b.max(a);
    false Pow: |a, b| math::pow(a, b);
    true PRelu: |a, b| a.select_less(L::splat(0.0), a.mul(b), a);
}
