//! Convolutions of floats and their kin.

use super::operator::{InferError, Inputs, Operator, expect_dtype};
use super::window::{Window, image};
use crate::shape::{Shape, TensorType, element_count};

/// Cross-correlation, as neural networks mean it by convolution.
///
/// Inputs: X `[N, C, D…]`, weights `[M, C/groups, K…]`, optionally a bias `[M]`. Output: `[N, M, O…]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Conv {
    /// The window; its kernel is the weights' spatial size.
    pub window: Window,
    /// Groups of channels that do not see each other; as many as channels in a depthwise convolution.
    pub groups: usize,
}

impl Operator for Conv {
    fn name(&self) -> &'static str {
        "Conv"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(3)?;
        let x = inputs.required(0, "X")?;
        let w = inputs.required(1, "W")?;
        inputs.same_dtype()?;
        expect_dtype(x, x.dtype.is_float(), "floats")?;
        let shape = conv_shape(&self.window, self.groups, x, w, inputs.get(2))?;
        Ok(vec![TensorType::new(x.dtype, shape)])
    }
}

/// The shape of a convolution's output.
pub(super) fn conv_shape(
    window: &Window,
    groups: usize,
    x: &TensorType,
    w: &TensorType,
    bias: Option<&TensorType>,
) -> Result<Shape, InferError> {
    let (batch, channels, spatial) = image(x, "X")?;
    window.check(spatial.len())?;
    let (filters, group_channels, kernel) = image(w, "W")?;
    check_kernel(window, kernel)?;
    check_groups(groups, filters, "filters")?;
    if group_channels.checked_mul(groups) != Some(channels) {
        return Err(InferError(format!(
            "X has {channels} channels, but the weights take {groups} groups of {group_channels}"
        )));
    }
    check_bias(bias, filters)?;
    let mut shape = vec![batch, filters];
    shape.extend(window.output_sizes(spatial, false)?);
    Ok(shape)
}

fn check_kernel(window: &Window, kernel: &[usize]) -> Result<(), InferError> {
    if kernel == window.kernel {
        return Ok(());
    }
    Err(InferError(format!(
        "the weights' spatial size {kernel:?} is not the window's {:?}",
        window.kernel
    )))
}

fn check_groups(groups: usize, channels: usize, what: &str) -> Result<(), InferError> {
    if groups > 0 && channels.is_multiple_of(groups) {
        return Ok(());
    }
    Err(InferError(format!("{channels} {what} cannot be shared among {groups} groups")))
}

fn check_bias(bias: Option<&TensorType>, filters: usize) -> Result<(), InferError> {
    match bias {
        Some(bias) if bias.shape != [filters] => Err(InferError(format!(
            "the bias must have one element for each of {filters} filters, but is {bias}"
        ))),
        _ => Ok(()),
    }
}

/// The adjoint of a convolution: every input element adds a scaled copy of the weights to the output.
///
/// Inputs: X `[N, C, D…]`, weights `[C, M/groups, K…]`, optionally a bias `[M]`. Output: `[N, M, O…]` with
/// O = stride · (D − 1) + extent + output padding − padding.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ConvTranspose {
    /// The window of the convolution whose adjoint this is.
    pub window: Window,
    /// Elements added behind the output, for each spatial dimension.
    pub output_padding: Vec<usize>,
    /// Groups of channels that do not see each other.
    pub groups: usize,
}

impl Operator for ConvTranspose {
    fn name(&self) -> &'static str {
        "ConvTranspose"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(3)?;
        let x = inputs.required(0, "X")?;
        let w = inputs.required(1, "W")?;
        inputs.same_dtype()?;
        expect_dtype(x, x.dtype.is_float(), "floats")?;
        let (batch, channels, spatial) = image(x, "X")?;
        self.window.check(spatial.len())?;
        let (w_channels, group_filters, kernel) = image(w, "W")?;
        check_kernel(&self.window, kernel)?;
        check_groups(self.groups, channels, "channels")?;
        if w_channels != channels {
            return Err(InferError(format!(
                "X has {channels} channels, but the weights take {w_channels}"
            )));
        }
        let too_large = || InferError::new("the output is larger than a process can address");
        let filters = group_filters.checked_mul(self.groups).ok_or_else(too_large)?;
        check_bias(inputs.get(2), filters)?;
        if self.output_padding.len() != spatial.len() {
            return Err(InferError(format!(
                "the output padding must have one entry for each of the {} spatial dimensions",
                spatial.len()
            )));
        }
        let mut shape = vec![batch, filters];
        for (axis, &size) in spatial.iter().enumerate() {
            let full = size
                .saturating_sub(1)
                .checked_mul(self.window.strides[axis])
                .and_then(|travel| travel.checked_add(self.window.extent(axis).ok()?))
                .and_then(|full| full.checked_add(self.output_padding[axis]))
                .ok_or_else(too_large)?;
            let pads = self.window.pads_begin[axis] + self.window.pads_end[axis];
            let size = full.checked_sub(pads).ok_or_else(|| {
                InferError(format!("padding of {pads} leaves nothing of an output of {full}"))
            })?;
            shape.push(size);
        }
        Ok(vec![TensorType::new(x.dtype, shape)])
    }
}

