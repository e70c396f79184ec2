//! Convolution of images whose channels are innermost.
#![allow(unsafe_code)]

use tachy_graph::op::convolution::Conv;
use tachy_graph::{Node, Op, ValueId};
use tachy_kernels::convolution::{Convolution, Geometry, Outlet, Region};
use tachy_runtime::Result;

use super::epilogue::Simple;
use super::pointwise;
use super::pooling::{pair, sizes};
use super::tail::{Part, Tail, TailInput};
use crate::kernel::DataError;
use crate::program::layout::{Image, PerChannel, per_channel};
use crate::program::{BufferId, Call, Lowering, Routine};

pub(super) fn lower(lowering: &mut Lowering<'_>, node: &Node, conv: &Conv) -> Result<bool> {
    let (Some(x), Some(w)) = (node.inputs[0], node.inputs[1]) else { return Ok(false) };
    let out = node.outputs[0];
    let (expression, others) = match &node.op {
        Op::Fused(fused) => (Some(&fused.epilogue), &node.inputs[fused.anchor_inputs..]),
        _ => (None, &[][..]),
    };
    let bias = match &node.op {
        Op::Fused(fused) if fused.anchor_inputs < 3 => None,
        _ => node.inputs.get(2).copied().flatten(),
    };
    let images = |ty| Image::of(ty).expect("images are convolved to images");
    let (from, to) = (images(lowering.ty(x)), images(lowering.ty(out)));
    let input = lowering.read_channels_last(x);
    let mut epilogue =
        Epilogue { simple: Simple::NONE, tail: None, inputs: Vec::new(), addend: None };
    let mut afterwards = false;
    if let Some(expression) = expression {
        match Epilogue::of(lowering, out, expression, others) {
            Some(found) => epilogue = found,
            None => afterwards = true,
        }
    }
    let output = lowering.write_channels_last(out);
    let constant = |id: ValueId| {
        let tensor = lowering.constant(id).expect("the layout asks for constant weights");
        tensor.as_slice::<f32>().expect("weights are of the images' type")
    };
    let (weights, bias) = (constant(w), bias.map(constant));
    let geometry = Geometry {
        batch: from.batch,
        input: sizes(from, lowering.pitch(input)),
        output: sizes(to, lowering.pitch(output)),
        kernel: pair(&conv.window.kernel, 1),
        stride: pair(&conv.window.strides, 1),
        dilation: pair(&conv.window.dilations, 1),
        padding: pair(&conv.window.pads_begin, 0),
        groups: conv.groups,
    };
    let (isa, threads) = (lowering.isa, lowering.threads);
    let layer = Convolution::new(isa, threads, geometry, weights, bias);
    let tail_scratch = epilogue.tail.as_ref().map_or(0, |tail| tail.scratch(threads));
    let addend = epilogue.addend.map(|(operand, buffer)| (operand, lowering.pitch(buffer)));
    let routine = Convolve {
        layer,
        geometry,
        pitch: geometry.output.pitch,
        range: epilogue.simple.range,
        addend,
        output: 1 + epilogue.inputs.len(),
        tail: epilogue.tail,
        tail_scratch,
    };
    let inputs = std::iter::once(input).chain(epilogue.inputs).map(Some).collect();
    lowering.step(node, Box::new(routine), inputs, vec![output]);
    if let Some((_, addend)) = epilogue.addend {
        lowering.may_take_over(output, addend);
    }
    if afterwards {
        let (expression, id) = (expression.expect("there is one to be done"), out);
        let values =
            std::iter::once(id).chain(others.iter().flatten().copied()).collect::<Vec<_>>();
        pointwise::lower_channels_last(lowering, node, expression, &values);
    }
    Ok(true)
}

/// What is done to the result, and the buffers that it takes.
struct Epilogue {
    simple: Simple,
    tail: Option<Tail>,
    /// Operands of the step after the image.
    inputs: Vec<BufferId>,
    /// Which operand is added, and its buffer.
    addend: Option<(usize, BufferId)>,
}

