//! Scaled dot-product attention, one head at a time.

use tachy_graph::op::attention::{Attention, AttentionScores};
use tachy_graph::{TensorView, TensorViewMut};

use super::mask::{MaskLayout, place_bias};
use crate::kernel::{DataError, Kernel, Operands, Prepared};
use crate::matrix::{Matrix, MatrixMut, multiply};
use crate::promote::in_real;
use crate::real::Real;
use crate::workers::Workers;

pub(in crate::kernels) fn prepare(op: &Attention, operands: Operands<'_>) -> Prepared {
    in_real!(operands, |operands: T| Ok(Box::new(ScaledDot::<T>::new(op, operands))))
}

struct ScaledDot<T> {
    op: Attention,
    batch: usize,
    heads: usize,
    groups: usize,
    queries: usize,
    /// Keys that come before those of the inputs.
    earlier: usize,
    /// All keys.
    keys: usize,
    size: usize,
    value_size: usize,
    mask: Option<MaskLayout>,
    /// All keys and all values of all samples, if there are earlier ones.
    joined: Option<[Vec<T>; 2]>,
    /// The scores of one head.
    scores: Vec<T>,
    /// What is added to them.
    bias: Vec<T>,
}

impl<T: Real> ScaledDot<T> {
    fn new(op: &Attention, operands: Operands<'_>) -> Self {
        let (q, k, v) = (operands.input(0), operands.input(1), operands.input(2));
        let earlier = operands.get(4).map_or(0, |past| past.ty.shape[2]);
        let [batch, heads, queries, size] = [0, 1, 2, 3].map(|axis| q.shape[axis]);
        let (groups, value_size) = (k.shape[1], v.shape[3]);
        let keys = earlier + k.shape[2];
        let mask = operands
            .get(3)
            .map(|mask| MaskLayout::new(&mask.ty.shape, mask.ty.dtype, &[batch, heads, queries]));
        let joined = operands.get(4).map(|_| {
            [size, value_size].map(|size| vec![T::default(); batch * groups * keys * size])
        });
        Self {
            op: *op,
            batch,
            heads,
            groups,
            queries,
            earlier,
            keys,
            size,
            value_size,
            mask,
            joined,
            scores: vec![T::default(); queries * keys],
            bias: vec![T::default(); queries * keys],
        }
    }
}

impl<T: Real> Kernel for ScaledDot<T> {
    fn run(
        &mut self,
        workers: &Workers,
        inputs: &[Option<TensorView<'_>>],
        outputs: &mut [TensorViewMut<'_>],
    ) -> Result<(), DataError> {
        let given = |index: usize| inputs.get(index).copied().flatten();
        let floats =
            |index: usize| given(index).map(|view| view.as_slice::<T>().expect("prepared for T"));
        let required = |index: usize| floats(index).expect("required");
        let q = required(0);
        if let Some([keys, values]) = &mut self.joined {
            join(required(4), required(1), self.earlier * self.size, self.keys * self.size, keys);
            let width = self.value_size;
            join(required(5), required(2), self.earlier * width, self.keys * width, values);
        }
        let (keys, values) = match &self.joined {
            Some([keys, values]) => (&keys[..], &values[..]),
            None => (required(1), required(2)),
        };
        let valid = given(6).map(|view| view.as_slice::<i64>().expect("the type rule says i64"));
        let (y, others) = outputs.split_first_mut().expect("it has an output");
        if let [present_keys, present_values, ..] = others {
            present_keys.as_mut_slice::<T>().expect("prepared for T").copy_from_slice(keys);
            present_values.as_mut_slice::<T>().expect("prepared for T").copy_from_slice(values);
        }
        let y = y.as_mut_slice::<T>().expect("prepared for T");
        let (queries, size, value_size) = (self.queries, self.size, self.value_size);
        let count = self.keys;
        for head in 0..self.batch * self.heads {
            let (sample, head_of_sample) = (head / self.heads, head % self.heads);
            let group = sample * self.groups + head_of_sample / (self.heads / self.groups);
            let (offset, valid) = match valid {
                Some(valid) => (valid[sample].saturating_sub(queries as i64), valid[sample]),
                None => (self.earlier as i64, count as i64),
            };
            let op = &self.op;
            let (layout, mask) = (&self.mask, given(3));
            workers.for_each_chunk(&mut self.bias, count, |query, bias| {
                place_bias(op, query, offset, valid, bias);
                if let (Some(layout), Some(mask)) = (layout, &mask) {
                    layout.add(mask, [sample, head_of_sample, query], bias);
                }
            });
            multiply(
                workers,
                false,
                Matrix::new(&q[head * queries * size..], queries, size, size),
                Matrix::new(&keys[group * count * size..], count, size, size).transposed(),
                MatrixMut::new(&mut self.scores, queries, count, count),
            );
            let mut kept = match (op.scores, &mut *others) {
                (Some(scores), [.., output]) => {
                    let output = output.as_mut_slice::<T>().expect("prepared for T");
                    let place = head * queries * count;
                    Some((scores, &mut output[place..place + queries * count]))
                }
                _ => None,
            };
            let mut keep = |stage: AttentionScores, scores: &[T]| {
                if let Some((_, output)) = kept.as_mut().filter(|(wanted, _)| *wanted == stage) {
                    output.copy_from_slice(scores);
                }
            };
            let scale = T::of(f64::from(op.scale));
            self.scores.iter_mut().for_each(|score| *score *= scale);
            keep(AttentionScores::Products, &self.scores);
            if op.softcap > 0.0 {
                let cap = T::of(f64::from(op.softcap));
                self.scores.iter_mut().for_each(|score| *score = cap * (*score / cap).tanh());
            }
            keep(AttentionScores::Capped, &self.scores);
            for (score, bias) in self.scores.iter_mut().zip(&self.bias) {
                *score += *bias;
            }
            keep(AttentionScores::Masked, &self.scores);
            let bias = &self.bias;
            workers.for_each_chunk(&mut self.scores, count, |query, scores| {
                softmax(scores, &bias[query * count..][..count]);
            });
            keep(AttentionScores::Shares, &self.scores);
            multiply(
                workers,
                false,
                Matrix::new(&self.scores, queries, count, count),
                Matrix::new(&values[group * count * value_size..], count, value_size, value_size),
                MatrixMut::new(
                    &mut y[head * queries * value_size..],
                    queries,
                    value_size,
                    value_size,
                ),
            );
        }
        Ok(())
    }
}

/// Puts the earlier elements of each head before the new ones: `earlier` of the `total` elements of each.
fn join<T: Copy>(past: &[T], new: &[T], earlier: usize, total: usize, out: &mut [T]) {
    if total == 0 {
        return;
    }
    for (head, out) in out.chunks_exact_mut(total).enumerate() {
        let (front, back) = out.split_at_mut(earlier);
        front.copy_from_slice(&past[head * earlier..][..earlier]);
        let fresh = back.len();
        back.copy_from_slice(&new[head * fresh..][..fresh]);
    }
}

/// The scores of one query as shares of a whole; zeros if it sees no key.
fn softmax<T: Real>(scores: &mut [T], bias: &[T]) {
    // What it sees is decided by what was added, not by the scores: they may hold infinities of their own.
    if bias.iter().all(|bias| *bias == T::neg_infinity()) {
        scores.fill(T::zero());
        return;
    }
    let largest = scores.iter().copied().fold(T::neg_infinity(), T::max);
    let mut sum = T::zero();
    for score in scores.iter_mut() {
        *score = (*score - largest).exp();
        sum += *score;
    }
    for score in scores.iter_mut() {
        *score /= sum;
    }
}
