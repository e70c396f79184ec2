//! The right-hand matrix, packed into panels.

use std::ops::Range;

use half::{bf16, f16};

use super::multiply::Right;
use super::tile::Rows;
use crate::aligned::AlignedVec;
use crate::lanes::{Isa, Lanes, Work};
use crate::layout::Transposition;
use crate::shared::{Pointer, PointerMut};
use crate::team::Team;
use crate::weight::{Weight, WeightType, Weights};

/// Vectors in a panel that few rows meet: with one to four rows, only wide panels keep the processor busy.
pub(super) const WIDE: usize = 6;
/// Vectors in an ordinary panel.
const ORDINARY: usize = 3;
/// Rows of a tile of three vectors from which on a tile of four vectors has enough rows, too.
const ENOUGH_ROWS: usize = 6;
/// As many rows meet wide panels at the most.
const FEW_ROWS: usize = 4;

/// Rows that are packed for all panels before the next ones.
const ROWS_AT_A_TIME: usize = 16;

/// A matrix `[k, n]`, cut into panels of a few vectors of columns; a panel holds its rows one after the other.
///
/// The last panel is filled up with zeros.
#[derive(Clone)]
pub struct Packed<T = f32> {
    layout: PackedLayout,
    elements: Weights<T>,
}

/// How a matrix is cut into panels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedLayout {
    isa: Isa,
    k: usize,
    n: usize,
    lanes: usize,
    panels: Vec<Panel>,
}

/// A few vectors of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Panel {
    /// The first column.
    pub(crate) column: usize,
    /// The number of columns; the last vector may be filled up.
    pub(crate) columns: usize,
    /// Vectors in a row.
    pub(crate) vectors: usize,
    /// Where it begins among the packed elements.
    pub(crate) offset: usize,
}

impl PackedLayout {
    /// The cut for a matrix `[k, n]` that so many rows will meet.
    pub fn new(isa: Isa, rows: usize, k: usize, n: usize) -> Self {
        let lanes = isa.lanes();
        let total = n.div_ceil(lanes);
        let few = rows <= FEW_ROWS.min(isa.tile_rows() / 2);
        let mut panels = Vec::new();
        let (mut vector, mut offset) = (0, 0);
        while vector < total {
            let left = total - vector;
            let vectors = match left {
                _ if few => left.min(WIDE),
                // Few registers: two panels of two are faster than three and one.
                4 if isa.tile_rows() < ENOUGH_ROWS => 2,
                // And panels of four are faster than three and one, or two of three and one of two.
                4 | 8 if isa.tile_rows() >= ENOUGH_ROWS => 4,
                _ => left.min(ORDINARY),
            };
            let column = vector * lanes;
            let columns = (vectors * lanes).min(n - column);
            panels.push(Panel { column, columns, vectors, offset });
            offset += vectors * lanes * k;
            vector += vectors;
        }
        Self { isa, k, n, lanes, panels }
    }

    /// The number of packed elements.
    pub fn len(&self) -> usize {
        self.panels.last().map_or(0, |panel| panel.offset + panel.vectors * self.lanes * self.k)
    }

    /// Whether there is nothing to pack.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Rows of the matrix.
    pub fn k(&self) -> usize {
        self.k
    }

    /// Columns of the matrix.
    pub fn n(&self) -> usize {
        self.n
    }

    /// Elements of a vector.
    pub(crate) fn lanes(&self) -> usize {
        self.lanes
    }

    pub(crate) fn panels(&self) -> &[Panel] {
        &self.panels
    }

    /// Packs a matrix; the element of row `i` and column `j` is at `i · row_stride + j · column_stride`.
    ///
    /// # Panics
    /// If the matrix does not lie within `from`, or the packed elements not within `to`.
    pub fn pack(&self, from: &[f32], row_stride: usize, column_stride: usize, to: &mut [f32]) {
        self.pack_rows(0..self.k, from, row_stride, column_stride, to);
    }

    /// As [`pack`](Self::pack), on all threads of a team.
    ///
    /// # Panics
    /// As for [`pack`](Self::pack).
    pub fn pack_on(
        &self,
        team: &Team,
        from: &[f32],
        row_stride: usize,
        column_stride: usize,
        to: &mut [f32],
    ) {
        self.check(self.k, from, row_stride, column_stride, to);
        let per_task = match team.threads() {
            1 => self.k,
            threads => self.k.div_ceil(threads).next_multiple_of(ROWS_AT_A_TIME),
        }
        .max(1);
        let (from, to) = (Pointer(from.as_ptr()), PointerMut(to.as_mut_ptr()));
        team.run(self.k.div_ceil(per_task), |task| {
            let (from, to) = (&from, &to);
            let rows = task * per_task..((task + 1) * per_task).min(self.k);
            let from = from.0.wrapping_add(rows.start * row_stride);
            // SAFETY: the matrices have been checked; tasks write rows of their own.
            unsafe {
                self.pack_unchecked(&self.panels, rows, from, row_stride, column_stride, to.0)
            }
        });
    }

