//! Normalisation of rows.

use super::Rows;
use super::fold::{Deviation, Magnitude, Plain, Square, SumOf, fold_row};
use super::walk::{Walk, load, store, walk};
use crate::lanes::{Isa, Lanes, Work};

/// Layer normalisation of every row (Ba et al., 2016): (x − mean) / √(variance + ε) · scale + bias.
///
/// Scale and bias have an element for each column; without them they are one and zero. `statistics` takes each row's
/// mean and 1/√(variance + ε). The output may be the input's memory.
///
/// # Safety
/// As many elements must be there to read and to write.
///
/// # Panics
/// If scale or bias is shorter than a row, or there are fewer places for statistics than rows.
#[allow(clippy::too_many_arguments)]
pub unsafe fn layer_norm(
    isa: Isa,
    from: Rows<*const f32>,
    to: Rows<*mut f32>,
    (rows, columns): (usize, usize),
    epsilon: f32,
    scale: Option<&[f32]>,
    bias: Option<&[f32]>,
    statistics: Option<&mut [[f32; 2]]>,
) {
    check(columns, [scale, bias]);
    assert!(statistics.as_ref().is_none_or(|statistics| statistics.len() >= rows));
    isa.run(Layer { from, to, rows, columns, epsilon, scale, bias, statistics });
}

/// Root-mean-square normalisation of every row (Zhang and Sennrich, 2019): x / √(mean of x² + ε) · scale.
///
/// The scale has an element for each column; without it, it is one. The output may be the input's memory.
///
/// # Safety
/// As many elements must be there to read and to write.
///
/// # Panics
/// If the scale is shorter than a row.
pub unsafe fn rms_norm(
    isa: Isa,
    from: Rows<*const f32>,
    to: Rows<*mut f32>,
    (rows, columns): (usize, usize),
    epsilon: f32,
    scale: Option<&[f32]>,
) {
    check(columns, [scale, None]);
    isa.run(Rms { from, to, rows, columns, epsilon, scale });
}

/// The measure of a vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Norm {
    /// The sum of magnitudes.
    One,
    /// The root of the sum of squares.
    Two,
}

/// Every row divided by its norm; rows of zeros stay. The output may be the input's memory.
///
/// # Safety
/// As many elements must be there to read and to write.
pub unsafe fn lp_norm(
    isa: Isa,
    norm: Norm,
    from: Rows<*const f32>,
    to: Rows<*mut f32>,
    (rows, columns): (usize, usize),
) {
    isa.run(Lp { norm, from, to, rows, columns });
}

fn check(columns: usize, vectors: [Option<&[f32]>; 2]) {
    let long_enough = vectors.iter().flatten().all(|vector| vector.len() >= columns);
    assert!(long_enough, "scale and bias have an element for each column");
}

struct Layer<'a> {
    from: Rows<*const f32>,
    to: Rows<*mut f32>,
    rows: usize,
    columns: usize,
    epsilon: f32,
    scale: Option<&'a [f32]>,
    bias: Option<&'a [f32]>,
    statistics: Option<&'a mut [[f32; 2]]>,
}

impl Work for Layer<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<L: Lanes>(mut self) {
        for row in 0..self.rows {
            let (from, to) = (self.from.row(row), self.to.row(row));
            // SAFETY: the caller of `layer_norm` promises the memory, `Isa::run` the instruction set.
            unsafe {
                let [mean, inverse] = statistics::<L>(from, self.columns, self.epsilon);
                if let Some(statistics) = &mut self.statistics {
                    statistics[row] = [mean, inverse];
                }
                let affine = Affine {
                    from,
                    to,
                    scale: self.scale.map(<[f32]>::as_ptr),
                    bias: self.bias.map(<[f32]>::as_ptr),
                    mean: L::splat(mean),
                    factor: L::splat(inverse),
                };
                affine.run(self.columns);
            }
        }
    }
}

/// The mean and the inverse of the standard deviation of a row.
///
/// # Safety
/// The processor must have the instruction set of `L`, and there must be as many numbers.
#[inline(always)]
pub(super) unsafe fn statistics<L: Lanes>(
    from: *const f32,
    count: usize,
    epsilon: f32,
) -> [f32; 2] {
    // SAFETY: as for this function.
    unsafe {
        let mean = fold_row::<L, _>(SumOf(Plain), from, count) / count as f32;
        let squares = fold_row::<L, _>(SumOf(Deviation { mean }), from, count);
        [mean, 1.0 / (squares / count as f32 + epsilon).sqrt()]
    }
}

