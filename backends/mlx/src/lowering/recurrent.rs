//! Recurrent layers, unrolled: MLX has no loop.

use tachy_graph::op::recurrent::{Activation, Direction, Gru, Lstm, Recurrence, Rnn};
use tachy_runtime::Result;

use super::context::Context;
use super::elementwise::{elu, hard_sigmoid};
use crate::array::Array;
use crate::element::Element;

/// One direction of a layer, with its weights as they are multiplied from the right.
struct Layer<'a, 'b> {
    cx: &'a Context<'b>,
    recurrence: &'a Recurrence,
    direction: usize,
    gates: usize,
    functions: &'a [Activation],
    /// W's share of every gate at every step, `[T, N, gates · H]`, with W's biases.
    projected: Array,
    /// Rᵀ, `[H, gates · H]`.
    recurrent: Array,
    /// R's biases, `[gates · H]`.
    bias: Option<Array>,
}

impl Layer<'_, '_> {
    fn hidden(&self) -> usize {
        self.recurrence.hidden
    }

    /// What goes into a function is limited, and then goes in.
    fn activate(&self, function: usize, x: &Array) -> Result<Array> {
        let s = self.cx.stream;
        let x = match self.recurrence.clip {
            Some(limit) => s.minimum(
                &s.maximum(x, &self.cx.number(-f64::from(limit), x)?)?,
                &self.cx.number(limit.into(), x)?,
            )?,
            None => x.clone(),
        };
        apply(self.cx, self.functions[function], &x)
    }

    /// A gate's part of `[N, gates · H]`.
    fn gate(&self, all: &Array, gate: usize) -> Result<Array> {
        self.cx.stream.narrow(all, 1, gate * self.hidden(), self.hidden())
    }

    /// W's share at a step.
    fn at(&self, step: usize) -> Result<Array> {
        let s = self.cx.stream;
        let shape = self.projected.shape();
        s.reshape(&s.narrow(&self.projected, 0, step, 1)?, &shape[1..])
    }

    /// R's share of some gates for a state, with R's biases.
    fn recur(&self, state: &Array, first: usize, count: usize) -> Result<Array> {
        let s = self.cx.stream;
        let hidden = self.hidden();
        let (from, size) = (first * hidden, count * hidden);
        let all = count == self.gates;
        let weights =
            if all { self.recurrent.clone() } else { s.narrow(&self.recurrent, 1, from, size)? };
        match &self.bias {
            Some(bias) if all => s.addmm(bias, state, &weights, 1.0, 1.0),
            Some(bias) => s.addmm(&s.narrow(bias, 0, from, size)?, state, &weights, 1.0, 1.0),
            None => s.matmul(state, &weights),
        }
    }
}

/// The number of the input that holds the lengths, and those of the initial states.
const LENGTHS: usize = 4;
const STATES: usize = 5;

