#include "driver.h"

#include <dlfcn.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <type_traits>

#include "mlx/mlx.h"

namespace tachy {

namespace {

namespace mx = mlx::core;

// The driver's answer while work is under way.
constexpr int32_t kNotReady = 600;

std::atomic<bool> lost{false};
// The context in which MLX works, by the driver's number, which no other will have; 0 before it was seen.
std::atomic<uint64_t> seen{0};

// The number of the first device's own context; 0 if it has none.
uint64_t context_number() {
  auto& cuda = driver();
  uint32_t flags = 0;
  int32_t active = 0;
  void* context = nullptr;
  if (cuda.state(0, &flags, &active) != 0 || !active || cuda.retain(&context, 0) != 0) {
    return 0;
  }
  uint64_t number = 0;
  if (cuda.number(context, &number) != 0) {
    number = 0;
  }
  cuda.release(0);
  return number;
}

void notice_context() {
  auto number = context_number();
  uint64_t before = 0;
  if (!seen.compare_exchange_strong(before, number) && before != number) {
    lost = true;
  }
}

void notice_refusal() {
  if (driver().ready()) {
    auto answer = driver().ask(nullptr);
    lost = lost || (answer != 0 && answer != kNotReady);
  }
}

}

Driver::Driver() {
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
      find(ask, "cuStreamQuery") && find(current, "cuCtxGetCurrent") &&
      find(enter, "cuCtxSetCurrent") && find(retain, "cuDevicePrimaryCtxRetain") &&
      find(release, "cuDevicePrimaryCtxRelease_v2") && find(state, "cuDevicePrimaryCtxGetState") &&
      find(number, "cuCtxGetId");
}

bool Driver::ready() const {
  void* context = nullptr;
  if (!found || current(&context) != 0) {
    return false;
  }
  return context || (retain(&context, 0) == 0 && enter(context) == 0);
}

const Driver& driver() {
  static const Driver driver;
  return driver;
}

void refuse_without_gpu() {
  if (!driver().found) {
    return;
  }
  notice_context();
  if (lost) {
    throw std::runtime_error(
        "the GPU was lost, and with it all that MLX had there; this process cannot use MLX any more");
  }
}

void refuse_without_context() {
  uint32_t flags = 0;
  int32_t active = 0;
  if (driver().found && (lost || driver().state(0, &flags, &active) != 0 || !active)) {
    refuse_without_gpu();
  }
}

bool gpu_is_lost() {
  return lost;
}

void look_after_failure() {
  notice_refusal();
}

void end_well() {
#ifdef __GLIBC__
  // What is registered last comes first, and MLX has made all that it ends with by the time of its first results.
  static const int registered = driver().found ? on_exit(
      [](int status, void*) {
        notice_context();
        notice_refusal();
        if (lost) {
          std::fflush(nullptr);
          _exit(status);
        }
      },
      nullptr) : 0;
  (void)registered;
#endif
}

} // namespace tachy
