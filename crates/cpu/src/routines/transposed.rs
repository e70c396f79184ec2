//! Transposed convolution of images whose channels are innermost.
#![allow(unsafe_code)]

use tachy_graph::op::convolution::ConvTranspose;
use tachy_graph::{Node, Op};
use tachy_kernels::convolution::{Adjoint, TransposedConvolution};

use super::epilogue::Simple;
use super::pointwise;
use super::pooling::{pair, sizes};
use crate::kernel::DataError;
use crate::program::layout::Image;
use crate::program::{Call, Lowering, Routine};

pub(super) fn lower(lowering: &mut Lowering<'_>, node: &Node, op: &ConvTranspose) -> bool {
    let (Some(x), Some(w)) = (node.inputs[0], node.inputs[1]) else { return false };
    let out = node.outputs[0];
    let (anchor_inputs, expression) = match &node.op {
        Op::Fused(fused) => (fused.anchor_inputs, Some(&fused.epilogue)),
        _ => (node.inputs.len(), None),
    };
    let (anchor, others) = node.inputs.split_at(anchor_inputs);
    let images = |ty| Image::of(ty).expect("the layout was chosen for images");
    let (from, to) = (images(lowering.ty(x)), images(lowering.ty(out)));
    let input = lowering.read_channels_last(x);
    let output = lowering.write_channels_last(out);
    let constant = |id| {
        let tensor = lowering.constant(id).expect("the layout asks for constant weights");
        tensor.as_slice::<f32>().expect("weights are of the images' type")
    };
    let adjoint = Adjoint {
        input: sizes(from, lowering.pitch(input)),
        output: sizes(to, lowering.pitch(output)),
        kernel: pair(&op.window.kernel, 1),
        stride: pair(&op.window.strides, 1),
        padding: pair(&op.window.pads_begin, 0),
    };
    let bias = anchor.get(2).copied().flatten().map(constant);
    let layer =
        TransposedConvolution::new(lowering.isa, lowering.threads, adjoint, constant(w), bias);
    let simple = expression.and_then(Simple::of).filter(|simple| simple.addend.is_none());
    let routine = Transposed {
        layer,
        batch: from.batch,
        steps: (from.pixels() * adjoint.input.pitch, to.pixels() * adjoint.output.pitch),
        range: simple.unwrap_or(Simple::NONE).range,
    };
    lowering.step(node, Box::new(routine), vec![Some(input)], vec![output]);
    if let (Some(expression), None) = (expression, simple) {
        let values: Vec<_> = std::iter::once(out).chain(others.iter().flatten().copied()).collect();
        return pointwise::lower_channels_last(lowering, node, expression, &values);
    }
    true
}

struct Transposed {
    layer: TransposedConvolution,
    batch: usize,
    /// Elements from one image to the next, of the input and of the output.
    steps: (usize, usize),
    range: (f32, f32),
}

impl Routine for Transposed {
    fn weight_bytes(&self) -> usize {
        self.layer.weight_bytes()
    }

    fn scratch(&self) -> usize {
        self.layer.scratch()
    }

    unsafe fn run(&mut self, call: Call<'_>) -> Result<(), DataError> {
        let (input, out) = (call.read(0), call.write(1));
        let team = call.workers.team();
        for image in 0..self.batch {
            let input = input.wrapping_add(image * self.steps.0);
            let out = out.wrapping_add(image * self.steps.1);
            // SAFETY: the operands are images of these sizes.
            unsafe { self.layer.run(team, input, out, self.range, call.scratch) };
        }
        Ok(())
    }
}
