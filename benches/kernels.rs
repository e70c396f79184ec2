//! Kernels of the native engine, on one thread.

use tachy::Bencher;
use tachy_benches::numbers;
use tachy_kernels::AlignedVec;
use tachy_kernels::lanes::Isa;
use tachy_kernels::math::Function;
use tachy_kernels::pointwise::{Binary, Instruction, Program, Sweep};
use tachy_kernels::product::{Epilogue, MatrixMut, MatrixRef, Operands, Packed, Product, Right};
use tachy_kernels::rows::{Rows, Softmax, softmax_rows};

tachy::bench_main!();

#[global_allocator]
static ALLOCATOR: tachy::AllocationCounter = tachy::AllocationCounter::system();

/// The product of two square matrices, the second packed before. The rate counts multiplications and additions.
#[tachy::bench(args = [64, 256, 512], items = 2 * n * n * n)]
fn product(bencher: Bencher, n: usize) {
    let (a, b, mut out) = (numbers(n * n, 1), numbers(n * n, 2), AlignedVec::zeros(n * n));
    let isa = Isa::best();
    let packed: Packed = Packed::of(isa, n, (n, n), &b, n, 1);
    let product = Product::new(isa, 1, n, packed.layout().clone());
    let mut scratch = AlignedVec::zeros(product.scratch());
    bencher.bench(|| {
        let operands = Operands {
            a: MatrixRef { first: a.as_ptr(), pitch: n },
            b: Right::Packed(packed.elements()),
            addend: None,
            epilogue: Epilogue::NONE,
            out: MatrixMut { first: out.as_mut_ptr(), pitch: n },
        };
        for task in 0..product.tasks() {
            // SAFETY: the matrices are n × n, the second packed in the product's layout.
            unsafe { product.run_with(task, &operands, &mut scratch) };
        }
    });
}

/// relu(x·a + b) + y, fused. The rate counts what must be read and written once.
#[tachy::bench(args = [4096, 1 << 20], bytes = 3 * size_of::<f32>() * length)]
fn pointwise(bencher: Bencher, length: usize) {
    let instructions = [
        Instruction::Input(0),
        Instruction::Input(1),
        Instruction::Constant(0.75),
        Instruction::Constant(-0.25),
        Instruction::Binary(Binary::Mul, 0, 2),
        Instruction::Binary(Binary::Add, 4, 3),
        Instruction::Unary(Function::Relu, 5),
        Instruction::Binary(Binary::Add, 6, 1),
    ];
    let (x, y, mut out) = (numbers(length, 1), numbers(length, 2), AlignedVec::zeros(length));
    let sweep =
        Sweep::new(Program::new(&instructions), Isa::best(), &[length], &[&[length], &[length]]);
    let mut scratch = AlignedVec::zeros(sweep.scratch_len());
    bencher.bench(|| {
        // SAFETY: the tensors have the prepared shape.
        unsafe { sweep.run(out.as_mut_ptr(), &[x.as_ptr(), y.as_ptr()], &mut scratch) };
    });
}

/// Softmax over rows of so many columns, 64 Ki elements in all.
#[tachy::bench(args = [64, 1024], items = 1 << 16)]
fn softmax(bencher: Bencher, columns: usize) {
    let rows = (1 << 16) / columns;
    let (from, mut to) = (numbers(rows * columns, 1), AlignedVec::zeros(rows * columns));
    bencher.bench(|| {
        let from = Rows { pointer: from.as_ptr(), stride: columns };
        let to = Rows { pointer: to.as_mut_ptr(), stride: columns };
        // SAFETY: both have as many rows of as many columns.
        unsafe { softmax_rows(Isa::best(), Softmax::Plain, from, to, (rows, columns)) };
    });
}
