//! Pooling: windows and whole images become one number.

use super::operator::{InferError, Inputs, Operator, expect_dtype};
use super::window::{Window, image};
use crate::dtype::DType;
use crate::shape::{Shape, TensorType, element_count};

fn pooled(x: &TensorType, window: &Window, ceil: bool) -> Result<Shape, InferError> {
    let (batch, channels, spatial) = image(x, "X")?;
    let mut shape = vec![batch, channels];
    shape.extend(window.output_sizes(spatial, ceil)?);
    Ok(shape)
}

/// The largest element of each window. Padding never counts; NaN wins.
///
/// Input: X `[N, C, D…]` of floats, i8 or u8. Outputs: `[N, C, O…]`, and with `indices` the place of each
/// largest element in X as a flat index, i64, of the same shape.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MaxPool {
    /// The window.
    pub window: Window,
    /// Whether a last, partly covered window counts.
    pub ceil: bool,
    /// Whether the second output is there.
    pub indices: bool,
    /// Whether indices count the last two spatial dimensions in column-major order (ONNX's `storage_order` 1).
    pub column_major: bool,
}

impl Operator for MaxPool {
    fn name(&self) -> &'static str {
        "MaxPool"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(1)?;
        let x = inputs.required(0, "X")?;
        let accepted = x.dtype.is_float() || matches!(x.dtype, DType::I8 | DType::U8);
        expect_dtype(x, accepted, "floats, i8 or u8")?;
        let shape = pooled(x, &self.window, self.ceil)?;
        let mut types = vec![TensorType::new(x.dtype, shape.clone())];
        if self.indices {
            types.push(TensorType::new(DType::I64, shape));
        }
        Ok(types)
    }
}

/// The mean of each window.
///
/// Input: X `[N, C, D…]`. Output: `[N, C, O…]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AveragePool {
    /// The window.
    pub window: Window,
    /// Whether a last, partly covered window counts.
    pub ceil: bool,
    /// Whether elements of the padding count as zeros; otherwise they do not count at all.
    pub count_include_pad: bool,
}

impl Operator for AveragePool {
    fn name(&self) -> &'static str {
        "AveragePool"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(1)?;
        let x = inputs.required(0, "X")?;
        expect_dtype(x, x.dtype.is_float(), "floats")?;
        Ok(vec![TensorType::new(x.dtype, pooled(x, &self.window, self.ceil)?)])
    }
}

/// The p-norm of each window, (Σ|x|ᵖ)^(1/p).
///
/// Input: X `[N, C, D…]`. Output: `[N, C, O…]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LpPool {
    /// The window.
    pub window: Window,
    /// Whether a last, partly covered window counts.
    pub ceil: bool,
    /// p, at least 1.
    pub p: u32,
}

impl Operator for LpPool {
    fn name(&self) -> &'static str {
        "LpPool"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(1)?;
        let x = inputs.required(0, "X")?;
        expect_dtype(x, x.dtype.is_float(), "floats")?;
        check_norm(self.p)?;
        Ok(vec![TensorType::new(x.dtype, pooled(x, &self.window, self.ceil)?)])
    }
}

fn check_norm(p: u32) -> Result<(), InferError> {
    if p >= 1 { Ok(()) } else { Err(InferError::new("the norm's order p must be at least 1")) }
}

/// One number for each channel's whole image.
///
/// Input: X `[N, C, D…]`. Output: `[N, C, 1…]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GlobalPool {
    /// The mean.
    Average,
    /// The largest element; NaN wins.
    Max,
    /// The p-norm, (Σ|x|ᵖ)^(1/p).
    Lp {
        /// p, at least 1.
        p: u32,
    },
}

