//! Recurrent layers with their weights packed.
#![allow(unsafe_code)]

use tachy_graph::op::recurrent::{Activation, Direction, Recurrence};
use tachy_graph::{DType, Node, Op, ValueId};
use tachy_kernels::math::Function;
use tachy_kernels::product::{
    Epilogue, MatrixMut, MatrixRef, Operands, PackedLayout, PackedWeights, Product,
};
use tachy_kernels::recurrent::{
    Cell, Costs, Description, Inputs, Layer, Outputs, Sequence, Sharing, Weights, Workload,
};
use tachy_kernels::team::Team;
use tachy_kernels::weight::{WIDENED_IN_REGISTERS, WeightType};

use super::convolution::SharedMut;
use super::weights;
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
    // A single step's inputs are projected in the step itself.
    let plain = steps == 1;
    let kept_as = match plain {
        true => weights::kept_as(&[w, r], samples),
        false => weights::kept_as(&[r], samples),
    };
    // Of longer sequences, weights would be widened again and again: their products have no scratch memory.
    let projected_as = match plain || steps * samples > WIDENED_IN_REGISTERS {
        true => WeightType::F32,
        false => weights::kept_as(&[w], steps * samples),
    };
    let description = |direction: usize| {
        let mut description = Description::new(cell, inputs, hidden);
        let first = direction * functions_of_cell;
        let found = &recurrence.activations[first..first + functions_of_cell];
        description.functions = [Function::Tanh; 3];
        for (function, activation) in description.functions.iter_mut().zip(found) {
            *function = translate(*activation);
        }
        description.clip = recurrence.clip;
        description.weights = kept_as;
        description
    };
    let workload = Workload { description: description(0), directions, steps, samples, plain };
    let sharing = Sharing::choose(threads, &workload, &Costs::default());
    let mut ways = Vec::new();
    for direction in 0..directions {
        let part = |length: usize| direction * length..(direction + 1) * length;
        let w = &w[part(rows * inputs)];
        let weights = Weights {
            inputs: plain.then_some(w),
            recurrent: &r[part(rows * hidden)],
            biases: biases.map(|biases| &biases[part(2 * rows)]),
            peepholes: peepholes.map(|peepholes| &peepholes[part(3 * hidden)]),
        };
        let layer = Layer::in_parts(isa, sharing.parts(), description(direction), weights);
        let projection = (!plain).then(|| {
            let layout = PackedLayout::new(isa, steps * samples, inputs, rows);
            let size = (inputs, rows);
            let strides = (1, inputs);
            let weights = PackedWeights::new(projected_as, isa, steps * samples, size, w, strides);
            let product = Product::new(isa, threads, steps * samples, layout);
            (product.with_weights(projected_as), weights)
        });
        ways.push(Way { layer, projection, reverse: reverse(recurrence, direction) });
    }
    let x = lowering.read_row_major(x);
    let mut initial = |index: usize| operand(index).map(|id| lowering.read_row_major(id));
    let (initial_state, initial_memory) = (initial(5), initial(6));
    let outputs: Vec<_> = node.outputs.iter().map(|id| lowering.write_row_major(*id)).collect();
    let layers: Vec<&Layer> = ways.iter().map(|way| &way.layer).collect();
    let scratch = sharing.scratch_len(&layers, samples);
    // Directions that are under way together need their products together.
    let at_a_time = if sharing.strands() > 1 { directions } else { 1 };
    let routine = Recur {
        projected: if plain { 0 } else { steps * samples * rows },
        sharing,
        at_a_time,
        ways,
        steps,
        samples,
        inputs,
        hidden,
        rows,
        initial: [initial_state.is_some(), initial_memory.is_some()],
        scratch,
    };
    lowering.step(node, Box::new(routine), vec![Some(x), initial_state, initial_memory], outputs);
    let saved = |weights: &[f32], kept_as: WeightType| {
        weights.len() * (WeightType::F32.size() - kept_as.size())
    };
    lowering.reads_less(saved(w, if plain { kept_as } else { projected_as }) + saved(r, kept_as));
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
    projection: Option<(Product, PackedWeights)>,
    reverse: bool,
}

struct Recur {
    ways: Vec<Way>,
    sharing: Sharing,
    /// Directions that are run over together.
    at_a_time: usize,
    steps: usize,
    samples: usize,
    inputs: usize,
    hidden: usize,
    rows: usize,
    /// Whether there are an initial state and an initial memory.
    initial: [bool; 2],
    /// Elements of the products of one direction's inputs with W.
    projected: usize,
    scratch: usize,
}

