// Operations on elements at the same place, and conversions.

#include "arguments.h"

namespace tachy::operations {

#define UNARY(name)                                             \
  void name(Arguments& arguments) {                             \
    arguments.give(mx::name(arguments.array(0), arguments.stream)); \
  }

#define BINARY(name)                                                               \
  void name(Arguments& arguments) {                                                \
    arguments.give(                                                                \
        mx::name(arguments.array(0), arguments.array(1), arguments.stream));       \
  }

UNARY(abs)
UNARY(negative)
UNARY(sign)
UNARY(floor)
UNARY(ceil)
UNARY(round)
UNARY(sqrt)
UNARY(rsqrt)
UNARY(square)
UNARY(reciprocal)
UNARY(exp)
UNARY(expm1)
UNARY(log)
UNARY(log1p)
UNARY(erf)
UNARY(sin)
UNARY(cos)
UNARY(tan)
UNARY(arcsin)
UNARY(arccos)
UNARY(arctan)
UNARY(sinh)
UNARY(cosh)
UNARY(tanh)
UNARY(arcsinh)
UNARY(arccosh)
UNARY(arctanh)
UNARY(sigmoid)
UNARY(logical_not)
UNARY(bitwise_invert)
UNARY(isnan)
UNARY(isposinf)
UNARY(isneginf)
UNARY(trunc)
UNARY(real)
UNARY(imag)

BINARY(add)
BINARY(subtract)
BINARY(multiply)
BINARY(divide)
BINARY(floor_divide)
BINARY(remainder)
BINARY(power)
BINARY(maximum)
BINARY(minimum)
BINARY(logical_and)
BINARY(logical_or)
BINARY(bitwise_and)
BINARY(bitwise_or)
BINARY(bitwise_xor)
BINARY(left_shift)
BINARY(right_shift)
BINARY(equal)
BINARY(not_equal)
BINARY(greater)
BINARY(greater_equal)
BINARY(less)
BINARY(less_equal)
BINARY(logaddexp)

void contiguous(Arguments& arguments) {
  arguments.give(mx::contiguous(arguments.array(0), false, arguments.stream));
}

void where(Arguments& arguments) {
  arguments.give(mx::where(
      arguments.array(0), arguments.array(1), arguments.array(2), arguments.stream));
}

void astype(Arguments& arguments) {
  arguments.give(mx::astype(arguments.array(0), arguments.dtype(), arguments.stream));
}

void view(Arguments& arguments) {
  arguments.give(mx::view(arguments.array(0), arguments.dtype(), arguments.stream));
}

void from_fp8(Arguments& arguments) {
  arguments.give(mx::from_fp8(arguments.array(0), arguments.dtype(), arguments.stream));
}

void to_fp8(Arguments& arguments) {
  arguments.give(mx::to_fp8(arguments.array(0), arguments.stream));
}

} // namespace tachy::operations
