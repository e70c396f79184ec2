//! Folding many numbers into one.

use super::walk::{fill_up, load};
use crate::lanes::Lanes;

/// An operation that joins numbers in any order.
pub(super) trait Fold: Copy {
    /// The value before any number.
    const START: f32;

    /// A number that changes nothing.
    fn neutral(self) -> f32 {
        Self::START
    }

    /// The value with one number more in every lane.
    ///
    /// # Safety
    /// The processor must have the instruction set of `L`.
    unsafe fn step<L: Lanes>(self, value: L, x: L) -> L;

    /// Two values as one.
    ///
    /// # Safety
    /// As for [`step`](Self::step).
    unsafe fn join<L: Lanes>(self, a: L, b: L) -> L;

    /// As [`join`](Self::join), for numbers.
    fn join_numbers(self, a: f32, b: f32) -> f32;
}

/// All numbers of a row as one: four vectors side by side, then their lanes.
///
/// # Safety
/// The processor must have the instruction set of `L`, and there must be as many numbers.
#[inline(always)]
pub(super) unsafe fn fold_row<L: Lanes, F: Fold>(fold: F, from: *const f32, count: usize) -> f32 {
    // SAFETY: as for this function.
    unsafe {
        let start = L::splat(F::START);
        let mut values = [start; 4];
        let mut offset = 0;
        while offset + 4 * L::LANES <= count {
            for (i, value) in values.iter_mut().enumerate() {
                *value = fold.step(*value, L::load(from.add(offset + i * L::LANES)));
            }
            offset += 4 * L::LANES;
        }
        while offset + L::LANES <= count {
            values[0] = fold.step(values[0], L::load(from.add(offset)));
            offset += L::LANES;
        }
        if offset < count {
            let rest = count - offset;
            let x: L = load::<L, true>(from.add(offset), rest);
            values[1] = fold.step(values[1], fill_up(x, rest, L::splat(fold.neutral())));
        }
        let [a, b, c, d] = values;
        fold_lanes(fold, fold.join(fold.join(a, b), fold.join(c, d)))
    }
}

/// The lanes of a value as one number.
///
/// # Safety
/// The processor must have the instruction set of `L`.
#[inline(always)]
pub(super) unsafe fn fold_lanes<L: Lanes, F: Fold>(fold: F, value: L) -> f32 {
    let mut lanes = [F::START; 16];
    // SAFETY: as for this function; there are at most as many lanes.
    unsafe { value.store(lanes.as_mut_ptr()) };
    let mut count = L::LANES;
    while count > 1 {
        count /= 2;
        for lane in 0..count {
            lanes[lane] = fold.join_numbers(lanes[lane], lanes[lane + count]);
        }
    }
    lanes[0]
}

/// What is added up.
pub(super) trait Term: Copy {
    /// A number whose term is zero.
    fn neutral(self) -> f32 {
        0.0
    }

    /// The value with the number's term added.
    ///
    /// # Safety
    /// The processor must have the instruction set of `L`.
    unsafe fn add<L: Lanes>(self, value: L, x: L) -> L;
}

/// The sum of terms.
#[derive(Clone, Copy)]
pub(super) struct SumOf<T>(pub T);

impl<T: Term> Fold for SumOf<T> {
    const START: f32 = 0.0;

    #[inline(always)]
    fn neutral(self) -> f32 {
        self.0.neutral()
    }
    #[inline(always)]
    unsafe fn step<L: Lanes>(self, value: L, x: L) -> L {
        // SAFETY: as for this function.
        unsafe { self.0.add(value, x) }
    }
    #[inline(always)]
    unsafe fn join<L: Lanes>(self, a: L, b: L) -> L {
        // SAFETY: as for this function.
        unsafe { a.add(b) }
    }
    #[inline(always)]
    fn join_numbers(self, a: f32, b: f32) -> f32 {
        a + b
    }
}

/// x.
#[derive(Clone, Copy)]
pub(super) struct Plain;

impl Term for Plain {
    #[inline(always)]
    unsafe fn add<L: Lanes>(self, value: L, x: L) -> L {
        // SAFETY: as for this function.
        unsafe { value.add(x) }
    }
}

/// x².
#[derive(Clone, Copy)]
pub(super) struct Square;

impl Term for Square {
    #[inline(always)]
    unsafe fn add<L: Lanes>(self, value: L, x: L) -> L {
        // SAFETY: as for this function.
        unsafe { x.mul_add(x, value) }
    }
}

/// |x|.
#[derive(Clone, Copy)]
pub(super) struct Magnitude;

impl Term for Magnitude {
    #[inline(always)]
    unsafe fn add<L: Lanes>(self, value: L, x: L) -> L {
        // SAFETY: as for this function.
        unsafe { value.add(x.abs()) }
    }
}

/// (x − mean)².
#[derive(Clone, Copy)]
pub(super) struct Deviation {
    pub mean: f32,
}

impl Term for Deviation {
    #[inline(always)]
    fn neutral(self) -> f32 {
        self.mean
    }
    #[inline(always)]
    unsafe fn add<L: Lanes>(self, value: L, x: L) -> L {
        // SAFETY: as for this function.
        unsafe {
            let difference = x.sub(L::splat(self.mean));
            difference.mul_add(difference, value)
        }
    }
}

macro_rules! extremes {
    ($($(#[$doc:meta])* $name:ident: $start:expr, $method:ident, $operator:tt;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub(super) struct $name;

        impl Fold for $name {
            const START: f32 = $start;

            #[inline(always)]
            unsafe fn step<L: Lanes>(self, value: L, x: L) -> L {
                // SAFETY: as for this function.
                unsafe { value.$method(x) }
            }
            #[inline(always)]
            unsafe fn join<L: Lanes>(self, a: L, b: L) -> L {
                // SAFETY: as for this function.
                unsafe { a.$method(b) }
            }
            #[inline(always)]
            fn join_numbers(self, a: f32, b: f32) -> f32 {
                if a.is_nan() || a $operator b { a } else { b }
            }
        }
    )*};
}

extremes! {
    /// The largest; NaN wins.
    Largest: f32::NEG_INFINITY, max, >;
    /// The smallest; NaN wins.
    Smallest: f32::INFINITY, min, <;
}

/// The product.
#[derive(Clone, Copy)]
pub(super) struct Product;

impl Fold for Product {
    const START: f32 = 1.0;

    #[inline(always)]
    unsafe fn step<L: Lanes>(self, value: L, x: L) -> L {
        // SAFETY: as for this function.
        unsafe { value.mul(x) }
    }
    #[inline(always)]
    unsafe fn join<L: Lanes>(self, a: L, b: L) -> L {
        // SAFETY: as for this function.
        unsafe { a.mul(b) }
    }
    #[inline(always)]
    fn join_numbers(self, a: f32, b: f32) -> f32 {
        a * b
    }
}
