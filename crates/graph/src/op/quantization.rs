//! Floats as numbers of few bits and a scale, and matrix products of such numbers.

use super::linear::matmul_shape;
use super::operator::{InferError, Inputs, Operator, expect_dtype};
use crate::dtype::DType;
use crate::shape::{Shape, TensorType, broadcast};

/// Which elements share a scale and a zero point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Granularity {
    /// All of the tensor; the scale has one element.
    PerTensor,
    /// All with the same index along this dimension; the scale is a vector.
    PerAxis(usize),
    /// So many neighbours along a dimension; the scale has the tensor's shape with the number of blocks there.
    Blocked {
        /// The dimension.
        axis: usize,
        /// Elements in a block; the last may be shorter.
        size: usize,
    },
}

impl Granularity {
    /// The shape that the scale of a tensor of this shape has, but for `PerTensor`, where any shape of one element
    /// will do.
    fn scale_shape(self, shape: &[usize]) -> Result<Shape, InferError> {
        let size_of = |axis: usize| {
            shape.get(axis).copied().ok_or_else(|| {
                InferError(format!("axis {axis} is outside of a tensor of rank {}", shape.len()))
            })
        };
        Ok(match self {
            Granularity::PerTensor => Shape::new(),
            Granularity::PerAxis(axis) => vec![size_of(axis)?],
            Granularity::Blocked { size: 0, .. } => {
                return Err(InferError::new("blocks of 0 elements do not exist"));
            }
            Granularity::Blocked { axis, size } => {
                let mut scale = shape.to_vec();
                scale[axis] = size_of(axis)?.div_ceil(size);
                scale
            }
        })
    }

    fn check(
        self,
        ty: &TensorType,
        scale: &TensorType,
        zero: Option<&TensorType>,
    ) -> Result<(), InferError> {
        let expected = self.scale_shape(&ty.shape)?;
        let fits = match self {
            Granularity::PerTensor => scale.element_count()? == 1,
            _ => scale.shape == expected,
        };
        if !fits {
            return Err(InferError(format!(
                "the scale of {ty} must have the shape {expected:?}, but is {scale}"
            )));
        }
        match zero {
            Some(zero) if zero.element_count()? != scale.element_count()? => Err(InferError(
                format!("the zero point must have the shape of the scale {scale}, but is {zero}"),
            )),
            _ => Ok(()),
        }
    }
}

/// Whether numbers can be quantised to this type.
fn is_quantized(dtype: DType) -> bool {
    let integer = dtype.is_integer() && dtype.bits() <= 16;
    integer || (dtype.is_small_float() && dtype != DType::F8E8M0)
}

/// x / scale + zero point, rounded to the nearest (halves to even) and saturated.
///
/// Inputs: x, the scale, and optionally the zero point, of the output's element type. Output: x's shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct QuantizeLinear {
    /// Which elements share a scale.
    pub granularity: Granularity,
    /// The element type of the output.
    pub output: DType,
    /// Whether a value beyond an 8-bit float's range becomes its largest value instead of infinity or NaN.
    pub saturate: bool,
    /// The float type to which the quotient is rounded first; that of the scale by default.
    pub precision: Option<DType>,
}

impl Operator for QuantizeLinear {
    fn name(&self) -> &'static str {
        "QuantizeLinear"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(3)?;
        let x = inputs.required(0, "x")?;
        let scale = inputs.required(1, "y_scale")?;
        let zero = inputs.get(2);
        expect_dtype(x, x.dtype.is_float() || x.dtype == DType::I32, "floats or i32")?;
        let scales = scale.dtype.is_float() || matches!(scale.dtype, DType::I32 | DType::F8E8M0);
        expect_dtype(scale, scales, "scales that are floats, f8e8m0 or i32")?;
        let output = TensorType::new(self.output, x.shape.clone());
        if !is_quantized(self.output) {
            return Err(InferError(format!("{} is not a type to quantise to", self.output)));
        }
        if let Some(precision) = self.precision
            && !precision.is_float()
        {
            return Err(InferError(format!("{precision} is not a precision of floats")));
        }
        if let Some(zero) = zero {
            expect_dtype(zero, zero.dtype == self.output, "a zero point of the output's type")?;
        }
        self.granularity.check(x, scale, zero)?;
        Ok(vec![output])
    }
}

/// (x − zero point) · scale.
///
/// Inputs: x, the scale, and optionally the zero point, of x's element type. Output: x's shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DequantizeLinear {
    /// Which elements share a scale.
    pub granularity: Granularity,
    /// The element type of the output.
    pub output: DType,
}

