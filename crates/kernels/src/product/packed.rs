//! The right-hand matrix, packed into panels.

use std::ops::Range;

use crate::aligned::AlignedVec;
use crate::lanes::Isa;

/// Vectors in a panel that few rows meet: with one to four rows, only wide panels keep the processor busy.
const WIDE: usize = 6;
/// Vectors in an ordinary panel.
const ORDINARY: usize = 3;
/// As many rows meet wide panels at the most.
const FEW_ROWS: usize = 4;

/// A matrix `[k, n]`, cut into panels of a few vectors of columns; a panel holds its rows one after the other.
///
/// The last panel is filled up with zeros.
#[derive(Clone)]
pub struct Packed {
    layout: PackedLayout,
    elements: AlignedVec,
}

/// How a matrix is cut into panels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedLayout {
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
                // Two panels of two are faster than three and one.
                4 => 2,
                _ => left.min(ORDINARY),
            };
            let column = vector * lanes;
            let columns = (vectors * lanes).min(n - column);
            panels.push(Panel { column, columns, vectors, offset });
            offset += vectors * lanes * k;
            vector += vectors;
        }
        Self { k, n, lanes, panels }
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
        assert!(to.len() >= self.len() && rows.end <= self.k, "the packed matrix has its place");
        if rows.is_empty() || self.n == 0 {
            return;
        }
        assert!(
            (rows.len() - 1) * row_stride + (self.n - 1) * column_stride < from.len(),
            "the matrix lies within its slice"
        );
        for panel in &self.panels {
            let width = panel.vectors * self.lanes;
            let place = panel.offset + rows.start * width;
            let place = &mut to[place..place + width * rows.len()];
            if column_stride == 1 {
                for (i, row) in place.chunks_exact_mut(width).enumerate() {
                    let start = i * row_stride + panel.column;
                    copy_row(&from[start..start + panel.columns], &mut row[..panel.columns]);
                    row[panel.columns..].fill(0.0);
                }
                continue;
            }
            // In squares, so that lines of the cache that are read column by column are read once.
            for (square, place) in place.chunks_mut(16 * width).enumerate() {
                for j in 0..width {
                    let column = place[j..].iter_mut().step_by(width);
                    if j < panel.columns {
                        let start = square * 16 * row_stride + (panel.column + j) * column_stride;
                        let elements = from[start..].iter().step_by(row_stride.max(1));
                        column.zip(elements).for_each(|(to, from)| *to = *from);
                    } else {
                        column.for_each(|to| *to = 0.0);
                    }
                }
            }
        }
    }
}

/// Copies a short row: in pieces of a known length, which need no call.
fn copy_row(from: &[f32], to: &mut [f32]) {
    let (from, rest) = from.as_chunks::<16>();
    let (to, rest_of_to) = to.as_chunks_mut::<16>();
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
    rest_of_to.copy_from_slice(rest);
}

impl Packed {
    /// Packs a matrix `[k, n]` that so many rows will meet; the element of row `i` and column `j` is at
    /// `i · row_stride + j · column_stride`.
    pub fn new(
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
        Self { layout, elements }
    }

    /// A packed matrix of these elements, packed already.
    pub(crate) fn from_parts(layout: PackedLayout, elements: AlignedVec) -> Self {
        assert_eq!(layout.len(), elements.len(), "the elements fill the layout");
        Self { layout, elements }
    }

    /// How it is cut.
    pub fn layout(&self) -> &PackedLayout {
        &self.layout
    }

    /// The packed elements.
    pub fn elements(&self) -> &[f32] {
        &self.elements
    }
}
