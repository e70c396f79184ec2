//! The bandwidth of relu(x · a + b) + y: copied, hand-written, interpreted, and operator by operator.
//!
//! `cargo run --release -p tachy-kernels --example pointwise`
//!
//! Every loop is timed in turn, round after round; the figures are those of the fastest round. GB/s count what must be read and written
//! once: three tensors for the chain, two for the copy, however often a loop touches them.

use std::time::Instant;

use tachy_kernels::AlignedVec;
use tachy_kernels::lanes::{Isa, Lanes, Work};
use tachy_kernels::math::Function;
use tachy_kernels::pointwise::{Binary, Input, Instruction, Output, Program, Sweep};

/// relu(x · a + b) + y as one would write it for this purpose alone.
struct HandWritten<'a> {
    x: &'a [f32],
    y: &'a [f32],
    a: f32,
    b: f32,
    out: &'a mut [f32],
}

impl Work for HandWritten<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let loads = self.x.chunks(L::LANES).zip(self.y.chunks(L::LANES));
        for ((x, y), out) in loads.zip(self.out.chunks_mut(L::LANES)) {
            // SAFETY: the instruction set is enabled, and all chunks have as many elements.
            unsafe {
                let (a, b) = (L::splat(self.a), L::splat(self.b));
                if out.len() == L::LANES {
                    let sum = L::load(x.as_ptr()).mul_add(a, b);
                    L::splat(0.0).max(sum).add(L::load(y.as_ptr())).store(out.as_mut_ptr());
                } else {
                    let sum = L::load_first(x.as_ptr(), x.len()).mul_add(a, b);
                    let sum = L::splat(0.0).max(sum).add(L::load_first(y.as_ptr(), y.len()));
                    sum.store_first(out.as_mut_ptr(), out.len());
                }
            }
        }
    }
}

fn aligned(size: usize, element: impl Fn(usize) -> f32) -> AlignedVec {
    let mut vector = AlignedVec::zeros(size);
    for (index, place) in vector.iter_mut().enumerate() {
        *place = element(index);
    }
    vector
}

fn main() {
    let isa = Isa::best();
    let (a, b) = (0.75, -0.25);
    println!("{}, one thread; GB/s", isa.name());
    println!(
        "{:>10} {:>9} {:>12} {:>11} {:>9}",
        "elements", "copy", "hand-written", "interpreted", "unfused"
    );
    for size in [1 << 10, 4 << 10, 16 << 10, 128 << 10, 1 << 20, 16 << 20] {
        let x = aligned(size, |i| (i % 17) as f32 - 8.0);
        let y = aligned(size, |i| (i % 13) as f32);
        let mut out = AlignedVec::zeros(size);
        let sweep = Sweep::new(
            Program::new(&[
                Instruction::Input(0),
                Instruction::Constant(a),
                Instruction::Binary(Binary::Mul, 0, 1),
                Instruction::Constant(b),
                Instruction::Binary(Binary::Add, 2, 3),
                Instruction::Unary(Function::Relu, 4),
                Instruction::Input(1),
                Instruction::Binary(Binary::Add, 5, 6),
            ]),
            isa,
            &[size],
            &[&[size], &[size]],
        );
        // Each operator as a sweep of its own over the whole tensor, in place after the first.
        let single = |last: Instruction, inputs: &[&[usize]]| {
            let mut instructions: Vec<_> = (0..inputs.len()).map(Instruction::Input).collect();
            instructions.push(last);
            Sweep::new(Program::new(&instructions), isa, &[size], inputs)
        };
        let operators = [
            single(Instruction::Binary(Binary::Mul, 0, 1), &[&[size], &[1]]),
            single(Instruction::Binary(Binary::Add, 0, 1), &[&[size], &[1]]),
            single(Instruction::Unary(Function::Relu, 0), &[&[size]]),
            single(Instruction::Binary(Binary::Add, 0, 1), &[&[size], &[size]]),
        ];
        let longest = operators.iter().map(Sweep::scratch_len).max();
        let mut scratch = AlignedVec::zeros(longest.unwrap_or(0).max(sweep.scratch_len()));
        let repeats = (1 << 22) / size + 1;
        let mut seconds = [const { Vec::new() }; 4];
        for _ in 0..15 {
            for (kind, seconds) in seconds.iter_mut().enumerate() {
                let start = Instant::now();
                for _ in 0..repeats {
                    match kind {
                        0 => out.copy_from_slice(&x),
                        1 => isa.run(HandWritten { x: &x, y: &y, a, b, out: &mut out }),
                        2 => {
                            let inputs = [x.as_ptr(), y.as_ptr()];
                            // SAFETY: the tensors have the prepared shape.
                            unsafe { sweep.run(out.as_mut_ptr(), &inputs, &mut scratch) }
                        }
                        _ => {
                            let (to, from) = (out.as_mut_ptr(), out.as_ptr());
                            let inputs =
                                [[x.as_ptr(), &a], [from, &b], [from, from], [from, y.as_ptr()]];
                            for (operator, inputs) in operators.iter().zip(inputs) {
                                // SAFETY: the tensors have the prepared shape.
                                unsafe { operator.run(to, &inputs, &mut scratch) }
                            }
                        }
                    }
                    std::hint::black_box(&mut out);
                }
                seconds.push(start.elapsed().as_secs_f64() / repeats as f64);
            }
        }
        print!("{size:>10}");
        for (seconds, (tensors, width)) in
            seconds.iter_mut().zip([(2, 9), (3, 12), (3, 11), (3, 9)])
        {
            seconds.sort_by(f64::total_cmp);
            let bytes = (tensors * size * size_of::<f32>()) as f64;
            print!(" {:>width$.1}", bytes / seconds[0] / 1e9);
        }
        println!();
    }
    epilogue(isa);
}

/// The time of a bias and a limit on a small block, as a convolution asks for it.
fn epilogue(isa: Isa) {
    let (rows, columns, pitch) = (16, 32, 64);
    let program = Program::new(&[
        Instruction::Input(0),
        Instruction::Input(1),
        Instruction::Binary(Binary::Add, 0, 1),
        Instruction::Unary(Function::Relu, 2),
        Instruction::Input(2),
        Instruction::Binary(Binary::Add, 3, 4),
    ]);
    let mut block = aligned(rows * pitch, |_| 1.0);
    let (bias, residual) = (aligned(columns, |_| -1e-3), aligned(rows * pitch + 64, |_| 1e-3));
    let mut scratch = AlignedVec::zeros(program.scratch_len());
    let pointer = block.as_mut_ptr();
    let inputs = [
        Input { pointer, row_stride: pitch, column_stride: 1 },
        Input { pointer: bias.as_ptr(), row_stride: 0, column_stride: 1 },
        Input { pointer: residual[64..].as_ptr(), row_stride: pitch, column_stride: 1 },
    ];
    let repeats = 10_000;
    let round = || {
        let start = Instant::now();
        for _ in 0..repeats {
            let output = Output { pointer, row_stride: pitch };
            // SAFETY: the block has as many elements.
            unsafe { program.run(isa, output, &inputs, (rows, columns), &mut scratch) }
        }
        start.elapsed().as_secs_f64() / f64::from(repeats) * 1e9
    };
    let nanoseconds = std::iter::repeat_with(round).take(100).fold(f64::INFINITY, f64::min);
    println!("relu(accumulator + bias) + residual on {rows} × {columns}: {nanoseconds:.0} ns");
}
