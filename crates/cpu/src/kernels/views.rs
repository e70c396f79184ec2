//! The elements behind a kernel's views, and sharing work on them.

use bytemuck::Pod;
use tachy_graph::{Element, TensorView, TensorViewMut};

use crate::kernel::{DataError, FnKernel, Kernel};
use crate::workers::Workers;

/// Elements to a piece of work: small enough to share, large enough to be worth sharing.
pub(crate) const PIECE: usize = 16 * 1024;

/// The number of elements in these dimensions. It saturates, which can only happen where another dimension of the
/// tensor is 0, so that there are none.
pub(crate) fn count(sizes: &[usize]) -> usize {
    sizes.iter().fold(1, |count, size| count.saturating_mul(*size))
}

/// The views of a node's inputs.
pub(crate) type Views<'a, 'b> = &'a [Option<TensorView<'b>>];

/// The elements of an input that is given and has this type.
pub(crate) fn elements<'a, T: Element>(inputs: &[Option<TensorView<'a>>], index: usize) -> &'a [T] {
    let view = inputs[index].expect("the type rule requires this input");
    view.as_slice().expect("the kernel was prepared for this type")
}

/// The bytes of an input that is given.
pub(crate) fn bytes<'a>(inputs: &[Option<TensorView<'a>>], index: usize) -> &'a [u8] {
    inputs[index].expect("the type rule requires this input").bytes
}

/// The elements of an output of this type.
pub(crate) fn elements_mut<'a, T: Element>(
    outputs: &'a mut [TensorViewMut<'_>],
    index: usize,
) -> &'a mut [T] {
    outputs[index].as_mut_slice().expect("the kernel was prepared for this type")
}

/// A kernel that computes its only output piece by piece, all threads together. The closure gets the inputs, the
/// place of the piece's first element in the output, and the piece.
pub(crate) fn by_pieces<U: Element>(
    compute: impl Fn(Views<'_, '_>, usize, &mut [U]) + Send + Sync + 'static,
) -> Box<dyn Kernel> {
    let run = move |workers: &Workers, inputs: Views<'_, '_>, outputs: &mut [TensorViewMut<'_>]| {
        let output = elements_mut::<U>(outputs, 0);
        let length = workers.chunk_length(output.len(), PIECE);
        for_each_piece(workers, output, length, &|index, piece| {
            compute(inputs, index * length, piece);
        });
        Ok::<(), DataError>(())
    };
    Box::new(FnKernel(run))
}

/// As [`by_pieces`], for operators to which elements are so many bits: `U` is any type of their size.
pub(crate) fn bits_by_pieces<U: Pod + Send>(
    compute: impl Fn(Views<'_, '_>, usize, &mut [U]) + Send + Sync + 'static,
) -> Box<dyn Kernel> {
    let run = move |workers: &Workers, inputs: Views<'_, '_>, outputs: &mut [TensorViewMut<'_>]| {
        let output = bytemuck::cast_slice_mut(outputs[0].bytes);
        let length = workers.chunk_length(output.len(), PIECE);
        for_each_piece(workers, output, length, &|index, piece| {
            compute(inputs, index * length, piece);
        });
        Ok::<(), DataError>(())
    };
    Box::new(FnKernel(run))
}

/// The elements of an input that is given, as bits: `T` is any type of their size.
pub(crate) fn bits<'a, T: Pod>(inputs: &[Option<TensorView<'a>>], index: usize) -> &'a [T] {
    bytemuck::cast_slice(bytes(inputs, index))
}

/// [`Workers::for_each_chunk`] for a borrowed closure: compiled once for an element type, not once for an operator.
pub(crate) fn for_each_piece<U: Send>(
    workers: &Workers,
    output: &mut [U],
    length: usize,
    compute: &(dyn Fn(usize, &mut [U]) + Send + Sync),
) {
    workers.for_each_chunk(output, length, compute);
}
