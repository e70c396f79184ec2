//! Local response normalisation of images whose channels are innermost.
#![allow(unsafe_code)]

use tachy_graph::Node;
use tachy_graph::op::normalization::LocalResponseNormalization;
use tachy_kernels::lanes::Isa;
use tachy_kernels::rows::{LocalResponse, Rows};

use super::convolution::{Shared, SharedMut};
use crate::kernel::DataError;
use crate::program::layout::Image;
use crate::program::{Call, Lowering, Routine};

pub(super) fn lower(
    lowering: &mut Lowering<'_>,
    node: &Node,
    op: &LocalResponseNormalization,
) -> bool {
    let Some(x) = node.inputs[0] else { return false };
    let Some(image) = Image::of(lowering.ty(x)) else { return false };
    let input = lowering.read_channels_last(x);
    let output = lowering.write_channels_last(node.outputs[0]);
    let response = LocalResponse { size: op.size, alpha: op.alpha, beta: op.beta, bias: op.bias };
    let pixels = image.batch * image.pixels();
    let pixels_per_task = match lowering.threads {
        1 => pixels,
        threads => pixels.div_ceil(threads * 4),
    };
    let routine = Respond {
        isa: lowering.isa,
        response,
        pixels,
        channels: image.channels,
        pitches: (lowering.pitch(input), lowering.pitch(output)),
        pixels_per_task,
        scratch: response.scratch_len(image.channels).next_multiple_of(16),
        threads: lowering.threads,
    };
    lowering.step(node, Box::new(routine), vec![Some(input)], vec![output]);
    lowering.may_take_over(output, input);
    true
}

struct Respond {
    isa: Isa,
    response: LocalResponse,
    pixels: usize,
    channels: usize,
    pitches: (usize, usize),
    pixels_per_task: usize,
    scratch: usize,
    threads: usize,
}

impl Routine for Respond {
    fn scratch(&self) -> usize {
        self.scratch * self.threads
    }

    unsafe fn run(&mut self, call: Call<'_>) -> Result<(), DataError> {
        let shared = SharedMut(call.scratch.as_mut_ptr(), call.write(1));
        let operands = Shared(call.operands);
        call.team().run_as_member(self.pixels.div_ceil(self.pixels_per_task), |task, member| {
            let (shared, operands) = (&shared, &operands);
            let first = task * self.pixels_per_task;
            let count = self.pixels_per_task.min(self.pixels - first);
            let input = operands.0[0].cast_const().cast::<f32>();
            let from = Rows {
                pointer: input.wrapping_add(first * self.pitches.0),
                stride: self.pitches.0,
            };
            let to = Rows {
                pointer: shared.1.wrapping_add(first * self.pitches.1),
                stride: self.pitches.1,
            };
            // SAFETY: the operands are images of these sizes, every task writes pixels of its own, and every thread has
            // scratch memory of its own.
            unsafe {
                let scratch = shared.0.add(member * self.scratch);
                let scratch = std::slice::from_raw_parts_mut(scratch, self.scratch);
                self.response.run(self.isa, from, to, (count, self.channels), scratch);
            }
        });
        Ok(())
    }
}
