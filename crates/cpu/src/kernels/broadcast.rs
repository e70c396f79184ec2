//! Walking through several tensors that are broadcast together.

use tachy_graph::shape::{broadcast_strides, contiguous_strides};

/// How `N` contiguous inputs are read while a contiguous output is written from its first element to its last.
///
/// Neighbouring dimensions along which every input advances evenly are one, so that rows are long.
#[derive(Debug, Clone)]
pub(crate) struct Broadcast<const N: usize> {
    /// The sizes of the joined dimensions, at least one.
    sizes: Vec<usize>,
    /// Each input's stride along each of them.
    strides: Vec<[usize; N]>,
    /// The output's stride along each of them.
    own: Vec<usize>,
}

impl<const N: usize> Broadcast<N> {
    /// For inputs of these shapes, all of which broadcast to the output's shape.
    pub(crate) fn new(inputs: [&[usize]; N], output: &[usize]) -> Self {
        let all = inputs.map(|shape| broadcast_strides(shape, output));
        let mut sizes: Vec<usize> = Vec::new();
        let mut strides: Vec<[usize; N]> = Vec::new();
        for (axis, &size) in output.iter().enumerate() {
            if size == 1 {
                continue;
            }
            let stride: [usize; N] = std::array::from_fn(|input| all[input][axis]);
            match (sizes.last_mut(), strides.last_mut()) {
                (Some(outer_size), Some(outer))
                    if (0..N).all(|input| outer[input] == stride[input].saturating_mul(size)) =>
                {
                    *outer_size = outer_size.saturating_mul(size);
                    *outer = stride;
                }
                _ => {
                    sizes.push(size);
                    strides.push(stride);
                }
            }
        }
        if sizes.is_empty() {
            sizes.push(1);
            strides.push([0; N]);
        }
        let own = contiguous_strides(&sizes);
        Self { sizes, strides, own }
    }

    /// Each input's stride along a row: 1 if it has an element for each of the row's, 0 if it has one for all.
    pub(crate) fn row_strides(&self) -> [usize; N] {
        self.strides[self.strides.len() - 1]
    }

    /// Calls `visit` for every row, or part of one, in this range of the output, with its first element's place
    /// in the range, its length, and the places of the inputs' first elements.
    pub(crate) fn for_each_row(
        &self,
        start: usize,
        length: usize,
        visit: &mut dyn FnMut(usize, usize, [usize; N]),
    ) {
        let (row_size, row_strides) = (self.sizes[self.sizes.len() - 1], self.row_strides());
        let mut done = 0;
        while done < length {
            let mut rest = start + done;
            let mut places = [0; N];
            for (own, strides) in self.own.iter().zip(&self.strides) {
                let index = rest / own;
                rest %= own;
                for (place, stride) in places.iter_mut().zip(strides) {
                    *place += index * stride;
                }
            }
            let column = (start + done) % row_size;
            debug_assert!(row_strides.iter().all(|stride| *stride <= 1));
            let count = (row_size - column).min(length - done);
            visit(done, count, places);
            done += count;
        }
    }
}
