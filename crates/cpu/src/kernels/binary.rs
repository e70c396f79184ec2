//! Element-wise operators with two inputs that are broadcast together.

use num_traits::{Float as _, Zero};
use tachy_graph::convert::{Conversion, convert};
use tachy_graph::op::elementwise::{Binary, Compare};
use tachy_graph::{DType, Element, Tensor, TensorViewMut};

use super::broadcast::Broadcast;
use super::number::{Float, Integer, Number, for_float, for_integer, for_number};
use super::views::{PIECE, Views, by_pieces, bytes, elements, elements_mut, for_each_piece};
use crate::kernel::{DataError, FnKernel, Kernel, Operands, Prepared, Unsupported};
use crate::workers::Workers;

/// Elements that a function is applied to at a time.
const BLOCK: usize = 64;

pub(super) fn prepare(op: Binary, operands: Operands<'_>) -> Prepared {
    let plan = plan(operands);
    let (dtype, exponent) = (operands.input(0).dtype, operands.input(1).dtype);
    let logical: Option<fn(bool, bool) -> bool> = match op {
        Binary::And => Some(|a, b| a & b),
        Binary::Or => Some(|a, b| a | b),
        Binary::Xor => Some(|a, b| a ^ b),
        _ => None,
    };
    if let Some(function) = logical {
        return Ok(zip(plan, function));
    }
    if op == Binary::Pow && (dtype.is_integer() || dtype != exponent) {
        return mixed_power(plan, operands);
    }
    let kernel = for_float!(dtype, T => float::<T>(op, plan), _ => {
        for_integer!(dtype, T => integer::<T>(op, plan), _ => None)
    });
    kernel.ok_or_else(|| Unsupported(format!("there is no kernel for {op:?} on {dtype}")))
}

pub(super) fn prepare_compare(op: Compare, operands: Operands<'_>) -> Prepared {
    fn compare<T: Element + PartialOrd>(op: Compare, plan: Broadcast<2>) -> Box<dyn Kernel> {
        match op {
            Compare::Equal => zip(plan, |a: T, b: T| a == b),
            Compare::Greater => zip(plan, |a: T, b: T| a > b),
            Compare::GreaterOrEqual => zip(plan, |a: T, b: T| a >= b),
            Compare::Less => zip(plan, |a: T, b: T| a < b),
            Compare::LessOrEqual => zip(plan, |a: T, b: T| a <= b),
        }
    }
    let (plan, dtype) = (plan(operands), operands.input(0).dtype);
    for_number!(dtype, T => Ok(compare::<T>(op, plan)), _ => match dtype {
        DType::Bool => Ok(compare::<bool>(op, plan)),
        _ => Err(Unsupported(format!("there is no kernel for {op:?} on {dtype}"))),
    })
}

fn plan(operands: Operands<'_>) -> Broadcast<2> {
    let shapes = [&operands.input(0).shape[..], &operands.input(1).shape[..]];
    Broadcast::new(shapes, &operands.outputs[0].shape)
}

/// The kernel that applies a function to every pair of elements.
fn zip<A: Element, B: Element, U: Element>(
    plan: Broadcast<2>,
    function: impl Fn(A, B) -> U + Copy + Send + Sync + 'static,
) -> Box<dyn Kernel> {
    by_pieces(move |inputs, start, output| {
        zip_piece(&plan, elements(inputs, 0), elements(inputs, 1), start, output, function);
    })
}

fn zip_piece<A: Element, B: Element, U: Element>(
    plan: &Broadcast<2>,
    a: &[A],
    b: &[B],
    start: usize,
    output: &mut [U],
    function: impl Fn(A, B) -> U,
) {
    let [a_stride, b_stride] = plan.row_strides();
    plan.for_each_row(start, output.len(), &mut |done, count, [at_a, at_b]| {
        let output = &mut output[done..][..count];
        // An input with one element for the whole row is repeated, so that there is one loop for a function and not four.
        let (repeated_a, repeated_b) = ([a[at_a]; BLOCK], [b[at_b]; BLOCK]);
        for (index, output) in output.chunks_mut(BLOCK).enumerate() {
            let place = index * BLOCK;
            let a = if a_stride == 0 { &repeated_a[..] } else { &a[at_a + place..] };
            let b = if b_stride == 0 { &repeated_b[..] } else { &b[at_b + place..] };
            for ((output, a), b) in output.iter_mut().zip(a).zip(b) {
                *output = function(*a, *b);
            }
        }
    });
}

/// The kernel that applies a function of real numbers to every pair of elements.
fn real<T: Float>(
    plan: Broadcast<2>,
    function: impl Fn(T::Real, T::Real) -> T::Real + Copy + Send + Sync + 'static,
) -> Box<dyn Kernel> {
    zip(plan, move |a: T, b: T| T::nearest(function(a.real(), b.real())))
}

