//! Recurrent layers with their weights packed.
#![allow(unsafe_code)]

use tachy_graph::op::recurrent::{Activation, Direction, Recurrence};
use tachy_graph::{DType, Node, Op, ValueId};
use tachy_kernels::math::Function;
use tachy_kernels::product::{Epilogue, MatrixMut, MatrixRef, Packed, PackedLayout, Product};
use tachy_kernels::recurrent::{Cell, Description, Inputs, Layer, Outputs, Sequence, Weights};

use super::convolution::SharedMut;
use crate::kernel::DataError;
use crate::program::{Call, Lowering, Routine};

pub(super) fn lower(lowering: &mut Lowering<'_>, node: &Node) -> bool {
    let (cell, recurrence) = match &node.op {
        Op::Lstm(op) => (Cell::Lstm { coupled: op.coupled }, &op.recurrence),
        Op::Gru(op) => (Cell::Gru { linear_before_reset: op.linear_before_reset }, &op.recurrence),
        Op::Rnn(op) => (Cell::Rnn, &op.recurrence),
        _ => return false,
    };
    let operand = |index: usize| node.inputs.get(index).copied().flatten();
    let constant = |id: ValueId| lowering.constant(id)?.as_slice::<f32>().ok();
    // A value that is left out, or a constant's elements: anything else is left to the plain kernel.
    let optional = |index: usize| match operand(index) {
        None => Some(None),
        Some(id) => constant(id).map(Some),
    };
    let (Some(x), Some(w), Some(r)) = (operand(0), operand(1), operand(2)) else { return false };
    let (Some(w), Some(r), Some(biases)) = (constant(w), constant(r), optional(3)) else {
        return false;
    };
    let Some(peepholes) = optional(7) else { return false };
    let ty = lowering.ty(x);
    let [steps, samples, inputs] = ty.shape[..] else { return false };
    if operand(4).is_some() || ty.dtype != DType::F32 || ty.shape.contains(&0) {
        return false;
    }
    let hidden = recurrence.hidden;
    let rows = cell.gates() * hidden;
    let directions = recurrence.direction.count();
    let functions_of_cell = recurrence.activations.len() / directions;
    let threads = lowering.threads;
    let isa = lowering.isa;
    let part = |elements: &[f32], length: usize, direction: usize| {
        elements[direction * length..(direction + 1) * length].to_vec()
    };
    let mut ways = Vec::new();
    for direction in 0..directions {
        let w = part(w, rows * inputs, direction);
        let r = part(r, rows * hidden, direction);
        let biases = biases.map(|biases| part(biases, 2 * rows, direction));
        let peepholes = peepholes.map(|peepholes| part(peepholes, 3 * hidden, direction));
        let first = direction * functions_of_cell;
        let mut functions = [Function::Tanh; 3];
        let found = &recurrence.activations[first..first + functions_of_cell];
        for (function, activation) in functions.iter_mut().zip(found) {
            *function = translate(*activation);
        }
        let mut description = Description::new(cell, inputs, hidden);
        description.functions = functions;
        description.clip = recurrence.clip;
        let weights = Weights {
            // A single step's inputs are projected in the step itself.
            inputs: (steps == 1).then_some(&w[..]),
            recurrent: &r,
            biases: biases.as_deref(),
            peepholes: peepholes.as_deref(),
        };
        let layer = Layer::new(isa, description, weights);
        let projection = (steps > 1).then(|| {
            let layout = PackedLayout::new(isa, steps * samples, inputs, rows);
            let weights = Packed::new(isa, steps * samples, (inputs, rows), &w, 1, inputs);
            (Product::new(isa, threads, steps * samples, layout), weights)
        });
        ways.push(Way { layer, projection, reverse: reverse(recurrence, direction) });
    }
    let x = lowering.read_row_major(x);
    let mut initial = |index: usize| operand(index).map(|id| lowering.read_row_major(id));
    let (initial_state, initial_memory) = (initial(5), initial(6));
    let outputs: Vec<_> = node.outputs.iter().map(|id| lowering.write_row_major(*id)).collect();
    let scratch = ways.iter().map(|way| way.layer.scratch_len()).max().unwrap_or(0);
    let routine = Recur {
        ways,
        steps,
        samples,
        inputs,
        hidden,
        rows,
        initial: [initial_state.is_some(), initial_memory.is_some()],
        projected: if steps > 1 { steps * samples * rows } else { 0 },
        scratch,
    };
    lowering.step(node, Box::new(routine), vec![Some(x), initial_state, initial_memory], outputs);
    true
}

