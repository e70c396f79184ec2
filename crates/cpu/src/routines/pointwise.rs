//! Element-wise expressions in one sweep over memory.
#![allow(unsafe_code)]

use tachy_graph::op::elementwise::{Binary, Unary};
use tachy_graph::op::fused::{Expression, Fused, Instruction};
use tachy_graph::{Node, ValueId};
use tachy_kernels::math::Function;
use tachy_kernels::pointwise::{self as kernel, Program, Sweep};

use super::convolution::{Shared, SharedMut};
use tachy_runtime::Result;

use crate::kernel::DataError;
use crate::program::layout::Image;
use crate::program::{BufferId, Call, Lowering, Routine, elementwise};

/// The most inputs of a sweep.
const INPUTS: usize = 16;

pub(super) fn lower(lowering: &mut Lowering<'_>, node: &Node) -> bool {
    let Some(written) = elementwise::write(lowering.graph, node) else { return false };
    if lowering.is_channels_last(node.outputs[0]) {
        return lower_channels_last(lowering, node, &written.expression, &written.inputs);
    }
    lower_row_major(lowering, node, &written.expression, &written.inputs)
}

/// An operator and its epilogue as two steps, for operators whose kernels know no epilogue.
///
/// # Errors
/// If there is no kernel for the operator.
pub(super) fn lower_apart(lowering: &mut Lowering<'_>, node: &Node, fused: &Fused) -> Result<bool> {
    let (anchor, others) = node.inputs.split_at(fused.anchor_inputs);
    let first = Node {
        name: node.name.clone(),
        op: (*fused.anchor).clone(),
        inputs: anchor.to_vec(),
        outputs: node.outputs.clone(),
    };
    lowering.plain(&first)?;
    let values: Vec<_> =
        node.outputs.iter().copied().chain(others.iter().flatten().copied()).collect();
    Ok(lower_row_major(lowering, node, &fused.epilogue, &values))
}

fn lower_row_major(
    lowering: &mut Lowering<'_>,
    node: &Node,
    expression: &Expression,
    values: &[ValueId],
) -> bool {
    let Some(program) = program(expression).filter(|_| values.len() <= INPUTS) else {
        return false;
    };
    let shape = &lowering.ty(node.outputs[0]).shape;
    if shape.contains(&0) {
        return false;
    }
    let shapes: Vec<&[usize]> = values.iter().map(|id| &lowering.ty(*id).shape[..]).collect();
    let sweep = Sweep::new(program, lowering.isa, shape, &shapes);
    let full: Vec<bool> = shapes.iter().map(|input| input == shape).collect();
    let inputs: Vec<BufferId> = values.iter().map(|id| lowering.read_row_major(*id)).collect();
    let output = lowering.write_row_major(node.outputs[0]);
    finish(lowering, node, sweep, inputs, output, &full);
    true
}

/// With channels innermost, as the images are.
pub(super) fn lower_channels_last(
    lowering: &mut Lowering<'_>,
    node: &Node,
    expression: &Expression,
    values: &[ValueId],
) -> bool {
    let Some(program) = program(expression).filter(|_| values.len() <= INPUTS) else {
        return false;
    };
    let out = node.outputs[0];
    let ty = lowering.ty(out);
    let Some(image) = Image::of(ty) else { return false };
    let (mut inputs, mut strides, mut full) = (Vec::new(), Vec::new(), Vec::new());
    for id in values {
        let operand = lowering.ty(*id);
        full.push(operand.shape == ty.shape);
        if operand.shape == ty.shape {
            let buffer = lowering.read_channels_last(*id);
            strides.push(image.strides(lowering.pitch(buffer)));
            inputs.push(buffer);
        } else {
            inputs.push(lowering.read_row_major(*id));
            strides.push(broadcast_strides(&ty.shape, &operand.shape));
        }
    }
    let output = lowering.write_channels_last(out);
    let shape = [image.batch, image.height, image.width, image.channels];
    let strides: Vec<&[usize]> = strides.iter().map(|strides| &strides[..]).collect();
    let to = image.strides(lowering.pitch(output));
    let sweep = Sweep::strided(program, lowering.isa, &shape, &to, &strides);
    finish(lowering, node, sweep, inputs, output, &full);
    true
}

/// The strides of a row-major operand along images, height, width and channels of images of this shape.
fn broadcast_strides(images: &[usize], operand: &[usize]) -> [usize; 4] {
    // Along the images' own axes; an axis that is missing or of size 1 stays in place.
    let mut along = vec![0; images.len()];
    let mut stride = 1;
    for (axis, size) in operand.iter().enumerate().rev() {
        if *size > 1 {
            along[images.len() - operand.len() + axis] = stride;
        }
        stride *= size;
    }
    match along[..] {
        [batch, channels, width] => [batch, 0, width, channels],
        [batch, channels, height, width] => [batch, height, width, channels],
        _ => unreachable!("images have three or four dimensions"),
    }
}