/// Convolution whose sampling points are moved by an input (Dai et al., 2017; modulated: Zhu et al., 2019).
///
/// Inputs: X `[N, C, H, W]`, weights `[M, C/groups, kH, kW]`, offsets
/// `[N, 2 · offset_groups · kH · kW, oH, oW]`, optionally a bias `[M]` and a mask
/// `[N, offset_groups · kH · kW, oH, oW]`. Output: `[N, M, oH, oW]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DeformConv {
    /// The window; its kernel is the weights' spatial size.
    pub window: Window,
    /// Groups of channels that do not see each other.
    pub groups: usize,
    /// Groups of channels that share offsets.
    pub offset_groups: usize,
}

impl Operator for DeformConv {
    fn name(&self) -> &'static str {
        "DeformConv"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(5)?;
        let x = inputs.required(0, "X")?;
        let w = inputs.required(1, "W")?;
        let offset = inputs.required(2, "offset")?;
        inputs.same_dtype()?;
        expect_dtype(x, x.dtype.is_float(), "floats")?;
        if x.rank() != 4 {
            return Err(InferError(format!("X must be [N, C, H, W], but is {x}")));
        }
        let shape = conv_shape(&self.window, self.groups, x, w, inputs.get(3))?;
        check_groups(self.offset_groups, x.shape[1], "channels")?;
        let taps = self
            .window
            .size()?
            .checked_mul(self.offset_groups)
            .and_then(|taps| taps.checked_mul(2))
            .ok_or_else(|| InferError::new("the offsets are larger than a process can address"))?;
        let expect = |ty: &TensorType, name: &str, channels: usize| {
            let expected = [shape[0], channels, shape[2], shape[3]];
            if ty.shape == expected {
                return Ok(());
            }
            Err(InferError(format!("the {name} must have the shape {expected:?}, but is {ty}")))
        };
        expect(offset, "offset", taps)?;
        if let Some(mask) = inputs.get(4) {
            expect(mask, "mask", taps / 2)?;
        }
        Ok(vec![TensorType::new(x.dtype, shape)])
    }
}

/// The sum of overlapping blocks in an image: the adjoint of cutting an image into blocks.
///
/// Input: `[N, C · block size, L]`, with L blocks in row-major order. Output: `[N, C, image…]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Col2Im {
    /// The spatial sizes of the image.
    pub image: Shape,
    /// The window; its kernel is the block.
    pub window: Window,
}

impl Operator for Col2Im {
    fn name(&self) -> &'static str {
        "Col2Im"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(1)?;
        let input = inputs.required(0, "input")?;
        expect_dtype(input, input.dtype.is_float(), "floats")?;
        let [batch, rows, columns] = input.shape[..] else {
            return Err(InferError(format!("the blocks must be [N, C·block, L], not {input}")));
        };
        let blocks = element_count(&self.window.output_sizes(&self.image, false)?)?;
        if blocks != columns {
            return Err(InferError(format!(
                "an image of {:?} has {blocks} blocks, but {columns} are given",
                self.image
            )));
        }
        let block = self.window.size()?;
        if block == 0 || !rows.is_multiple_of(block) {
            return Err(InferError(format!("{rows} rows are not whole blocks of {block}")));
        }
        let mut shape = vec![batch, rows / block];
        shape.extend(&self.image);
        Ok(vec![TensorType::new(input.dtype, shape)])
    }
}
