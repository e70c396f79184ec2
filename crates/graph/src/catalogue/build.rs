//! The graphs of the catalogue.

use super::case::{Layout, OperatorCase};
use super::operator::CatalogueOperator;
use crate::builder::GraphBuilder;
use crate::convert::Conversion;
use crate::dtype::DType;
use crate::graph::{Graph, GraphError, ValueId};
use crate::op::normalization::GroupNormalization;
use crate::op::quantization::{Granularity, MatMulInteger};
use crate::op::signal::{Dft, DftKind};
use crate::op::window::Window;
use crate::tensor::Tensor;
use crate::zoo::Weights;

/// Channels and filters of convolutions, channels of group normalisation.
const CHANNELS: usize = 64;
/// Groups of channels.
const GROUPS: usize = 8;
/// Signals that are transformed at once.
const SIGNALS: usize = 64;
/// Steps of a recurrent layer.
const STEPS: usize = 64;
const EPSILON: f32 = 1e-5;
/// The scale of quantised numbers: with a zero point in the middle, they reach four standard deviations to each side. A
/// power of two, so that no engine rounds a quotient otherwise than another.
const SCALE: f32 = 1.0 / 32.0;
const ZERO_POINT: u8 = 128;

struct Assembly {
    builder: GraphBuilder,
    weights: Weights,
    dtype: DType,
    layout: Layout,
}

pub(super) fn build(case: &OperatorCase, seed: u64) -> Result<Graph, GraphError> {
    let mut assembly = Assembly {
        builder: GraphBuilder::new(case.to_string()),
        weights: Weights::new(seed),
        dtype: case.dtype,
        layout: case.layout,
    };
    let y = assembly.assemble(case.operator, case.size.get())?;
    assembly.builder.output(y, "y")?;
    assembly.builder.build()
}

impl Assembly {
    fn assemble(&mut self, operator: CatalogueOperator, n: usize) -> Result<ValueId, GraphError> {
        let dtype = self.dtype;
        match operator {
            CatalogueOperator::MatMul => {
                let a = self.input(dtype, &[n, n], &[1, 0])?;
                let b = self.builder.input("b", dtype, [n, n]);
                self.builder.matmul(a, b)
            }
            CatalogueOperator::Add => {
                let a = self.input(dtype, &[n, n], &[1, 0])?;
                let b = self.builder.input("b", dtype, [n, n]);
                self.builder.add(a, b)
            }
            CatalogueOperator::Multiply => {
                let a = self.input(dtype, &[n, n], &[1, 0])?;
                let b = self.builder.input("b", dtype, [n, n]);
                self.builder.mul(a, b)
            }
            CatalogueOperator::Conv1d => {
                let x = self.input(dtype, &[1, CHANNELS, n], &[0, 2, 1])?;
                let weights = self.matrix("weights", &[CHANNELS, CHANNELS, 3], CHANNELS * 3);
                self.builder.conv(x, weights, None, Window::new([3]).with_padding([1]), 1)
            }
            CatalogueOperator::Conv2d => {
                let x = self.input(dtype, &[1, CHANNELS, n, n], &[0, 3, 1, 2])?;
                let weights = self.matrix("weights", &[CHANNELS, CHANNELS, 3, 3], CHANNELS * 9);
                self.builder.conv(x, weights, None, Window::new([3, 3]).with_padding([1, 1]), 1)
            }
            CatalogueOperator::LayerNorm => {
                let x = self.input(dtype, &[n, n], &[1, 0])?;
                let [scale, bias] = self.affine(n);
                self.builder.layer_normalization(x, scale, bias, EPSILON)
            }
            CatalogueOperator::GroupNorm => {
                let x = self.input(dtype, &[1, CHANNELS, n, n], &[0, 3, 1, 2])?;
                let [scale, bias] = self.affine(CHANNELS);
                let op = GroupNormalization { epsilon: EPSILON, groups: GROUPS };
                self.builder.apply(op, &[x, scale, bias])
            }
            CatalogueOperator::Softmax => {
                let x = self.input(dtype, &[n, n], &[1, 0])?;
                self.builder.softmax(x, 1)
            }
            CatalogueOperator::Fft => {
                let x = self.input(dtype, &[SIGNALS, n, 1], &[1, 0, 2])?;
                self.builder.apply(Dft { axis: 1, length: n, kind: DftKind::ForwardOneSided }, &[x])
            }
            CatalogueOperator::Lstm => {
                let x = self.input(dtype, &[STEPS, 1, n], &[1, 0, 2])?;
                // Four gates.
                let weights = self.matrix("weights", &[1, 4 * n, n], n);
                let recurrent = self.matrix("recurrent", &[1, 4 * n, n], n);
                let biases = self.matrix("biases", &[1, 8 * n], 100);
                let [y, _, _] = self.builder.lstm(x, weights, recurrent, biases)?;
                Ok(y)
            }
            CatalogueOperator::Quantize => {
                let x = self.input(dtype, &[n, n], &[1, 0])?;
                let scale = self.scale();
                let zero = self.builder.constant("zero_point", Tensor::scalar(ZERO_POINT));
                self.builder.quantize(x, scale, zero, Granularity::PerTensor)
            }
            CatalogueOperator::Dequantize => {
                let x = self.input(DType::U8, &[n, n], &[1, 0])?;
                let scale = self.scale();
                let zero = self.builder.constant("zero_point", Tensor::scalar(ZERO_POINT));
                self.builder.dequantize(x, scale, zero, Granularity::PerTensor)
            }
            CatalogueOperator::QMatMul => {
                let a = self.input(DType::U8, &[n, n], &[1, 0])?;
                let b = self.weights.uniform_between(&[n, n], -127.0, 127.0);
                let b = self.builder.constant("b", converted(&b, DType::I8));
                let zero = self.builder.constant("zero_point", Tensor::scalar(ZERO_POINT));
                self.builder.apply(MatMulInteger, &[a, b, zero])
            }
        }
    }

    /// An input that reaches the operator in this shape. `order` says how the dimensions of what the caller gives become
    /// those of the operator where the layout is strided.
    fn input(
        &mut self,
        dtype: DType,
        shape: &[usize],
        order: &[usize],
    ) -> Result<ValueId, GraphError> {
        match self.layout {
            Layout::Contiguous => Ok(self.builder.input("x", dtype, shape)),
            Layout::Strided => {
                let mut given = shape.to_vec();
                for (place, &dimension) in order.iter().enumerate() {
                    given[dimension] = shape[place];
                }
                let x = self.builder.input("x", dtype, given);
                self.builder.transpose(x, order)
            }
        }
    }

    /// Weights of variance 1 / `fan_in`.
    fn matrix(&mut self, name: &str, shape: &[usize], fan_in: usize) -> ValueId {
        let weights = self.weights.normal(shape, 0.0, (fan_in as f32).sqrt().recip());
        self.builder.constant(name, converted(&weights, self.dtype))
    }

    /// A scale near one and a bias near zero, one element for each of so many channels.
    fn affine(&mut self, channels: usize) -> [ValueId; 2] {
        [("scale", 1.0), ("bias", 0.0)].map(|(name, mean)| {
            let parameter = self.weights.normal(&[channels], mean, 0.1);
            self.builder.constant(name, converted(&parameter, self.dtype))
        })
    }

    fn scale(&mut self) -> ValueId {
        self.builder.constant("scale", converted(&Tensor::scalar(SCALE), self.dtype))
    }
}

fn converted(tensor: &Tensor, dtype: DType) -> Tensor {
    let converted = tensor.cast(dtype, Conversion::default());
    converted.expect("a tensor of the same shape and no larger elements is there already")
}
