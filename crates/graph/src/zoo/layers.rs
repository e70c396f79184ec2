//! The layers that several models share.

use super::catalogue::Assembly;
use super::signal::Signal;
use crate::dtype::DType;
use crate::graph::{GraphError, ValueId};
use crate::op::elementwise::Unary;
use crate::op::window::Window;
use crate::tensor::Tensor;

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
    /// The input of an image classifier: three colours.
    pub(super) fn image(&mut self) -> Signal {
        let sides = self.resolution;
        let value = self.builder.input("image", DType::F32, [self.batch, 3, sides, sides]);
        Signal::noise(value, 3)
    }

    /// A convolution over an image, padded so that only the stride makes it smaller, and batch normalisation,
    /// which scales the result to a deviation of about `gain`.
    pub(super) fn conv_norm(
        &mut self,
        name: &str,
        x: &Signal,
        conv: Conv,
        epsilon: f32,
        gain: f32,
    ) -> Result<Signal, GraphError> {
        let Conv { filters, kernel, stride, groups } = conv;
        let channels = x.mean.len() / groups;
        let shape = [filters, channels, kernel, kernel];
        let weight = self.weights.he(&shape, channels * kernel * kernel);
        let (mean, variance) = moments(&weight, x, filters / groups);
        let weight = self.builder.constant(format!("{name}.weight"), weight);
        let padding = kernel / 2;
        let window = Window::new([kernel, kernel])
            .with_strides([stride, stride])
            .with_padding([padding, padding]);
        let value = self.builder.conv(x.value, weight, None, window, groups)?;

        // Trained statistics fit the data, but not exactly.
        let scale = self.weights.normal(&[filters], gain, 0.1 * gain);
        let bias = self.weights.normal(&[filters], 0.0, 0.1);
        let shift = self.weights.normal(&[filters], 0.0, 0.1);
        let stretch = self.weights.uniform_between(&[filters], 0.75, 1.25);
        let known_mean = vector(
            mean.iter()
                .zip(&variance)
                .zip(numbers(&shift))
                .map(|((mean, variance), shift)| mean + variance.sqrt() * shift),
        );
        let known_variance = vector(variance.iter().zip(numbers(&stretch)).map(|(v, s)| v * s));
        let mut signal = Signal { value, mean, variance };
        for channel in 0..filters {
            let at = |tensor: &Tensor| numbers(tensor).nth(channel).expect("one for each filter");
            let factor = at(&scale) / (at(&known_variance) + f64::from(epsilon)).sqrt();
            signal.mean[channel] = (signal.mean[channel] - at(&known_mean)) * factor + at(&bias);
            signal.variance[channel] *= factor * factor;
        }
        let parameters =
            [("scale", scale), ("bias", bias), ("mean", known_mean), ("variance", known_variance)]
                .map(|(part, tensor)| self.builder.constant(format!("{name}.norm.{part}"), tensor));
        signal.value = self.builder.batch_normalization(value, parameters, epsilon)?;
        Ok(signal)
    }

    /// A function of every element.
    pub(super) fn activate(&mut self, x: &Signal, function: Unary) -> Result<Signal, GraphError> {
        let value = self.builder.apply(function, &[x.value])?;
        Ok(x.after(value, function))
    }

    /// A fully connected layer over x `[m, k]`, whose result is centred and has a deviation of about 1.
    pub(super) fn centred_linear(
        &mut self,
        name: &str,
        x: &Signal,
        width: usize,
    ) -> Result<Signal, GraphError> {
        let deviation = x.variance.iter().sum::<f64>().sqrt().recip() as f32;
        let weight = self.weights.normal(&[width, x.mean.len()], 0.0, deviation);
        let (mean, variance) = moments(&weight, x, width);
        let weight = self.builder.constant(format!("{name}.weight"), weight);
        let offset = self.weights.normal(&[width], 0.0, 0.1);
        let bias = vector(numbers(&offset).zip(&mean).map(|(offset, mean)| offset - mean));
        let bias = self.builder.constant(format!("{name}.bias"), bias);
        let value = self.builder.linear(x.value, weight, bias)?;
        Ok(Signal { value, mean: numbers(&offset).collect(), variance })
    }

    /// A fully connected layer over x `[m, k]` whose result has about the power of x.
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

    /// The mean of each channel of an image `[n, c, h, w]`, as `[n, c]`. Since the elements of one channel of a deep
    /// layer go together, it is taken to vary as much as they do.
    pub(super) fn pooled(&mut self, x: &Signal) -> Result<Signal, GraphError> {
        let shape = self.builder.ty(x.value).shape[..2].to_vec();
        let value = self.builder.global_average_pool(x.value)?;
        let value = self.builder.reshape(value, shape)?;
        Ok(Signal { value, ..x.clone() })
    }
}

/// The numbers in a tensor of weights.
pub(super) fn numbers(tensor: &Tensor) -> impl Iterator<Item = f64> + '_ {
    tensor.as_slice::<f32>().expect("weights are f32").iter().copied().map(f64::from)
}

/// A vector of weights.
fn vector(numbers: impl Iterator<Item = f64>) -> Tensor {
    let numbers: Vec<f32> = numbers.map(|number| number as f32).collect();
    Tensor::new(&[numbers.len()], &numbers).expect("a vector has a possible shape")
}

/// The mean and the variance of every filter's weighted sum. The channels that `per_group` filters see come after
/// those of the filters before.
fn moments(weight: &Tensor, x: &Signal, per_group: usize) -> (Vec<f64>, Vec<f64>) {
    let (filters, channels) = (weight.shape()[0], weight.shape()[1]);
    let taps: usize = weight.shape()[2..].iter().product();
    let weights: Vec<f64> = numbers(weight).collect();
    (0..filters)
        .map(|filter| {
            let first = filter / per_group * channels;
            let weights = &weights[filter * channels * taps..][..channels * taps];
            weights.chunks_exact(taps).zip(first..).fold((0.0, 0.0), |(mean, variance), (w, c)| {
                let sum: f64 = w.iter().sum();
                let squares: f64 = w.iter().map(|w| w * w).sum();
                (mean + sum * x.mean[c], variance + squares * x.variance[c])
            })
        })
        .unzip()
}
