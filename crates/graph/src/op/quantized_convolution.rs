//! Convolutions of 8-bit integers.

use super::convolution::conv_shape;
use super::operator::{InferError, Inputs, Operator, expect_dtype};
use super::window::Window;
use crate::dtype::DType;
use crate::shape::TensorType;

fn expect_bytes(ty: &TensorType) -> Result<(), InferError> {
    expect_dtype(ty, matches!(ty.dtype, DType::I8 | DType::U8), "i8 or u8")
}

/// A zero point or scale: one for all, or one for each filter.
fn expect_scalar(ty: &TensorType, name: &str, filters: Option<usize>) -> Result<(), InferError> {
    let count = ty.element_count()?;
    if count == 1 || (filters == Some(count) && ty.rank() == 1) {
        return Ok(());
    }
    Err(InferError(format!("{name} must be a scalar, or have one element per filter, not {ty}")))
}

fn expect_zero_point(
    ty: &TensorType,
    of: &TensorType,
    name: &str,
    filters: Option<usize>,
) -> Result<(), InferError> {
    expect_dtype(ty, ty.dtype == of.dtype, "a zero point of the same element type")?;
    expect_scalar(ty, name, filters)
}

/// Convolution of 8-bit integers, summed in 32 bits: Σ (x − x₀)(w − w₀).
///
/// Inputs: X `[N, C, D…]`, weights `[M, C/groups, K…]`, optionally the zero points x₀ (scalar) and w₀ (scalar
/// or `[M]`). Output: `[N, M, O…]` of i32.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ConvInteger {
    /// The window; its kernel is the weights' spatial size.
    pub window: Window,
    /// Groups of channels that do not see each other.
    pub groups: usize,
}

impl Operator for ConvInteger {
    fn name(&self) -> &'static str {
        "ConvInteger"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(4)?;
        let x = inputs.required(0, "x")?;
        let w = inputs.required(1, "w")?;
        expect_bytes(x)?;
        expect_bytes(w)?;
        let shape = conv_shape(&self.window, self.groups, x, w, None)?;
        if let Some(zero) = inputs.get(2) {
            expect_zero_point(zero, x, "x_zero_point", None)?;
        }
        if let Some(zero) = inputs.get(3) {
            expect_zero_point(zero, w, "w_zero_point", Some(shape[1]))?;
        }
        Ok(vec![TensorType::new(DType::I32, shape)])
    }
}

/// Convolution of linearly quantised tensors, requantised.
///
/// Inputs: x `[N, C, D…]`, its scale and zero point; weights `[M, C/groups, K…]`, their scale and zero point
/// (scalars or `[M]`); the output's scale and zero point; optionally a bias `[M]` of i32 in units of
/// x scale · w scale. Output: `[N, M, O…]` of the output zero point's element type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct QLinearConv {
    /// The window; its kernel is the weights' spatial size.
    pub window: Window,
    /// Groups of channels that do not see each other.
    pub groups: usize,
}

impl Operator for QLinearConv {
    fn name(&self) -> &'static str {
        "QLinearConv"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(9)?;
        let x = inputs.required(0, "x")?;
        let x_scale = inputs.required(1, "x_scale")?;
        let x_zero = inputs.required(2, "x_zero_point")?;
        let w = inputs.required(3, "w")?;
        let w_scale = inputs.required(4, "w_scale")?;
        let w_zero = inputs.required(5, "w_zero_point")?;
        let y_scale = inputs.required(6, "y_scale")?;
        let y_zero = inputs.required(7, "y_zero_point")?;
        for ty in [x, w, y_zero] {
            expect_bytes(ty)?;
        }
        let shape = conv_shape(&self.window, self.groups, x, w, inputs.get(8))?;
        if let Some(bias) = inputs.get(8) {
            expect_dtype(bias, bias.dtype == DType::I32, "a bias of i32")?;
        }
        let filters = Some(shape[1]);
        for (scale, name, filters) in
            [(x_scale, "x_scale", None), (w_scale, "w_scale", filters), (y_scale, "y_scale", None)]
        {
            expect_dtype(scale, scale.dtype == DType::F32, "scales of f32")?;
            expect_scalar(scale, name, filters)?;
        }
        expect_zero_point(x_zero, x, "x_zero_point", None)?;
        expect_zero_point(w_zero, w, "w_zero_point", filters)?;
        expect_scalar(y_zero, "y_zero_point", None)?;
        Ok(vec![TensorType::new(y_zero.dtype, shape)])
    }
}
