//! Convolution and pooling.

use super::context::{Attributes, ExportContext};
use crate::onnx::ExportError;
use crate::op::convolution::{Col2Im, Conv, ConvTranspose, DeformConv};
use crate::op::pooling::{AveragePool, GlobalPool, LpPool, MaxPool, MaxUnpool, RoiAlign};
use crate::op::quantized_convolution::{ConvInteger, QLinearConv};
use crate::op::window::Window;

/// The attributes of a window; its dilations only where there are any, since old versions do not know them.
fn window(window: &Window) -> Attributes {
    let pads = [&window.pads_begin[..], &window.pads_end[..]].concat();
    let ones = vec![1; window.rank()];
    Attributes::new()
        .with("kernel_shape", &window.kernel[..])
        .with("strides", &window.strides[..])
        .with("pads", &pads[..])
        .unless("dilations", &window.dilations[..], &ones[..])
}

fn is_dilated(window: &Window) -> bool {
    window.dilations.iter().any(|dilation| *dilation != 1)
}

/// Whether the last window along some dimension would begin behind the input and is left out. Versions before 22
/// did not say that it is.
fn leaves_out_a_window(window: &Window, ceil: bool, node: &ExportContext<'_>) -> bool {
    let Some(input) = node.input_type(0).filter(|_| ceil) else { return false };
    (0..window.rank()).any(|axis| {
        let extent = window.dilations[axis] * (window.kernel[axis] - 1) + 1;
        let padded = input.shape[axis + 2] + window.pads_begin[axis] + window.pads_end[axis];
        let windows = padded.saturating_sub(extent).div_ceil(window.strides[axis]) + 1;
        node.output_type(0).shape[axis + 2] != windows
    })
}

pub fn conv(op: &Conv, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    node.direct("Conv", window(&op.window).unless("group", op.groups, 1));
    Ok(())
}

pub fn conv_integer(op: &ConvInteger, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    node.direct("ConvInteger", window(&op.window).unless("group", op.groups, 1));
    Ok(())
}

pub fn qlinear_conv(op: &QLinearConv, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    node.direct("QLinearConv", window(&op.window).unless("group", op.groups, 1));
    Ok(())
}

pub fn conv_transpose(op: &ConvTranspose, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    let zeros = vec![0; op.output_padding.len()];
    let attributes = window(&op.window).unless("group", op.groups, 1).unless(
        "output_padding",
        &op.output_padding[..],
        &zeros[..],
    );
    node.direct("ConvTranspose", attributes);
    Ok(())
}

pub fn deform_conv(op: &DeformConv, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    node.require_opset(19);
    let attributes = window(&op.window).unless("group", op.groups, 1).unless(
        "offset_group",
        op.offset_groups,
        1,
    );
    node.direct("DeformConv", attributes);
    Ok(())
}

pub fn col2im(op: &Col2Im, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    node.require_opset(18);
    let pads = [&op.window.pads_begin[..], &op.window.pads_end[..]].concat();
    let attributes = Attributes::new()
        .with("strides", &op.window.strides[..])
        .with("dilations", &op.window.dilations[..])
        .with("pads", &pads[..]);
    let image = node.integers("image_shape", &op.image)?;
    let block = node.integers("block_shape", &op.window.kernel)?;
    node.write("Col2Im", vec![node.input(0), image, block], attributes);
    Ok(())
}

pub fn max_pool(op: &MaxPool, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    let attributes = window(&op.window).unless("ceil_mode", op.ceil, false).unless(
        "storage_order",
        op.column_major,
        false,
    );
    if leaves_out_a_window(&op.window, op.ceil, node) {
        node.require_opset(22);
    }
    node.direct("MaxPool", attributes);
    Ok(())
}

pub fn average_pool(op: &AveragePool, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    if is_dilated(&op.window) {
        node.require_opset(19);
    }
    if leaves_out_a_window(&op.window, op.ceil, node) {
        node.require_opset(22);
    }
    let attributes = window(&op.window).unless("ceil_mode", op.ceil, false).unless(
        "count_include_pad",
        op.count_include_pad,
        false,
    );
    node.direct("AveragePool", attributes);
    Ok(())
}

pub fn lp_pool(op: &LpPool, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    if is_dilated(&op.window) || op.ceil {
        node.require_opset(18);
    }
    let attributes =
        window(&op.window).unless("ceil_mode", op.ceil, false).unless("p", i64::from(op.p), 2);
    node.direct("LpPool", attributes);
    Ok(())
}

pub fn global_pool(op: GlobalPool, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    match op {
        GlobalPool::Average => node.direct("GlobalAveragePool", Attributes::new()),
        GlobalPool::Max => node.direct("GlobalMaxPool", Attributes::new()),
        GlobalPool::Lp { p } => {
            node.direct("GlobalLpPool", Attributes::new().unless("p", i64::from(p), 2));
        }
    }
    Ok(())
}

/// The shape that the indices count in is what a window that moves by its own size makes of the input; a
/// smaller kernel or stride would say the same.
pub fn max_unpool(op: &MaxUnpool, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    let pooled = node.input_type(0).map(|ty| ty.shape[2..].to_vec()).unwrap_or_default();
    let kernel: Option<Vec<usize>> = op.indexed[2..]
        .iter()
        .zip(&pooled)
        .map(|(size, pooled)| (size + 1).checked_sub(*pooled))
        .collect();
    let kernel = kernel.ok_or_else(|| {
        node.error("the shape that its indices count in is smaller than its input")
    })?;
    let attributes = Attributes::new().with("kernel_shape", &kernel[..]);
    let mut inputs = node.inputs();
    if op.output != op.indexed {
        inputs.push(node.integers("output_shape", &op.output)?);
    }
    node.write("MaxUnpool", inputs, attributes);
    Ok(())
}

pub fn roi_align(op: &RoiAlign, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    node.require_opset(16);
    let mode = if op.half_pixel { "half_pixel" } else { "output_half_pixel" };
    let attributes = Attributes::new()
        .with("output_height", op.height)
        .with("output_width", op.width)
        .with("sampling_ratio", op.sampling_ratio)
        .with("spatial_scale", op.spatial_scale)
        .with("mode", if op.max { "max" } else { "avg" })
        .with("coordinate_transformation_mode", mode);
    node.direct("RoiAlign", attributes);
    Ok(())
}
