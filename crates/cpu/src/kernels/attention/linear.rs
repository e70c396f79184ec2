//! Linear attention, step by step.

use tachy_graph::op::attention::LinearAttention;
use tachy_graph::{TensorView, TensorViewMut};

use crate::kernel::{DataError, Kernel, Operands, Prepared};
use crate::promote::in_real;
use crate::real::Real;
use crate::workers::Workers;

pub(in crate::kernels) fn prepare(op: LinearAttention, operands: Operands<'_>) -> Prepared {
    in_real!(operands, |operands: T| {
        let (k, v) = (operands.input(1), operands.input(2));
        let value_size = v.shape[2] / op.groups;
        Ok(Box::new(Linear::<T> {
            op,
            batch: k.shape[0],
            steps: k.shape[1],
            size: k.shape[2] / op.groups,
            value_size,
            decays: operands.get(4).map_or(0, |decay| decay.ty.shape[2]),
            rates: operands.get(5).map_or(0, |rate| rate.ty.shape[2]),
            update: vec![T::default(); value_size],
        }))
    })
}

struct Linear<T> {
    op: LinearAttention,
    batch: usize,
    steps: usize,
    size: usize,
    value_size: usize,
    /// Decays and update rates of one step of one sample; 0 if there are none.
    decays: usize,
    rates: usize,
    /// What one step adds to each row of the state, before the key's factor.
    update: Vec<T>,
}

impl<T: Real> Kernel for Linear<T> {
    fn run(
        &mut self,
        _: &Workers,
        inputs: &[Option<TensorView<'_>>],
        outputs: &mut [TensorViewMut<'_>],
    ) -> Result<(), DataError> {
        let given = |index: usize| {
            let view = inputs.get(index).copied().flatten();
            view.map(|view| view.as_slice::<T>().expect("prepared for T"))
        };
        let required = |index: usize| given(index).expect("required");
        let (q, k, v) = (required(0), required(1), required(2));
        let (decay, rate) = (given(4), given(5));
        let (y, state) = outputs.split_at_mut(1);
        let y = y[0].as_mut_slice::<T>().expect("prepared for T");
        let state = state[0].as_mut_slice::<T>().expect("prepared for T");
        match given(3) {
            Some(past) => state.copy_from_slice(past),
            None => state.fill(T::zero()),
        }
        let (heads, groups) = (self.op.heads, self.op.groups);
        let (size, value_size, shared) = (self.size, self.value_size, heads / groups);
        let scale = T::of(f64::from(self.op.scale));
        for place in 0..self.batch * self.steps {
            let sample = place / self.steps;
            for group in 0..groups {
                let head = place * groups + group;
                let key = &k[head * size..][..size];
                let value = &v[head * value_size..][..value_size];
                let state = &mut state[(sample * groups + group) * size * value_size..]
                    [..size * value_size];
                if let Some(decay) = decay {
                    let decay = &decay[place * self.decays..][..self.decays];
                    for (row, state) in state.chunks_exact_mut(value_size.max(1)).enumerate() {
                        // One for the head, or one for each of its key's elements.
                        let index = if self.decays == groups { group } else { group * size + row };
                        let factor = decay[index].exp();
                        state.iter_mut().for_each(|state| *state *= factor);
                    }
                }
                self.update.copy_from_slice(value);
                if let Some(rate) = rate {
                    let index = if self.rates == 1 { 0 } else { group };
                    let rate = rate[place * self.rates + index];
                    for (key, state) in key.iter().zip(state.chunks_exact(value_size.max(1))) {
                        for (update, state) in self.update.iter_mut().zip(state) {
                            *update -= *key * *state;
                        }
                    }
                    self.update.iter_mut().for_each(|update| *update *= rate);
                }
                for (key, state) in key.iter().zip(state.chunks_exact_mut(value_size.max(1))) {
                    for (state, update) in state.iter_mut().zip(&self.update) {
                        *state += *key * *update;
                    }
                }
                for head in group * shared..(group + 1) * shared {
                    let query = &q[(place * heads + head) * size..][..size];
                    let y = &mut y[(place * heads + head) * value_size..][..value_size];
                    y.fill(T::zero());
                    for (query, state) in query.iter().zip(state.chunks_exact(value_size.max(1))) {
                        for (y, state) in y.iter_mut().zip(state) {
                            *y += scale * *query * *state;
                        }
                    }
                }
            }
        }
        Ok(())
    }
}
