//! From an operator to its kernel.

use tachy_graph::{Op, Operator};

use super::{along_axis, einsum, linear, quantization, quantized_linear, reduce};
use super::{attention, recurrent};
use super::{binary, conversion, custom, select, variadic};
use super::{
    convolution, fourier, gather, grid_sample, movement, normalization, pooling, resize, scatter,
    sequences, unary,
};
use crate::kernel::{Operands, Prepared, Unsupported};

/// The kernel for an operator on these operands.
pub(crate) fn prepare(op: &Op, operands: Operands<'_>) -> Prepared {
    match op {
        Op::Unary(op) => unary::prepare(*op, operands),

        Op::Reshape(_) => movement::prepare_reshape(operands),
        Op::Transpose(op) => movement::prepare_transpose(op, operands),
        Op::Expand(op) => movement::prepare_expand(op, operands),
        Op::Tile(op) => movement::prepare_tile(op, operands),
        Op::DepthToSpace(op) => movement::prepare_depth_to_space(op, operands),
        Op::SpaceToDepth(op) => movement::prepare_space_to_depth(op, operands),
        Op::Concat(op) => movement::prepare_concat(op.axis, operands),
        Op::Split(op) => movement::prepare_split(op, operands),
        Op::Slice(op) => movement::prepare_slice(op, operands),
        Op::Pad(op) => movement::prepare_pad(op, operands),
        Op::Trilu(op) => sequences::prepare_trilu(*op, operands),
        Op::ReverseSequence(op) => sequences::prepare_reverse_sequence(*op, operands),

        Op::Gather(op) => gather::prepare_gather(*op, operands),
        Op::GatherElements(op) => gather::prepare_gather_elements(*op, operands),
        Op::GatherNd(op) => gather::prepare_gather_nd(*op, operands),
        Op::OneHot(op) => gather::prepare_one_hot(*op, operands),
        Op::ScatterElements(op) => scatter::prepare_scatter_elements(*op, operands),
        Op::ScatterNd(op) => scatter::prepare_scatter_nd(*op, operands),
        Op::TensorScatter(op) => scatter::prepare_tensor_scatter(*op, operands),

        Op::Resize(op) => resize::prepare(op, operands),
        Op::GridSample(op) => grid_sample::prepare(*op, operands),
        Op::AffineGrid(op) => grid_sample::prepare_affine_grid(op, operands),

        Op::Dft(op) => fourier::prepare_dft(*op, operands),
        Op::Stft(op) => fourier::prepare_stft(*op, operands),
        Op::Conv(op) => convolution::prepare(op, operands),
        Op::ConvTranspose(op) => convolution::prepare_transpose(op, operands),
        Op::DeformConv(op) => convolution::prepare_deform(op, operands),
        Op::Col2Im(op) => convolution::prepare_col2im(op, operands),
        Op::ConvInteger(op) => convolution::prepare_integer(op, operands),
        Op::QLinearConv(op) => convolution::prepare_quantized(op, operands),
        Op::MaxPool(op) => pooling::prepare_max(op, operands),
        Op::AveragePool(op) => pooling::prepare_average(op, operands),
        Op::LpPool(op) => pooling::prepare_norm(op, operands),
        Op::GlobalPool(op) => pooling::prepare_global(*op, operands),
        Op::MaxUnpool(op) => pooling::prepare_unpool(op, operands),
        Op::RoiAlign(op) => pooling::prepare_roi_align(op, operands),
        Op::BatchNormalization(op) => normalization::prepare_batch(op, operands),
        Op::InstanceNormalization(op) => normalization::prepare_instance(op, operands),
        Op::GroupNormalization(op) => normalization::prepare_group(op, operands),
        Op::LayerNormalization(op) => normalization::prepare_layer(op, operands),
        Op::RmsNormalization(op) => normalization::prepare_rms(op, operands),
        Op::LocalResponseNormalization(op) => normalization::prepare_local_response(op, operands),
        Op::LpNormalization(op) => normalization::prepare_lp(op, operands),
        Op::MeanVarianceNormalization(op) => normalization::prepare_mean_variance(op, operands),
        Op::Attention(op) => attention::prepare(op, operands),
        Op::RotaryEmbedding(op) => attention::prepare_rotary(*op, operands),
        Op::LinearAttention(op) => attention::prepare_linear(*op, operands),
        Op::Lstm(op) => recurrent::prepare_lstm(op, operands),
        Op::Gru(op) => recurrent::prepare_gru(op, operands),
        Op::Rnn(op) => recurrent::prepare_rnn(op, operands),
        Op::Binary(op) => binary::prepare(*op, operands),
        Op::Compare(op) => binary::prepare_compare(*op, operands),
        Op::Variadic(op) => variadic::prepare(*op, operands),
        Op::Where(_) => select::prepare_where(operands),
        Op::Clip(_) => select::prepare_clip(operands),
        Op::Cast(op) => conversion::prepare_cast(*op, operands),
        Op::BitCast(op) => conversion::prepare_bit_cast(*op, operands),

        Op::Reduce(op) => reduce::prepare(op, operands),
        Op::ArgExtremum(op) => along_axis::prepare_arg_extremum(*op, operands),
        Op::Cumulative(op) => along_axis::prepare_cumulative(*op, operands),
        Op::Softmax(op) => along_axis::prepare_softmax(*op, operands),
        Op::MatMul(_) => linear::prepare_matmul(operands),
        Op::Gemm(op) => linear::prepare_gemm(*op, operands),
        Op::Det(_) => linear::prepare_det(operands),
        Op::Einsum(op) => einsum::prepare(op, operands),
        Op::QuantizeLinear(op) => quantization::prepare_quantize(*op, operands),
        Op::DequantizeLinear(op) => quantization::prepare_dequantize(*op, operands),
        Op::DynamicQuantizeLinear(_) => Ok(quantization::dynamic()),
        Op::MatMulInteger(_) => quantized_linear::prepare_integer(operands),
        Op::QLinearMatMul(_) => quantized_linear::prepare_quantized(operands),
        Op::Custom(op) => Ok(custom::prepare(op)),
        Op::TopK(op) => along_axis::prepare_top_k(*op, operands),
        other => Err(Unsupported(format!("there is no kernel for {}", other.name()))),
    }
}
