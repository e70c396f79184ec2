//! Pooling of images whose channels are innermost.
#![allow(unsafe_code)]

use tachy_graph::op::pooling::GlobalPool;
use tachy_graph::op::window::Window;
use tachy_graph::{Node, Op};
use tachy_kernels::convolution::Images;
use tachy_kernels::lanes::Isa;
use tachy_kernels::pooling::{Combine, Pooling};

use crate::kernel::DataError;
use crate::program::layout::Image;
use crate::program::{Call, Lowering, Routine};

pub(super) fn lower(lowering: &mut Lowering<'_>, node: &Node) -> bool {
    let (Some(x), out) = (node.inputs[0], node.outputs[0]) else { return false };
    let images = |ty| Image::of(ty).expect("images are pooled to images");
    let (from, to) = (images(lowering.ty(x)), images(lowering.ty(out)));
    let whole = || Window::new([from.height, from.width]);
    let (combine, window) = match &node.op {
        Op::MaxPool(pool) => (Combine::Largest, pool.window.clone()),
        Op::AveragePool(pool) if pool.count_include_pad => {
            (Combine::MeanWithPadding, pool.window.clone())
        }
        Op::AveragePool(pool) => (Combine::Mean, pool.window.clone()),
        Op::GlobalPool(GlobalPool::Max) => (Combine::Largest, whole()),
        Op::GlobalPool(GlobalPool::Average) => (Combine::Mean, whole()),
        _ => return false,
    };
    let input = lowering.read_channels_last(x);
    let output = lowering.write_channels_last(out);
    let pooling = Pooling {
        combine,
        batch: from.batch,
        input: sizes(from, lowering.pitch(input)),
        output: sizes(to, lowering.pitch(output)),
        kernel: pair(&window.kernel, 1),
        stride: pair(&window.strides, 1),
        dilation: pair(&window.dilations, 1),
        padding: pair(&window.pads_begin, 0),
        padding_end: pair(&window.pads_end, 0),
    };
    let routine = Pool { isa: lowering.isa, pooling };
    lowering.step(node, Box::new(routine), vec![Some(input)], vec![output]);
    true
}

pub(super) fn sizes(image: Image, pitch: usize) -> Images {
    Images::dense(image.height, image.width, image.channels, pitch)
}

/// The numbers for height and width; for signals, which have but a width, `missing` stands for the height.
pub(super) fn pair(numbers: &[usize], missing: usize) -> [usize; 2] {
    match numbers {
        [width] => [missing, *width],
        [height, width] => [*height, *width],
        _ => unreachable!("images have one or two dimensions"),
    }
}

struct Pool {
    isa: Isa,
    pooling: Pooling,
}

impl Routine for Pool {
    unsafe fn run(&mut self, call: Call<'_>) -> Result<(), DataError> {
        // SAFETY: the operands are images of these sizes.
        unsafe { self.pooling.run(self.isa, call.team(), call.read(0), call.write(1)) };
        Ok(())
    }
}
