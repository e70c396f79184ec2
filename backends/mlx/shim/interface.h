// What the shim offers to Rust: one table of plain C functions.
//
// Every function that can fail returns 0 on success; otherwise `message` says why. No exception leaves the shim.

#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

// An array of MLX's; a node of a lazy graph until it is evaluated.
typedef struct TachyMlxArray TachyMlxArray;
// A stream: the place where operations are carried out in order.
typedef struct TachyMlxStream TachyMlxStream;
// A function that MLX has traced and compiled.
typedef struct TachyMlxFunction TachyMlxFunction;

// Builds the outputs of a function from its inputs. The inputs belong to the shim, the outputs are given to it.
// Returns 0, or anything else after `fail` was called.
typedef int32_t (*TachyMlxBuild)(
    void* context,
    TachyMlxArray* const* inputs,
    size_t input_count,
    TachyMlxArray** outputs,
    size_t output_count);

// The operands of an operation, as `arguments.h` reads them.
typedef struct {
  TachyMlxArray* const* arrays;
  size_t array_count;
  const int64_t* integers;
  size_t integer_count;
  const double* reals;
  size_t real_count;
  const char* text;
} TachyMlxArguments;

// Bytes, as MLX's allocator counts them.
typedef struct {
  uint64_t active;
  uint64_t peak;
  uint64_t cache;
  uint64_t limit;
} TachyMlxMemory;

typedef struct {
  // Changes with every change of this table.
  uint32_t revision;
  // How many operations there are.
  uint32_t operation_count;
  // The version of the headers that the shim was built with.
  const char* headers_version;
  // The version of the library that is loaded.
  const char* (*library_version)(void);
  // Why the last call of this thread failed.
  const char* (*message)(void);
  // Sets the message, on behalf of a callback.
  void (*fail)(const char* message);

  // 1 if there is a device of this kind (0: processor, 1: GPU) as far as the library says.
  int32_t (*device_count)(int32_t kind, int32_t* count);
  // The library's name for the device, up to the buffer's capacity.
  int32_t (*device_name)(int32_t kind, char* buffer, size_t capacity);
  // Makes the processor or the GPU the device of whatever names none.
  int32_t (*set_default_device)(int32_t kind);
  // A stream that any thread may use, as long as no two do at once. It lives until the process ends.
  int32_t (*new_stream)(int32_t kind, TachyMlxStream** out);

  // An array with a copy of the bytes, for a device of this kind.
  int32_t (*from_host)(
      int32_t kind,
      const void* bytes,
      size_t size,
      int32_t dtype,
      const int32_t* shape,
      size_t rank,
      TachyMlxArray** out);
  // Moves the memory of an evaluated array to the GPU (1) or to the host (0), where it would move when it is touched.
  int32_t (*bring)(const TachyMlxArray* array, int32_t kind);
  // The elements of an evaluated, contiguous array.
  int32_t (*to_host)(const TachyMlxArray* array, void* bytes, size_t size);
  TachyMlxArray* (*clone_array)(const TachyMlxArray* array);
  void (*drop_array)(TachyMlxArray* array);
  size_t (*rank)(const TachyMlxArray* array);
  void (*shape)(const TachyMlxArray* array, int32_t* shape);
  int32_t (*dtype)(const TachyMlxArray* array);
  int32_t (*eval)(TachyMlxArray* const* arrays, size_t count);

  int32_t (*apply)(
      uint32_t operation,
      const TachyMlxArguments* arguments,
      const TachyMlxStream* stream,
      TachyMlxArray** outputs,
      size_t output_count);

  // The context is released with the function.
  int32_t (*compile)(
      TachyMlxBuild build,
      void* context,
      void (*release)(void*),
      size_t output_count,
      TachyMlxFunction** out);
  int32_t (*call)(
      TachyMlxFunction* function,
      TachyMlxArray* const* inputs,
      size_t input_count,
      TachyMlxArray** outputs,
      size_t output_count);
  void (*drop_function)(TachyMlxFunction* function);

  int32_t (*memory)(TachyMlxMemory* out);
  int32_t (*reset_peak)(void);
  int32_t (*clear_cache)(void);
  int32_t (*set_memory_limit)(uint64_t limit, uint64_t* previous);
  int32_t (*set_cache_limit)(uint64_t limit, uint64_t* previous);
} TachyMlxTable;

// The only name that is looked up.
const TachyMlxTable* tachy_mlx_table(void);

}
