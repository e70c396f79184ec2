//! Matrix products of quantised numbers.
//!
//! They are computed in `f64`, in which sums of products of 8-bit integers are exact.

use tachy_graph::convert::{Conversion, convert};
use tachy_graph::op::quantization::factor_shape;
use tachy_graph::{DType, Tensor, TensorError, TensorViewMut};

use super::broadcast::Broadcast;
use super::linear::Products;
use super::quantization::{saturation, widen};
use super::views::{Views, elements_mut};
use crate::kernel::{DataError, FnKernel, Operands, Prepared, Unsupported};
use crate::workers::Workers;

/// A factor as real numbers, and what makes it one: a zero point, a scale.
struct Factor {
    /// The node's input.
    input: usize,
    values: Tensor,
    zero: Option<Parameter>,
    scale: Option<Parameter>,
}

/// A zero point or a scale, and how it is broadcast to its factor.
struct Parameter {
    input: usize,
    values: Tensor,
    plan: Broadcast<1>,
}

impl Factor {
    fn new(
        operands: Operands<'_>,
        input: usize,
        left: bool,
        zero: usize,
        scale: Option<usize>,
    ) -> Result<Self, Unsupported> {
        let shape = &operands.input(input).shape;
        let parameter = |input: usize| {
            let Some(operand) = operands.get(input) else { return Ok(None) };
            let plan = Broadcast::new([&factor_shape(&operand.ty.shape, left, shape)[..]], shape);
            Ok(Some(Parameter { input, values: scratch(&operand.ty.shape)?, plan }))
        };
        Ok(Self {
            input,
            values: scratch(shape)?,
            zero: parameter(zero)?,
            scale: scale.map_or(Ok(None), parameter)?,
        })
    }

    /// The factor of this run.
    fn read(&mut self, inputs: Views<'_, '_>) -> &[f64] {
        widen(inputs, self.input, &mut self.values);
        let values = self.values.as_mut_slice::<f64>().expect("scratch is f64");
        if let Some(zero) = &mut self.zero {
            zero.apply(inputs, values, |value, zero| *value -= zero);
        }
        if let Some(scale) = &mut self.scale {
            scale.apply(inputs, values, |value, scale| *value *= scale);
        }
        values
    }
}

impl Parameter {
    fn apply(&mut self, inputs: Views<'_, '_>, values: &mut [f64], apply: impl Fn(&mut f64, f64)) {
        widen(inputs, self.input, &mut self.values);
        let parameters = self.values.as_slice::<f64>().expect("scratch is f64");
        let stride = self.plan.row_strides()[0];
        self.plan.for_each_row(0, values.len(), &mut |done, count, [place]| {
            for (offset, value) in values[done..][..count].iter_mut().enumerate() {
                apply(value, parameters[place + offset * stride]);
            }
        });
    }
}

fn scratch(shape: &[usize]) -> Result<Tensor, Unsupported> {
    Tensor::zeros(DType::F64, shape).map_err(|error: TensorError| Unsupported(error.to_string()))
}

pub(super) fn prepare_integer(operands: Operands<'_>) -> Prepared {
    let products = Products::new(&operands.input(0).shape, &operands.input(1).shape);
    let mut a = Factor::new(operands, 0, true, 2, None)?;
    let mut b = Factor::new(operands, 1, false, 3, None)?;
    let mut product = scratch(&operands.outputs[0].shape)?;
    let run = move |workers: &Workers, inputs: Views<'_, '_>, outputs: &mut [TensorViewMut<'_>]| {
        let product = product.as_mut_slice::<f64>().expect("scratch is f64");
        products.run(workers, a.read(inputs), b.read(inputs), product);
        for (output, sum) in elements_mut::<i32>(outputs, 0).iter_mut().zip(product) {
            // Sums beyond 32 bits wrap.
            *output = *sum as i64 as i32;
        }
        Ok::<(), DataError>(())
    };
    Ok(Box::new(FnKernel(run)))
}

pub(super) fn prepare_quantized(operands: Operands<'_>) -> Prepared {
    let products = Products::new(&operands.input(0).shape, &operands.input(3).shape);
    let mut a = Factor::new(operands, 0, true, 2, Some(1))?;
    let mut b = Factor::new(operands, 3, false, 5, Some(4))?;
    let (mut scale, mut zero) = (scratch(&[])?, scratch(&[])?);
    let mut product = scratch(&operands.outputs[0].shape)?;
    let to = operands.outputs[0].dtype;
    let saturated = saturation(to);
    let run = move |workers: &Workers, inputs: Views<'_, '_>, outputs: &mut [TensorViewMut<'_>]| {
        widen(inputs, 6, &mut scale);
        widen(inputs, 7, &mut zero);
        let scalar = |tensor: &Tensor| tensor.as_slice::<f64>().expect("scratch is f64")[0];
        let (scale, zero) = (scalar(&scale), scalar(&zero));
        let values = product.as_mut_slice::<f64>().expect("scratch is f64");
        products.run(workers, a.read(inputs), b.read(inputs), values);
        values.iter_mut().for_each(|value| *value = saturated(*value / scale, zero));
        let output = &mut *outputs[0].bytes;
        convert(DType::F64, product.bytes(), to, output, Conversion::default());
        Ok::<(), DataError>(())
    };
    Ok(Box::new(FnKernel(run)))
}
