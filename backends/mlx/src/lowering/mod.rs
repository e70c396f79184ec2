//! A graph as operations of MLX's.
//!
//! A file for each family of operators, named as in `tachy_graph::op`.

mod attention;
mod context;
mod conversion;
mod convolution;
mod deformation;
mod einsum;
mod elementwise;
mod grids;
mod indexing;
mod linear;
mod movement;
mod normalization;
mod pooling;
mod program;
mod quantization;
mod recurrent;
mod reduction;
mod regions;
mod resampling;
mod scattering;
mod signal;
mod slicing;
mod taps;

use tachy_graph::Op;
use tachy_runtime::Result;

use crate::array::Array;
use context::Context;

pub(crate) use program::Program;

/// The outputs of a node.
fn lower(cx: &Context<'_>) -> Result<Vec<Array>> {
    let one = |array: Result<Array>| array.map(|array| vec![array]);
    match &cx.node.op {
        Op::Unary(op) => one(elementwise::unary(cx, *op)),
        Op::Binary(op) => one(elementwise::binary(cx, *op)),
        Op::Compare(op) => one(elementwise::compare(cx, *op)),
        Op::Variadic(op) => one(elementwise::variadic(cx, *op)),
        Op::Where(_) => one(cx.stream.select(cx.input(0)?, cx.input(1)?, cx.input(2)?)),
        Op::Clip(_) => one(elementwise::clip(cx)),
        Op::Cast(op) => one(conversion::cast(cx, op)),
        Op::BitCast(_) => one(conversion::bit_cast(cx)),

        Op::Reduce(op) => one(reduction::reduce(cx, op)),
        Op::ArgExtremum(op) => one(reduction::arg_extremum(cx, op)),
        Op::Cumulative(op) => one(reduction::cumulative(cx, op)),
        Op::Softmax(op) => one(reduction::softmax(cx, op)),
        Op::TopK(op) => reduction::top_k(cx, op),

        Op::MatMul(_) => one(linear::matmul(cx)),
        Op::Det(_) => one(linear::determinant(cx)),
        Op::Gemm(op) => one(linear::gemm(cx, op)),
        Op::Einsum(op) => one(einsum::einsum(cx, op)),

        Op::QuantizeLinear(op) => one(quantization::quantize(cx, op)),
        Op::DequantizeLinear(op) => one(quantization::dequantize(cx, op)),
        Op::DynamicQuantizeLinear(_) => quantization::dynamic_quantize(cx),
        Op::MatMulInteger(_) => one(quantization::matmul_integer(cx)),
        Op::QLinearMatMul(_) => one(quantization::quantized_matmul(cx)),

        Op::Reshape(op) => one(cx.stream.reshape(cx.input(0)?, &op.shape)),
        Op::Transpose(op) => one(cx.stream.transpose(cx.input(0)?, &op.permutation)),
        Op::Expand(_) => one(cx.stream.broadcast_to(cx.input(0)?, &cx.output(0).shape)),
        Op::Tile(op) => one(movement::tile(cx, op)),
        Op::DepthToSpace(op) => one(movement::depth_to_space(cx, op)),
        Op::SpaceToDepth(op) => one(movement::space_to_depth(cx, op)),
        Op::Concat(op) => one(slicing::concat(cx, op)),
        Op::Split(op) => slicing::split(cx, op),
        Op::Slice(op) => one(slicing::slice(cx, op)),
        Op::Pad(op) => one(slicing::pad(cx, op)),
        Op::Trilu(op) => one(slicing::triangle(cx, op)),
        Op::ReverseSequence(op) => one(slicing::reverse_sequence(cx, op)),

        Op::Gather(op) => one(indexing::gather(cx, op)),
        Op::GatherElements(op) => one(indexing::gather_elements(cx, op)),
        Op::GatherNd(op) => one(indexing::gather_nd(cx, op)),
        Op::OneHot(op) => one(indexing::one_hot(cx, op)),
        Op::ScatterElements(op) => one(scattering::scatter_elements(cx, op)),
        Op::ScatterNd(op) => one(scattering::scatter_nd(cx, op)),
        Op::TensorScatter(op) => one(scattering::into_cache(cx, op)),

        Op::Resize(op) => one(resampling::resize(cx, op)),
        Op::GridSample(op) => one(grids::sample(cx, op)),
        Op::AffineGrid(op) => one(grids::affine(cx, op)),
        Op::Dft(op) => one(signal::transform(cx, op)),
        Op::Stft(op) => one(signal::short_time(cx, op)),

        Op::Conv(op) => one(convolution::convolve(cx, op)),
        Op::ConvTranspose(op) => one(convolution::adjoint(cx, op)),
        Op::Col2Im(op) => one(convolution::blocks_to_image(cx, op)),
        Op::DeformConv(op) => one(deformation::convolve(cx, op)),
        Op::ConvInteger(op) => one(convolution::integer(cx, op)),
        Op::QLinearConv(op) => one(convolution::quantized(cx, op)),

        Op::MaxPool(op) => pooling::max(cx, op),
        Op::AveragePool(op) => one(pooling::average(cx, op)),
        Op::LpPool(op) => one(pooling::norm(cx, op)),
        Op::MaxUnpool(op) => one(pooling::unpool(cx, op)),
        Op::RoiAlign(op) => one(regions::align(cx, op)),
        Op::GlobalPool(op) => one(pooling::global(cx, op)),

        Op::BatchNormalization(op) => normalization::batch(cx, op),
        Op::InstanceNormalization(op) => {
            one(normalization::groups(cx, cx.shape(0)?[1], op.epsilon))
        }
        Op::GroupNormalization(op) => one(normalization::groups(cx, op.groups, op.epsilon)),
        Op::LayerNormalization(op) => normalization::layer(cx, op),
        Op::RmsNormalization(op) => one(normalization::root_mean_square(cx, op)),
        Op::LocalResponseNormalization(op) => one(normalization::local_response(cx, op)),
        Op::LpNormalization(op) => one(normalization::to_norm_one(cx, op)),
        Op::MeanVarianceNormalization(op) => one(normalization::mean_variance(cx, op)),

        Op::Lstm(op) => recurrent::lstm(cx, op),
        Op::Gru(op) => recurrent::gru(cx, op),
        Op::Rnn(op) => recurrent::rnn(cx, op),

        Op::Attention(op) => attention::attention(cx, op),
        Op::LinearAttention(op) => attention::linear(cx, op),
        Op::RotaryEmbedding(op) => one(attention::rotary(cx, op)),

        _ => Err(cx.unsupported("it is not written with MLX's operations yet")),
    }
}
