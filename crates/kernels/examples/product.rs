//! The rate of matrix products of f32 beside the `gemm` crate's, one thread, packing included.
//!
//! `cargo run --release -p tachy-kernels --example product`

use std::time::Instant;

use tachy_kernels::lanes::Isa;
use tachy_kernels::product::{Epilogue, MatrixMut, MatrixRef, PackedLayout, Product};

fn main() {
    let isa = Isa::best();
    println!(
        "{}, one thread, n × n × n; both matrices are given row-major and packed in every product",
        isa.name()
    );
    println!("{:>6} {:>14} {:>14} {:>8}", "n", "ours GFLOP/s", "gemm GFLOP/s", "ratio");
    for n in [64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048] {
        let a = vec![0.5f32; n * n];
        let b = vec![0.25f32; n * n];
        let mut out = vec![0.0f32; n * n];
        let product = Product::new(isa, 1, n, PackedLayout::new(isa, n, n, n));
        let mut packed = vec![0.0f32; product.layout().len()];
        let mut ours = || {
            product.layout().pack(&b, n, 1, &mut packed);
            let from = MatrixRef { first: a.as_ptr(), pitch: n };
            let to = MatrixMut { first: out.as_mut_ptr(), pitch: n };
            for task in 0..product.tasks() {
                // SAFETY: the matrices are of these sizes.
                unsafe { product.run(task, from, &packed, None, Epilogue::NONE, to) };
            }
        };
        let mut result = vec![0.0f32; n * n];
        let mut theirs = || {
            let stride = n as isize;
            // SAFETY: the matrices are of these sizes. The kernel wants a column-major result, so the operands change places.
            unsafe {
                gemm_f32::gemm::f32::get_gemm_fn()(
                    n,
                    n,
                    n,
                    result.as_mut_ptr(),
                    stride,
                    1,
                    false,
                    b.as_ptr(),
                    stride,
                    1,
                    a.as_ptr(),
                    stride,
                    1,
                    1.0,
                    1.0,
                    false,
                    false,
                    false,
                    gemm_common::Parallelism::None,
                );
            }
        };
        let (mut best, mut best_of_theirs) = (f64::INFINITY, f64::INFINITY);
        let begin = Instant::now();
        // Interleaved, so that both see the same machine.
        while begin.elapsed().as_secs_f64() < 1.0 {
            let repeats = (1 << 22_usize) / (n * n * n) + 1;
            for (work, best) in
                [(&mut ours as &mut dyn FnMut(), &mut best), (&mut theirs, &mut best_of_theirs)]
            {
                let start = Instant::now();
                (0..repeats).for_each(|_| work());
                *best = best.min(start.elapsed().as_secs_f64() / repeats as f64);
            }
        }
        let rate = |seconds: f64| 2.0 * (n as f64).powi(3) / seconds / 1e9;
        println!(
            "{n:>6} {:>14.1} {:>14.1} {:>8.2}",
            rate(best),
            rate(best_of_theirs),
            best_of_theirs / best
        );
    }
}
