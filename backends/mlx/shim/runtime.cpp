// The table: arrays, evaluation, compiled functions, devices and memory.

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <memory>
#include <thread>

#include "arguments.h"
#include "driver.h"
#include "mlx/compile_impl.h"
#include "mlx/primitives.h"
#include "transfer.h"

namespace tachy {

namespace {

thread_local std::string last_message;

constexpr mx::Dtype kDtypes[] = {
    mx::bool_,   mx::uint8,   mx::uint16,  mx::uint32,  mx::uint64,
    mx::int8,    mx::int16,   mx::int32,   mx::int64,   mx::float16,
    mx::float32, mx::float64, mx::bfloat16, mx::complex64};

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)
constexpr const char* kHeadersVersion =
    TEXT(MLX_VERSION_MAJOR) "." TEXT(MLX_VERSION_MINOR) "." TEXT(MLX_VERSION_PATCH);

using Operation = void (*)(Arguments&);
constexpr Operation kOperations[] = {
#define OPERATION(name) operations::name,
#include "operations.def"
#undef OPERATION
};

mx::Device device_of(int32_t kind) {
  return mx::Device(kind == 0 ? mx::Device::cpu : mx::Device::gpu);
}

// The size in bytes, unless it is beyond an address space.
size_t checked_size(const mx::Shape& shape, size_t item) {
  size_t size = item;
  for (auto dimension : shape) {
    if (dimension < 0 || __builtin_mul_overflow(size, static_cast<size_t>(dimension), &size)) {
      throw std::length_error("an array would be larger than an address space");
    }
  }
  return size;
}

void refuse_beyond_limit(size_t size) {
  // Asking for the limit takes a lock, and few arrays are large.
  if (size < (size_t(1) << 20)) {
    return;
  }
  auto limit = mx::get_memory_limit();
  if (size > limit) {
    throw std::length_error(
        "an array would take " + std::to_string(size) + " bytes, and the memory limit is " +
        std::to_string(limit));
  }
}

// The allocator for processors goes on without looking when the system refuses; so large sizes are tried. Nothing is
// written to what is given, so that this takes no memory.
void refuse_beyond_system(size_t size) {
  if (size < (size_t(64) << 20)) {
    return;
  }
  auto tried = std::malloc(size);
  std::free(tried);
  if (!tried) {
    throw std::length_error(
        "an array would take " + std::to_string(size) + " bytes, which the system does not have");
  }
}

std::vector<mx::array> gather(TachyMlxArray* const* arrays, size_t count) {
  std::vector<mx::array> gathered;
  gathered.reserve(count);
  for (size_t index = 0; index < count; ++index) {
    gathered.push_back(*unwrap(arrays[index]));
  }
  return gathered;
}

const char* message() {
  return last_message.c_str();
}

int32_t device_count(int32_t kind, int32_t* count) {
  return guarded([&] {
    auto device = device_of(kind);
    *count = mx::is_available(device) ? mx::device_count(device.type) : 0;
  });
}

int32_t device_name(int32_t kind, char* buffer, size_t capacity) {
  return guarded([&] {
    const auto& info = mx::device_info(device_of(kind));
    auto found = info.find("device_name");
    std::string name;
    if (found != info.end()) {
      if (auto text = std::get_if<std::string>(&found->second)) {
        name = *text;
      }
    }
    std::strncpy(buffer, name.c_str(), capacity - 1);
    buffer[capacity - 1] = 0;
  });
}

int32_t set_default_device(int32_t kind) {
  return guarded([&] { mx::set_default_device(device_of(kind)); });
}

int32_t new_stream(int32_t kind, TachyMlxStream** out) {
  return guarded([&] {
    refuse_without_gpu();
    auto stream = mx::new_thread_unsafe_stream(device_of(kind));
    // Now the GPU has its context, which is to stay.
    refuse_without_gpu();
    *out = reinterpret_cast<TachyMlxStream*>(new mx::Stream(stream));
  });
}

int32_t from_host(
    int32_t kind,
    const void* bytes,
    size_t size,
    int32_t dtype,
    const int32_t* shape,
    size_t rank,
    TachyMlxArray** out) {
  return guarded([&] {
    refuse_without_gpu();
    mx::Shape sizes(shape, shape + rank);
    auto type = dtype_of(dtype);
    auto expected = checked_size(sizes, type.size());
    if (expected != size) {
      throw std::invalid_argument("the bytes do not fill the shape");
    }
    refuse_beyond_limit(size);
    auto data = mx::allocator::malloc(size);
    if (size > 0) {
      auto buffer = data.buffer();
      if (!buffer.ptr()) {
        throw std::bad_alloc();
      }
      auto data = buffer.raw_ptr();
      if (kind == 1) {
        // Memory that was used before may lie on the GPU still.
        move(data, size, Side::host);
      }
      std::memcpy(data, bytes, size);
    }
    *out = wrap(mx::array(std::move(data), std::move(sizes), type));
  });
}

int32_t bring(const TachyMlxArray* array, int32_t kind) {
  return guarded([&] {
    refuse_without_gpu();
    auto& source = *unwrap(array);
    if (source.is_available()) {
      move(source.data<char>(), source.nbytes(), kind == 1 ? Side::device : Side::host);
    }
  });
}

int32_t to_host(const TachyMlxArray* array, void* bytes, size_t size) {
  return guarded([&] {
    refuse_without_gpu();
    auto& source = *unwrap(array);
    if (!source.is_available()) {
      throw std::invalid_argument("the array is not evaluated");
    }
    if (!source.flags().row_contiguous && source.size() > 1) {
      throw std::invalid_argument("the array is not contiguous");
    }
    if (source.nbytes() != size) {
      throw std::invalid_argument("the array has another size");
    }
    if (size > 0) {
      std::memcpy(bytes, source.data<char>(), size);
    }
  });
}

TachyMlxArray* clone_array(const TachyMlxArray* array) {
  return wrap(*unwrap(array));
}

void drop_array(TachyMlxArray* array) {
  // An array that dies may free memory through the library, which may throw.
  guarded([&] {
    if (!gpu_is_lost()) {
      delete unwrap(array);
    }
  });
}

size_t rank(const TachyMlxArray* array) {
  return unwrap(array)->ndim();
}

void shape(const TachyMlxArray* array, int32_t* shape) {
  const auto& sizes = unwrap(array)->shape();
  std::copy(sizes.begin(), sizes.end(), shape);
}

int32_t dtype(const TachyMlxArray* array) {
  return code_of(unwrap(array)->dtype());
}

int32_t eval(TachyMlxArray* const* arrays, size_t count) {
  return guarded([&] {
    refuse_without_context();
    try {
      mx::eval(gather(arrays, count));
      end_well();
    } catch (...) {
      look_after_failure();
      throw;
    }
  });
}

int32_t apply(
    uint32_t operation,
    const TachyMlxArguments* raw,
    const TachyMlxStream* stream,
    TachyMlxArray** outputs,
    size_t output_count) {
  return guarded([&] {
    if (operation >= std::size(kOperations)) {
      throw std::invalid_argument("there is no such operation");
    }
    Arguments arguments(*raw, unwrap(stream), outputs, output_count);
    try {
      kOperations[operation](arguments);
      if (arguments.given() != output_count) {
        throw std::logic_error("the operation has fewer outputs");
      }
    } catch (...) {
      for (size_t index = 0; index < arguments.given(); ++index) {
        delete unwrap(outputs[index]);
      }
      throw;
    }
  });
}

using Function = std::function<std::vector<mx::array>(const std::vector<mx::array>&)>;

// MLX keeps what it has compiled for each thread apart, under a number that the caller may choose. Numbers of our own
// are never used again; by default it is an address, which may be, so that a thread could find another function's.
struct CompiledFunction {
  std::uintptr_t number;
  Function function;
  std::vector<mx::detail::CompileCacheWeakPtr> caches;
  std::thread::id last_thread;