    /// Elements of the last columns, if they do not fill their panel.
    pub fn ragged_len(&self) -> usize {
        self.ragged().map_or(0, |panel| panel.vectors * self.lanes * self.k)
    }

    /// Packs the last columns of a row-major matrix alone, if they do not fill their panel.
    ///
    /// # Panics
    /// If the matrix does not lie within `from`, or the packed elements not within `to`.
    pub fn pack_ragged(&self, from: &[f32], row_stride: usize, to: &mut [f32]) {
        let Some(panel) = self.ragged() else { return };
        assert!(to.len() >= self.ragged_len(), "the packed columns have their place");
        self.check_from(self.k, from, row_stride, 1);
        let panel = Panel { offset: 0, ..*panel };
        let (from, to) = (from.as_ptr(), to.as_mut_ptr());
        // SAFETY: checked before.
        unsafe { self.pack_unchecked(&[panel], 0..self.k, from, row_stride, 1, to) }
    }

    fn ragged(&self) -> Option<&Panel> {
        self.panels.last().filter(|panel| panel.columns < panel.vectors * self.lanes)
    }

    /// Packs some rows of a matrix; the element of row `rows.start + i` and column `j` is at
    /// `i · row_stride + j · column_stride`.
    ///
    /// # Panics
    /// As for [`pack`](Self::pack).
    pub fn pack_rows(
        &self,
        rows: Range<usize>,
        from: &[f32],
        row_stride: usize,
        column_stride: usize,
        to: &mut [f32],
    ) {
        assert!(rows.end <= self.k, "the matrix has these rows");
        self.check(rows.len(), from, row_stride, column_stride, to);
        let (from, to) = (from.as_ptr(), to.as_mut_ptr());
        // SAFETY: checked before.
        unsafe { self.pack_unchecked(&self.panels, rows, from, row_stride, column_stride, to) }
    }

    fn check(
        &self,
        rows: usize,
        from: &[f32],
        row_stride: usize,
        column_stride: usize,
        to: &[f32],
    ) {
        assert!(to.len() >= self.len(), "the packed matrix has its place");
        self.check_from(rows, from, row_stride, column_stride);
    }

    fn check_from(&self, rows: usize, from: &[f32], row_stride: usize, column_stride: usize) {
        assert!(
            rows == 0
                || self.n == 0
                || (rows - 1) * row_stride + (self.n - 1) * column_stride < from.len(),
            "the matrix lies within its slice"
        );
    }

    /// # Safety
    /// The rows must lie within the memory of `from`, and the packed panels within that of `to`.
    unsafe fn pack_unchecked(
        &self,
        panels: &[Panel],
        rows: Range<usize>,
        from: *const f32,
        row_stride: usize,
        column_stride: usize,
        to: *mut f32,
    ) {
        // A few rows at a time, so that long rows are read from end to end.
        let mut row = rows.start;
        while row < rows.end {
            let count = ROWS_AT_A_TIME.min(rows.end - row);
            for panel in panels {
                let first = (row - rows.start) * row_stride + panel.column * column_stride;
                let width = panel.vectors * self.lanes;
                let part = Part {
                    from: from.wrapping_add(first),
                    to: to.wrapping_add(panel.offset + row * width),
                    rows: count,
                    columns: panel.columns,
                    width,
                    row_stride,
                    column_stride,
                };
                // SAFETY: the caller answers for the memory.
                unsafe { part.pack(self.isa, panel.vectors) }
            }
            row += count;
        }
    }
}

/// Some rows of a panel to be packed.
struct Part {
    from: *const f32,
    to: *mut f32,
    rows: usize,
    columns: usize,
    /// Elements of a packed row.
    width: usize,
    row_stride: usize,
    column_stride: usize,
}

impl Part {
    unsafe fn pack(self, isa: Isa, vectors: usize) {
        let Self { from, to, rows, columns, width, row_stride, column_stride } = self;
        if column_stride == 1 {
            match vectors {
                1 => isa.run(PackRows::<1>(self)),
                2 => isa.run(PackRows::<2>(self)),
                3 => isa.run(PackRows::<3>(self)),
                4 => isa.run(PackRows::<4>(self)),
                5 => isa.run(PackRows::<5>(self)),
                _ => isa.run(PackRows::<WIDE>(self)),
            }
            return;
        }
        // SAFETY: the caller answers for the memory.
        unsafe {
            for row in 0..rows {
                for column in columns..width {
                    *to.add(row * width + column) = 0.0;
                }
            }
            if row_stride == 1 {
                let squares = Transposition {
                    batch: 1,
                    rows: columns,
                    columns: rows,
                    from_pitch: column_stride,
                    to_pitch: width,
                    from_step: 0,
                    to_step: 0,
                };
                squares.run_alone(isa, from, to);
                return;
            }
            for column in 0..columns {
                for row in 0..rows {
                    let element = *from.add(row * row_stride + column * column_stride);
                    *to.add(row * width + column) = element;
                }
            }
        }
    }
}

