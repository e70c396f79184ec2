//! What the project's own benchmarks measure. Run them with `cargo bench -p tachy-benches`; `tachy check` gates them.

use std::num::NonZeroUsize;

use tachy_kernels::AlignedVec;
use tachy_kernels::convolution::{Convolution, Geometry, Images, Outlet};
use tachy_kernels::lanes::Isa;
use tachy_kernels::math::Function;
use tachy_kernels::pointwise::{Binary, Instruction, Program, Sweep};
use tachy_kernels::product::{Epilogue, MatrixMut, MatrixRef, Operands, Packed, Product, Right};
use tachy_kernels::rows::{Rows, Softmax, softmax_rows};
use tachy_kernels::team::Team;

/// The product of two square matrices of `n` rows, the second packed before, on one thread.
pub fn product(n: usize) -> impl FnMut() {
    let (a, b, mut out) = (numbers(n * n, 1), numbers(n * n, 2), AlignedVec::zeros(n * n));
    let isa = Isa::best();
    let packed: Packed = Packed::of(isa, n, (n, n), &b, n, 1);
    let product = Product::new(isa, 1, n, packed.layout().clone());
    let mut scratch = AlignedVec::zeros(product.scratch());
    move || {
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
    }
}

/// A convolution 3 × 3 over an image of `size` × `size` pixels with as many channels before as after, on one thread.
pub fn convolution(size: usize, channels: usize) -> impl FnMut() {
    let images = Images::dense(size, size, channels, channels);
    let geometry = Geometry {
        batch: 1,
        input: images,
        output: images,
        kernel: [3, 3],
        stride: [1, 1],
        dilation: [1, 1],
        padding: [1, 1],
        groups: 1,
    };
    let isa = Isa::best();
    let filters = numbers(9 * channels * channels, 1);
    let algorithm = Convolution::best(isa, &geometry);
    let layer = Convolution::with(algorithm, isa, 1, geometry, &filters, None);
    let (input, mut output) =
        (numbers(size * size * channels, 2), AlignedVec::zeros(size * size * channels));
    let mut scratch = AlignedVec::zeros(layer.scratch());
    let team = Team::new(NonZeroUsize::MIN).expect("a team of one needs no thread");
    move || {
        let range = (f32::NEG_INFINITY, f32::INFINITY);
        let outlet = Outlet { out: output.as_mut_ptr(), addend: None, range, finish: None };
        // SAFETY: the images are as large as the geometry says.
        unsafe { layer.run(&team, input.as_ptr(), &outlet, &mut scratch) };
    }
}

/// relu(x·a + b) + y over so many elements, fused, on one thread.
pub fn pointwise(length: usize) -> impl FnMut() {
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
    move || {
        // SAFETY: the tensors have the prepared shape.
        unsafe { sweep.run(out.as_mut_ptr(), &[x.as_ptr(), y.as_ptr()], &mut scratch) };
    }
}

/// Elements of all rows of [`softmax`].
pub const SOFTMAX_ELEMENTS: usize = 1 << 16;

/// Softmax over rows of so many columns.
pub fn softmax(columns: usize) -> impl FnMut() {
    let rows = SOFTMAX_ELEMENTS / columns;
    let (from, mut to) = (numbers(rows * columns, 1), AlignedVec::zeros(rows * columns));
    move || {
        let from = Rows { pointer: from.as_ptr(), stride: columns };
        let to = Rows { pointer: to.as_mut_ptr(), stride: columns };
        // SAFETY: both have as many rows of as many columns.
        unsafe { softmax_rows(Isa::best(), Softmax::Plain, from, to, (rows, columns)) };
    }
}

/// Numbers between -1 and 1, the same for the same seed (a linear congruential generator, Numerical Recipes' constants).
fn numbers(length: usize, mut seed: u32) -> AlignedVec {
    let mut numbers = AlignedVec::zeros(length);
    for number in numbers.iter_mut() {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *number = (seed >> 8) as f32 / (1 << 23) as f32 - 1.0;
    }
    numbers
}
