//! Builder methods for convolution, pooling and normalisation.

use super::GraphBuilder;
use crate::dtype::DType;
use crate::graph::{GraphError, ValueId};
use crate::op::convolution::{Conv, ConvTranspose};
use crate::op::normalization::{BatchNormalization, LayerNormalization};
use crate::op::pooling::{AveragePool, GlobalPool, MaxPool};
use crate::op::window::Window;

impl GraphBuilder {
    /// A convolution of x `[n, c, …]` with weights `[m, c / groups, …]` and optionally a bias `[m]`.
    ///
    /// ```
    /// use tachy_graph::{DType, GraphBuilder, Tensor, op::window::Window};
    ///
    /// let mut builder = GraphBuilder::new("edges");
    /// let image = builder.input("image", DType::F32, [1, 3, 224, 224]);
    /// let weights = builder.constant("weights", Tensor::zeros(DType::F32, &[8, 3, 3, 3])?);
    /// let window = Window::new([3, 3]).with_strides([2, 2]).with_padding([1, 1]);
    /// let features = builder.conv(image, weights, None, window, 1)?;
    /// assert_eq!(builder.ty(features).shape, [1, 8, 112, 112]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the shapes do not go together.
    pub fn conv(
        &mut self,
        x: ValueId,
        weights: ValueId,
        bias: Option<ValueId>,
        window: Window,
        groups: usize,
    ) -> Result<ValueId, GraphError> {
        let mut inputs = vec![x, weights];
        inputs.extend(bias);
        self.apply(Conv { window, groups }, &inputs)
    }

    /// The adjoint of a convolution: x `[n, c, …]` with weights `[c, m / groups, …]` and optionally a bias `[m]`.
    ///
    /// # Errors
    /// If the shapes do not go together.
    pub fn conv_transpose(
        &mut self,
        x: ValueId,
        weights: ValueId,
        bias: Option<ValueId>,
        window: Window,
        groups: usize,
    ) -> Result<ValueId, GraphError> {
        let mut inputs = vec![x, weights];
        inputs.extend(bias);
        let output_padding = vec![0; window.rank()];
        self.apply(ConvTranspose { window, output_padding, groups }, &inputs)
    }

    /// The largest element of each window of x `[n, c, …]`.
    ///
    /// # Errors
    /// If the window does not fit.
    pub fn max_pool(&mut self, x: ValueId, window: Window) -> Result<ValueId, GraphError> {
        let op = MaxPool { window, ceil: false, indices: false, column_major: false };
        self.apply(op, &[x])
    }

    /// The mean of each window of x `[n, c, …]`; padding does not count.
    ///
    /// # Errors
    /// If the window does not fit.
    pub fn average_pool(&mut self, x: ValueId, window: Window) -> Result<ValueId, GraphError> {
        self.apply(AveragePool { window, ceil: false, count_include_pad: false }, &[x])
    }

    /// The mean of each channel of x `[n, c, …]`, as `[n, c, 1…]`.
    ///
    /// # Errors
    /// If x is not an image of floats.
    pub fn global_average_pool(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        self.apply(GlobalPool::Average, &[x])
    }

    /// x `[n, c, …]` normalised by each channel's known mean and variance, then scaled and shifted; all four
    /// parameters are `[c]`.
    ///
    /// # Errors
    /// If the shapes do not go together.
    pub fn batch_normalization(
        &mut self,
        x: ValueId,
        [scale, bias, mean, variance]: [ValueId; 4],
        epsilon: f32,
    ) -> Result<ValueId, GraphError> {
        let op = BatchNormalization { epsilon, momentum: 0.9, training: false };
        self.apply(op, &[x, scale, bias, mean, variance])
    }

    /// x normalised over its last dimension, then scaled and shifted by parameters of that size.
    ///
    /// # Errors
    /// If x is a scalar or the shapes do not go together.
    pub fn layer_normalization(
        &mut self,
        x: ValueId,
        scale: ValueId,
        bias: ValueId,
        epsilon: f32,
    ) -> Result<ValueId, GraphError> {
        let axis = self.ty(x).rank().saturating_sub(1);
        let statistics_dtype = DType::F32;
        let op = LayerNormalization { axis, epsilon, statistics: false, statistics_dtype };
        self.apply(op, &[x, scale, bias])
    }
}