/// Rows whose elements stand side by side, as so many vectors.
struct PackRows<const V: usize>(Part);

impl<const V: usize> Work for PackRows<V> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let Part { mut from, mut to, rows, columns, row_stride, .. } = self.0;
        let last = columns - (V - 1) * L::LANES;
        // SAFETY: the caller answers for the memory.
        unsafe {
            for _ in 0..rows {
                for v in 0..V - 1 {
                    L::load(from.add(v * L::LANES)).store(to.add(v * L::LANES));
                }
                let place = (V - 1) * L::LANES;
                let vector = match last == L::LANES {
                    true => L::load(from.add(place)),
                    false => L::load_first(from.add(place), last),
                };
                vector.store(to.add(place));
                from = from.wrapping_add(row_stride);
                to = to.wrapping_add(V * L::LANES);
            }
        }
    }
}

impl<T: Weight> Packed<T> {
    /// Bytes of the packed weights.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.elements)
    }

    /// Packs a matrix `[k, n]` that so many rows will meet, every element rounded to the nearest; the element of row `i`
    /// and column `j` is at `i · row_stride + j · column_stride`.
    pub fn of(
        isa: Isa,
        rows: usize,
        (k, n): (usize, usize),
        from: &[f32],
        row_stride: usize,
        column_stride: usize,
    ) -> Self {
        let layout = PackedLayout::new(isa, rows, k, n);
        let mut elements = AlignedVec::zeros(layout.len());
        layout.pack(from, row_stride, column_stride, &mut elements);
        Self { layout, elements: Weights::nearest(elements) }
    }

    /// How it is cut.
    pub fn layout(&self) -> &PackedLayout {
        &self.layout
    }

    /// The packed elements.
    pub fn elements(&self) -> &[T] {
        &self.elements
    }
}

impl Packed {
    /// Packs a matrix `[k, n]` that so many rows will meet; the element of row `i` and column `j` is at
    /// `i · row_stride + j · column_stride`.
    pub fn new(
        isa: Isa,
        rows: usize,
        size: (usize, usize),
        from: &[f32],
        row_stride: usize,
        column_stride: usize,
    ) -> Self {
        Self::of(isa, rows, size, from, row_stride, column_stride)
    }

    /// A packed matrix of these elements, packed already.
    pub(crate) fn from_parts(layout: PackedLayout, elements: AlignedVec) -> Self {
        assert_eq!(layout.len(), elements.len(), "the elements fill the layout");
        Self { layout, elements: Weights::nearest(elements) }
    }

    /// The rows of a panel.
    pub(crate) fn panel(&self, panel: &Panel) -> Rows {
        let pitch = panel.vectors * self.layout.lanes;
        Rows { first: self.elements[panel.offset..].as_ptr(), pitch }
    }
}

/// A packed matrix whose elements are of a type that is found out when it is packed.
#[derive(Clone)]
pub enum PackedWeights {
    /// Elements of f32.
    F32(Packed),
    /// Elements of f16.
    F16(Packed<f16>),
    /// Elements of bf16.
    Bf16(Packed<bf16>),
}

impl PackedWeights {
    /// As [`Packed::of`], for this type.
    pub fn new(
        weight: WeightType,
        isa: Isa,
        rows: usize,
        size: (usize, usize),
        from: &[f32],
        (row_stride, column_stride): (usize, usize),
    ) -> Self {
        match weight {
            WeightType::F32 => {
                Self::F32(Packed::of(isa, rows, size, from, row_stride, column_stride))
            }
            WeightType::F16 => {
                Self::F16(Packed::of(isa, rows, size, from, row_stride, column_stride))
            }
            WeightType::Bf16 => {
                Self::Bf16(Packed::of(isa, rows, size, from, row_stride, column_stride))
            }
        }
    }

    /// Bytes of the packed weights.
    pub fn bytes(&self) -> usize {
        match self {
            Self::F32(packed) => packed.bytes(),
            Self::F16(packed) => packed.bytes(),
            Self::Bf16(packed) => packed.bytes(),
        }
    }

    /// The type of its elements.
    pub fn weight_type(&self) -> WeightType {
        match self {
            Self::F32(_) => WeightType::F32,
            Self::F16(_) => WeightType::F16,
            Self::Bf16(_) => WeightType::Bf16,
        }
    }

    /// As the right-hand matrix of a product.
    pub fn right(&self) -> Right<'_> {
        match self {
            Self::F32(packed) => Right::Packed(packed.elements()),
            Self::F16(packed) => Right::PackedF16(packed.elements()),
            Self::Bf16(packed) => Right::PackedBf16(packed.elements()),
        }
    }
}
