//! Copying elements from places that follow a rule for each dimension.

use tachy_graph::shape::contiguous_strides;
use tachy_graph::{TensorView, TensorViewMut};

use crate::kernel::{DataError, Kernel};
use crate::workers::Workers;

/// Bytes to a piece of work.
const PIECE_BYTES: usize = 64 * 1024;

/// Where the positions along one dimension of the output lie in the input, in elements from where position 0
/// of all strided dimensions lies.
pub(super) enum AxisMap {
    /// Evenly spaced.
    Strided {
        /// The number of positions.
        size: usize,
        /// From each to the next.
        stride: isize,
    },
    /// Anywhere; `None` stands for the fill value.
    Table(Vec<Option<isize>>),
}

impl AxisMap {
    fn size(&self) -> usize {
        match self {
            AxisMap::Strided { size, .. } => *size,
            AxisMap::Table(places) => places.len(),
        }
    }

    fn place(&self, position: usize) -> Option<isize> {
        match self {
            AxisMap::Strided { stride, .. } => Some(position as isize * stride),
            AxisMap::Table(places) => places[position],
        }
    }
}

/// Positions of the innermost dimension that lie evenly spaced in the input, or are all filled.
struct Run {
    length: usize,
    /// The place of the first, and the distance from each to the next.
    source: Option<(isize, isize)>,
}

/// A rule for each dimension of an output that says which element of the input stands there.
pub(super) struct CopyMap {
    start: isize,
    outer: Vec<AxisMap>,
    inner: Vec<Run>,
    row: usize,
}

impl CopyMap {
    /// The rules for the output's dimensions, outermost first; `start` is the place of position 0 of all.
    pub(super) fn new(start: usize, axes: Vec<AxisMap>) -> Self {
        let mut outer = merge(axes);
        let inner = match outer.pop() {
            None => vec![Run { length: 1, source: Some((0, 0)) }],
            Some(AxisMap::Strided { size, stride }) => {
                vec![Run { length: size, source: Some((0, stride)) }]
            }
            Some(AxisMap::Table(places)) => runs(&places),
        };
        let row = inner.iter().map(|run| run.length).sum();
        Self { start: start as isize, outer, inner, row }
    }

    /// A transposed view of a contiguous tensor of this shape.
    pub(super) fn transposed(shape: &[usize], permutation: &[usize]) -> Self {
        let strides = contiguous_strides(shape);
        let axis =
            |&axis: &usize| AxisMap::Strided { size: shape[axis], stride: strides[axis] as isize };
        Self::new(0, permutation.iter().map(axis).collect())
    }

    /// Writes the output. Elements take `width` bytes: 1, 2, 4 or 8.
    pub(super) fn copy(
        &self,
        workers: &Workers,
        width: usize,
        source: &[u8],
        fill: [u8; 8],
        output: &mut [u8],
    ) {
        match width {
            1 => self.copy_elements::<1>(workers, source, fill, output),
            2 => self.copy_elements::<2>(workers, source, fill, output),
            4 => self.copy_elements::<4>(workers, source, fill, output),
            _ => self.copy_elements::<8>(workers, source, fill, output),
        }
    }

    fn copy_elements<const N: usize>(
        &self,
        workers: &Workers,
        source: &[u8],
        fill: [u8; 8],
        output: &mut [u8],
    ) {
        let (source, _) = source.as_chunks::<N>();
        let (output, _) = output.as_chunks_mut::<N>();
        let fill = std::array::from_fn(|byte| fill[byte]);
        if output.is_empty() {
            return;
        }
        let rows = workers.chunk_length(output.len(), PIECE_BYTES / N).div_ceil(self.row);
        workers.for_each_chunk(output, rows * self.row, |piece, chunk| {
            for (row, output) in chunk.chunks_exact_mut(self.row).enumerate() {
                self.copy_row(piece * rows + row, source, fill, output);
            }
        });
    }

    fn copy_row<T: Copy>(&self, row: usize, source: &[T], fill: T, mut output: &mut [T]) {
        let mut rest = row;
        let mut place = Some(self.start);
        for axis in self.outer.iter().rev() {
            let size = axis.size();
            place = place.zip(axis.place(rest % size)).map(|(place, step)| place + step);
            rest /= size;
        }
        let Some(place) = place else {
            output.fill(fill);
            return;
        };
        for run in &self.inner {
            let (head, tail) = output.split_at_mut(run.length);
            match run.source {
                None => head.fill(fill),
                Some((first, 1)) => {
                    let first = (place + first) as usize;
                    head.copy_from_slice(&source[first..][..run.length]);
                }
                Some((first, 0)) => head.fill(source[(place + first) as usize]),
                Some((first, stride)) => {
                    for (index, slot) in head.iter_mut().enumerate() {
                        *slot = source[(place + first + index as isize * stride) as usize];
                    }
                }
            }
            output = tail;
        }
    }
}

