//! The run of a cell over a sequence, in one or both directions.

use tachy_graph::op::recurrent::{Activation, Direction, Recurrence};
use tachy_graph::{TensorView, TensorViewMut};

use super::activation::apply;
use crate::kernel::{DataError, Kernel, Operands};
use crate::matrix::{Matrix, MatrixMut, multiply};
use crate::real::Real;
use crate::workers::Workers;

/// One kind of recurrent cell.
pub(super) trait Cell<T>: Send {
    /// Blocks of H rows in the weights.
    const GATES: usize;

    /// Functions for each direction.
    const FUNCTIONS: usize;

    /// States that are outputs: the hidden one, and perhaps one more.
    const STATES: usize;

    /// Takes the states of all samples one step further.
    fn step(&mut self, step: &mut Step<'_, T>);
}

/// What a cell needs for one step of all samples.
pub(super) struct Step<'a, T> {
    pub workers: &'a Workers,
    /// The number H of hidden units.
    pub hidden: usize,
    /// W x + W's bias for all places of all sequences, `GATES · H` numbers each.
    pub projected: &'a [T],
    /// For each sample which place it is at; `None` if its sequence is over.
    pub places: &'a [Option<usize>],
    /// R, `[GATES · H, H]`.
    pub weights: &'a [T],
    /// R's bias, `[GATES · H]`.
    pub bias: Option<&'a [T]>,
    /// The peepholes of an LSTM, `[3 H]`.
    pub peepholes: Option<&'a [T]>,
    pub activations: &'a [Activation],
    pub clip: Option<T>,
    /// The hidden state, `[N, H]`.
    pub state: &'a mut [T],
    /// The cell state of an LSTM, `[N, H]`.
    pub cell: &'a mut [T],
}

impl<T: Real> Step<'_, T> {
    /// Rows `first..first + count` of R times a state of each sample, plus R's bias: `[N, count]`.
    pub(super) fn recurrent(&self, first: usize, count: usize, state: &[T], out: &mut [T]) {
        let samples = self.places.len();
        match self.bias {
            Some(bias) => {
                for out in out.chunks_exact_mut(count.max(1)) {
                    out.copy_from_slice(&bias[first..first + count]);
                }
            }
            None => out.fill(T::zero()),
        }
        multiply(
            self.workers,
            true,
            Matrix::new(state, samples, self.hidden, self.hidden),
            Matrix::new(&self.weights[first * self.hidden..], count, self.hidden, self.hidden)
                .transposed(),
            MatrixMut::new(out, samples, count, count),
        );
    }

    /// One of the cell's functions of a limited number.
    pub(super) fn activate(&self, function: usize, x: T) -> T {
        let x = match self.clip {
            Some(clip) => x.max(-clip).min(clip),
            None => x,
        };
        apply(self.activations[function], x)
    }
}

/// A layer, made ready.
pub(super) struct Layer<T, C> {
    cell: C,
    recurrence: Recurrence,
    steps: usize,
    samples: usize,
    size: usize,
    projected: Vec<T>,
    places: Vec<Option<usize>>,
    state: Vec<T>,
    memory: Vec<T>,
}

impl<T: Real, C: Cell<T>> Layer<T, C> {
    pub(super) fn new(cell: C, recurrence: &Recurrence, operands: Operands<'_>) -> Self {
        let x = &operands.input(0).shape;
        let (steps, samples, size) = (x[0], x[1], x[2]);
        Self {
            cell,
            recurrence: recurrence.clone(),
            steps,
            samples,
            size,
            projected: vec![T::zero(); steps * samples * C::GATES * recurrence.hidden],
            places: vec![None; samples],
            state: vec![T::zero(); samples * recurrence.hidden],
            memory: vec![T::zero(); samples * recurrence.hidden],
        }
    }

    /// W x + W's bias for every place of every sequence.
    fn project(&mut self, workers: &Workers, x: &[T], w: &[T], bias: Option<&[T]>) {
        let rows = C::GATES * self.recurrence.hidden;
        match bias {
            Some(bias) => {
                for projected in self.projected.chunks_exact_mut(rows.max(1)) {
                    projected.copy_from_slice(bias);
                }
            }
            None => self.projected.fill(T::zero()),
        }
        let places = self.steps * self.samples;
        multiply(
            workers,
            true,
            Matrix::new(x, places, self.size, self.size),
            Matrix::new(w, rows, self.size, self.size).transposed(),
            MatrixMut::new(&mut self.projected, places, rows, rows),
        );
    }
}