fn reverse(recurrence: &Recurrence, direction: usize) -> bool {
    match recurrence.direction {
        Direction::Forward => false,
        Direction::Reverse => true,
        Direction::Bidirectional => direction == 1,
    }
}

fn translate(activation: Activation) -> Function {
    match activation {
        Activation::Relu => Function::Relu,
        Activation::Tanh => Function::Tanh,
        Activation::Sigmoid => Function::Sigmoid,
        Activation::Softsign => Function::Softsign,
        Activation::Softplus => Function::Softplus,
        Activation::Affine { alpha, beta } => Function::Affine { alpha, beta },
        Activation::LeakyRelu { alpha } => Function::LeakyRelu { alpha },
        // The recurrent function lets α itself through.
        Activation::ThresholdedRelu { alpha } => {
            Function::ThresholdedRelu { alpha: alpha.next_down() }
        }
        Activation::ScaledTanh { alpha, beta } => Function::ScaledTanh { alpha, beta },
        Activation::HardSigmoid { alpha, beta } => Function::HardSigmoid { alpha, beta },
        Activation::Elu { alpha } => Function::Elu { alpha },
    }
}

/// One direction.
struct Way {
    layer: Layer,
    /// The products of a whole sequence's inputs with W.
    projection: Option<(Product, Packed)>,
    reverse: bool,
}

struct Recur {
    ways: Vec<Way>,
    steps: usize,
    samples: usize,
    inputs: usize,
    hidden: usize,
    rows: usize,
    /// Whether there are an initial state and an initial memory.
    initial: [bool; 2],
    projected: usize,
    scratch: usize,
}

impl Routine for Recur {
    fn detail(&self) -> String {
        format!(
            "{} steps × {} samples, {} → {}",
            self.steps, self.samples, self.inputs, self.hidden
        )
    }

    fn scratch(&self) -> usize {
        self.projected + self.scratch
    }

    unsafe fn run(&mut self, call: Call<'_>) -> Result<(), DataError> {
        let team = call.workers.team();
        let (x, y) = (call.read(0), call.write(3));
        let operands = call.operands;
        let states = self.samples * self.hidden;
        let (projected, scratch) = call.scratch.split_at_mut(self.projected);
        for (direction, way) in self.ways.iter().enumerate() {
            // SAFETY: the operands have the operator's sizes, and no two of them overlap.
            unsafe {
                // The last states are computed where they belong, from the first ones on.
                let begin = |given: bool, initial: usize, last: usize| {
                    let last = call
                        .operands
                        .get(last)
                        .map_or(std::ptr::null_mut(), |last| last.cast::<f32>());
                    if last.is_null() {
                        return &mut [][..];
                    }
                    let last = std::slice::from_raw_parts_mut(last.add(direction * states), states);
                    if given {
                        let initial =
                            operands[initial].cast_const().cast::<f32>().add(direction * states);
                        last.copy_from_slice(std::slice::from_raw_parts(initial, states));
                    } else {
                        last.fill(0.0);
                    }
                    last
                };
                let state = begin(self.initial[0], 1, 4);
                let memory = begin(self.initial[1], 2, 5);
                let inputs = match &way.projection {
                    None => Inputs::Plain(x),
                    Some((product, weights)) => {
                        let to = SharedMut(std::ptr::null_mut(), projected.as_mut_ptr());
                        let from = SharedMut(std::ptr::null_mut(), x.cast_mut());
                        let epilogue =
                            Epilogue { bias: Some(way.layer.projection_bias()), ..Epilogue::NONE };
                        team.run(product.tasks(), |task| {
                            let (to, from) = (&to, &from);
                            let out = MatrixMut { first: to.1, pitch: self.rows };
                            let a = MatrixRef { first: from.1, pitch: self.inputs };
                            product.run(task, a, weights.elements(), None, epilogue, out);
                        });
                        Inputs::Projected(projected.as_ptr())
                    }
                };
                let outputs = Outputs {
                    pointer: y.add(direction * states),
                    step_stride: self.ways.len() * states,
                    sample_stride: self.hidden,
                };
                let sequence = Sequence {
                    inputs,
                    steps: self.steps,
                    samples: self.samples,
                    lengths: None,
                    reverse: way.reverse,
                    outputs: Some(outputs),
                    state,
                    memory,
                };
                way.layer.run(sequence, scratch);
            }
        }
        Ok(())
    }
}
