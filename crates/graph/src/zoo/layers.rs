//! The layers that several models share.

use super::catalogue::Assembly;
use crate::graph::{GraphError, ValueId};
use crate::op::window::Window;

/// How a convolution differs from one of stride 1 over all channels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Conv {
    pub filters: usize,
    pub kernel: usize,
    pub stride: usize,
    pub groups: usize,
}

impl Conv {
    pub(super) fn new(filters: usize, kernel: usize) -> Self {
        Self { filters, kernel, stride: 1, groups: 1 }
    }

    pub(super) fn with_stride(self, stride: usize) -> Self {
        Self { stride, ..self }
    }

    pub(super) fn depthwise(self) -> Self {
        Self { groups: self.filters, ..self }
    }
}

impl Assembly {
    /// A convolution over an image, padded so that only the stride makes it smaller, and batch normalisation.
    ///
    /// `gain` scales the result: below 1 where a branch joins a residual connection, so that the sum of many
    /// branches does not grow.
    pub(super) fn conv_norm(
        &mut self,
        name: &str,
        x: ValueId,
        conv: Conv,
        epsilon: f32,
        gain: f32,
    ) -> Result<ValueId, GraphError> {
        let Conv { filters, kernel, stride, groups } = conv;
        let channels = self.builder.ty(x).shape[1] / groups;
        let shape = [filters, channels, kernel, kernel];
        let weight = self.weights.he(&shape, channels * kernel * kernel);
        let weight = self.builder.constant(format!("{name}.weight"), weight);
        let padding = kernel / 2;
        let window = Window::new([kernel, kernel])
            .with_strides([stride, stride])
            .with_padding([padding, padding]);
        let x = self.builder.conv(x, weight, None, window, groups)?;
        // Scaled as He et al. advise, the convolution of a signal of power 1 has variance 2: the statistics say
        // about that, channel by channel, as a trained model's would.
        let parameters = [
            ("scale", self.weights.normal(&[filters], gain, 0.1 * gain)),
            ("bias", self.weights.normal(&[filters], 0.0, 0.1)),
            ("mean", self.weights.normal(&[filters], 0.0, 0.1)),
            ("variance", self.weights.uniform_between(&[filters], 1.5, 2.5)),
        ];
        let parameters = parameters
            .map(|(part, tensor)| self.builder.constant(format!("{name}.norm.{part}"), tensor));
        self.builder.batch_normalization(x, parameters, epsilon)
    }

    /// A fully connected layer over x `[m, k]` whose result has the power of x.
    pub(super) fn linear(
        &mut self,
        name: &str,
        x: ValueId,
        width: usize,
    ) -> Result<ValueId, GraphError> {
        let size = self.builder.ty(x).shape[1];
        let deviation = (size as f32).sqrt().recip();
        let weight = self.weights.normal(&[width, size], 0.0, deviation);
        let weight = self.builder.constant(format!("{name}.weight"), weight);
        let bias = self.weights.normal(&[width], 0.0, 0.1);
        let bias = self.builder.constant(format!("{name}.bias"), bias);
        self.builder.linear(x, weight, bias)
    }

    /// The mean of each channel of an image `[n, c, h, w]`, as `[n, c]`.
    pub(super) fn pooled(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        let shape = self.builder.ty(x).shape[..2].to_vec();
        let x = self.builder.global_average_pool(x)?;
        self.builder.reshape(x, shape)
    }
}