impl Routine for Recur {
    fn detail(&self) -> String {
        let threads = match self.sharing.threads() {
            1 => String::new(),
            threads => format!(", {threads} threads"),
        };
        format!(
            "{} steps × {} samples, {} → {}{threads}{}",
            self.steps,
            self.samples,
            self.inputs,
            self.hidden,
            weights::note(self.ways[0].layer.description().weights)
        )
    }

    fn weight_bytes(&self) -> usize {
        let of_way = |way: &Way| {
            let projection = way.projection.as_ref().map_or(0, |(_, weights)| weights.bytes());
            way.layer.weight_bytes() + projection
        };
        self.ways.iter().map(of_way).sum()
    }

    fn scratch(&self) -> usize {
        self.at_a_time * self.projected + self.scratch
    }

    unsafe fn run(&mut self, call: Call<'_>) -> Result<(), DataError> {
        let team = call.workers.team();
        let (projected, scratch) = call.scratch.split_at_mut(self.at_a_time * self.projected);
        for (turn, ways) in self.ways.chunks(self.at_a_time).enumerate() {
            let projected = projected.as_mut_ptr();
            let prepare = |index: usize| {
                let direction = turn * self.at_a_time + index;
                let to = projected.wrapping_add(index * self.projected);
                // SAFETY: the operands have the operator's sizes, and no two of them overlap.
                let sequence = unsafe { self.prepare(call.operands, team, direction, to) };
                (&ways[index].layer, sequence)
            };
            // SAFETY: as above; each direction has a part of each operand.
            unsafe {
                match ways.len() {
                    1 => self.sharing.run(team, &[prepare(0)], scratch),
                    _ => self.sharing.run(team, &[prepare(0), prepare(1)], scratch),
                }
            }
        }
        Ok(())
    }
}

impl Recur {
    /// Makes the states and the products with W ready for a direction.
    ///
    /// # Safety
    /// The operands must have the operator's sizes, and nothing else may use the outputs or what is behind `projected`.
    unsafe fn prepare(
        &self,
        operands: &[*mut u8],
        team: &Team,
        direction: usize,
        projected: *mut f32,
    ) -> Sequence<'static> {
        let way = &self.ways[direction];
        let states = self.samples * self.hidden;
        let operand = |index: usize| {
            let operand = operands.get(index).filter(|operand| !operand.is_null());
            operand.map(|operand| operand.cast::<f32>().wrapping_add(direction * states))
        };
        // The last states are computed where they belong, from the first ones on.
        let begin = |given: bool, initial: usize, last: usize| {
            let last = operand(last)?;
            // SAFETY: the caller promises the operands.
            unsafe {
                match operand(initial).filter(|_| given) {
                    Some(initial) => last.copy_from_nonoverlapping(initial, states),
                    None => last.write_bytes(0, states),
                }
            }
            Some(last)
        };
        let (state, memory) = (begin(self.initial[0], 1, 4), begin(self.initial[1], 2, 5));
        let x = operands[0].cast::<f32>();
        let inputs = match &way.projection {
            None => Inputs::Plain(x),
            Some((product, weights)) => {
                let (to, from) = (
                    SharedMut(std::ptr::null_mut(), projected),
                    SharedMut(std::ptr::null_mut(), x),
                );
                let epilogue =
                    Epilogue { bias: Some(way.layer.projection_bias()), ..Epilogue::NONE };
                team.run(product.tasks(), |task| {
                    let (to, from) = (&to, &from);
                    let out = MatrixMut { first: to.1, pitch: self.rows };
                    let a = MatrixRef { first: from.1.cast_const(), pitch: self.inputs };
                    // SAFETY: the caller promises the operands; tasks write blocks of their own.
                    unsafe {
                        let b = weights.right();
                        let operands = Operands { a, b, addend: None, epilogue, out };
                        product.run_with(task, &operands, &mut []);
                    }
                });
                Inputs::Projected(projected)
            }
        };
        Sequence {
            inputs,
            steps: self.steps,
            samples: self.samples,
            lengths: None,
            reverse: way.reverse,
            outputs: operand(3).map(|pointer| Outputs {
                pointer,
                step_stride: self.ways.len() * states,
                sample_stride: self.hidden,
            }),
            state: state.expect("the last state is an output of every recurrent operator"),
            memory: memory.unwrap_or(std::ptr::null_mut()),
        }
    }
}
