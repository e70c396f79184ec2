//! Builder methods for operators that combine elements along dimensions.

use super::GraphBuilder;
use crate::graph::{GraphError, ValueId};
use crate::op::reduction::{ArgExtremum, Reduce, ReduceKind, Softmax, SoftmaxKind, TopK};

macro_rules! reduce {
    ($($(#[$doc:meta])* $method:ident => $kind:ident;)*) => {
        impl GraphBuilder {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// If an axis is outside of x, or x does not hold numbers.
                pub fn $method(
                    &mut self,
                    x: ValueId,
                    axes: impl Into<Vec<usize>>,
                    keep_dims: bool,
                ) -> Result<ValueId, GraphError> {
                    let mut axes = axes.into();
                    axes.sort_unstable();
                    self.apply(Reduce { kind: ReduceKind::$kind, axes, keep_dims }, &[x])
                }
            )*
        }
    };
}

reduce! {
    /// The sum along the axes, which stay with size 1 if `keep_dims`.
    reduce_sum => Sum;
    /// The mean along the axes, which stay with size 1 if `keep_dims`.
    reduce_mean => Mean;
    /// The largest along the axes, which stay with size 1 if `keep_dims`.
    reduce_max => Max;
    /// The smallest along the axes, which stay with size 1 if `keep_dims`.
    reduce_min => Min;
    /// The product along the axes, which stay with size 1 if `keep_dims`.
    reduce_prod => Prod;
    /// The Euclidean norm along the axes, which stay with size 1 if `keep_dims`.
    reduce_l2 => L2;
}

impl GraphBuilder {
    /// eˣ / Σeˣ along an axis.
    ///
    /// # Errors
    /// If the axis is outside of x, or x does not hold floats.
    pub fn softmax(&mut self, x: ValueId, axis: usize) -> Result<ValueId, GraphError> {
        self.apply(Softmax { kind: SoftmaxKind::Softmax, axis }, &[x])
    }

    /// The natural logarithm of [`softmax`](Self::softmax).
    ///
    /// # Errors
    /// If the axis is outside of x, or x does not hold floats.
    pub fn log_softmax(&mut self, x: ValueId, axis: usize) -> Result<ValueId, GraphError> {
        self.apply(Softmax { kind: SoftmaxKind::LogSoftmax, axis }, &[x])
    }

    /// The index of the (first) largest element along an axis, which is left out of the result's shape.
    ///
    /// # Errors
    /// If the axis is outside of x or empty, or x does not hold numbers.
    pub fn arg_max(&mut self, x: ValueId, axis: usize) -> Result<ValueId, GraphError> {
        let op = ArgExtremum { largest: true, axis, keep_dims: false, select_last: false };
        self.apply(op, &[x])
    }

    /// The k largest elements along an axis, the largest first, and their indices.
    ///
    /// # Errors
    /// If the axis is outside of x or has fewer than k elements, or x does not hold numbers.
    pub fn top_k(
        &mut self,
        x: ValueId,
        k: usize,
        axis: usize,
    ) -> Result<(ValueId, ValueId), GraphError> {
        let outputs = self.node(TopK { axis, k, largest: true }, &[Some(x)])?;
        Ok((outputs[0], outputs[1]))
    }
}
