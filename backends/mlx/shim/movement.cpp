// Operations that change the places of elements, and reductions.

#include "arguments.h"

namespace tachy::operations {

void reshape(Arguments& arguments) {
  arguments.give(mx::reshape(arguments.array(0), arguments.shape(), arguments.stream));
}

void transpose(Arguments& arguments) {
  arguments.give(mx::transpose(arguments.array(0), arguments.list(), arguments.stream));
}

void broadcast_to(Arguments& arguments) {
  arguments.give(mx::broadcast_to(arguments.array(0), arguments.shape(), arguments.stream));
}

void as_strided(Arguments& arguments) {
  auto shape = arguments.shape();
  auto strides = arguments.strides();
  auto offset = static_cast<size_t>(arguments.integer());
  arguments.give(
      mx::as_strided(arguments.array(0), shape, strides, offset, arguments.stream));
}

void slice(Arguments& arguments) {
  auto start = arguments.shape();
  auto stop = arguments.shape();
  auto strides = arguments.shape();
  arguments.give(mx::slice(arguments.array(0), start, stop, strides, arguments.stream));
}

void slice_update(Arguments& arguments) {
  auto start = arguments.shape();
  auto stop = arguments.shape();
  auto strides = arguments.shape();
  arguments.give(mx::slice_update(
      arguments.array(0), arguments.array(1), start, stop, strides, arguments.stream));
}

void concatenate(Arguments& arguments) {
  arguments.give(
      mx::concatenate(arguments.arrays(), arguments.number(), arguments.stream));
}

void pad(Arguments& arguments) {
  auto low = arguments.list();
  auto high = arguments.list();
  std::vector<std::pair<int, int>> widths;
  for (size_t axis = 0; axis < low.size(); ++axis) {
    widths.emplace_back(low[axis], high.at(axis));
  }
  arguments.give(mx::pad(
      arguments.array(0), widths, arguments.array(1), "constant", arguments.stream));
}

void tile(Arguments& arguments) {
  arguments.give(mx::tile(arguments.array(0), arguments.list(), arguments.stream));
}

void full(Arguments& arguments) {
  auto dtype = arguments.dtype();
  auto shape = arguments.shape();
  arguments.give(mx::full(shape, mx::array(arguments.real(), dtype), dtype, arguments.stream));
}

void arange(Arguments& arguments) {
  auto dtype = arguments.dtype();
  auto start = arguments.real();
  auto stop = arguments.real();
  auto step = arguments.real();
  arguments.give(mx::arange(start, stop, step, dtype, arguments.stream));
}

void take(Arguments& arguments) {
  arguments.give(mx::take(
      arguments.array(0), arguments.array(1), arguments.number(), arguments.stream));
}

void take_along_axis(Arguments& arguments) {
  arguments.give(mx::take_along_axis(
      arguments.array(0), arguments.array(1), arguments.number(), arguments.stream));
}

// The array, the updates, then the indices, one for each of the listed axes.
#define SCATTER(name)                                                             \
  void name(Arguments& arguments) {                                               \
    arguments.give(mx::name(                                                      \
        arguments.array(0),                                                       \
        arguments.arrays(2),                                                      \
        arguments.array(1),                                                       \
        arguments.list(),                                                         \
        arguments.stream));                                                       \
  }

SCATTER(scatter)
SCATTER(scatter_add)
SCATTER(scatter_prod)
SCATTER(scatter_max)
SCATTER(scatter_min)

void argsort(Arguments& arguments) {
  arguments.give(mx::argsort(arguments.array(0), arguments.number(), arguments.stream));
}

#define REDUCTION(name)                                                            \
  void name(Arguments& arguments) {                                                \
    auto axes = arguments.list();                                                  \
    arguments.give(                                                                \
        mx::name(arguments.array(0), axes, arguments.flag(), arguments.stream));   \
  }

REDUCTION(sum)
REDUCTION(mean)
REDUCTION(max)
REDUCTION(min)
REDUCTION(prod)
REDUCTION(logsumexp)
REDUCTION(all)
REDUCTION(any)

void variance(Arguments& arguments) {
  auto axes = arguments.list();
  arguments.give(
      mx::var(arguments.array(0), axes, arguments.flag(), 0, arguments.stream));
}

#define PLACE(name)                                                                \
  void name(Arguments& arguments) {                                                \
    auto axis = arguments.number();                                                \
    arguments.give(                                                                \
        mx::name(arguments.array(0), axis, arguments.flag(), arguments.stream));   \
  }

PLACE(argmax)
PLACE(argmin)

#define CUMULATION(name)                                                           \
  void name(Arguments& arguments) {                                                \
    auto axis = arguments.number();                                                \
    auto reverse = arguments.flag();                                               \
    auto inclusive = arguments.flag();                                             \
    const auto& a = arguments.array(0);                                            \
    arguments.give(                                                                \
        mx::name(a, axis, reverse, inclusive, a.dtype(), arguments.stream));       \
  }

CUMULATION(cumsum)
CUMULATION(cumprod)

void softmax(Arguments& arguments) {
  auto axis = arguments.number();
  arguments.give(
      mx::softmax(arguments.array(0), axis, arguments.flag(), arguments.stream));
}

} // namespace tachy::operations
