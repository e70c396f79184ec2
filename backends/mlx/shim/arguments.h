// The inside of the shim: operands as MLX wants them, and exceptions as messages.

#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "interface.h"
#include "mlx/mlx.h"

namespace tachy {

namespace mx = mlx::core;

void set_message(const char* message);
mx::Dtype dtype_of(int64_t code);
int32_t code_of(const mx::Dtype& dtype);
// Refuses an array that could never be allocated: MLX's allocator for the processor does not survive it.
void check_size(const mx::array& array);

inline mx::array* unwrap(const TachyMlxArray* array) {
  return reinterpret_cast<mx::array*>(const_cast<TachyMlxArray*>(array));
}

inline const mx::Stream& unwrap(const TachyMlxStream* stream) {
  return *reinterpret_cast<const mx::Stream*>(stream);
}

inline TachyMlxArray* wrap(mx::array array) {
  return reinterpret_cast<TachyMlxArray*>(new mx::array(std::move(array)));
}

// Runs a piece of the library; what it throws becomes the message.
template <typename Piece>
int32_t guarded(Piece&& piece) {
  try {
    piece();
    return 0;
  } catch (const std::exception& error) {
    set_message(error.what());
  } catch (...) {
    set_message("it threw something that is no exception");
  }
  return 1;
}

// The operands of one operation. Integers and reals are read in order; a list is its length and its elements.
class Arguments {
 public:
  Arguments(
      const TachyMlxArguments& raw,
      const mx::Stream& stream,
      TachyMlxArray** outputs,
      size_t output_count)
      : stream(stream), raw_(raw), outputs_(outputs), output_count_(output_count) {}

  const mx::array& array(size_t index) const {
    if (index >= raw_.array_count || !raw_.arrays[index]) {
      throw std::invalid_argument("an array is missing");
    }
    return *unwrap(raw_.arrays[index]);
  }

  std::optional<mx::array> optional(size_t index) const {
    if (index >= raw_.array_count || !raw_.arrays[index]) {
      return std::nullopt;
    }
    return *unwrap(raw_.arrays[index]);
  }

  // All arrays from this one on.
  std::vector<mx::array> arrays(size_t from = 0) const {
    std::vector<mx::array> arrays;
    for (size_t index = from; index < raw_.array_count; ++index) {
      arrays.push_back(array(index));
    }
    return arrays;
  }

  int64_t integer() {
    if (next_integer_ >= raw_.integer_count) {
      throw std::invalid_argument("an integer is missing");
    }
    return raw_.integers[next_integer_++];
  }

  int number() {
    return static_cast<int>(integer());
  }

  bool flag() {
    return integer() != 0;
  }

  mx::Dtype dtype() {
    return dtype_of(integer());
  }

  std::vector<int> list() {
    std::vector<int> list(static_cast<size_t>(integer()));
    for (auto& element : list) {
      element = number();
    }
    return list;
  }

  mx::Shape shape() {
    auto elements = list();
    return mx::Shape(elements.begin(), elements.end());
  }

  mx::Strides strides() {
    mx::Strides strides(static_cast<size_t>(integer()));
    for (auto& element : strides) {
      element = integer();
    }
    return strides;
  }

  double real() {
    if (next_real_ >= raw_.real_count) {
      throw std::invalid_argument("a number is missing");
    }
    return raw_.reals[next_real_++];
  }

  std::string text() const {
    return raw_.text ? raw_.text : "";
  }

  void give(mx::array array) {
    if (given_ >= output_count_) {
      return;
    }
    check_size(array);
    outputs_[given_++] = wrap(std::move(array));
  }

  size_t given() const {
    return given_;
  }

  const mx::Stream& stream;

 private:
  const TachyMlxArguments& raw_;
  TachyMlxArray** outputs_;
  size_t output_count_;
  size_t given_ = 0;
  size_t next_integer_ = 0;
  size_t next_real_ = 0;
};

// One function for each operation, in the namespace `operations`.
namespace operations {
#define OPERATION(name) void name(Arguments& arguments);
#include "operations.def"
#undef OPERATION
}

} // namespace tachy
