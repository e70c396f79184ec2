// Linear algebra, transforms, quantisation and MLX's `fast` kernels.

#include "arguments.h"

namespace tachy::operations {

namespace {

// A group size or a number of bits; 0 is the mode's own.
std::optional<int> positive(int number) {
  return number > 0 ? std::optional<int>(number) : std::nullopt;
}

} // namespace

void matmul(Arguments& arguments) {
  arguments.give(
      mx::matmul(arguments.array(0), arguments.array(1), arguments.stream));
}

void addmm(Arguments& arguments) {
  auto alpha = static_cast<float>(arguments.real());
  auto beta = static_cast<float>(arguments.real());
  arguments.give(mx::addmm(
      arguments.array(0),
      arguments.array(1),
      arguments.array(2),
      alpha,
      beta,
      arguments.stream));
}

void einsum(Arguments& arguments) {
  arguments.give(mx::einsum(arguments.text(), arguments.arrays(), arguments.stream));
}

void convolution(Arguments& arguments) {
  auto stride = arguments.list();
  auto low = arguments.list();
  auto high = arguments.list();
  auto dilation = arguments.list();
  auto input_dilation = arguments.list();
  auto groups = arguments.number();
  auto flip = arguments.flag();
  arguments.give(mx::conv_general(
      arguments.array(0),
      arguments.array(1),
      stride,
      low,
      high,
      dilation,
      input_dilation,
      groups,
      flip,
      arguments.stream));
}

// MLX has it on the processor only.
void inverse(Arguments& arguments) {
  arguments.give(mx::linalg::inv(arguments.array(0), arguments.stream));
}

#define TRANSFORM(name)                                                             \
  void name(Arguments& arguments) {                                                 \
    auto length = arguments.number();                                               \
    auto axis = arguments.number();                                                 \
    arguments.give(mx::fft::name(                                                   \
        arguments.array(0), length, axis, mx::fft::FFTNorm::Backward, arguments.stream)); \
  }

TRANSFORM(fft)
TRANSFORM(ifft)
TRANSFORM(rfft)
TRANSFORM(irfft)

void quantize(Arguments& arguments) {
  auto group = positive(arguments.number());
  auto bits = positive(arguments.number());
  for (auto& part : mx::quantize(
           arguments.array(0), group, bits, arguments.text(), std::nullopt, arguments.stream)) {
    arguments.give(part);
  }
}

void dequantize(Arguments& arguments) {
  auto group = positive(arguments.number());
  auto bits = positive(arguments.number());
  arguments.give(mx::dequantize(
      arguments.array(0),
      arguments.array(1),
      arguments.optional(2),
      group,
      bits,
      arguments.text(),
      std::nullopt,
      arguments.dtype(),
      arguments.stream));
}

void quantized_matmul(Arguments& arguments) {
  auto transpose = arguments.flag();
  auto group = positive(arguments.number());
  auto bits = positive(arguments.number());
  arguments.give(mx::quantized_matmul(
      arguments.array(0),
      arguments.array(1),
      arguments.array(2),
      arguments.optional(3),
      transpose,
      group,
      bits,
      arguments.text(),
      arguments.stream));
}

void layer_norm(Arguments& arguments) {
  arguments.give(mx::fast::layer_norm(
      arguments.array(0),
      arguments.optional(1),
      arguments.optional(2),
      static_cast<float>(arguments.real()),
      arguments.stream));
}

void rms_norm(Arguments& arguments) {
  arguments.give(mx::fast::rms_norm(
      arguments.array(0),
      arguments.optional(1),
      static_cast<float>(arguments.real()),
      arguments.stream));
}

// Queries, keys, values and a mask, which may be left out; the text is the kind of mask: `causal`, `array` or none.
void attention(Arguments& arguments) {
  arguments.give(mx::fast::scaled_dot_product_attention(
      arguments.array(0),
      arguments.array(1),
      arguments.array(2),
      static_cast<float>(arguments.real()),
      arguments.text(),
      arguments.optional(3),
      std::nullopt,
      false,
      arguments.stream));
}

} // namespace tachy::operations
