//! Which family writes which operator.

use super::attention;
use super::context::ExportContext;
use super::{conversion, elementwise, linear, movement};
use super::{convolution, normalization, recurrent};
use super::{indexing, resampling, signal, slicing};
use super::{quantization, reduction};
use crate::onnx::ExportError;
use crate::op::Op;

/// Writes one node.
pub fn write(op: &Op, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    match op {
        Op::Unary(op) => elementwise::unary(op, node),
        Op::Binary(op) => elementwise::binary(op, node),
        Op::Compare(op) => elementwise::compare(op, node),
        Op::Variadic(op) => elementwise::variadic(op, node),
        Op::Where(_) => elementwise::choice(node),
        Op::Clip(_) => elementwise::clip(node),
        Op::Cast(op) => conversion::cast(op, node),
        Op::MatMul(_) => linear::matmul(node),
        Op::Gemm(op) => linear::gemm(op, node),
        Op::Reshape(op) => movement::reshape(op, node),
        Op::Transpose(op) => movement::transpose(op, node),
        Op::Expand(op) => movement::expand(op, node),
        Op::Tile(op) => movement::tile(op, node),
        Op::DepthToSpace(op) => movement::depth_to_space(*op, node),
        Op::SpaceToDepth(op) => movement::space_to_depth(*op, node),
        Op::Concat(op) => slicing::concat(op, node),
        Op::Split(op) => slicing::split(op, node),
        Op::Slice(op) => slicing::slice(op, node),
        Op::Pad(op) => slicing::pad(op, node),
        Op::Trilu(op) => slicing::trilu(*op, node),
        Op::ReverseSequence(op) => slicing::reverse_sequence(*op, node),
        Op::Gather(op) => indexing::gather(*op, node),
        Op::GatherElements(op) => indexing::gather_elements(*op, node),
        Op::GatherNd(op) => indexing::gather_nd(*op, node),
        Op::OneHot(op) => indexing::one_hot(*op, node),
        Op::ScatterElements(op) => indexing::scatter_elements(*op, node),
        Op::ScatterNd(op) => indexing::scatter_nd(*op, node),
        Op::TensorScatter(op) => indexing::tensor_scatter(*op, node),
        Op::Resize(op) => resampling::resize(op, node),
        Op::GridSample(op) => resampling::grid_sample(*op, node),
        Op::AffineGrid(op) => resampling::affine_grid(op, node),
        Op::Dft(op) => signal::dft(*op, node),
        Op::Stft(op) => signal::stft(*op, node),
        Op::BitCast(op) => conversion::bit_cast(op, node),
        Op::Conv(op) => convolution::conv(op, node),
        Op::ConvTranspose(op) => convolution::conv_transpose(op, node),
        Op::ConvInteger(op) => convolution::conv_integer(op, node),
        Op::QLinearConv(op) => convolution::qlinear_conv(op, node),
        Op::DeformConv(op) => convolution::deform_conv(op, node),
        Op::Col2Im(op) => convolution::col2im(op, node),
        Op::MaxPool(op) => convolution::max_pool(op, node),
        Op::AveragePool(op) => convolution::average_pool(op, node),
        Op::LpPool(op) => convolution::lp_pool(op, node),
        Op::GlobalPool(op) => convolution::global_pool(*op, node),
        Op::MaxUnpool(op) => convolution::max_unpool(op, node),
        Op::RoiAlign(op) => convolution::roi_align(op, node),
        Op::BatchNormalization(op) => normalization::batch(op, node),
        Op::InstanceNormalization(op) => normalization::instance(op, node),
        Op::GroupNormalization(op) => normalization::group(op, node),
        Op::LayerNormalization(op) => normalization::layer(op, node),
        Op::RmsNormalization(op) => normalization::rms(op, node),
        Op::LocalResponseNormalization(op) => normalization::local_response(op, node),
        Op::LpNormalization(op) => normalization::lp(op, node),
        Op::MeanVarianceNormalization(op) => normalization::mean_variance(op, node),
        Op::Attention(op) => attention::attention(op, node),
        Op::RotaryEmbedding(op) => attention::rotary_embedding(*op, node),
        Op::LinearAttention(op) => attention::linear_attention(*op, node),
        Op::Lstm(op) => recurrent::lstm(op, node),
        Op::Gru(op) => recurrent::gru(op, node),
        Op::Rnn(op) => recurrent::rnn(op, node),
        Op::Reduce(op) => reduction::reduce(op, node),
        Op::ArgExtremum(op) => reduction::arg_extremum(op, node),
        Op::Cumulative(op) => reduction::cumulative(op, node),
        Op::Softmax(op) => reduction::softmax(op, node),
        Op::TopK(op) => reduction::top_k(op, node),
        Op::Einsum(op) => linear::einsum(op, node),
        Op::Det(_) => linear::det(node),
        Op::QuantizeLinear(op) => quantization::quantize(op, node),
        Op::DequantizeLinear(op) => quantization::dequantize(op, node),
        Op::DynamicQuantizeLinear(_) => quantization::dynamic(node),
        Op::MatMulInteger(_) => quantization::matmul_integer(node),
        Op::QLinearMatMul(_) => quantization::qlinear_matmul(node),
        Op::Pointwise(_) | Op::Fused(_) => {
            Err(node.error("it was fused; write the graph as it was before its optimisation"))
        }
        Op::Custom(_) => Err(node.error("it is a closure of the program's own")),
    }
}
