//! Element-wise operators with one input.

use tachy_graph::op::elementwise::Unary;
use tachy_graph::{DType, Element};

use crate::kernel::{FnKernel, Operands, Prepared, Unsupported};

/// Elements to a piece of work: small enough to share, large enough to be worth sharing.
const PIECE: usize = 16 * 1024;

pub(super) fn prepare(op: Unary, operands: Operands<'_>) -> Prepared {
    match (op, operands.input(0).dtype) {
        (Unary::Relu, DType::F32) => Ok(map(|x: f32| if x < 0.0 { 0.0 } else { x })),
        (Unary::Neg, DType::F32) => Ok(map(|x: f32| -x)),
        (op, dtype) => Err(Unsupported(format!("there is no kernel for {op:?} on {dtype}"))),
    }
}

/// The kernel that applies a function to every element.
fn map<T: Element, U: Element>(
    function: impl Fn(T) -> U + Copy + Send + Sync + 'static,
) -> Box<dyn crate::kernel::Kernel> {
    Box::new(FnKernel(
        move |workers: &crate::workers::Workers,
              inputs: &[Option<tachy_graph::TensorView<'_>>],
              outputs: &mut [tachy_graph::TensorViewMut<'_>]| {
            let input = inputs[0].expect("required").as_slice::<T>().expect("prepared for T");
            let output = outputs[0].as_mut_slice::<U>().expect("prepared for U");
            let length = workers.chunk_length(output.len(), PIECE);
            workers.for_each_chunk(output, length, |index, chunk| {
                let input = &input[index * length..][..chunk.len()];
                for (output, input) in chunk.iter_mut().zip(input) {
                    *output = function(*input);
                }
            });
            Ok(())
        },
    ))
}