  ~CompiledFunction() {
    for (const auto& cache : caches) {
      mx::detail::compile_erase(cache, number);
    }
  }

  // Remembers this thread's cache, so that the function is forgotten there, too.
  void visit() {
    auto thread = std::this_thread::get_id();
    if (thread == last_thread) {
      return;
    }
    last_thread = thread;
    auto cache = mx::detail::compile_cache();
    for (const auto& known : caches) {
      if (!known.owner_before(cache) && !cache.owner_before(known)) {
        return;
      }
    }
    caches.push_back(cache);
  }
};

std::uintptr_t next_number() {
  static std::atomic<std::uintptr_t> count{0};
  // Odd and at the top of the address space: the address of no function.
  return ~std::uintptr_t(0) - 2 * count.fetch_add(1);
}

int32_t compile(
    TachyMlxBuild build,
    void* context,
    void (*release)(void*),
    size_t output_count,
    TachyMlxFunction** out) {
  return guarded([&] {
    std::shared_ptr<void> owned(context, release);
    Function function = [build, owned, output_count](const std::vector<mx::array>& inputs) {
      std::vector<TachyMlxArray*> raw;
      for (const auto& input : inputs) {
        raw.push_back(
            reinterpret_cast<TachyMlxArray*>(const_cast<mx::array*>(&input)));
      }
      std::vector<TachyMlxArray*> given(output_count, nullptr);
      auto status =
          build(owned.get(), raw.data(), raw.size(), given.data(), given.size());
      std::vector<mx::array> outputs;
      for (auto output : given) {
        if (output) {
          outputs.push_back(std::move(*unwrap(output)));
          delete unwrap(output);
        }
      }
      if (status != 0) {
        throw std::runtime_error(last_message);
      }
      if (outputs.size() != output_count) {
        throw std::logic_error("an output is missing");
      }
      return outputs;
    };
    auto compiled = std::make_unique<CompiledFunction>();
    compiled->number = next_number();
    compiled->function = mx::detail::compile(std::move(function), compiled->number);
    *out = reinterpret_cast<TachyMlxFunction*>(compiled.release());
  });
}

int32_t call(
    TachyMlxFunction* function,
    TachyMlxArray* const* inputs,
    size_t input_count,
    TachyMlxArray** outputs,
    size_t output_count) {
  return guarded([&] {
    auto& compiled = *reinterpret_cast<CompiledFunction*>(function);
    compiled.visit();
    auto results = compiled.function(gather(inputs, input_count));
    if (results.size() != output_count) {
      throw std::logic_error("the function has another number of outputs");
    }
    for (size_t index = 0; index < output_count; ++index) {
      outputs[index] = wrap(std::move(results[index]));
    }
  });
}

void drop_function(TachyMlxFunction* function) {
  guarded([&] {
    if (!gpu_is_lost()) {
      delete reinterpret_cast<CompiledFunction*>(function);
    }
  });
}

int32_t memory(TachyMlxMemory* out) {
  return guarded([&] {
    out->active = mx::get_active_memory();
    out->peak = mx::get_peak_memory();
    out->cache = mx::get_cache_memory();
    out->limit = mx::get_memory_limit();
  });
}

int32_t reset_peak() {
  return guarded([] { mx::reset_peak_memory(); });
}

int32_t clear_cache() {
  return guarded([] {
    refuse_without_gpu();
    mx::clear_cache();
  });
}

int32_t set_memory_limit(uint64_t limit, uint64_t* previous) {
  return guarded([&] { *previous = mx::set_memory_limit(limit); });
}

int32_t set_cache_limit(uint64_t limit, uint64_t* previous) {
  return guarded([&] { *previous = mx::set_cache_limit(limit); });
}

} // namespace