fn finish(
    lowering: &mut Lowering<'_>,
    node: &Node,
    sweep: Sweep,
    inputs: Vec<BufferId>,
    output: BufferId,
    full: &[bool],
) {
    let scratch = sweep.scratch_len().next_multiple_of(16);
    let routine = Pointwise { sweep, scratch, threads: lowering.threads, inputs: inputs.len() };
    let first_full = inputs.iter().zip(full).find(|(_, full)| **full).map(|(buffer, _)| *buffer);
    let operands = inputs.into_iter().map(Some).collect();
    lowering.step(node, Box::new(routine), operands, vec![output]);
    if let Some(source) = first_full.filter(|source| *source != output) {
        lowering.may_take_over(output, source);
    }
}

struct Pointwise {
    sweep: Sweep,
    scratch: usize,
    threads: usize,
    inputs: usize,
}

impl Routine for Pointwise {
    fn scratch(&self) -> usize {
        self.scratch * self.threads
    }

    unsafe fn run(&mut self, call: Call<'_>) -> Result<(), DataError> {
        let shared = SharedMut(call.scratch.as_mut_ptr(), call.write(self.inputs));
        let operands = Shared(call.operands);
        call.team().run_as_member(self.sweep.tasks(), |task, member| {
            let (shared, operands) = (&shared, &operands);
            let mut inputs = [std::ptr::null(); INPUTS];
            for (input, operand) in inputs.iter_mut().zip(&operands.0[..self.inputs]) {
                *input = operand.cast_const().cast::<f32>();
            }
            // SAFETY: every thread has scratch memory of its own, and every task writes a part of its own.
            unsafe {
                let scratch = shared.0.add(member * self.scratch);
                let scratch = std::slice::from_raw_parts_mut(scratch, self.scratch);
                self.sweep.run_task(task, shared.1, &inputs[..self.inputs], scratch);
            }
        });
        Ok(())
    }
}

/// An expression as the kernels' program.
pub(super) fn program(expression: &Expression) -> Option<Program> {
    let instructions: Option<Vec<_>> =
        expression.instructions().iter().map(|instruction| translate(*instruction)).collect();
    Some(Program::new(&instructions?))
}

fn translate(instruction: Instruction) -> Option<kernel::Instruction> {
    let binary = |kind, a, b| Some(kernel::Instruction::Binary(kind, a, b));
    match instruction {
        Instruction::Input(index) => Some(kernel::Instruction::Input(index)),
        Instruction::Constant(number) => Some(kernel::Instruction::Constant(number)),
        Instruction::Min(a, b) => binary(kernel::Binary::Min, a, b),
        Instruction::Max(a, b) => binary(kernel::Binary::Max, a, b),
        Instruction::Binary(kind, a, b) => {
            let kind = match kind {
                Binary::Add => kernel::Binary::Add,
                Binary::Sub => kernel::Binary::Sub,
                Binary::Mul => kernel::Binary::Mul,
                Binary::Div => kernel::Binary::Div,
                Binary::Pow => kernel::Binary::Pow,
                Binary::PRelu => kernel::Binary::PRelu,
                _ => return None,
            };
            binary(kind, a, b)
        }
        Instruction::Unary(unary, a) => Some(kernel::Instruction::Unary(function(unary)?, a)),
    }
}

fn function(unary: Unary) -> Option<Function> {
    Some(match unary {
        Unary::Abs => Function::Abs,
        Unary::Neg => Function::Neg,
        Unary::Sign => Function::Sign,
        Unary::Floor => Function::Floor,
        Unary::Ceil => Function::Ceil,
        Unary::Round => Function::Round,
        Unary::Sqrt => Function::Sqrt,
        Unary::Reciprocal => Function::Reciprocal,
        Unary::Exp => Function::Exp,
        Unary::Log => Function::Log,
        Unary::Erf => Function::Erf,
        Unary::Sin => Function::Sin,
        Unary::Cos => Function::Cos,
        Unary::Tan => Function::Tan,
        Unary::Asin => Function::Asin,
        Unary::Acos => Function::Acos,
        Unary::Atan => Function::Atan,
        Unary::Sinh => Function::Sinh,
        Unary::Cosh => Function::Cosh,
        Unary::Tanh => Function::Tanh,
        Unary::Asinh => Function::Asinh,
        Unary::Acosh => Function::Acosh,
        Unary::Atanh => Function::Atanh,
        Unary::Relu => Function::Relu,
        Unary::Sigmoid => Function::Sigmoid,
        Unary::Softplus => Function::Softplus,
        Unary::Softsign => Function::Softsign,
        Unary::HardSwish => Function::HardSwish,
        Unary::Mish => Function::Mish,
        Unary::Gelu { tanh: false } => Function::Gelu,
        Unary::Gelu { tanh: true } => Function::GeluTanh,
        Unary::Swish { alpha } => Function::Swish { alpha },
        Unary::LeakyRelu { alpha } => Function::LeakyRelu { alpha },
        Unary::Elu { alpha } => Function::Elu { alpha },
        Unary::Selu { alpha, gamma } => Function::Selu { alpha, gamma },
        Unary::Celu { alpha } => Function::Celu { alpha },
        Unary::HardSigmoid { alpha, beta } => Function::HardSigmoid { alpha, beta },
        Unary::ThresholdedRelu { alpha } => Function::ThresholdedRelu { alpha },
        Unary::Shrink { bias, lambda } => Function::Shrink { bias, lambda },
        _ => return None,
    })
}
