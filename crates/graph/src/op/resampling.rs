//! Operators that read between the elements of images and volumes.

use super::operator::{InferError, Inputs, Operator, expect_dtype};
use crate::shape::{Shape, TensorType};

/// How large the output of a [`Resize`] is, in each of its axes.
#[derive(Debug, Clone, PartialEq)]
pub enum ResizeTarget {
    /// ⌊scale · size⌋.
    Scales(Vec<f32>),
    /// So large; the scale is the quotient of the sizes.
    Sizes(Vec<usize>),
    /// One scale for all axes, the smallest of the quotients of the sizes: nothing becomes larger than asked.
    NotLarger(Vec<usize>),
    /// One scale for all axes, the largest of the quotients of the sizes: nothing becomes smaller than asked.
    NotSmaller(Vec<usize>),
}

/// Where a position of the output lies in the input. The names are ONNX's.
#[derive(Debug, Clone, PartialEq)]
pub enum CoordinateTransformation {
    /// (x + ½) / scale − ½: the pixels' areas are mapped.
    HalfPixel,
    /// As `HalfPixel`, around the centre of the output if scale · size is no integer.
    HalfPixelSymmetric,
    /// As `HalfPixel`, but 0 for an output of one pixel.
    PytorchHalfPixel,
    /// The centres of the pixels at both ends are mapped to each other.
    AlignCorners,
    /// x / scale.
    Asymmetric,
    /// The pixels' centres are mapped to a region of the input.
    TfCropAndResize {
        /// The region's start and end in each of the axes; 0 is the first pixel and 1 the last.
        regions: Vec<(f32, f32)>,
        /// What stands where the region leaves the input.
        extrapolation_value: f32,
    },
}

/// How [`Interpolation::Nearest`] rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NearestRounding {
    /// To the nearest, halves down.
    PreferFloor,
    /// To the nearest, halves up.
    PreferCeil,
    /// Down.
    Floor,
    /// Up.
    Ceil,
}

/// How a value between pixels is made from the pixels around it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Interpolation {
    /// One pixel's value.
    Nearest(NearestRounding),
    /// The weighted mean of two pixels in each axis.
    Linear {
        /// Whether the weights widen when the image shrinks, so that every pixel counts.
        antialias: bool,
    },
    /// The cubic convolution of four pixels in each axis (Keys, 1981).
    Cubic {
        /// Keys's a.
        coefficient: f32,
        /// Whether the weights widen when the image shrinks, so that every pixel counts.
        antialias: bool,
    },
}

/// One input, and the output: the input in other sizes. Beyond its border, the border's pixels go on.
#[derive(Debug, Clone, PartialEq)]
pub struct Resize {
    /// The axes that change.
    pub axes: Vec<usize>,
    /// How large the output is along them.
    pub target: ResizeTarget,
    /// Where a position of the output lies in the input.
    pub coordinates: CoordinateTransformation,
    /// How a value is made there.
    pub interpolation: Interpolation,
    /// Whether pixels beyond the border count nothing, instead of the border's value.
    pub exclude_outside: bool,
}

/// One axis of a [`Resize`], for an input of known shape.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ResizedAxis {
    /// Output positions to an input position.
    pub scale: f64,
    /// scale · size of the input, before it was rounded.
    pub extent: f64,
    /// The output's size.
    pub size: usize,
}

impl Resize {
    /// What becomes of each of the axes of an input of this shape.
    ///
    /// # Errors
    /// If the axes are not axes of the shape, or the sizes are impossible.
    pub fn resolve(&self, shape: &[usize]) -> Result<Vec<ResizedAxis>, InferError> {
        let mut seen = vec![false; shape.len()];
        for axis in &self.axes {
            match seen.get_mut(*axis) {
                Some(seen @ false) => *seen = true,
                _ => return Err(self.impossible(shape)),
            }
        }
        let inputs: Vec<usize> = self.axes.iter().map(|axis| shape[*axis]).collect();
        let (ResizeTarget::Sizes(sizes)
        | ResizeTarget::NotLarger(sizes)
        | ResizeTarget::NotSmaller(sizes)) = &self.target
        else {
            return self.resolve_scales(shape, &inputs);
        };
        let grows_from_nothing =
            (sizes.iter().zip(&inputs)).any(|(out, input)| *input == 0 && *out > 0);
        if sizes.len() != inputs.len() || grows_from_nothing {
            return Err(self.impossible(shape));
        }
        let quotients = (sizes.iter().zip(&inputs)).map(|(&size, &input)| match input {
            0 => 1.0,
            input => size as f64 / input as f64,
        });
        let choice = match &self.target {
            ResizeTarget::NotLarger(_) => f64::min,
            ResizeTarget::NotSmaller(_) => f64::max,
            _ => {
                let stretched = |(scale, &size)| ResizedAxis { scale, extent: size as f64, size };
                return Ok(quotients.zip(sizes).map(stretched).collect());
            }
        };
        let scale = quotients.reduce(choice).unwrap_or(1.0);
        let kept = |input: &usize| {
            let extent = scale * *input as f64;
            self.checked(shape, scale, extent, (extent + 0.5).floor())
        };
        inputs.iter().map(kept).collect()
    }