impl Operator for GlobalPool {
    fn name(&self) -> &'static str {
        match self {
            GlobalPool::Average => "GlobalAveragePool",
            GlobalPool::Max => "GlobalMaxPool",
            GlobalPool::Lp { .. } => "GlobalLpPool",
        }
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(1)?;
        let x = inputs.required(0, "X")?;
        expect_dtype(x, x.dtype.is_float(), "floats")?;
        if let GlobalPool::Lp { p } = self {
            check_norm(*p)?;
        }
        let (batch, channels, spatial) = image(x, "X")?;
        let mut shape = vec![batch, channels];
        shape.extend(spatial.iter().map(|_| 1));
        Ok(vec![TensorType::new(x.dtype, shape)])
    }
}

/// The inverse of `MaxPool`: elements return to the places where they came from, among zeros.
///
/// Inputs: X `[N, C, D…]` and flat indices into the output, i64, of the same shape. Output: `[N, C, output…]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MaxUnpool {
    /// The shape that the indices count in: that of the pooled tensor.
    pub indexed: Shape,
    /// The shape of the output, the same or larger; what is more is zero.
    pub output: Shape,
}

impl Operator for MaxUnpool {
    fn name(&self) -> &'static str {
        "MaxUnpool"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(2)?;
        let x = inputs.required(0, "X")?;
        let indices = inputs.required(1, "I")?;
        expect_dtype(x, x.dtype.is_float(), "floats")?;
        expect_dtype(indices, indices.dtype == DType::I64, "indices of i64")?;
        if indices.shape != x.shape {
            return Err(InferError(format!("X is {x}, but its indices are {indices}")));
        }
        let (batch, channels, _) = image(x, "X")?;
        for shape in [&self.indexed, &self.output] {
            if shape.len() != x.rank() || shape[..2] != [batch, channels] {
                return Err(InferError(format!("{x} cannot be unpooled to the shape {shape:?}")));
            }
            element_count(shape)?;
        }
        if self.indexed.iter().zip(&self.output).any(|(indexed, output)| indexed > output) {
            return Err(InferError(format!(
                "the output {:?} is smaller than the image {:?} that the indices count in",
                self.output, self.indexed
            )));
        }
        Ok(vec![TensorType::new(x.dtype, self.output.clone())])
    }
}

/// Regions of an image, resampled to one size (He et al., 2017).
///
/// Inputs: X `[N, C, H, W]`, regions `[R, 4]` as (x₁, y₁, x₂, y₂), and for each the image in the batch that it
/// lies in, i64 `[R]`. Output: `[R, C, height, width]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RoiAlign {
    /// The output's height.
    pub height: usize,
    /// The output's width.
    pub width: usize,
    /// Sampling points in each direction of an output element; 0: as many as input elements it covers.
    pub sampling_ratio: usize,
    /// What one unit of the regions' coordinates is in elements of X.
    pub spatial_scale: f32,
    /// Whether the largest sampled value is taken instead of the mean.
    pub max: bool,
    /// Whether coordinates are those of elements' centres (moved by half an element).
    pub half_pixel: bool,
}

impl Operator for RoiAlign {
    fn name(&self) -> &'static str {
        "RoiAlign"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(3)?;
        let x = inputs.required(0, "X")?;
        let regions = inputs.required(1, "rois")?;
        let batches = inputs.required(2, "batch_indices")?;
        Inputs(&inputs.0[..2]).same_dtype()?;
        expect_dtype(x, x.dtype.is_float(), "floats")?;
        expect_dtype(batches, batches.dtype == DType::I64, "batch indices of i64")?;
        let [_, channels, _, _] = x.shape[..] else {
            return Err(InferError(format!("X must be [N, C, H, W], but is {x}")));
        };
        match (&regions.shape[..], &batches.shape[..]) {
            ([count, 4], [others]) if count == others => {
                Ok(vec![TensorType::new(x.dtype, [*count, channels, self.height, self.width])])
            }
            _ => Err(InferError(format!(
                "there must be as many regions of 4 coordinates as batch indices, not {regions} and {batches}"
            ))),
        }
    }
}
