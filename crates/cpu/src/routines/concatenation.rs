//! Concatenation of channels that are innermost.
#![allow(unsafe_code)]

use tachy_graph::Node;

use crate::kernel::DataError;
use crate::program::layout::Image;
use crate::program::{Call, Lowering, Routine};

/// Copies the pieces that were not written where they belong.
pub(super) fn lower(lowering: &mut Lowering<'_>, node: &Node) -> bool {
    let whole = node.outputs[0];
    let out = lowering.write_channels_last(whole);
    let to_pitch = lowering.pitch(out);
    let mut channel = 0;
    for id in node.inputs.iter().flatten().copied() {
        let image = Image::of(lowering.ty(id)).expect("pieces of images are images");
        let piece = lowering.read_channels_last(id);
        if !lowering.lies_at(piece, out, channel) {
            let copy = Copy { image, from_pitch: lowering.pitch(piece), to_pitch, channel };
            lowering.step(node, Box::new(copy), vec![Some(piece)], vec![out]);
        }
        channel += image.channels;
    }
    true
}

struct Copy {
    image: Image,
    from_pitch: usize,
    to_pitch: usize,
    channel: usize,
}

impl Routine for Copy {
    unsafe fn run(&mut self, call: Call<'_>) -> Result<(), DataError> {
        let (from, to) = (call.read(0), call.write(1).wrapping_add(self.channel));
        for pixel in 0..self.image.batch * self.image.pixels() {
            // SAFETY: the operands are images of these pitches, and the channels lie within the output's.
            unsafe {
                std::ptr::copy_nonoverlapping(
                    from.add(pixel * self.from_pitch),
                    to.add(pixel * self.to_pitch),
                    self.image.channels,
                );
            }
        }
        Ok(())
    }
}
