//! The tile of a matrix product that is held in registers.

use std::mem::MaybeUninit;

use crate::lanes::Lanes;
use crate::weight::Weight;

/// Rows of A or B: each row's elements stand side by side, the rows at equal distances.
#[derive(Clone, Copy)]
pub(crate) struct Rows<T = f32> {
    pub(crate) first: *const T,
    /// Elements from one row to the next.
    pub(crate) pitch: usize,
}

impl<T> Rows<T> {
    /// The rows from one on.
    pub(crate) fn without_rows(self, row: usize) -> Self {
        Self { first: self.first.wrapping_add(row * self.pitch), ..self }
    }
}

/// The rows of the result, and what happens to a tile before it is written there.
#[derive(Clone, Copy)]
pub(crate) struct Finish {
    /// The first element of the tile in the result.
    pub(crate) out: *mut f32,
    /// Elements from one row of the result to the next.
    pub(crate) out_pitch: usize,
    /// Numbers to begin the sums with, one for each column, or null for zeros.
    pub(crate) bias: *const f32,
    /// A matrix to be added, or null.
    pub(crate) addend: *const f32,
    /// Elements from one row of the addend to the next.
    pub(crate) addend_pitch: usize,
    /// Results are limited to this range.
    pub(crate) low: f32,
    /// Results are limited to this range.
    pub(crate) high: f32,
}

/// A stretch of the sum, the same for every row of A.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Where the stretch begins, in elements after the start of a row of A.
    pub offset: usize,
    /// Its length.
    pub length: usize,
}

/// Computes `R` rows and `V` vectors of columns of the result: the sum over all segments of A times B.
///
/// # Safety
/// Every element that rows, segments and pitches lead to must be within its memory; a row of B is `V` vectors, one for
/// each element of the segments. `columns` is at most `V` vectors and more than `V − 1`.
#[inline(always)]
pub(crate) unsafe fn tile<L: Lanes, T: Weight, const R: usize, const V: usize>(
    rows: Rows,
    segments: &[Segment],
    Rows { first: mut b, pitch: b_pitch }: Rows<T>,
    columns: usize,
    finish: &Finish,
) {
    // SAFETY: the caller answers for the memory.
    unsafe {
        let last = columns - (V - 1) * L::LANES;
        let full = last == L::LANES;
        let mut sums = [[L::splat(0.0); V]; R];
        if !finish.bias.is_null() {
            let mut bias = [L::splat(0.0); V];
            for (v, bias) in bias.iter_mut().enumerate() {
                let pointer = finish.bias.add(v * L::LANES);
                *bias =
                    if v + 1 < V || full { L::load(pointer) } else { L::load_first(pointer, last) };
            }
            for row in &mut sums {
                for (sum, bias) in row.iter_mut().zip(bias) {
                    *sum = bias;
                }
            }
        }
        let pitch = rows.pitch;
        let mut ahead = b.wrapping_add(AHEAD * b_pitch);
        for segment in segments {
            let start = rows.first.add(segment.offset);
            // Three rows share one pointer, because an address may add the pitch once or twice to it: all rows
            // then need no more registers than there are.
            let mut bases = [start; 8];
            for (group, base) in bases.iter_mut().enumerate().take(R.div_ceil(3)) {
                *base = start.add(3 * group * pitch);
            }
            let mut k = 0;
            while k + 4 <= segment.length {
                // Or there would be a pointer for each row, and more that wait for the next rounds.
                for base in bases.iter_mut().take(R.div_ceil(3)) {
                    *base = opaque(*base);
                }
                for step in 0..4 {
                    accumulate::<L, T, R, V>(&mut sums, &bases, pitch, step, b, ahead);
                    b = opaque(b.wrapping_add(b_pitch));
                    ahead = opaque(ahead.wrapping_add(b_pitch));
                }
                for base in bases.iter_mut().take(R.div_ceil(3)) {
                    *base = base.add(4);
                }
                k += 4;
            }
            while k < segment.length {
                accumulate::<L, T, R, V>(&mut sums, &bases, pitch, 0, b, ahead);
                b = b.wrapping_add(b_pitch);
                ahead = ahead.wrapping_add(b_pitch);
                for base in bases.iter_mut().take(R.div_ceil(3)) {
                    *base = base.add(1);
                }
                k += 1;
            }
        }
        // Were they known to be the same for all tiles, they would be kept in registers that the sums need.
        let (low, high) = (opaque(&raw const finish.low), opaque(&raw const finish.high));
        let (low, high) = (*low, *high);
        if full {
            if !finish.addend.is_null() {
                for (r, row) in sums.iter_mut().enumerate() {
                    let addend = finish.addend.add(r * finish.addend_pitch);
                    for (v, sum) in row.iter_mut().enumerate() {
                        *sum = sum.add(L::load(addend.add(v * L::LANES)));
                    }
                }
            }
            if low == f32::NEG_INFINITY && high == f32::INFINITY {
                for (r, row) in sums.iter().enumerate() {
                    let out = finish.out.add(r * finish.out_pitch);
                    for (v, sum) in row.iter().enumerate() {
                        sum.store(out.add(v * L::LANES));
                    }
                }
                return;
            }
            let (low, high) = (L::splat(low), L::splat(high));
            for (r, row) in sums.iter().enumerate() {
                let out = finish.out.add(r * finish.out_pitch);
                for (v, sum) in row.iter().enumerate() {
                    sum.clamp(low, high).store(out.add(v * L::LANES));
                }
            }
            return;
        }
        let (low, high) = (L::splat(low), L::splat(high));
        // The sums leave their registers first: loops with branches would not be unrolled, and arrays that such a loop
        // indexes are never in registers.
        let mut results = [const { MaybeUninit::<[L; V]>::uninit() }; R];
        let stored = results.as_mut_ptr().cast::<f32>();
        for (r, row) in sums.iter().enumerate() {
            for (v, sum) in row.iter().enumerate() {
                sum.store(stored.add((r * V + v) * L::LANES));
            }
        }
        finish_rows::<L>(stored, (R, V), columns, finish, (low, high));
    }
}

