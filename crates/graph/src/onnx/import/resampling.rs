//! Importers of operators that read between the elements of images and volumes.

use super::context::{Imported, NodeContext};
use super::table::Entry;
use crate::convert::Conversion;
use crate::dtype::DType;
use crate::onnx::ImportError;
use crate::op::resampling::{
    AffineGrid, CoordinateTransformation, GridInterpolation, GridPadding, GridSample,
    Interpolation, NearestRounding, Resize, ResizeTarget,
};

pub const OPERATORS: &[Entry] = &[
    Entry::new("AffineGrid", affine_grid).since(20).note("The size must be known at load."),
    Entry::new("GridSample", grid_sample).since(16),
    Entry::new("Resize", resize).since(10).note("All inputs but the image must be known at load."),
    Entry::new("Upsample", upsample)
        .until(9)
        .note("Becomes `Resize`; the scales must be known at load."),
];

fn affine_grid(node: &mut NodeContext<'_, '_>) -> Imported {
    let size = node.required_i64s(1, "size")?;
    let sizes: Result<Vec<usize>, _> = size.iter().map(|&size| size.try_into()).collect();
    let align_corners = node.flag("align_corners", false)?;
    let images = node.input_type(0)?.shape.first().copied();
    match sizes.as_deref() {
        Ok([n, _channels, size @ ..]) if images == Some(*n) => {
            let op = AffineGrid { size: size.to_vec(), align_corners };
            let theta = node.input(0)?;
            Ok(vec![node.apply(op, &[theta])?])
        }
        _ => Err(node.error(format!("its size {size:?} does not fit its first input"))),
    }
}

/// Version 20 renamed `bilinear` and `bicubic`, since it is not for images only.
fn grid_sample(node: &mut NodeContext<'_, '_>) -> Imported {
    let interpolation = match node.string("mode")?.unwrap_or("linear") {
        "nearest" => GridInterpolation::Nearest,
        "linear" | "bilinear" => GridInterpolation::Linear,
        "cubic" | "bicubic" => GridInterpolation::Cubic,
        other => return Err(node.error(format!("its attribute `mode` is `{other}`"))),
    };
    let padding = match node.string("padding_mode")?.unwrap_or("zeros") {
        "zeros" => GridPadding::Zeros,
        "border" => GridPadding::Border,
        "reflection" => GridPadding::Reflection,
        other => return Err(node.error(format!("its attribute `padding_mode` is `{other}`"))),
    };
    let align_corners = node.flag("align_corners", false)?;
    node.direct(GridSample { interpolation, padding, align_corners })
}

/// The scales are an attribute before version 9 and an input in it.
fn upsample(node: &mut NodeContext<'_, '_>) -> Imported {
    let scales = match node.opset() {
        ..9 => node.floats("scales")?.map(<[f32]>::to_vec),
        _ => floats(node, 1, "scales")?,
    };
    resize_simply(node, scales)
}

/// Version 10 knows scales only, and asymmetric coordinates only.
fn resize(node: &mut NodeContext<'_, '_>) -> Imported {
    if node.opset() < 11 {
        let scales = floats(node, 1, "scales")?;
        return resize_simply(node, scales);
    }
    let rank = node.input_type(0)?.rank();
    let axes = match node.ints("axes")? {
        Some(axes) => node.normalize_axes(axes, rank)?,
        None => (0..rank).collect(),
    };
    let (coordinates, rounding) = coordinates(node, axes.len())?;
    let antialias = node.flag("antialias", false)?;
    let interpolation = match node.string("mode")?.unwrap_or("nearest") {
        "nearest" => Interpolation::Nearest(rounding),
        "linear" => Interpolation::Linear { antialias },
        "cubic" => {
            let coefficient = node.float("cubic_coeff_a")?.unwrap_or(-0.75);
            Interpolation::Cubic { coefficient, antialias }
        }
        other => return Err(node.error(format!("its attribute `mode` is `{other}`"))),
    };
    let target = target(node)?;
    let exclude_outside = node.flag("exclude_outside", false)?;
    let op = Resize { axes, target, coordinates, interpolation, exclude_outside };
    let input = node.input(0)?;
    Ok(vec![node.apply(op, &[input])?])
}

