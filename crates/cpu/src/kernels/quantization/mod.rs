//! `QuantizeLinear`, `DequantizeLinear` and `DynamicQuantizeLinear`: in `f64`, where [`bytes`](self::bytes) has no kernel.

mod bytes;

use half::{bf16, f16};
use tachy_graph::convert::{Conversion, convert};
use tachy_graph::op::quantization::{DequantizeLinear, Granularity, QuantizeLinear};
use tachy_graph::{DType, Tensor, TensorViewMut};

use super::number::Number;
use super::views::{self, PIECE, Views, count, elements, elements_mut, for_each_piece};
use crate::kernel::{DataError, FnKernel, Kernel, Operands, Prepared, Unsupported};
use crate::workers::Workers;

/// Elements that are computed at a time.
const BLOCK: usize = 256;

/// Which element of the scale belongs to an element of the tensor.
struct Places {
    /// The size of the dimension, and of all dimensions within.
    axis: usize,
    inner: usize,
    /// Elements in a block along the dimension, and blocks.
    block: usize,
    blocks: usize,
    granularity: Granularity,
}

impl Places {
    fn new(granularity: Granularity, shape: &[usize]) -> Self {
        let (at, block) = match granularity {
            Granularity::PerTensor => {
                return Self { axis: 1, inner: 1, block: 1, blocks: 1, granularity };
            }
            Granularity::PerAxis(axis) => (axis, 1),
            Granularity::Blocked { axis, size } => (axis, size),
        };
        let (axis, inner) = (shape[at], count(&shape[at + 1..]));
        Self { axis, inner, block, blocks: axis.div_ceil(block), granularity }
    }

    fn of(&self, element: usize) -> usize {
        let row = element / self.inner;
        match self.granularity {
            Granularity::PerTensor => 0,
            Granularity::PerAxis(_) => row % self.axis,
            Granularity::Blocked { .. } => {
                let block = row / self.axis * self.blocks + row % self.axis / self.block;
                block * self.inner + element % self.inner
            }
        }
    }
}

/// The element types and the function of one of the two directions.
struct Direction<F> {
    from: DType,
    to: DType,
    conversion: Conversion,
    /// Of an element, its scale and its zero point.
    function: F,
}

/// The kernel that applies a function to every element, its scale and its zero point.
fn with_scales<F: Fn(f64, f64, f64) -> f64 + Send + Sync + 'static>(
    direction: Direction<F>,
    granularity: Granularity,
    operands: Operands<'_>,
) -> Prepared {
    let places = Places::new(granularity, &operands.input(0).shape);
    let no_memory = |error: tachy_graph::TensorError| Unsupported(error.to_string());
    let mut scales = Tensor::zeros(DType::F64, &operands.input(1).shape).map_err(no_memory)?;
    let mut zeros = match operands.get(2) {
        Some(zero) => Some(Tensor::zeros(DType::F64, &zero.ty.shape).map_err(no_memory)?),
        None => None,
    };
    let run = move |workers: &Workers, inputs: Views<'_, '_>, outputs: &mut [TensorViewMut<'_>]| {
        widen(inputs, 1, &mut scales);
        if let Some(zeros) = &mut zeros {
            widen(inputs, 2, zeros);
        }
        let scales = scales.as_slice::<f64>().expect("it was made of this type");
        let zeros = zeros.as_ref().map(|zeros| zeros.as_slice::<f64>().expect("made so, too"));
        let (input, output) = (views::bytes(inputs, 0), &mut *outputs[0].bytes);
        let Direction { from, to, conversion, function } = &direction;
        let length = workers.chunk_length(output.len() / to.size(), PIECE);
        for_each_piece(workers, output, length * to.size(), &|index, piece: &mut [u8]| {
            for (block, output) in piece.chunks_mut(BLOCK * to.size()).enumerate() {
                let first = index * length + block * BLOCK;
                let mut values = [0f64; BLOCK];
                let values = &mut values[..output.len() / to.size()];
                let input = &input[first * from.size()..][..values.len() * from.size()];
                let wide = bytemuck::cast_slice_mut(values);
                convert(*from, input, DType::F64, wide, Conversion::default());
                for (element, value) in (first..).zip(values.iter_mut()) {
                    let place = places.of(element);
                    let zero = zeros.map_or(0.0, |zeros| zeros[place]);
                    *value = function(*value, scales[place], zero);
                }
                convert(DType::F64, bytemuck::cast_slice(values), *to, output, *conversion);
            }
        });
        Ok::<(), DataError>(())
    };
    Ok(Box::new(FnKernel(run)))
}

