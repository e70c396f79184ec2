//! The bandwidth of chains of element-wise operators: fused, hand-written, and operator by operator.
//!
//! `cargo run --release -p tachy-kernels --example pointwise`
//!
//! Operator by operator means a pass over whole tensors for each, with the same kernels: `in place` where an operand is
//! not needed any more, as a loop over one buffer would, or into `separate` buffers, as an engine does whose operators
//! never write to what they read. All take turns within each round, and the figures are means of the fastest quarter of
//! the rounds. GB/s count what must be read and written once, for the copy (`copy_from_slice`) as for the chains,
//! however often a loop touches it.

use std::time::Instant;

use tachy_kernels::AlignedVec;
use tachy_kernels::lanes::{Isa, Lanes, Work};
use tachy_kernels::math::{self, Function};
use tachy_kernels::pointwise::{Binary, Input, Instruction, Output, Program, Sweep};

const ROUNDS: usize = 24;

/// A chain of operators on one tensor or two.
struct Chain {
    name: &'static str,
    inputs: usize,
    instructions: Vec<Instruction>,
    by_hand: fn(Isa, Tensors<'_>),
}

/// What a hand-written loop works on; `y` is empty if the chain does not read it.
struct Tensors<'a> {
    x: &'a [f32],
    y: &'a [f32],
    out: &'a mut [f32],
}

/// A chain as one would write it for this purpose alone.
trait Formula {
    unsafe fn of<L: Lanes>(x: L, y: L) -> L;
}

struct Loop<'a, F>(Tensors<'a>, std::marker::PhantomData<F>);

impl<F: Formula> Work for Loop<'_, F> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let Tensors { x, y, out } = self.0;
        // SAFETY: the instruction set is enabled; all sizes here are multiples of the vectors'.
        unsafe {
            for index in (0..out.len()).step_by(L::LANES) {
                let other = if y.is_empty() { L::splat(0.0) } else { L::load(&raw const y[index]) };
                F::of(L::load(&raw const x[index]), other).store(&raw mut out[index]);
            }
        }
    }
}

fn by_hand<F: Formula>(isa: Isa, tensors: Tensors<'_>) {
    isa.run(Loop::<F>(tensors, std::marker::PhantomData));
}

macro_rules! formulas {
    ($($name:ident: |$x:ident, $y:ident| $value:expr;)*) => {$(
        struct $name;
        impl Formula for $name {
            #[inline(always)]
            unsafe fn of<L: Lanes>($x: L, $y: L) -> L {
                // SAFETY: the caller has enabled the instruction set.
                unsafe { $value }
            }
        }
    )*};
}

formulas! {
    ScaledRelu: |x, y| L::splat(0.0).max(x.mul_add(L::splat(0.75), L::splat(-0.25))).add(y);
    ScaledHardSwish: |x, y| {
        let t = x.mul_add(L::splat(0.75), L::splat(-0.25));
        let gate = t.add(L::splat(3.0)).clamp(L::splat(0.0), L::splat(6.0));
        t.mul(gate).mul_add(L::splat(1.0 / 6.0), y)
    };
    GeluTanh: |x, _y| {
        let cubic = x.mul(x).mul(x).mul_add(L::splat(0.044_715), x);
        let gate = math::tanh(cubic.mul(L::splat(0.797_884_6))).add(L::splat(1.0));
        x.mul(gate).mul(L::splat(0.5))
    };
}

