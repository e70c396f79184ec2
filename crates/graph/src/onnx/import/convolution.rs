//! Importers of convolutions.

use super::context::{Imported, NodeContext};
use super::table::Entry;
use super::windows::{AutoPad, auto_pad, explicit_pads, groups, sizes, unpadded, window};
use crate::onnx::ImportError;
use crate::op::convolution::{Col2Im, Conv, ConvTranspose, DeformConv};
use crate::op::quantized_convolution::{ConvInteger, QLinearConv};
use crate::op::window::Window;

pub const OPERATORS: &[Entry] = &[
    Entry::new("Conv", conv),
    Entry::new("ConvTranspose", conv_transpose),
    Entry::new("ConvInteger", conv_integer).since(10),
    Entry::new("QLinearConv", qlinear_conv).since(10),
    Entry::new("DeformConv", deform_conv).since(19),
    Entry::new("Col2Im", col2im)
        .since(18)
        .note("The image's and the block's size must be known at load."),
];

fn conv(node: &mut NodeContext<'_, '_>) -> Imported {
    let window = conv_window(node, 1)?;
    let groups = groups(node, "group")?;
    node.direct(Conv { window, groups })
}

fn conv_integer(node: &mut NodeContext<'_, '_>) -> Imported {
    let window = conv_window(node, 1)?;
    let groups = groups(node, "group")?;
    node.direct(ConvInteger { window, groups })
}

fn qlinear_conv(node: &mut NodeContext<'_, '_>) -> Imported {
    let window = conv_window(node, 3)?;
    let groups = groups(node, "group")?;
    node.direct(QLinearConv { window, groups })
}

fn deform_conv(node: &mut NodeContext<'_, '_>) -> Imported {
    let window = conv_window(node, 1)?;
    let (groups, offset_groups) = (groups(node, "group")?, groups(node, "offset_group")?);
    node.direct(DeformConv { window, groups, offset_groups })
}

/// The window of a convolution whose weights are this input.
fn conv_window(node: &NodeContext<'_, '_>, weights: usize) -> Result<Window, ImportError> {
    let kernel = node.input_type(weights)?.shape.get(2..).unwrap_or(&[]);
    Ok(window(node, &node.input_type(0)?.shape, Some(kernel))?.0)
}

/// The padding may be given by the shape of the output.
fn conv_transpose(node: &mut NodeContext<'_, '_>) -> Imported {
    let image = node.input_type(0)?.shape.get(2..).unwrap_or(&[]).to_vec();
    let rank = image.len();
    let kernel = node.input_type(1)?.shape.get(2..).unwrap_or(&[]).to_vec();
    let mut window = unpadded(node, rank, Some(&kernel))?;
    let mut output_padding = sizes(node, "output_padding")?.unwrap_or_else(|| vec![0; rank]);
    let mode = auto_pad(node)?;
    let too_large = |node: &NodeContext<'_, '_>| node.error("its output is too large");
    let output = match (sizes(node, "output_shape")?, mode) {
        (Some(output), _) => Some(output),
        (None, AutoPad::SameUpper | AutoPad::SameLower) => {
            let sizes = image.iter().zip(&window.strides);
            let sizes: Option<Vec<_>> =
                sizes.map(|(size, stride)| size.checked_mul(*stride)).collect();
            Some(sizes.ok_or_else(|| too_large(node))?)
        }
        (None, _) => None,
    };
    match output {
        Some(output) => {
            if output.len() != rank || output_padding.len() != rank {
                return Err(node.error(format!(
                    "its output shape and padding must have an entry for each of {rank} spatial dimensions"
                )));
            }
            for axis in 0..rank {
                let extent = window.dilations[axis] * window.kernel[axis].saturating_sub(1) + 1;
                let full = image[axis]
                    .saturating_sub(1)
                    .checked_mul(window.strides[axis])
                    .and_then(|travel| travel.checked_add(extent + output_padding[axis]))
                    .ok_or_else(|| too_large(node))?;
                // An output larger than everything the input reaches has zeros behind.
                output_padding[axis] += output[axis].saturating_sub(full);
                let total = full.saturating_sub(output[axis]);
                (window.pads_begin[axis], window.pads_end[axis]) = mode.divide(total);
            }
        }
        None if mode == AutoPad::Explicit => {
            (window.pads_begin, window.pads_end) = explicit_pads(node, rank)?;
        }
        None => {}
    }
    let groups = groups(node, "group")?;
    node.direct(ConvTranspose { window, output_padding, groups })
}

fn col2im(node: &mut NodeContext<'_, '_>) -> Imported {
    let size = |node: &NodeContext<'_, '_>, values: Vec<i64>, name: &str| {
        let values: Result<Vec<usize>, _> = values
            .into_iter()
            .map(|value| u32::try_from(value).map(|value| value as usize))
            .collect();
        values.map_err(|_| node.error(format!("its `{name}` must lie between 0 and 2³² − 1")))
    };
    let image = node.required_i64s(1, "image_shape")?;
    let image = size(node, image, "image_shape")?;
    let block = node.required_i64s(2, "block_shape")?;
    let block = size(node, block, "block_shape")?;
    let mut window = unpadded(node, image.len(), Some(&block))?;
    (window.pads_begin, window.pads_end) = explicit_pads(node, image.len())?;
    let input = node.input(0)?;
    Ok(vec![node.apply(Col2Im { image, window }, &[input])?])
}