    fn resolve_scales(
        &self,
        shape: &[usize],
        inputs: &[usize],
    ) -> Result<Vec<ResizedAxis>, InferError> {
        let ResizeTarget::Scales(scales) = &self.target else { return Err(self.impossible(shape)) };
        if scales.len() != inputs.len() {
            return Err(self.impossible(shape));
        }
        let scaled = |(scale, input): (&f32, &usize)| {
            // In single precision, in which the scale is given: 0.7 · 10 is 7, not a little less.
            let extent = f64::from(scale * *input as f32);
            self.checked(shape, f64::from(*scale), extent, extent.floor())
        };
        scales.iter().zip(inputs).map(scaled).collect()
    }

    fn checked(
        &self,
        shape: &[usize],
        scale: f64,
        extent: f64,
        size: f64,
    ) -> Result<ResizedAxis, InferError> {
        if !(scale.is_finite() && scale >= 0.0 && size < isize::MAX as f64) {
            return Err(self.impossible(shape));
        }
        Ok(ResizedAxis { scale, extent, size: size as usize })
    }

    fn impossible(&self, shape: &[usize]) -> InferError {
        InferError(format!(
            "{shape:?} cannot be resized to {:?} along {:?}",
            self.target, self.axes
        ))
    }
}

impl Operator for Resize {
    fn name(&self) -> &'static str {
        "Resize"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(1)?;
        let input = inputs.required(0, "X")?;
        if !matches!(self.interpolation, Interpolation::Nearest(_)) {
            let number = input.dtype.is_float() || input.dtype.is_integer();
            expect_dtype(input, number, "numbers to interpolate")?;
        }
        if let CoordinateTransformation::TfCropAndResize { regions, .. } = &self.coordinates
            && regions.len() != self.axes.len()
        {
            return Err(InferError(format!(
                "there must be a region for each of the axes {:?}, but there are {}",
                self.axes,
                regions.len()
            )));
        }
        let mut shape = input.shape.clone();
        for (axis, resized) in self.axes.iter().zip(self.resolve(&input.shape)?) {
            shape[*axis] = resized.size;
        }
        Ok(vec![TensorType::new(input.dtype, shape)])
    }
}

/// How a [`GridSample`] makes a value between pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GridInterpolation {
    /// The nearest pixel's, halves to even.
    Nearest,
    /// The weighted mean of two pixels in each axis.
    Linear,
    /// The cubic convolution of four pixels in each axis, with a = −¾ (Keys, 1981).
    Cubic,
}

/// What a [`GridSample`] finds beyond the border.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GridPadding {
    /// Zero.
    Zeros,
    /// The border's pixel.
    Border,
    /// The input, mirrored at the border.
    Reflection,
}

/// Inputs: X `[n, c, d…]` and a grid `[n, e…, r]` with r the number of dimensions `d…`. Output `[n, c, e…]`: X at
/// the grid's positions, each given innermost dimension first, with −1 and 1 at the ends of the dimension
/// (Jaderberg et al., 2015).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GridSample {
    /// How a value is made between pixels.
    pub interpolation: GridInterpolation,
    /// What is beyond the border.
    pub padding: GridPadding,
    /// Whether −1 and 1 are the centres of the pixels at the ends, or their outer edges.
    pub align_corners: bool,
}

impl Operator for GridSample {
    fn name(&self) -> &'static str {
        "GridSample"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(2)?;
        let x = inputs.required(0, "X")?;
        let grid = inputs.required(1, "grid")?;
        expect_dtype(x, x.dtype.is_float() || x.dtype.is_integer(), "numbers to interpolate")?;
        expect_dtype(grid, grid.dtype.is_float(), "a grid of floats")?;
        let mismatch = || InferError(format!("the grid {grid} does not fit the input {x}"));
        let [n, c, dimensions @ ..] = &x.shape[..] else { return Err(mismatch()) };
        let [grid_n, out @ .., r] = &grid.shape[..] else { return Err(mismatch()) };
        if dimensions.is_empty()
            || n != grid_n
            || *r != dimensions.len()
            || out.len() != dimensions.len()
        {
            return Err(mismatch());
        }
        let shape: Shape = [&[*n, *c], out].concat();
        if dimensions.contains(&0) && !shape.contains(&0) {
            return Err(InferError(format!("there is nothing to sample in {x}")));
        }
        Ok(vec![TensorType::new(x.dtype, shape)])
    }
}

/// Input: theta `[n, 2, 3]` or `[n, 3, 4]`, an affine map for each image. Output: the grid `[n, h, w, 2]` or
/// `[n, d, h, w, 3]` of the places to which the maps send an evenly spaced grid over −1 … 1, for [`GridSample`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AffineGrid {
    /// `[h, w]` or `[d, h, w]`.
    pub size: Vec<usize>,
    /// Whether −1 and 1 are the centres of the pixels at the ends, or their outer edges.
    pub align_corners: bool,
}

impl Operator for AffineGrid {
    fn name(&self) -> &'static str {
        "AffineGrid"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(1)?;
        let theta = inputs.required(0, "theta")?;
        expect_dtype(theta, theta.dtype.is_float(), "floats")?;
        let rank = self.size.len();
        match theta.shape[..] {
            [n, rows, columns] if matches!(rank, 2 | 3) && rows == rank && columns == rank + 1 => {
                Ok(vec![TensorType::new(theta.dtype, [&[n], &self.size[..], &[rank]].concat())])
            }
            _ => Err(InferError(format!("theta {theta} does not map grids of {:?}", self.size))),
        }
    }
}
