//! Kernels for floats of any width, out of kernels for `f32` and `f64`.

use half::{bf16, f16};
use tachy_graph::{DType, Element, Tensor, TensorType, TensorView, TensorViewMut};

use crate::kernel::{DataError, Kernel, Operand, Operands, Prepared, Unsupported};
use crate::workers::Workers;

/// The type that floats of these operands are computed in: `f64` if one of the inputs is, `f32` otherwise.
pub(crate) fn real_dtype(operands: Operands<'_>) -> DType {
    let double = operands.inputs.iter().flatten().any(|input| input.ty.dtype == DType::F64);
    if double { DType::F64 } else { DType::F32 }
}

/// Prepares a kernel whose floats are all computed in one type: `$real` is `f32` or `f64` in the expression that
/// makes the kernel, and every float of `$operands` in it has that type.
macro_rules! in_real {
    ($given:expr, |$operands:ident: $real:ident| $make:expr) => {{
        match $crate::promote::real_dtype($given) {
            tachy_graph::DType::F64 => {
                type $real = f64;
                $crate::promote::promoted($given, tachy_graph::DType::F64, |$operands| $make)
            }
            _ => {
                type $real = f32;
                $crate::promote::promoted($given, tachy_graph::DType::F32, |$operands| $make)
            }
        }
    }};
}
pub(crate) use in_real;

/// The kernel that `make` prepares for operands whose floats all have the type `real`, with conversions of those
/// that have another around it.
pub(crate) fn promoted(
    operands: Operands<'_>,
    real: DType,
    make: impl FnOnce(Operands<'_>) -> Prepared,
) -> Prepared {
    let mut make = Some(make);
    let mut make = |operands: Operands<'_>| (make.take().expect("one kernel is made"))(operands);
    promoted_once(operands, real, &mut make)
}

// Compiled once, not once for every operator.
fn promoted_once(
    operands: Operands<'_>,
    real: DType,
    make: &mut dyn FnMut(Operands<'_>) -> Prepared,
) -> Prepared {
    let differs = |ty: &TensorType| ty.dtype.is_float() && ty.dtype != real;
    let types = operands.inputs.iter().flatten().map(|input| input.ty);
    if !types.chain(operands.outputs.iter().copied()).any(differs) {
        return make(operands);
    }
    let scratch = |ty: &TensorType| {
        differs(ty).then(|| Tensor::zeros(real, &ty.shape)).transpose().map_err(no_memory)
    };
    let mut inputs = Vec::with_capacity(operands.inputs.len());
    for input in operands.inputs {
        let Some(input) = input else {
            inputs.push(Converted::default());
            continue;
        };
        let mut tensor = scratch(input.ty)?;
        if let (Some(tensor), Some(constant)) = (&mut tensor, input.constant) {
            convert(&constant.view(), &mut tensor.view_mut());
        }
        inputs.push(Converted { tensor, constant: input.constant.is_some() });
    }
    let outputs = operands.outputs.iter().map(|ty| scratch(ty)).collect::<Result<Vec<_>, _>>()?;
    let kernel = {
        let input_operands: Vec<Option<Operand<'_>>> = operands
            .inputs
            .iter()
            .zip(&inputs)
            .map(|(input, converted)| {
                input.map(|input| match &converted.tensor {
                    Some(tensor) => {
                        Operand { ty: tensor.ty(), constant: converted.constant.then_some(tensor) }
                    }
                    None => input,
                })
            })
            .collect();
        let output_types: Vec<&TensorType> = operands
            .outputs
            .iter()
            .zip(&outputs)
            .map(|(ty, tensor)| tensor.as_ref().map_or(*ty, Tensor::ty))
            .collect();
        make(Operands { inputs: &input_operands, outputs: &output_types })?
    };
    Ok(Box::new(Promoted { kernel, inputs, outputs }))
}

fn no_memory(error: tachy_graph::TensorError) -> Unsupported {
    Unsupported(error.to_string())
}

#[derive(Default)]
struct Converted {
    /// The input in the type that is computed in, if it has another.
    tensor: Option<Tensor>,
    /// Whether it was converted once and for all.
    constant: bool,
}

struct Promoted {
    kernel: Box<dyn Kernel>,
    inputs: Vec<Converted>,
    outputs: Vec<Option<Tensor>>,
}

impl Kernel for Promoted {
    fn run(
        &mut self,
        workers: &Workers,
        inputs: &[Option<TensorView<'_>>],
        outputs: &mut [TensorViewMut<'_>],
    ) -> Result<(), DataError> {
        for (input, converted) in inputs.iter().zip(&mut self.inputs) {
            if let (Some(input), Some(tensor), false) =
                (input, &mut converted.tensor, converted.constant)
            {
                convert(input, &mut tensor.view_mut());
            }
        }
        let inputs: Vec<Option<TensorView<'_>>> = inputs
            .iter()
            .zip(&self.inputs)
            .map(|(input, converted)| {
                input.map(|input| converted.tensor.as_ref().map_or(input, Tensor::view))
            })
            .collect();
        let mut views: Vec<TensorViewMut<'_>> = outputs
            .iter_mut()
            .zip(&mut self.outputs)
            .map(|(output, tensor)| match tensor {
                Some(tensor) => tensor.view_mut(),
                None => TensorViewMut {
                    dtype: output.dtype,
                    shape: output.shape,
                    bytes: &mut *output.bytes,
                },
            })
            .collect();
        self.kernel.run(workers, &inputs, &mut views)?;
        for (output, tensor) in outputs.iter_mut().zip(&self.outputs) {
            if let Some(tensor) = tensor {
                convert(&tensor.view(), output);
            }
        }
        Ok(())
    }
}

/// Converts floats, rounding once where the target is narrower.
fn convert(from: &TensorView<'_>, to: &mut TensorViewMut<'_>) {
    match from.dtype {
        DType::F32 => convert_from(from, to, f16::from_f32, bf16::from_f32, |x| x, f64::from),
        DType::F64 => {
            convert_from(from, to, f16::from_f64, bf16::from_f64, |x: f64| x as f32, |x| x);
        }
        DType::F16 => {
            convert_from(from, to, |x| x, |x: f16| bf16::from_f32(x.into()), f32::from, f64::from)
        }
        DType::BF16 => {
            convert_from(from, to, |x: bf16| f16::from_f32(x.into()), |x| x, f32::from, f64::from)
        }
        other => unreachable!("only floats are promoted, not {other}"),
    }
}

fn convert_from<T: Element>(
    from: &TensorView<'_>,
    to: &mut TensorViewMut<'_>,
    to_f16: impl Fn(T) -> f16,
    to_bf16: impl Fn(T) -> bf16,
    to_f32: impl Fn(T) -> f32,
    to_f64: impl Fn(T) -> f64,
) {
    let from = from.as_slice::<T>().expect("the view has the type that was asked for");
    match to.dtype {
        DType::F16 => map(from, to, to_f16),
        DType::BF16 => map(from, to, to_bf16),
        DType::F32 => map(from, to, to_f32),
        DType::F64 => map(from, to, to_f64),
        other => unreachable!("only floats are promoted, not {other}"),
    }
}

fn map<T: Element, U: Element>(from: &[T], to: &mut TensorViewMut<'_>, function: impl Fn(T) -> U) {
    let to = to.as_mut_slice::<U>().expect("the view has the type that was asked for");
    for (to, from) in to.iter_mut().zip(from) {
        *to = function(*from);
    }
}
