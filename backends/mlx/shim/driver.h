// NVIDIA's driver, as far as the shim takes it; and whether what MLX has on the GPU is still there.

#pragma once

#include <cstddef>
#include <cstdint>

namespace tachy {

// A place as the driver names it (CUDA driver API, `CUmemLocation`): a kind, and which of that kind.
struct Location {
  int32_t kind;
  int32_t number;
};

// The functions of the driver that this takes (CUDA driver API, version 12.2 on). None is found without a GPU that MLX uses.
struct Driver {
  int32_t (*prefetch)(uintptr_t data, size_t size, Location to, uint32_t flags, void* stream) = nullptr;
  int32_t (*wait)(void* stream) = nullptr;
  int32_t (*ask)(void* stream) = nullptr;
  int32_t (*current)(void** context) = nullptr;
  int32_t (*enter)(void* context) = nullptr;
  int32_t (*retain)(void** context, int32_t device) = nullptr;
  int32_t (*release)(int32_t device) = nullptr;
  int32_t (*state)(int32_t device, uint32_t* flags, int32_t* active) = nullptr;
  int32_t (*number)(void* context, uint64_t* number) = nullptr;
  bool found = false;

  Driver();
  // Whether this thread may call the driver. MLX's context is the first device's own.
  bool ready() const;
};

const Driver& driver();

// Throws where the GPU's context was destroyed since it was first seen. What lay there is mapped no longer, so that touching
// it would end the process, and MLX keeps memory of it for arrays to come, those of the processor included.
void refuse_without_gpu();

// The same where it is known already or there is no context now: one call of the driver, for what touches no memory from here,
// and so finds out by MLX's own failure if the context is another one.
void refuse_without_context();

// After a failure: looks whether the GPU computes no more.
void look_after_failure();

// Sees to it that the process ends with its own status where the GPU is lost: MLX waits for its streams then, and aborts
// where it cannot. To be called when MLX has computed something.
void end_well();

// Whether the GPU was found to be lost. What is freed then stays where it is: its memory is gone, and freeing it would fail.
bool gpu_is_lost();

} // namespace tachy