impl<T: Real, C: Cell<T>> Kernel for Layer<T, C> {
    fn run(
        &mut self,
        workers: &Workers,
        inputs: &[Option<TensorView<'_>>],
        outputs: &mut [TensorViewMut<'_>],
    ) -> Result<(), DataError> {
        let given = |index: usize| {
            let view = inputs.get(index).copied().flatten();
            view.map(|view| view.as_slice::<T>().expect("prepared for T"))
        };
        let required = |index: usize| given(index).expect("required");
        let (x, w, r) = (required(0), required(1), required(2));
        let lengths = inputs.get(4).copied().flatten();
        let lengths = lengths.map(|view| view.as_slice::<i32>().expect("the type rule says i32"));
        let length = self.check_lengths(lengths)?;
        let (steps, samples, hidden) = (self.steps, self.samples, self.recurrence.hidden);
        let (directions, rows) = (self.recurrence.direction.count(), C::GATES * hidden);
        let states = samples * hidden;
        outputs[0].bytes.fill(0);
        for direction in 0..directions {
            let reverse = direction == 1 || self.recurrence.direction == Direction::Reverse;
            let biases =
                given(3).map(|bias| bias[direction * 2 * rows..][..2 * rows].split_at(rows));
            let w = &w[direction * rows * self.size..][..rows * self.size];
            self.project(workers, x, w, biases.map(|biases| biases.0));
            for (state, initial) in [(&mut self.state, given(5)), (&mut self.memory, given(6))] {
                match initial {
                    Some(initial) => {
                        state.copy_from_slice(&initial[direction * states..][..states])
                    }
                    None => state.fill(T::zero()),
                }
            }
            for step in 0..steps {
                for (sample, place) in self.places.iter_mut().enumerate() {
                    let length = length(sample);
                    *place = (step < length).then(|| {
                        let time = if reverse { length - step - 1 } else { step };
                        time * samples + sample
                    });
                }
                self.cell.step(&mut Step {
                    workers,
                    hidden,
                    projected: &self.projected,
                    places: &self.places,
                    weights: &r[direction * rows * hidden..][..rows * hidden],
                    bias: biases.map(|biases| biases.1),
                    peepholes: given(7)
                        .map(|peepholes| &peepholes[direction * 3 * hidden..][..3 * hidden]),
                    activations: &self.recurrence.activations[direction * C::FUNCTIONS..]
                        [..C::FUNCTIONS],
                    clip: self.recurrence.clip.map(|clip| T::of(f64::from(clip))),
                    state: &mut self.state,
                    cell: &mut self.memory,
                });
                let y = outputs[0].as_mut_slice::<T>().expect("prepared for T");
                for (sample, place) in self.places.iter().enumerate() {
                    let Some(place) = place else { continue };
                    let target = (place / samples * directions + direction) * samples + sample;
                    y[target * hidden..][..hidden]
                        .copy_from_slice(&self.state[sample * hidden..][..hidden]);
                }
            }
            let last = [&self.state, &self.memory];
            for (output, state) in outputs[1..].iter_mut().zip(last).take(C::STATES) {
                let output = output.as_mut_slice::<T>().expect("prepared for T");
                output[direction * states..][..states].copy_from_slice(state);
            }
        }
        Ok(())
    }
}

impl<T: Real, C: Cell<T>> Layer<T, C> {
    /// Each sample's number of steps.
    fn check_lengths<'a>(
        &self,
        lengths: Option<&'a [i32]>,
    ) -> Result<impl Fn(usize) -> usize + use<'a, T, C>, DataError> {
        let steps = self.steps;
        let outside =
            |length: &&i32| usize::try_from(**length).map_or(true, |length| length > steps);
        if let Some(length) = lengths.and_then(|lengths| lengths.iter().find(outside)) {
            return Err(DataError(format!("a sequence of {length} in a tensor of {steps} steps")));
        }
        Ok(move |sample: usize| lengths.map_or(steps, |lengths| lengths[sample] as usize))
    }
}
