//! Which query sees which key.

use tachy_graph::op::attention::Attention;
use tachy_graph::shape::broadcast_strides;
use tachy_graph::{DType, TensorView};

use crate::real::Real;

/// A mask, read as if it had one row of scores for every query.
pub(super) struct MaskLayout {
    /// Elements of a row; keys beyond are not seen.
    length: usize,
    /// Distances between samples, heads and queries.
    strides: Vec<usize>,
    boolean: bool,
}

impl MaskLayout {
    /// The layout of a mask of this shape over `[samples, heads, queries]`.
    pub(super) fn new(shape: &[usize], dtype: DType, rows: &[usize; 3]) -> Self {
        let (length, leading) = shape.split_last().expect("the type rule refuses scalars");
        let strides =
            broadcast_strides(leading, rows).iter().map(|stride| stride * length).collect();
        Self { length: *length, strides, boolean: dtype == DType::Bool }
    }

    /// Adds the mask to what is added to one query's scores.
    pub(super) fn add<T: Real>(&self, mask: &TensorView<'_>, row: [usize; 3], bias: &mut [T]) {
        let start: usize =
            row.iter().zip(&self.strides).map(|(index, stride)| index * stride).sum();
        let (seen, beyond) = bias.split_at_mut(self.length);
        beyond.fill(T::neg_infinity());
        if self.boolean {
            let mask = &mask.as_slice::<bool>().expect("the type says booleans")[start..];
            for (bias, mask) in seen.iter_mut().zip(mask) {
                if !mask {
                    *bias = T::neg_infinity();
                }
            }
        } else {
            let mask = &mask.as_slice::<T>().expect("prepared for T")[start..];
            for (bias, mask) in seen.iter_mut().zip(mask) {
                *bias += *mask;
            }
        }
    }
}

/// What is added to the scores of a query for its place alone: −∞ where it does not see a key, 0 elsewhere.
///
/// `offset` is the first query's place among the keys, `valid` the number of keys that are not padding.
pub(super) fn place_bias<T: Real>(
    op: &Attention,
    query: usize,
    offset: i64,
    valid: i64,
    bias: &mut [T],
) {
    let place = offset.saturating_add(query as i64);
    for (key, bias) in bias.iter_mut().enumerate() {
        let distance = place.saturating_sub(key as i64);
        let seen = (key as i64) < valid
            && (!op.causal || distance >= 0)
            && op.left_window.is_none_or(|left| distance <= left as i64)
            && op.right_window.is_none_or(|right| distance >= -(right as i64));
        *bias = if seen { T::zero() } else { T::neg_infinity() };
    }
}