impl Epilogue {
    /// The epilogue of a convolution to this value, if it can be done part by part.
    fn of(
        lowering: &mut Lowering<'_>,
        out: ValueId,
        expression: &tachy_graph::op::fused::Expression,
        others: &[Option<ValueId>],
    ) -> Option<Self> {
        let ty = lowering.ty(out);
        if let Some(simple) = Simple::of(expression) {
            let addend = match simple.addend {
                None => None,
                Some(input) => {
                    let other = others[input - 1]?;
                    let same = lowering.ty(other).shape == ty.shape;
                    same.then(|| lowering.read_channels_last(other))
                }
            };
            if simple.addend.is_none() || addend.is_some() {
                let addend = addend.map(|buffer| (1, buffer));
                let inputs = addend.iter().map(|(_, buffer)| *buffer).collect();
                return Some(Self { simple, tail: None, inputs, addend });
            }
        }
        let images = Image::of(ty)?;
        let mut inputs = Vec::new();
        for other in others {
            let other = (*other)?;
            let operand = lowering.ty(other);
            inputs.push(if operand.shape == ty.shape {
                let buffer = lowering.read_channels_last(other);
                TailInput { buffer, row_stride: lowering.pitch(buffer), column_stride: 1 }
            } else {
                let column_stride = match per_channel(ty, operand)? {
                    PerChannel::Scalar => 0,
                    PerChannel::Channels => 1,
                    PerChannel::ImageChannels if images.batch == 1 => 1,
                    PerChannel::ImageChannels => return None,
                };
                let buffer = lowering.read_row_major(other);
                TailInput { buffer, row_stride: 0, column_stride }
            });
        }
        let tail = Tail::new(lowering.isa, expression, 1, &inputs)?;
        let inputs = inputs.into_iter().map(|input| input.buffer).collect();
        Some(Self { simple: Simple::NONE, tail: Some(tail), inputs, addend: None })
    }
}

struct Convolve {
    layer: Convolution,
    geometry: Geometry,
    pitch: usize,
    range: (f32, f32),
    /// Which operand is added, and its pitch.
    addend: Option<(usize, usize)>,
    /// Which operand is written.
    output: usize,
    tail: Option<Tail>,
    tail_scratch: usize,
}

impl Routine for Convolve {
    fn detail(&self) -> String {
        let Geometry { input, output, kernel, stride, groups, .. } = self.geometry;
        let groups = if groups > 1 { format!(", {groups} groups") } else { String::new() };
        format!(
            "{:?}, {}×{}×{} → {}×{}×{}, filter {}×{}, stride {}{groups}",
            self.layer.algorithm(),
            input.height,
            input.width,
            input.channels,
            output.height,
            output.width,
            output.channels,
            kernel[0],
            kernel[1],
            stride[1],
        )
    }

    fn weight_bytes(&self) -> usize {
        self.layer.weight_bytes()
    }

    fn scratch(&self) -> usize {
        self.layer.scratch() + self.tail_scratch
    }

    unsafe fn run(&mut self, call: Call<'_>) -> Result<(), DataError> {
        let (workers, operands) = (call.workers, Shared(call.operands));
        let (input, out) = (call.read(0), call.write(self.output));
        let addend = self.addend.map(|(operand, pitch)| (call.read(operand), pitch));
        let (tail_scratch, scratch) = call.scratch.split_at_mut(self.tail_scratch);
        let shared = SharedMut(tail_scratch.as_mut_ptr(), out);
        let pitch = self.pitch;
        let finish = self.tail.as_ref().map(|tail| {
            move |region: Region| {
                let (shared, operands) = (&shared, &operands);
                let part = Part {
                    row: region.pixel,
                    rows: region.pixels,
                    column: region.channel,
                    columns: region.channels,
                };
                // SAFETY: the region is a part of the output that this thread has just written.
                unsafe { tail.run((shared.1, pitch), operands.0, part, (shared.0, region.member)) };
            }
        });
        let finish = finish.as_ref().map(|finish| finish as &(dyn Fn(Region) + Sync));
        let outlet = Outlet { out, addend, range: self.range, finish };
        // SAFETY: the operands are as the geometry says.
        unsafe { self.layer.run(workers.team(), input, &outlet, scratch) };
        Ok(())
    }
}

/// Addresses that tasks share.
#[derive(Clone, Copy)]
pub(super) struct Shared<'a>(pub(super) &'a [*mut u8]);

/// Scratch memory and a result that tasks share, each for another part.
#[derive(Clone, Copy)]
pub(super) struct SharedMut(pub(super) *mut f32, pub(super) *mut f32);

// SAFETY: tasks read what is not written, and write parts of their own.
unsafe impl Sync for Shared<'_> {}
// SAFETY: as above.
unsafe impl Send for Shared<'_> {}
// SAFETY: as above.
unsafe impl Sync for SharedMut {}
// SAFETY: as above.
unsafe impl Send for SharedMut {}
