//! Kernels of the native engine, on one thread.

use tachy::Bencher;
use tachy_benches::SOFTMAX_ELEMENTS;

tachy::bench_main!();

#[global_allocator]
static ALLOCATOR: tachy::AllocationCounter = tachy::AllocationCounter::system();

/// The rate counts multiplications and additions.
#[tachy::bench(args = [64, 256, 512], items = 2 * n * n * n)]
fn product(bencher: Bencher, n: usize) {
    bencher.bench(tachy_benches::product(n));
}

/// The rate counts multiplications and additions of the definition.
#[tachy::bench(args = [64, 256], items = 2 * 9 * 14 * 14 * channels * channels)]
fn convolution(bencher: Bencher, channels: usize) {
    bencher.bench(tachy_benches::convolution(14, channels));
}

/// The rate counts what must be read and written once.
#[tachy::bench(args = [4096, 1 << 20], bytes = 3 * size_of::<f32>() * length)]
fn pointwise(bencher: Bencher, length: usize) {
    bencher.bench(tachy_benches::pointwise(length));
}

#[tachy::bench(args = [64, 1024], items = SOFTMAX_ELEMENTS)]
fn softmax(bencher: Bencher, columns: usize) {
    bencher.bench(tachy_benches::softmax(columns));
}
