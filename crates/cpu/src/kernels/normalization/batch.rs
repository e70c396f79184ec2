//! Batch normalisation.

use tachy_graph::op::normalization::BatchNormalization;
use tachy_graph::{TensorView, TensorViewMut};

use crate::kernel::{DataError, Kernel, Operands, Prepared};
use crate::promote::in_real;
use crate::real::Real;
use crate::workers::Workers;

pub(in crate::kernels) fn prepare(op: &BatchNormalization, operands: Operands<'_>) -> Prepared {
    in_real!(operands, |operands: T| {
        let x = operands.input(0);
        let channels = operands.input(1).shape[0];
        Ok(Box::new(Batch::<T> {
            op: *op,
            size: x.shape.iter().skip(2).product(),
            mean: vec![T::default(); channels],
            variance: vec![T::default(); channels],
        }))
    })
}

struct Batch<T> {
    op: BatchNormalization,
    /// Elements of one channel of one sample.
    size: usize,
    /// The statistics that the input is normalised by.
    mean: Vec<T>,
    variance: Vec<T>,
}

impl<T: Real> Kernel for Batch<T> {
    fn run(
        &mut self,
        workers: &Workers,
        inputs: &[Option<TensorView<'_>>],
        outputs: &mut [TensorViewMut<'_>],
    ) -> Result<(), DataError> {
        let slice = |index: usize| {
            inputs[index].expect("required").as_slice::<T>().expect("prepared for T")
        };
        let (x, scale, bias, mean, variance) = (slice(0), slice(1), slice(2), slice(3), slice(4));
        if self.op.training {
            self.measure(x);
            let momentum = T::of(f64::from(self.op.momentum));
            for (index, (old, new)) in
                [(mean, &self.mean), (variance, &self.variance)].into_iter().enumerate()
            {
                let running = outputs[index + 1].as_mut_slice::<T>().expect("prepared for T");
                for ((running, old), new) in running.iter_mut().zip(old).zip(new) {
                    *running = *old * momentum + *new * (T::one() - momentum);
                }
            }
        } else {
            self.mean.copy_from_slice(mean);
            self.variance.copy_from_slice(variance);
        }
        let epsilon = T::of(f64::from(self.op.epsilon));
        let (size, channels) = (self.size, scale.len());
        let y = outputs[0].as_mut_slice::<T>().expect("prepared for T");
        workers.for_each_chunk(y, size, |index, y| {
            let channel = index % channels;
            let factor = scale[channel] / (self.variance[channel] + epsilon).sqrt();
            let (mean, bias) = (self.mean[channel], bias[channel]);
            for (y, x) in y.iter_mut().zip(&x[index * size..]) {
                *y = (*x - mean) * factor + bias;
            }
        });
        Ok(())
    }
}

impl<T: Real> Batch<T> {
    /// The batch's own statistics.
    fn measure(&mut self, x: &[T]) {
        let (size, channels) = (self.size.max(1), self.mean.len());
        for channel in 0..channels {
            let elements = || {
                let images = x.chunks_exact(size).skip(channel).step_by(channels);
                images.flatten().map(|x| x.widen())
            };
            let count = (x.len() / channels) as f64;
            let mean = elements().sum::<f64>() / count;
            let variance = elements().map(|x| (x - mean) * (x - mean)).sum::<f64>() / count;
            self.mean[channel] = T::of(mean);
            self.variance[channel] = T::of(variance);
        }
    }
}
