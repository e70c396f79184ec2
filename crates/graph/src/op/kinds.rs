//! The set of all operators.

use super::custom::Custom;
use super::operator::{InferError, Inputs, Operator};
use super::{attention::*, recurrent::*};
use super::{conversion::*, elementwise::*, indexing::*, linear::*, movement::*};
use super::{convolution::*, normalization::*, pooling::*, quantized_convolution::*};
use super::{einsum::*, fused::*, quantization::*};
use super::{reduction::*, resampling::*, scattering::*, signal::*, slicing::*};
use crate::shape::TensorType;

macro_rules! operators {
    ($($(#[$doc:meta])* $kind:ident,)*) => {
        /// An operator: what a node computes. See the structure of each for its inputs and outputs.
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum Op {
            $($(#[$doc])* $kind($kind),)*
        }

        impl Op {
            fn operator(&self) -> &dyn Operator {
                match self {
                    $(Op::$kind(operator) => operator,)*
                }
            }
        }

        $(impl From<$kind> for Op {
            fn from(operator: $kind) -> Self {
                Op::$kind(operator)
            }
        })*
    };
}

operators! {
    // Element by element.
    /// One tensor in, the same shape out.
    Unary,
    /// Two tensors in, broadcast.
    Binary,
    /// Two tensors in, broadcast; booleans out.
    Compare,
    /// Any number of tensors in, broadcast.
    Variadic,
    /// Choice between two tensors.
    Where,
    /// Limits to a range.
    Clip,
    /// Conversion to another element type.
    Cast,
    /// The same bits as another element type.
    BitCast,

    // Reduction: elements are combined along dimensions.
    /// Elements combined into one.
    Reduce,
    /// The place of the largest or smallest.
    ArgExtremum,
    /// Sums or products up to each element.
    Cumulative,
    /// Shares of a whole.
    Softmax,
    /// The largest or smallest few.
    TopK,

    // Linear algebra.
    /// Matrix product.
    MatMul,
    /// Matrix product with scaling, transposition and a third term.
    Gemm,
    /// Products summed over indices.
    Einsum,
    /// Determinants.
    Det,

    // Quantization.
    /// Floats to numbers of few bits.
    QuantizeLinear,
    /// Numbers of few bits to floats.
    DequantizeLinear,
    /// Floats to 8 bits, by their own range.
    DynamicQuantizeLinear,
    /// Matrix product of 8-bit integers.
    MatMulInteger,
    /// Matrix product of quantised numbers.
    QLinearMatMul,

    // Movement: elements keep their values and change their places.
    /// Another shape for the same elements.
    Reshape,
    /// Another order of the dimensions.
    Transpose,
    /// Repetition of dimensions of size 1.
    Expand,
    /// Repetition of the whole.
    Tile,
    /// Channels to blocks of pixels.
    DepthToSpace,
    /// Blocks of pixels to channels.
    SpaceToDepth,
    /// Several tensors to one.
    Concat,
    /// One tensor to several.
    Split,
    /// Evenly spaced positions.
    Slice,
    /// New elements at the ends.
    Pad,
    /// A triangle of each matrix.
    Trilu,
    /// The start of each sequence, backwards.
    ReverseSequence,

    // Indexing: places named by another tensor.
    /// Slices at indices.
    Gather,
    /// Elements at indices.
    GatherElements,
    /// Slices at coordinates.
    GatherNd,
    /// Indices to vectors with one element on.
    OneHot,
    /// Elements written at indices.
    ScatterElements,
    /// Slices written at coordinates.
    ScatterNd,
    /// A stretch of a cache, written.
    TensorScatter,

    // Resampling: values between the elements.
    /// Another size of an image.
    Resize,
    /// An image at the positions of a grid.
    GridSample,
    /// The grid of an affine map.
    AffineGrid,

    // Signals.
    /// Discrete Fourier transform.
    Dft,
    /// Short-time Fourier transform.
    Stft,

    // Convolution.
    /// Convolution.
    Conv,
    /// The adjoint of convolution.
    ConvTranspose,
    /// Convolution at sampling points that move.
    DeformConv,
    /// The sum of overlapping blocks.
    Col2Im,
    /// Convolution of 8-bit integers.
    ConvInteger,
    /// Convolution of quantised tensors.
    QLinearConv,

    // Pooling.
    /// The largest element of each window.
    MaxPool,
    /// The mean of each window.
    AveragePool,
    /// The norm of each window.
    LpPool,
    /// One number for each channel.
    GlobalPool,
    /// The inverse of `MaxPool`.
    MaxUnpool,
    /// Regions resampled to one size.
    RoiAlign,

    // Normalisation.
    /// By known or the batch's statistics, channel by channel.
    BatchNormalization,
    /// Each channel of each sample.
    InstanceNormalization,
    /// Groups of channels of each sample.
    GroupNormalization,
    /// The innermost dimensions.
    LayerNormalization,
    /// By the root mean square.
    RmsNormalization,
    /// By neighbouring channels.
    LocalResponseNormalization,
    /// To norm 1 along an axis.
    LpNormalization,
    /// To mean 0 and variance 1 over some axes.
    MeanVarianceNormalization,

    // Recurrence.
    /// Long short-term memory.
    Lstm,
    /// Gated recurrent unit.
    Gru,
    /// Simple recurrent layer.
    Rnn,

    // Attention.
    /// Scaled dot-product attention.
    Attention,
    /// Rotary position embedding.
    RotaryEmbedding,
    /// Attention as a recurrence.
    LinearAttention,

    // Several operators as one.
    /// Element-wise operators in one sweep.
    Pointwise,
    /// An operator and what is computed of its result.
    Fused,
    /// An operator of the caller's own.
    Custom,
}

impl Operator for Op {
    fn name(&self) -> &'static str {
        self.operator().name()
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        self.operator().infer(inputs)
    }
}
