//! Operators that read between the elements of images and volumes.

use super::context::{Attributes, ExportContext};
use crate::onnx::ExportError;
use crate::op::resampling::{
    AffineGrid, CoordinateTransformation, GridInterpolation, GridPadding, GridSample,
    Interpolation, NearestRounding, Resize, ResizeTarget,
};
use crate::tensor::Tensor;

pub fn resize(op: &Resize, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    if op.axes.is_empty() {
        // Neither sizes nor scales without elements count as given.
        node.direct("Identity", Attributes::new());
        return Ok(());
    }
    let (coordinates, regions) = match &op.coordinates {
        CoordinateTransformation::HalfPixel => ("half_pixel", None),
        CoordinateTransformation::HalfPixelSymmetric => {
            node.require_opset(19);
            ("half_pixel_symmetric", None)
        }
        CoordinateTransformation::PytorchHalfPixel => ("pytorch_half_pixel", None),
        CoordinateTransformation::AlignCorners => ("align_corners", None),
        CoordinateTransformation::Asymmetric => ("asymmetric", None),
        CoordinateTransformation::TfCropAndResize { regions, extrapolation_value } => {
            ("tf_crop_and_resize", Some((regions, *extrapolation_value)))
        }
    };
    let none = Attributes::new().with("coordinate_transformation_mode", coordinates).unless(
        "exclude_outside",
        op.exclude_outside,
        false,
    );
    let (mut attributes, antialias) = match op.interpolation {
        Interpolation::Nearest(rounding) => {
            let rounding = match rounding {
                NearestRounding::PreferFloor => "round_prefer_floor",
                NearestRounding::PreferCeil => "round_prefer_ceil",
                NearestRounding::Floor => "floor",
                NearestRounding::Ceil => "ceil",
            };
            (none.with("mode", "nearest").with("nearest_mode", rounding), false)
        }
        Interpolation::Linear { antialias } => (none.with("mode", "linear"), antialias),
        Interpolation::Cubic { coefficient, antialias } => {
            (none.with("mode", "cubic").with("cubic_coeff_a", coefficient), antialias)
        }
    };
    let rank = node.input_type(0).map_or(0, |ty| ty.rank());
    if !op.axes.iter().copied().eq(0..rank) {
        node.require_opset(18);
        attributes = attributes.with("axes", &op.axes[..]);
    }
    if antialias {
        node.require_opset(18);
        attributes = attributes.with("antialias", true);
    }
    let (scales, sizes, policy) = match &op.target {
        ResizeTarget::Scales(scales) => (Some(scales), None, "stretch"),
        ResizeTarget::Sizes(sizes) => (None, Some(sizes), "stretch"),
        ResizeTarget::NotLarger(sizes) => (None, Some(sizes), "not_larger"),
        ResizeTarget::NotSmaller(sizes) => (None, Some(sizes), "not_smaller"),
    };
    if policy != "stretch" {
        node.require_opset(18);
        attributes = attributes.with("keep_aspect_ratio_policy", policy);
    }
    let mut roi = String::new();
    if let Some((regions, extrapolation_value)) = regions {
        attributes = attributes.unless("extrapolation_value", extrapolation_value, 0.0);
        let (starts, ends): (Vec<f32>, Vec<f32>) = regions.iter().copied().unzip();
        roi = floats(node, "roi", &[starts, ends].concat())?;
    }
    let mut inputs = vec![node.input(0), roi];
    inputs.push(match scales {
        Some(scales) => floats(node, "scales", scales)?,
        None => String::new(),
    });
    if let Some(sizes) = sizes {
        inputs.push(node.integers("sizes", sizes)?);
    }
    node.write("Resize", inputs, attributes);
    Ok(())
}

fn floats(node: &mut ExportContext<'_>, name: &str, values: &[f32]) -> Result<String, ExportError> {
    let tensor = Tensor::new(&[values.len()], values);
    let tensor = tensor.map_err(|error| node.error(error.to_string()))?;
    Ok(node.initializer(name, &tensor))
}

/// Version 20 renamed the modes, since it takes volumes and all other ranks, too.
pub fn grid_sample(op: GridSample, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    if node.input_type(0).is_some_and(|ty| ty.rank() != 4) {
        node.require_opset(20);
    }
    let renamed = node.opset() >= 20;
    let mode = match op.interpolation {
        GridInterpolation::Nearest => "nearest",
        GridInterpolation::Linear if renamed => "linear",
        GridInterpolation::Linear => "bilinear",
        GridInterpolation::Cubic if renamed => "cubic",
        GridInterpolation::Cubic => "bicubic",
    };
    let padding = match op.padding {
        GridPadding::Zeros => "zeros",
        GridPadding::Border => "border",
        GridPadding::Reflection => "reflection",
    };
    let attributes = Attributes::new()
        .with("mode", mode)
        .unless("padding_mode", padding, "zeros")
        .unless("align_corners", op.align_corners, false);
    node.direct("GridSample", attributes);
    Ok(())
}

pub fn affine_grid(op: &AffineGrid, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    node.require_opset(20);
    let images = node.output_type(0).shape[0];
    // The number of channels counts nothing.
    let size = node.integers("size", &[&[images, 1], &op.size[..]].concat())?;
    let attributes = Attributes::new().unless("align_corners", op.align_corners, false);
    node.write("AffineGrid", vec![node.input(0), size], attributes);
    Ok(())
}
