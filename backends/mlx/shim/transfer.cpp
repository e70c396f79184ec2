#include "transfer.h"

#include <dlfcn.h>

#include <cstdint>

#include "mlx/mlx.h"

namespace tachy {

namespace {

namespace mx = mlx::core;

// A place as the driver names it (CUDA driver API, `CUmemLocation`): a kind, and which of that kind.
struct Location {
  int32_t kind;
  int32_t number;
};
constexpr int32_t kDevice = 1;
constexpr int32_t kHost = 2;

// The few functions of the driver that this takes (CUDA driver API, version 12.2 on).
struct Driver {
  int32_t (*prefetch)(uintptr_t data, size_t size, Location to, uint32_t flags, void* stream) = nullptr;
  int32_t (*wait)(void* stream) = nullptr;
  int32_t (*current)(void** context) = nullptr;
  int32_t (*retain)(void** context, int32_t device) = nullptr;
  int32_t (*enter)(void* context) = nullptr;
  bool found = false;

  Driver() {
    if (!mx::is_available(mx::Device::gpu)) {
      return;
    }
    auto library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
      return;
    }
    auto find = [&](auto& function, const char* name) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
      return function != nullptr;
    };
    found = find(prefetch, "cuMemPrefetchAsync_v2") && find(wait, "cuStreamSynchronize") &&
        find(current, "cuCtxGetCurrent") && find(retain, "cuDevicePrimaryCtxRetain") &&
        find(enter, "cuCtxSetCurrent");
  }

  // Whether this thread may call the driver. MLX's context is the first device's own.
  bool ready() const {
    void* context = nullptr;
    if (!found || current(&context) != 0) {
      return false;
    }
    return context || (retain(&context, 0) == 0 && enter(context) == 0);
  }
};

}

void move(const void* data, size_t size, Side side) {
  static const Driver driver;
  if (size == 0 || !driver.ready()) {
    return;
  }
  auto to = side == Side::host ? Location{kHost, 0} : Location{kDevice, 0};
  if (driver.prefetch(reinterpret_cast<uintptr_t>(data), size, to, 0, nullptr) == 0) {
    driver.wait(nullptr);
  }
}

}