/// Runs a layer: for each direction, step by step. The cell gives the new states from the old ones.
fn run(
    cx: &Context<'_>,
    recurrence: &Recurrence,
    gates: usize,
    states: usize,
    cell: impl Fn(&Layer<'_, '_>, usize, &[Array]) -> Result<Vec<Array>>,
) -> Result<Vec<Array>> {
    let s = cx.stream;
    let x = cx.input(0)?;
    let [steps, samples, _] = x.shape()[..] else {
        return Err(cx.unsupported("the input is no sequence"));
    };
    let (hidden, directions) = (recurrence.hidden, recurrence.direction.count());
    let functions = recurrence.activations.len() / directions;
    // Of each direction: the state after each step, and the last states.
    let mut sequences = Vec::new();
    let mut last: Vec<Vec<Array>> = vec![Vec::new(); states];
    for direction in 0..directions {
        let layer = layer(cx, recurrence, direction, gates, functions)?;
        let mut current = Vec::new();
        for state in 0..states {
            current.push(match cx.optional(STATES + state) {
                Some(initial) => {
                    s.reshape(&s.narrow(initial, 0, direction, 1)?, &[samples, hidden])?
                }
                None => s.full(&[samples, hidden], 0.0, x.element())?,
            });
        }
        let lengths = match cx.optional(LENGTHS) {
            Some(lengths) => Some(s.reshape(&s.cast(lengths, Element::I32)?, &[samples, 1])?),
            None => None,
        };
        let backwards = recurrence.direction == Direction::Reverse || direction == 1;
        let mut sequence = Vec::with_capacity(steps);
        let order: Vec<usize> =
            if backwards { (0..steps).rev().collect() } else { (0..steps).collect() };
        for step in order {
            let next = cell(&layer, step, &current)?;
            // A sample whose sequence is over keeps its state, and its output is zero.
            let (next, output) = match &lengths {
                Some(lengths) => {
                    let within = s.greater(lengths, &cx.scalar(step as f64, Element::I32)?)?;
                    let kept = next.iter().zip(&current);
                    let kept = kept.map(|(new, old)| s.select(&within, new, old));
                    let output = s.select(&within, &next[0], &cx.number(0.0, &next[0])?)?;
                    (kept.collect::<Result<Vec<_>>>()?, output)
                }
                None => {
                    let output = next[0].clone();
                    (next, output)
                }
            };
            current = next;
            sequence.push(s.reshape(&output, &[1, 1, samples, hidden])?);
        }
        if backwards {
            sequence.reverse();
        }
        sequences.push(if sequence.is_empty() {
            s.full(&[0, 1, samples, hidden], 0.0, x.element())?
        } else {
            s.concatenate(&sequence, 0)?
        });
        for (last, state) in last.iter_mut().zip(current) {
            last.push(s.reshape(&state, &[1, samples, hidden])?);
        }
    }
    let mut outputs = vec![s.concatenate(&sequences, 1)?];
    for last in last {
        outputs.push(s.concatenate(&last, 0)?);
    }
    Ok(outputs)
}

fn layer<'a, 'b>(
    cx: &'a Context<'b>,
    recurrence: &'a Recurrence,
    direction: usize,
    gates: usize,
    functions: usize,
) -> Result<Layer<'a, 'b>> {
    let s = cx.stream;
    let hidden = recurrence.hidden;
    let number = 4 * direction as u32;
    // `[D, gates · H, I]` to `[I, gates · H]`.
    let turned = |input: usize| {
        let weights = s.narrow(cx.input(input)?, 0, direction, 1)?;
        let shape = weights.shape();
        s.transpose(&s.reshape(&weights, &shape[1..])?, &[1, 0])
    };
    let weights = cx.derive(number, &[1], || turned(1))?;
    let recurrent = cx.derive(number + 1, &[2], || turned(2))?;
    let half = |part: usize| {
        let all = s.narrow(cx.input(3)?, 0, direction, 1)?;
        let all = s.reshape(&all, &[2 * gates * hidden])?;
        s.narrow(&all, 0, part * gates * hidden, gates * hidden)
    };
    let (of_input, of_state) = match cx.optional(3) {
        Some(_) => (
            Some(cx.derive(number + 2, &[3], || half(0))?),
            Some(cx.derive(number + 3, &[3], || half(1))?),
        ),
        None => (None, None),
    };
    let x = cx.input(0)?;
    let projected = match &of_input {
        Some(bias) => s.addmm(bias, x, &weights, 1.0, 1.0)?,
        None => s.matmul(x, &weights)?,
    };
    let own = direction * functions..(direction + 1) * functions;
    Ok(Layer {
        cx,
        recurrence,
        direction,
        gates,
        functions: &recurrence.activations[own],
        projected,
        recurrent,
        bias: of_state,
    })
}

