//! Linear algebra on floats.

use super::operator::{InferError, Inputs, Operator, expect_dtype};
use crate::shape::{Shape, TensorType, broadcast, broadcast_all};

/// Inputs: A `[…, m, k]`, B `[…, k, n]`; a vector counts as one row (A) or one column (B). Output `[…, m, n]`,
/// leading dimensions broadcast, as `numpy.matmul`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MatMul;

impl Operator for MatMul {
    fn name(&self) -> &'static str {
        "MatMul"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(2)?;
        let a = inputs.required(0, "A")?;
        let b = inputs.required(1, "B")?;
        inputs.same_dtype()?;
        expect_dtype(a, a.dtype.is_number(), "numbers")?;
        Ok(vec![TensorType::new(a.dtype, matmul_shape(&a.shape, &b.shape)?)])
    }
}

/// The shape of the product of tensors of these shapes, by the rule of `numpy.matmul`.
pub(crate) fn matmul_shape(a: &[usize], b: &[usize]) -> Result<Shape, InferError> {
    let mismatch = || InferError(format!("the shapes {a:?} and {b:?} cannot be multiplied"));
    let (a_leading, a_row, k) = match a {
        [] => return Err(mismatch()),
        [k] => (&[][..], None, *k),
        [leading @ .., m, k] => (leading, Some(*m), *k),
    };
    let (b_leading, b_column, b_k) = match b {
        [] => return Err(mismatch()),
        [k] => (&[][..], None, *k),
        [leading @ .., k, n] => (leading, Some(*n), *k),
    };
    if k != b_k {
        return Err(InferError(format!(
            "the shapes {a:?} and {b:?} cannot be multiplied: {k} columns meet {b_k} rows"
        )));
    }
    let mut shape = broadcast(a_leading, b_leading)?;
    shape.extend(a_row);
    shape.extend(b_column);
    Ok(shape)
}

/// Inputs: A and B (matrices), optionally C that broadcasts to `[m, n]`. Output: α·A·B + β·C, `[m, n]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gemm {
    /// Factor of the product.
    pub alpha: f32,
    /// Factor of C.
    pub beta: f32,
    /// Whether A is given transposed, `[k, m]`.
    pub transpose_a: bool,
    /// Whether B is given transposed, `[n, k]`.
    pub transpose_b: bool,
}

impl Operator for Gemm {
    fn name(&self) -> &'static str {
        "Gemm"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(3)?;
        let a = inputs.required(0, "A")?;
        let b = inputs.required(1, "B")?;
        inputs.same_dtype()?;
        expect_dtype(a, a.dtype.is_number(), "numbers")?;
        let matrix = |ty: &TensorType, transposed: bool| match ty.shape[..] {
            [rows, columns] if transposed => Ok((columns, rows)),
            [rows, columns] => Ok((rows, columns)),
            _ => Err(InferError(format!("it multiplies matrices, but one input is {ty}"))),
        };
        let (m, k) = matrix(a, self.transpose_a)?;
        let (b_k, n) = matrix(b, self.transpose_b)?;
        if k != b_k {
            return Err(InferError(format!("{k} columns of A meet {b_k} rows of B")));
        }
        if let Some(c) = inputs.get(2)
            && broadcast_all([&c.shape[..], &[m, n]])? != [m, n]
        {
            return Err(InferError(format!("C is {c}, which does not broadcast to [{m}, {n}]")));
        }
        Ok(vec![TensorType::new(a.dtype, [m, n])])
    }
}

/// The determinants of square matrices `[…, m, m]`. Output: `[…]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Det;

impl Operator for Det {
    fn name(&self) -> &'static str {
        "Det"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(1)?;
        let input = inputs.required(0, "X")?;
        expect_dtype(input, input.dtype.is_float(), "floats")?;
        match &input.shape[..] {
            [leading @ .., rows, columns] if rows == columns => {
                Ok(vec![TensorType::new(input.dtype, leading)])
            }
            _ => Err(InferError(format!("it takes square matrices, not {input}"))),
        }
    }
}