fn resize_simply(node: &mut NodeContext<'_, '_>, scales: Option<Vec<f32>>) -> Imported {
    let scales = scales.ok_or_else(|| node.error("it has no scales"))?;
    let shrinks = scales.iter().any(|scale| *scale < 1.0);
    if shrinks && scales.iter().any(|scale| *scale > 1.0) {
        return Err(node.error(
            "version 10 of the operators does not say how it rounds if one axis grows and another shrinks",
        ));
    }
    // What ONNX's own examples of these versions expect.
    let rounding = if shrinks { NearestRounding::Ceil } else { NearestRounding::Floor };
    let interpolation = match node.string("mode")?.unwrap_or("nearest") {
        "nearest" => Interpolation::Nearest(rounding),
        "linear" | "bilinear" => Interpolation::Linear { antialias: false },
        other => return Err(node.error(format!("its attribute `mode` is `{other}`"))),
    };
    let op = Resize {
        axes: (0..scales.len()).collect(),
        target: ResizeTarget::Scales(scales),
        coordinates: CoordinateTransformation::Asymmetric,
        interpolation,
        exclude_outside: false,
    };
    let input = node.input(0)?;
    Ok(vec![node.apply(op, &[input])?])
}

/// Either scales or sizes are given; an empty tensor is as good as none.
fn target(node: &mut NodeContext<'_, '_>) -> Result<ResizeTarget, ImportError> {
    let policy = node.string("keep_aspect_ratio_policy")?.unwrap_or("stretch");
    let sizes = node.optional_i64s(3, "sizes")?.filter(|sizes| !sizes.is_empty());
    let scales = floats(node, 2, "scales")?.filter(|scales| !scales.is_empty());
    let sizes = match (scales, sizes) {
        (Some(scales), None) => return Ok(ResizeTarget::Scales(scales)),
        (None, Some(sizes)) => sizes,
        _ => return Err(node.error("it must have either scales or sizes")),
    };
    let sizes: Result<Vec<usize>, _> = sizes.iter().map(|&size| size.try_into()).collect();
    let sizes = sizes.map_err(|_| node.error("one of its sizes is negative"))?;
    match policy {
        "stretch" => Ok(ResizeTarget::Sizes(sizes)),
        "not_larger" => Ok(ResizeTarget::NotLarger(sizes)),
        "not_smaller" => Ok(ResizeTarget::NotSmaller(sizes)),
        other => Err(node.error(format!("its attribute `keep_aspect_ratio_policy` is `{other}`"))),
    }
}

fn coordinates(
    node: &mut NodeContext<'_, '_>,
    axes: usize,
) -> Result<(CoordinateTransformation, NearestRounding), ImportError> {
    let rounding = match node.string("nearest_mode")?.unwrap_or("round_prefer_floor") {
        "round_prefer_floor" => NearestRounding::PreferFloor,
        "round_prefer_ceil" => NearestRounding::PreferCeil,
        "floor" => NearestRounding::Floor,
        "ceil" => NearestRounding::Ceil,
        other => return Err(node.error(format!("its attribute `nearest_mode` is `{other}`"))),
    };
    let mode = node.string("coordinate_transformation_mode")?.unwrap_or("half_pixel");
    let coordinates = match mode {
        "half_pixel" => CoordinateTransformation::HalfPixel,
        "half_pixel_symmetric" => CoordinateTransformation::HalfPixelSymmetric,
        "pytorch_half_pixel" => CoordinateTransformation::PytorchHalfPixel,
        "align_corners" => CoordinateTransformation::AlignCorners,
        "asymmetric" => CoordinateTransformation::Asymmetric,
        "tf_crop_and_resize" => {
            let extrapolation_value = node.float("extrapolation_value")?.unwrap_or(0.0);
            let roi = floats(node, 1, "roi")?.unwrap_or_default();
            if roi.len() != 2 * axes {
                return Err(node.error(format!(
                    "its region has {} numbers for {axes} axes; there must be two for each",
                    roi.len()
                )));
            }
            let (starts, ends) = roi.split_at(axes);
            let regions = starts.iter().copied().zip(ends.iter().copied()).collect();
            CoordinateTransformation::TfCropAndResize { regions, extrapolation_value }
        }
        // Version 11 only. ⌊(x + ½) / scale⌋ is (x + ½) / scale − ½, rounded with halves up.
        "tf_half_pixel_for_nn" if rounding == NearestRounding::Floor => {
            return Ok((CoordinateTransformation::HalfPixel, NearestRounding::PreferCeil));
        }
        other => {
            return Err(node.error(format!(
                "its attribute `coordinate_transformation_mode` is `{other}`, which is not supported here"
            )));
        }
    };
    Ok((coordinates, rounding))
}

/// The floats in an input, if it is given; their values must be known.
fn floats(
    node: &mut NodeContext<'_, '_>,
    index: usize,
    name: &str,
) -> Result<Option<Vec<f32>>, ImportError> {
    if !node.has_input(index) {
        return Ok(None);
    }
    let tensor = node.required_constant(index, name)?;
    let tensor = tensor.cast(DType::F32, Conversion::default());
    let tensor = tensor.map_err(|error| node.error(error.to_string()))?;
    let values = tensor.as_slice::<f32>().map_err(|error| node.error(error.to_string()))?;
    Ok(Some(values.to_vec()))
}