fn chains() -> [Chain; 3] {
    use Instruction as I;
    let binary = I::Binary;
    let (x, y) = (I::Input(0), I::Input(1));
    [
        Chain {
            name: "relu(x·a + b) + y: 4 operators",
            inputs: 2,
            instructions: vec![
                x,
                y,
                I::Constant(0.75),
                I::Constant(-0.25),
                binary(Binary::Mul, 0, 2),
                binary(Binary::Add, 4, 3),
                I::Unary(Function::Relu, 5),
                binary(Binary::Add, 6, 1),
            ],
            by_hand: by_hand::<ScaledRelu>,
        },
        Chain {
            name: "t = x·a + b; t·min(max(t + 3, 0), 6)/6 + y: 8 operators",
            inputs: 2,
            instructions: vec![
                x,
                y,
                I::Constant(0.75),
                I::Constant(-0.25),
                I::Constant(3.0),
                I::Constant(0.0),
                I::Constant(6.0),
                I::Constant(1.0 / 6.0),
                binary(Binary::Mul, 0, 2),
                binary(Binary::Add, 8, 3),
                binary(Binary::Add, 9, 4),
                binary(Binary::Max, 10, 5),
                binary(Binary::Min, 11, 6),
                binary(Binary::Mul, 9, 12),
                binary(Binary::Mul, 13, 7),
                binary(Binary::Add, 14, 1),
            ],
            by_hand: by_hand::<ScaledHardSwish>,
        },
        Chain {
            name: "x·(1 + tanh((x·x·x·a + x)·b))·0.5, GELU: 9 operators",
            inputs: 1,
            instructions: vec![
                x,
                I::Constant(0.044_715),
                I::Constant(0.797_884_6),
                I::Constant(1.0),
                I::Constant(0.5),
                binary(Binary::Mul, 0, 0),
                binary(Binary::Mul, 5, 0),
                binary(Binary::Mul, 6, 1),
                binary(Binary::Add, 7, 0),
                binary(Binary::Mul, 8, 2),
                I::Unary(Function::Tanh, 9),
                binary(Binary::Add, 10, 3),
                binary(Binary::Mul, 11, 0),
                binary(Binary::Mul, 12, 4),
            ],
            by_hand: by_hand::<GeluTanh>,
        },
    ]
}

/// Where an operator reads or writes.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Input(usize),
    Buffer(usize),
}

/// A chain, operator by operator.
struct Passes {
    passes: Vec<(Sweep, Vec<Place>, usize)>,
    buffers: usize,
}

impl Passes {
    fn new(isa: Isa, size: usize, instructions: &[Instruction], in_place: bool) -> Self {
        let mut places = vec![None; instructions.len()];
        let mut passes = Vec::new();
        let mut buffers = 0;
        for (index, instruction) in instructions.iter().enumerate() {
            let operands = match *instruction {
                Instruction::Input(input) => {
                    places[index] = Some(Place::Input(input));
                    continue;
                }
                Instruction::Constant(_) => continue,
                Instruction::Unary(_, a) => vec![a],
                Instruction::Binary(_, a, b) => vec![a, b],
            };
            let mut single = Vec::new();
            let mut from = Vec::new();
            let registers: Vec<usize> = (0..operands.len()).collect();
            for operand in &operands {
                single.push(match places[*operand] {
                    Some(place) => {
                        from.push(place);
                        Instruction::Input(from.len() - 1)
                    }
                    None => instructions[*operand],
                });
            }
            single.push(match *instruction {
                Instruction::Unary(function, _) => Instruction::Unary(function, registers[0]),
                Instruction::Binary(binary, ..) => {
                    Instruction::Binary(binary, registers[0], registers[1])
                }
                other => other,
            });
            // Buffers whose values are still needed: by later operators, and by this one if it may not write there.
            let first = if in_place { index + 1 } else { index };
            let needed = |buffer: usize| {
                let reads = instructions[first..].iter().flat_map(|later| match *later {
                    Instruction::Unary(_, a) => [a, a],
                    Instruction::Binary(_, a, b) => [a, b],
                    _ => [usize::MAX; 2],
                });
                let mut reads = reads.filter(|read| *read < index);
                reads.any(|read| places[read] == Some(Place::Buffer(buffer)))
            };
            let to = (0..).find(|buffer| !needed(*buffer)).expect("there are enough");
            buffers = buffers.max(to + 1);
            let shapes: Vec<&[usize]> = vec![std::slice::from_ref(&size); from.len()];
            let sweep = Sweep::new(Program::new(&single), isa, &[size], &shapes);
            passes.push((sweep, from, to));
            places[index] = Some(Place::Buffer(to));
        }
        Self { passes, buffers }
    }

    fn run(&self, inputs: &[*const f32], buffers: &mut [AlignedVec], scratch: &mut [f32]) {
        for (sweep, from, to) in &self.passes {
            let mut operands = [std::ptr::null(); 2];
            for (operand, place) in operands.iter_mut().zip(from) {
                *operand = match place {
                    Place::Input(index) => inputs[*index],
                    Place::Buffer(index) => buffers[*index].as_ptr(),
                };
            }
            // SAFETY: the tensors have the prepared shape.
            unsafe { sweep.run(buffers[*to].as_mut_ptr(), &operands[..from.len()], scratch) }
        }
    }