void set_message(const char* message) {
  last_message = message;
}

mx::Dtype dtype_of(int64_t code) {
  if (code < 0 || code >= static_cast<int64_t>(std::size(kDtypes))) {
    throw std::invalid_argument("there is no such element type");
  }
  return kDtypes[code];
}

int32_t code_of(const mx::Dtype& dtype) {
  for (size_t code = 0; code < std::size(kDtypes); ++code) {
    if (kDtypes[code] == dtype) {
      return static_cast<int32_t>(code);
    }
  }
  return -1;
}

void check_size(const mx::array& array) {
  auto size = checked_size(array.shape(), array.itemsize());
  refuse_beyond_limit(size);
  if (array.has_primitive() && array.primitive().device() == mx::Device::cpu) {
    refuse_beyond_system(size);
  }
}

} // namespace tachy

extern "C" __attribute__((visibility("default"))) const TachyMlxTable* tachy_mlx_table(void) {
  static const TachyMlxTable table = {
      3,
      static_cast<uint32_t>(std::size(tachy::kOperations)),
      tachy::kHeadersVersion,
      mlx::core::version,
      tachy::message,
      tachy::set_message,
      tachy::device_count,
      tachy::device_name,
      tachy::set_default_device,
      tachy::new_stream,
      tachy::from_host,
      tachy::bring,
      tachy::to_host,
      tachy::clone_array,
      tachy::drop_array,
      tachy::rank,
      tachy::shape,
      tachy::dtype,
      tachy::eval,
      tachy::apply,
      tachy::compile,
      tachy::call,
      tachy::drop_function,
      tachy::memory,
      tachy::reset_peak,
      tachy::clear_cache,
      tachy::set_memory_limit,
      tachy::set_cache_limit,
  };
  return &table;
}