pub(super) fn lstm(cx: &Context<'_>, op: &Lstm) -> Result<Vec<Array>> {
    let s = cx.stream;
    run(cx, &op.recurrence, 4, 2, |layer, step, states| {
        let [state, cell] = states else { return Err(cx.unsupported("a state is missing")) };
        let all = s.add(&layer.at(step)?, &layer.recur(state, 0, 4)?)?;
        // A gate, with its share of the cell's state.
        let gate = |gate: usize, peephole: Option<(usize, &Array)>| {
            let own = layer.gate(&all, gate)?;
            let (Some((part, cell)), Some(_)) = (peephole, cx.optional(7)) else { return Ok(own) };
            let weights = s.narrow(cx.input(7)?, 0, layer.direction, 1)?;
            let weights = s.narrow(&weights, 1, part * layer.hidden(), layer.hidden())?;
            s.add(&own, &s.multiply(cell, &weights)?)
        };
        let input = layer.activate(0, &gate(0, Some((0, cell)))?)?;
        let forget = if op.coupled {
            s.subtract(&cx.number(1.0, &input)?, &input)?
        } else {
            layer.activate(0, &gate(2, Some((2, cell)))?)?
        };
        let candidate = layer.activate(1, &gate(3, None)?)?;
        let cell = s.add(&s.multiply(&forget, cell)?, &s.multiply(&input, &candidate)?)?;
        let output = layer.activate(0, &gate(1, Some((1, &cell)))?)?;
        // The limit is for what goes into the gates; the cell's state has none.
        let exposed = apply(cx, layer.functions[2], &cell)?;
        Ok(vec![s.multiply(&output, &exposed)?, cell])
    })
}

pub(super) fn gru(cx: &Context<'_>, op: &Gru) -> Result<Vec<Array>> {
    let s = cx.stream;
    run(cx, &op.recurrence, 3, 1, |layer, step, states| {
        let state = &states[0];
        let projected = layer.at(step)?;
        let own = |gate: usize| layer.gate(&projected, gate);
        let recurred = layer.recur(state, 0, if op.linear_before_reset { 3 } else { 2 })?;
        let update = layer.activate(0, &s.add(&own(0)?, &layer.gate(&recurred, 0)?)?)?;
        let reset = layer.activate(0, &s.add(&own(1)?, &layer.gate(&recurred, 1)?)?)?;
        let share = if op.linear_before_reset {
            s.multiply(&reset, &layer.gate(&recurred, 2)?)?
        } else {
            layer.recur(&s.multiply(&reset, state)?, 2, 1)?
        };
        let candidate = layer.activate(1, &s.add(&own(2)?, &share)?)?;
        let rest = s.subtract(&cx.number(1.0, &update)?, &update)?;
        Ok(vec![s.add(&s.multiply(&rest, &candidate)?, &s.multiply(&update, state)?)?])
    })
}

pub(super) fn rnn(cx: &Context<'_>, op: &Rnn) -> Result<Vec<Array>> {
    let s = cx.stream;
    run(cx, &op.recurrence, 1, 1, |layer, step, states| {
        let sum = s.add(&layer.at(step)?, &layer.recur(&states[0], 0, 1)?)?;
        Ok(vec![layer.activate(0, &sum)?])
    })
}

fn apply(cx: &Context<'_>, function: Activation, x: &Array) -> Result<Array> {
    let s = cx.stream;
    let number = |value: f32| cx.number(value.into(), x);
    match function {
        Activation::Relu => s.maximum(x, &number(0.0)?),
        Activation::Tanh => s.tanh(x),
        Activation::Sigmoid => s.sigmoid(x),
        Activation::Softsign => s.divide(x, &s.add(&s.abs(x)?, &number(1.0)?)?),
        Activation::Softplus => s.logaddexp(x, &number(0.0)?),
        Activation::Affine { alpha, beta } => {
            s.add(&s.multiply(x, &number(alpha)?)?, &number(beta)?)
        }
        Activation::LeakyRelu { alpha } => {
            s.select(&s.greater_equal(x, &number(0.0)?)?, x, &s.multiply(x, &number(alpha)?)?)
        }
        Activation::ThresholdedRelu { alpha } => {
            s.select(&s.greater_equal(x, &number(alpha)?)?, x, &number(0.0)?)
        }
        Activation::ScaledTanh { alpha, beta } => {
            s.multiply(&s.tanh(&s.multiply(x, &number(beta)?)?)?, &number(alpha)?)
        }
        Activation::HardSigmoid { alpha, beta } => hard_sigmoid(cx, x, alpha.into(), beta.into()),
        Activation::Elu { alpha } => elu(cx, x, alpha.into()),
    }
}