    fn result(&self) -> usize {
        self.passes.last().map_or(0, |(_, _, to)| *to)
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
    for chain in chains() {
        println!("{}, one thread, GB/s: {}", isa.name(), chain.name);
        println!(
            "{:>8} {:>6} {:>8} {:>6} {:>9} {:>9} | fused / {:>8} {:>9} {:>8} {:>5}",
            "tensor",
            "copy",
            "by hand",
            "fused",
            "in place",
            "separate",
            "in place",
            "separate",
            "by hand",
            "copy"
        );
        for size in [1 << 10, 16 << 10, 1 << 20, 4 << 20, 16 << 20] {
            let [copy, hand, fused, in_place, separate] = measure(isa, &chain, size);
            let bytes = match size * size_of::<f32>() {
                bytes if bytes < 1 << 20 => format!("{} KiB", bytes >> 10),
                bytes => format!("{} MiB", bytes >> 20),
            };
            println!(
                "{bytes:>8} {copy:>6.1} {hand:>8.1} {fused:>6.1} {in_place:>9.1} {separate:>9.1} |         \
                 {:>8.2} {:>9.2} {:>8.2} {:>5.2}",
                fused / in_place,
                fused / separate,
                fused / hand,
                fused / copy
            );
        }
    }
    epilogue(isa);
}

/// GB/s of the copy, the loop by hand, the fused chain, and the operators one by one, in place and separate.
fn measure(isa: Isa, chain: &Chain, size: usize) -> [f64; 5] {
    let x = aligned(size, |i| (i % 17) as f32 - 8.0);
    let y = aligned(if chain.inputs > 1 { size } else { 0 }, |i| (i % 13) as f32);
    let shapes: Vec<&[usize]> = vec![std::slice::from_ref(&size); chain.inputs];
    let fused = Sweep::new(Program::new(&chain.instructions), isa, &[size], &shapes);
    let passes =
        [true, false].map(|in_place| Passes::new(isa, size, &chain.instructions, in_place));
    let most = passes.iter().map(|passes| passes.buffers).max().unwrap_or(0).max(1);
    let mut buffers: Vec<_> = (0..most).map(|_| AlignedVec::zeros(size)).collect();
    let sweeps = passes.iter().flat_map(|passes| passes.passes.iter().map(|(sweep, ..)| sweep));
    let scratch = sweeps.chain([&fused]).map(Sweep::scratch_len).max();
    let mut scratch = AlignedVec::zeros(scratch.unwrap_or(0));
    let inputs = [x.as_ptr(), y.as_ptr()];
    let mut run = |kind: usize| -> f32 {
        let out = &mut buffers[0];
        match kind {
            0 => out.copy_from_slice(&x),
            1 => (chain.by_hand)(isa, Tensors { x: &x, y: &y, out }),
            // SAFETY: the tensors have the prepared shape.
            2 => unsafe { fused.run(out.as_mut_ptr(), &inputs, &mut scratch) },
            _ => {
                let passes = &passes[kind - 3];
                passes.run(&inputs, &mut buffers, &mut scratch);
                return buffers[passes.result()][size - 1];
            }
        }
        buffers[0][size - 1]
    };
    let expected = run(1);
    for kind in 2..5 {
        let found = run(kind);
        assert!((found - expected).abs() < 1e-5, "{found} instead of {expected}");
    }
    let repeats = (1 << 20) / size + 1;
    let mut seconds = [const { Vec::new() }; 5];
    for round in 0..ROUNDS {
        for turn in 0..seconds.len() {
            let kind = (turn + round) % seconds.len();
            let start = Instant::now();
            for _ in 0..repeats {
                std::hint::black_box(run(kind));
            }
            seconds[kind].push(start.elapsed().as_secs_f64() / repeats as f64);
        }
    }
    let mut kind = 0;
    seconds.map(|mut seconds| {
        seconds.sort_by(f64::total_cmp);
        seconds.truncate(ROUNDS / 4);
        let tensors = if kind == 0 { 2 } else { chain.inputs + 1 };
        kind += 1;
        let bytes = (tensors * size * size_of::<f32>() * seconds.len()) as f64;
        bytes / seconds.iter().sum::<f64>() / 1e9
    })
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