struct Rms<'a> {
    from: Rows<*const f32>,
    to: Rows<*mut f32>,
    rows: usize,
    columns: usize,
    epsilon: f32,
    scale: Option<&'a [f32]>,
}

impl Work for Rms<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        for row in 0..self.rows {
            let (from, to) = (self.from.row(row), self.to.row(row));
            // SAFETY: the caller of `rms_norm` promises the memory, `Isa::run` the instruction set.
            unsafe {
                let squares = fold_row::<L, _>(SumOf(Square), from, self.columns);
                let inverse = 1.0 / (squares / self.columns as f32 + self.epsilon).sqrt();
                let affine = Affine {
                    from,
                    to,
                    scale: self.scale.map(<[f32]>::as_ptr),
                    bias: None,
                    mean: L::splat(0.0),
                    factor: L::splat(inverse),
                };
                affine.run(self.columns);
            }
        }
    }
}

struct Lp {
    norm: Norm,
    from: Rows<*const f32>,
    to: Rows<*mut f32>,
    rows: usize,
    columns: usize,
}

impl Work for Lp {
    type Output = ();
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        for row in 0..self.rows {
            let (from, to) = (self.from.row(row), self.to.row(row));
            // SAFETY: the caller of `lp_norm` promises the memory, `Isa::run` the instruction set.
            unsafe {
                let norm = match self.norm {
                    Norm::One => fold_row::<L, _>(SumOf(Magnitude), from, self.columns),
                    Norm::Two => fold_row::<L, _>(SumOf(Square), from, self.columns).sqrt(),
                };
                let inverse = if norm == 0.0 { 0.0 } else { 1.0 / norm };
                let (mean, factor) = (L::splat(0.0), L::splat(inverse));
                Affine { from, to, scale: None, bias: None, mean, factor }.run(self.columns);
            }
        }
    }
}

/// (x − mean) · factor · scale + bias.
pub(super) struct Affine<L> {
    pub from: *const f32,
    pub to: *mut f32,
    pub scale: Option<*const f32>,
    pub bias: Option<*const f32>,
    pub mean: L,
    pub factor: L,
}

impl<L: Lanes> Affine<L> {
    /// # Safety
    /// The processor must have the instruction set of `L`, and there must be as many numbers.
    #[inline(always)]
    pub unsafe fn run(self, columns: usize) {
        // SAFETY: as for this function.
        unsafe {
            match (self.scale, self.bias) {
                (Some(_), Some(_)) => walk(columns, &mut Terms::<L, true, true>(self)),
                (Some(_), None) => walk(columns, &mut Terms::<L, true, false>(self)),
                (None, Some(_)) => walk(columns, &mut Terms::<L, false, true>(self)),
                (None, None) => walk(columns, &mut Terms::<L, false, false>(self)),
            }
        }
    }
}

struct Terms<L, const SCALE: bool, const BIAS: bool>(Affine<L>);

impl<L: Lanes, const SCALE: bool, const BIAS: bool> Walk<L> for Terms<L, SCALE, BIAS> {
    #[inline(always)]
    unsafe fn at<const PART: bool>(&mut self, offset: usize, count: usize) {
        let Affine { from, to, scale, bias, mean, factor } = self.0;
        // SAFETY: as for this function.
        unsafe {
            let mut value = load::<L, PART>(from.add(offset), count).sub(mean).mul(factor);
            let scale =
                scale.filter(|_| SCALE).map(|scale| load::<L, PART>(scale.add(offset), count));
            let bias = bias.filter(|_| BIAS).map(|bias| load::<L, PART>(bias.add(offset), count));
            value = match (scale, bias) {
                (Some(scale), Some(bias)) => value.mul_add(scale, bias),
                (Some(scale), None) => value.mul(scale),
                (None, Some(bias)) => value.add(bias),
                (None, None) => value,
            };
            store::<L, PART>(value, to.add(offset), count);
        }
    }
}
