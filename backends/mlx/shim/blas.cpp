// The products that MLX's library for Linux's processors asks of a BLAS, handed on to another one.
//
// The BLAS in that library's package is the reference one. This library is loaded before it, and its names are found
// first. What is behind them is set by Rust: an OpenBLAS under its own names, or one of a Python package, which has
// other names and may count in 64 bits.

#include <cstdint>

extern "C" {

// Set once, before MLX's library is loaded.
__attribute__((visibility("default"))) void* tachy_blas_sgemm = nullptr;
__attribute__((visibility("default"))) void* tachy_blas_dgemm = nullptr;
__attribute__((visibility("default"))) void* tachy_blas_cgemm = nullptr;
__attribute__((visibility("default"))) int tachy_blas_wide = 0;

}

namespace {

template <typename Count, typename Factor>
using Product = void (*)(
    int, int, int, Count, Count, Count, Factor, const void*, Count, const void*, Count, Factor, void*, Count);

template <typename Factor>
void hand_on(
    void* target,
    int order,
    int transpose_a,
    int transpose_b,
    int m,
    int n,
    int k,
    Factor alpha,
    const void* a,
    int lda,
    const void* b,
    int ldb,
    Factor beta,
    void* c,
    int ldc) {
  if (tachy_blas_wide) {
    reinterpret_cast<Product<int64_t, Factor>>(target)(
        order, transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  } else {
    reinterpret_cast<Product<int, Factor>>(target)(
        order, transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  }
}

} // namespace

#define PRODUCT(name, Factor, target)                                                          \
  extern "C" __attribute__((visibility("default"))) void name(                                \
      int order, int ta, int tb, int m, int n, int k, Factor alpha, const void* a, int lda,   \
      const void* b, int ldb, Factor beta, void* c, int ldc) {                                \
    hand_on<Factor>(target, order, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);     \
  }

PRODUCT(cblas_sgemm, float, tachy_blas_sgemm)
PRODUCT(cblas_dgemm, double, tachy_blas_dgemm)
PRODUCT(cblas_cgemm, const void*, tachy_blas_cgemm)