fn float<T: Float>(op: Binary, plan: Broadcast<2>) -> Option<Box<dyn Kernel>> {
    let zero = T::Real::zero();
    Some(match op {
        Binary::Add => real::<T>(plan, |a, b| a + b),
        Binary::Sub => real::<T>(plan, |a, b| a - b),
        Binary::Mul => real::<T>(plan, |a, b| a * b),
        Binary::Div => real::<T>(plan, |a, b| a / b),
        Binary::Pow => real::<T>(plan, |a, b| a.powf(b)),
        Binary::Fmod => real::<T>(plan, |a, b| a % b),
        Binary::Mod => real::<T>(plan, move |a, b| {
            let remainder = a % b;
            if remainder == zero {
                remainder.abs() * b.signum()
            } else if (remainder < zero) != (b < zero) {
                remainder + b
            } else {
                remainder
            }
        }),
        Binary::PRelu => real::<T>(plan, move |a, b| if a < zero { a * b } else { a }),
        _ => return None,
    })
}

fn integer<T: Integer>(op: Binary, plan: Broadcast<2>) -> Option<Box<dyn Kernel>> {
    let zero = T::zero();
    Some(match op {
        Binary::Add => zip(plan, |a: T, b: T| a.wrapping_add(&b)),
        Binary::Sub => zip(plan, |a: T, b: T| a.wrapping_sub(&b)),
        Binary::Mul => zip(plan, |a: T, b: T| a.wrapping_mul(&b)),
        Binary::Div => zip(plan, T::quotient),
        Binary::Mod => zip(plan, T::modulo),
        Binary::Fmod => zip(plan, T::remainder),
        Binary::PRelu => zip(plan, move |a: T, b: T| if a < zero { a.wrapping_mul(&b) } else { a }),
        Binary::BitwiseAnd => zip(plan, |a: T, b: T| a & b),
        Binary::BitwiseOr => zip(plan, |a: T, b: T| a | b),
        Binary::BitwiseXor => zip(plan, |a: T, b: T| a ^ b),
        Binary::ShiftLeft => zip(plan, move |a: T, b: T| match places::<T>(b) {
            Some(places) => a << places,
            None => zero,
        }),
        Binary::ShiftRight => zip(plan, move |a: T, b: T| match places::<T>(b) {
            Some(places) => a >> places,
            None if a < zero => !zero,
            None => zero,
        }),
        _ => return None,
    })
}

/// By how many places to shift; `None` if that is out of range.
fn places<T: Integer>(shift: T) -> Option<usize> {
    shift.to_usize().filter(|places| *places < 8 * size_of::<T>())
}

/// Powers whose exponents have another type than the base, or whose base is an integer. The exponents are first
/// converted to `i64` or `f64`.
fn mixed_power(plan: Broadcast<2>, operands: Operands<'_>) -> Prepared {
    let (base, exponent) = (operands.input(0), operands.input(1));
    let integers = base.dtype.is_integer() && exponent.dtype.is_integer();
    let common = if integers { DType::I64 } else { DType::F64 };
    let scratch =
        Tensor::zeros(common, &exponent.shape).map_err(|error| Unsupported(error.to_string()))?;
    fn power<T: Element, E: Element>(
        plan: Broadcast<2>,
        mut exponents: Tensor,
        function: impl Fn(T, E) -> T + Copy + Send + Sync + 'static,
    ) -> Box<dyn Kernel> {
        let run = move |workers: &Workers,
                        inputs: Views<'_, '_>,
                        outputs: &mut [TensorViewMut<'_>]| {
            let from = inputs[1].expect("the type rule requires this input").dtype;
            let given = bytes(inputs, 1);
            convert(from, given, E::DTYPE, exponents.bytes_mut(), Conversion::default());
            let exponents = exponents.as_slice::<E>().expect("it was made of this type");
            let output = elements_mut::<T>(outputs, 0);
            let length = workers.chunk_length(output.len(), PIECE);
            for_each_piece(workers, output, length, &|index, piece| {
                zip_piece(&plan, elements(inputs, 0), exponents, index * length, piece, function);
            });
            Ok::<(), DataError>(())
        };
        Box::new(FnKernel(run))
    }
    for_float!(base.dtype, T => {
        let function = |a: T, b: f64| T::narrow(a.wide().powf(b));
        Ok(power::<T, f64>(plan, scratch, function))
    }, _ => for_integer!(base.dtype, T => match common {
        DType::I64 => Ok(power::<T, i64>(plan, scratch, integer_power)),
        _ => {
            let function = |a: T, b: f64| T::truncated((a.wide() as f64).powf(b));
            Ok(power::<T, f64>(plan, scratch, function))
        }
    }, _ => Err(Unsupported(format!("there is no kernel for Pow on {}", base.dtype)))))
}

/// aᵇ, wrapping. A negative power is truncated towards zero, and 0 to a negative power is 0.
fn integer_power<T: Integer>(base: T, exponent: i64) -> T {
    let (zero, one) = (T::zero(), T::one());
    if exponent < 0 {
        return match base {
            base if base == one => one,
            base if base == zero.wrapping_sub(&one) && base < zero => {
                if exponent % 2 == 0 {
                    one
                } else {
                    base
                }
            }
            _ => zero,
        };
    }
    let (mut result, mut square, mut rest) = (one, base, exponent);
    while rest > 0 {
        if rest & 1 == 1 {
            result = result.wrapping_mul(&square);
        }
        square = square.wrapping_mul(&square);
        rest >>= 1;
    }
    result
}