impl Operator for DequantizeLinear {
    fn name(&self) -> &'static str {
        "DequantizeLinear"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(3)?;
        let x = inputs.required(0, "x")?;
        let scale = inputs.required(1, "x_scale")?;
        let zero = inputs.get(2);
        let known = is_quantized(x.dtype) || x.dtype == DType::I32;
        expect_dtype(x, known, "integers of up to 16 bits, i32 and the small floats")?;
        let scales = scale.dtype.is_float() || scale.dtype == DType::F8E8M0;
        expect_dtype(scale, scales, "scales that are floats or f8e8m0")?;
        if !self.output.is_float() {
            return Err(InferError(format!("its output must be floats, not {}", self.output)));
        }
        if let Some(zero) = zero {
            expect_dtype(zero, zero.dtype == x.dtype, "a zero point of the input's type")?;
        }
        self.granularity.check(x, scale, zero)?;
        Ok(vec![TensorType::new(self.output, x.shape.clone())])
    }
}

/// f32 to u8 by the range that the data has, which always includes 0.
///
/// Input: x. Outputs: the numbers, of x's shape; the scale, (max − min) / 255, a scalar of f32; and the zero
/// point, a scalar of u8. Where all of x is 0, the scale is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DynamicQuantizeLinear;

impl Operator for DynamicQuantizeLinear {
    fn name(&self) -> &'static str {
        "DynamicQuantizeLinear"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(1)?;
        let x = inputs.required(0, "x")?;
        expect_dtype(x, x.dtype == DType::F32, "f32")?;
        let scalar = |dtype| TensorType::new(dtype, []);
        Ok(vec![TensorType::new(DType::U8, x.shape.clone()), scalar(DType::F32), scalar(DType::U8)])
    }
}

/// The shape with which the scale or zero point of a matrix is broadcast to it: a vector belongs to the rows of
/// the left factor and to the columns of the right one.
pub fn factor_shape(parameter: &[usize], left: bool, matrix: &[usize]) -> Shape {
    match *parameter {
        [rows] if left && rows != 1 && matrix.len() > 1 => vec![rows, 1],
        _ if parameter.iter().all(|size| *size == 1) => Shape::new(),
        _ => parameter.to_vec(),
    }
}

fn check_factor(
    parameter: &TensorType,
    left: bool,
    matrix: &TensorType,
    name: &str,
) -> Result<(), InferError> {
    let shape = factor_shape(&parameter.shape, left, &matrix.shape);
    if broadcast(&shape, &matrix.shape)? != matrix.shape {
        return Err(InferError(format!("{name} is {parameter}, which does not fit to {matrix}")));
    }
    Ok(())
}

/// The matrix product of 8-bit integers, summed in 32 bits: (A − A₀)·(B − B₀).
///
/// Inputs: A and B as for [`MatMul`](super::linear::MatMul), and optionally their zero points: scalars, or one
/// element for each row of A and each column of B. Output: i32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MatMulInteger;

impl Operator for MatMulInteger {
    fn name(&self) -> &'static str {
        "MatMulInteger"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(4)?;
        let a = inputs.required(0, "A")?;
        let b = inputs.required(1, "B")?;
        for (ty, zero, left, name) in [(a, 2, true, "a_zero_point"), (b, 3, false, "b_zero_point")]
        {
            expect_dtype(ty, matches!(ty.dtype, DType::I8 | DType::U8), "i8 or u8")?;
            if let Some(zero) = inputs.get(zero) {
                expect_dtype(zero, zero.dtype == ty.dtype, "a zero point of the same type")?;
                check_factor(zero, left, ty, name)?;
            }
        }
        Ok(vec![TensorType::new(DType::I32, matmul_shape(&a.shape, &b.shape)?)])
    }
}

/// The matrix product of quantised numbers, quantised again.
///
/// Inputs: A, its scale and zero point; B, its scale and zero point; the output's scale and zero point (scalars).
/// Scales and zero points of A and B are scalars, or have one element for each row of A and each column of B.
/// Output: of the type of its zero point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct QLinearMatMul;

impl Operator for QLinearMatMul {
    fn name(&self) -> &'static str {
        "QLinearMatMul"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(8)?;
        let a = inputs.required(0, "a")?;
        let b = inputs.required(3, "b")?;
        for (ty, scale, zero, left) in [(a, 1, 2, true), (b, 4, 5, false)] {
            expect_dtype(ty, is_quantized(ty.dtype), "quantised numbers")?;
            let scale = inputs.required(scale, "scale")?;
            expect_dtype(scale, scale.dtype.is_float(), "scales that are floats")?;
            check_factor(scale, left, ty, "the scale")?;
            let zero = inputs.required(zero, "zero_point")?;
            expect_dtype(zero, zero.dtype == ty.dtype, "a zero point of the same type")?;
            check_factor(zero, left, ty, "the zero point")?;
        }
        let scale = inputs.required(6, "y_scale")?;
        let zero = inputs.required(7, "y_zero_point")?;
        expect_dtype(scale, scale.dtype.is_float(), "scales that are floats")?;
        expect_dtype(zero, is_quantized(zero.dtype), "quantised numbers")?;
        for (ty, name) in [(scale, "y_scale"), (zero, "y_zero_point")] {
            if ty.element_count()? != 1 {
                return Err(InferError(format!("{name} must be a scalar, not {ty}")));
            }
        }
        Ok(vec![TensorType::new(zero.dtype, matmul_shape(&a.shape, &b.shape)?)])
    }
}