/// Leaves out dimensions of one position, and makes one of neighbours that are evenly spaced together.
fn merge(axes: Vec<AxisMap>) -> Vec<AxisMap> {
    let mut merged: Vec<AxisMap> = Vec::with_capacity(axes.len());
    for axis in axes {
        let AxisMap::Strided { size, stride } = axis else {
            merged.push(axis);
            continue;
        };
        match merged.last_mut() {
            _ if size == 1 => {}
            Some(AxisMap::Strided { size: outer_size, stride: outer_stride })
                if *outer_stride == stride.saturating_mul(size as isize) =>
            {
                *outer_size *= size;
                *outer_stride = stride;
            }
            _ => merged.push(axis),
        }
    }
    merged
}

fn runs(places: &[Option<isize>]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for place in places {
        if let Some(run) = runs.last_mut() {
            match (&mut run.source, place) {
                (None, None) => {
                    run.length += 1;
                    continue;
                }
                (Some((first, stride)), Some(place)) => {
                    if run.length == 1 {
                        *stride = place - *first;
                    }
                    if *first + *stride * run.length as isize == *place {
                        run.length += 1;
                        continue;
                    }
                }
                _ => {}
            }
        }
        runs.push(Run { length: 1, source: place.map(|place| (place, 0)) });
    }
    runs
}

/// The kernel that writes each output by a map from the first input.
pub(super) struct CopyKernel {
    pub maps: Vec<CopyMap>,
    /// Bytes to an element.
    pub width: usize,
    /// What stands where the maps say so.
    pub fill: Fill,
}

/// What stands where a map names no place.
pub(super) enum Fill {
    /// This element, in its first bytes.
    Bytes([u8; 8]),
    /// The second input's only element.
    SecondInput,
}

impl Kernel for CopyKernel {
    fn run(
        &mut self,
        workers: &Workers,
        inputs: &[Option<TensorView<'_>>],
        outputs: &mut [TensorViewMut<'_>],
    ) -> Result<(), DataError> {
        let source = inputs[0].expect("the type rule requires it").bytes;
        let fill = match self.fill {
            Fill::Bytes(bytes) => bytes,
            Fill::SecondInput => {
                let mut bytes = [0; 8];
                let value = inputs[1].expect("prepared with a second input").bytes;
                bytes[..self.width].copy_from_slice(&value[..self.width]);
                bytes
            }
        };
        for (map, output) in self.maps.iter().zip(outputs) {
            map.copy(workers, self.width, source, fill, output.bytes);
        }
        Ok(())
    }
}

/// Copies rows of `row_bytes` bytes; `place` says where in the source, in bytes, each row of the output lies.
pub(super) fn copy_rows(
    workers: &Workers,
    source: &[u8],
    output: &mut [u8],
    row_bytes: usize,
    place: impl Fn(usize) -> usize + Sync + Send,
) {
    if output.is_empty() {
        return;
    }
    let rows = workers.chunk_length(output.len(), PIECE_BYTES).div_ceil(row_bytes);
    workers.for_each_chunk(output, rows * row_bytes, |piece, chunk| {
        let first = piece * rows;
        match row_bytes {
            1 => copy_short_rows::<1>(source, chunk, first, &place),
            2 => copy_short_rows::<2>(source, chunk, first, &place),
            4 => copy_short_rows::<4>(source, chunk, first, &place),
            8 => copy_short_rows::<8>(source, chunk, first, &place),
            _ => {
                for (row, output) in chunk.chunks_exact_mut(row_bytes).enumerate() {
                    output.copy_from_slice(&source[place(first + row)..][..row_bytes]);
                }
            }
        }
    });
}

/// As the general loop, with rows short enough to be moved in a register.
fn copy_short_rows<const N: usize>(
    source: &[u8],
    output: &mut [u8],
    first: usize,
    place: impl Fn(usize) -> usize,
) {
    for (row, output) in output.as_chunks_mut::<N>().0.iter_mut().enumerate() {
        output.copy_from_slice(&source[place(first + row)..][..N]);
    }
}