/// Takes sums from where they were stored to where they belong.
#[inline(always)]
unsafe fn finish_rows<L: Lanes>(
    sums: *const f32,
    (rows, vectors): (usize, usize),
    columns: usize,
    finish: &Finish,
    (low, high): (L, L),
) {
    // SAFETY: the caller answers for the memory.
    unsafe {
        for r in 0..rows {
            let out = finish.out.add(r * finish.out_pitch);
            let addend = finish.addend.wrapping_add(r * finish.addend_pitch);
            for v in 0..vectors {
                let first = v * L::LANES;
                let count = L::LANES.min(columns - first);
                let mut value = L::load(sums.add(r * vectors * L::LANES + first));
                if !finish.addend.is_null() {
                    value = value.add(L::load_first(addend.add(first), count));
                }
                value.clamp(low, high).store_first(out.add(first), count);
            }
        }
    }
}

/// How many elements of the sum ahead B is asked for: it streams from the second cache, and what fetches ahead by itself
/// is not far enough ahead.
const AHEAD: usize = 8;

/// One element of the sum for every row and column.
#[inline(always)]
unsafe fn accumulate<L: Lanes, T: Weight, const R: usize, const V: usize>(
    sums: &mut [[L; V]; R],
    bases: &[*const f32; 8],
    pitch: usize,
    step: usize,
    b: *const T,
    ahead: *const T,
) {
    // SAFETY: the caller answers for the memory.
    unsafe {
        let mut columns = [L::splat(0.0); V];
        for (v, column) in columns.iter_mut().enumerate() {
            *column = T::load(b.add(v * L::LANES));
            L::prefetch(ahead.wrapping_add(v * L::LANES).cast());
        }
        for (r, row) in sums.iter_mut().enumerate() {
            let element = L::splat(*bases[r / 3].add((r % 3) * pitch + step));
            for (sum, column) in row.iter_mut().zip(columns) {
                *sum = element.mul_add(column, *sum);
            }
        }
    }
}

/// The same pointer, of which the compiler knows nothing, not even that it was the same before.
#[inline(always)]
fn opaque<T>(pointer: *const T) -> *const T {
    let mut address = pointer.addr();
    // SAFETY: the assembly is empty.
    unsafe {
        std::arch::asm!("/* {0} */", inout(reg) address, options(nomem, nostack, preserves_flags));
    }
    pointer.with_addr(address)
}