/// An input as `f64`.
pub(super) fn widen(inputs: Views<'_, '_>, index: usize, output: &mut Tensor) {
    let from = inputs[index].expect("the kernel was prepared for this input").dtype;
    convert(
        from,
        views::bytes(inputs, index),
        DType::F64,
        output.bytes_mut(),
        Conversion::default(),
    );
}

pub(super) fn prepare_quantize(op: QuantizeLinear, operands: Operands<'_>) -> Prepared {
    let (x, scale) = (operands.input(0).dtype, operands.input(1).dtype);
    let given = [scale, x].into_iter().find(|dtype| dtype.is_float());
    let precision = op.precision.or(given).unwrap_or(DType::F64);
    if precision == DType::F32
        && let Some(kernel) = bytes::kernel(op.granularity, op.output, operands)
    {
        return Ok(kernel);
    }
    let explicit = op.precision.is_some();
    let saturated = saturation(op.output);
    let function = move |x: f64, scale: f64, zero: f64| {
        let cast = |value| if explicit { rounded(precision, value) } else { value };
        let quotient = rounded(precision, cast(x) / cast(scale));
        saturated(quotient, zero)
    };
    let conversion = Conversion { saturate: op.saturate, ..Conversion::default() };
    let direction = Direction { from: x, to: op.output, conversion, function };
    with_scales(direction, op.granularity, operands)
}

/// A value rounded to the elements of a float type.
fn rounded(precision: DType, value: f64) -> f64 {
    match precision {
        DType::F16 => f16::narrow(value).wide(),
        DType::BF16 => bf16::narrow(value).wide(),
        DType::F32 => f32::narrow(value).wide(),
        _ => value,
    }
}

/// What becomes of a quotient and a zero point: for integers, rounded to the nearest and limited to their range;
/// floats are rounded when they are written.
pub(super) fn saturation(dtype: DType) -> impl Fn(f64, f64) -> f64 + Copy + Send + Sync + 'static {
    let bits = dtype.bits() as i32;
    let (low, high) = if dtype.is_signed_integer() {
        (-(2f64.powi(bits - 1)), 2f64.powi(bits - 1) - 1.0)
    } else {
        (0.0, 2f64.powi(bits) - 1.0)
    };
    let integer = dtype.is_integer();
    move |quotient: f64, zero: f64| match integer {
        true => (quotient.round_ties_even() + zero).clamp(low, high),
        false => quotient + zero,
    }
}

pub(super) fn prepare_dequantize(op: DequantizeLinear, operands: Operands<'_>) -> Prepared {
    if let Some(kernel) = bytes::kernel(op.granularity, op.output, operands) {
        return Ok(kernel);
    }
    let direction = Direction {
        from: operands.input(0).dtype,
        to: op.output,
        conversion: Conversion::default(),
        function: |x: f64, scale: f64, zero: f64| (x - zero) * scale,
    };
    with_scales(direction, op.granularity, operands)
}

/// The kernel of `DynamicQuantizeLinear`.
pub(super) fn dynamic() -> Box<dyn Kernel> {
    let run = |workers: &Workers, inputs: Views<'_, '_>, outputs: &mut [TensorViewMut<'_>]| {
        let x = elements::<f32>(inputs, 0);
        let low = x.iter().copied().fold(0f32, f32::min);
        let high = x.iter().copied().fold(0f32, f32::max);
        let scale = if high == low { 1.0 } else { (high - low) / 255.0 };
        let zero = (-low / scale).round_ties_even().clamp(0.0, 255.0);
        elements_mut::<f32>(outputs, 1)[0] = scale;
        elements_mut::<u8>(outputs, 2)[0] = zero as u8;
        let output = elements_mut::<u8>(outputs, 0);
        let length = workers.chunk_length(output.len(), PIECE);
        for_each_piece(workers, output, length, &|index, piece: &mut [u8]| {
            for (output, x) in piece.iter_mut().zip(&x[index * length..]) {
                *output = ((x / scale).round_ties_even() + zero).clamp(0.0, 255.0) as u8;
            }
        });
        Ok::<(), DataError>(())
    };
    Box::new(FnKernel(run))
}
