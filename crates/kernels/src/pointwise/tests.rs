//! Random programs on random blocks and tensors, on every instruction set, against one element at a time.

use proptest::prelude::*;

use super::interpret::Reach;
use super::*;
use crate::AlignedVec;
use crate::lanes::Isa;
use crate::math::Function;

/// The value of every instruction's register. All values are small integers, so that every order is exact.
fn evaluate(instructions: &[Instruction], input: impl Fn(usize) -> f32) -> Vec<f32> {
    let nan = |a: f32, b: f32, value: f32| if a.is_nan() || b.is_nan() { f32::NAN } else { value };
    let mut values: Vec<f32> = Vec::new();
    for instruction in instructions {
        values.push(match *instruction {
            Instruction::Input(index) => input(index),
            Instruction::Constant(value) => value,
            Instruction::Unary(Function::Relu, a) => nan(values[a], 0.0, values[a].max(0.0)),
            Instruction::Unary(Function::Abs, a) => values[a].abs(),
            Instruction::Unary(Function::Neg, a) => -values[a],
            Instruction::Unary(..) => unreachable!("not generated"),
            Instruction::Binary(binary, a, b) => {
                let (a, b) = (values[a], values[b]);
                match binary {
                    Binary::Add => a + b,
                    Binary::Sub => a - b,
                    Binary::Mul => a * b,
                    Binary::PRelu => {
                        if a < 0.0 {
                            a * b
                        } else {
                            a
                        }
                    }
                    Binary::Min => nan(a, b, a.min(b)),
                    Binary::Max => nan(a, b, a.max(b)),
                    Binary::Div | Binary::Pow => unreachable!("not generated"),
                }
            }
        });
    }
    values
}

const INPUTS: usize = 4;

fn instructions() -> impl Strategy<Value = Vec<Instruction>> {
    prop::collection::vec(
        (0..14usize, any::<prop::sample::Index>(), any::<prop::sample::Index>(), -3..4i8),
        0..12,
    )
    .prop_map(|choices| {
        let mut instructions: Vec<_> = (0..INPUTS).map(Instruction::Input).collect();
        for (kind, a, b, constant) in choices {
            let (a, b) = (a.index(instructions.len()), b.index(instructions.len()));
            instructions.push(match kind {
                0 | 1 => Instruction::Constant(constant.into()),
                2 => Instruction::Unary(Function::Relu, a),
                3 => Instruction::Unary(Function::Abs, a),
                4 => Instruction::Unary(Function::Neg, a),
                5..=7 => Instruction::Binary(Binary::Add, a, b),
                8 => Instruction::Binary(Binary::Sub, a, b),
                9 | 10 => Instruction::Binary(Binary::Mul, a, b),
                11 => Instruction::Binary(Binary::Min, a, b),
                12 => Instruction::Binary(Binary::Max, a, b),
                _ => Instruction::Binary(Binary::PRelu, a, b),
            });
        }
        instructions
    })
}

/// Small integers, and sometimes NaN.
fn numbers(count: usize, seed: usize) -> Vec<f32> {
    let number = |i: usize| match (i * 7 + seed * 3 + i / 11) % 23 {
        22 => f32::NAN,
        n => (n % 4) as f32 - 1.0,
    };
    (0..count).map(number).collect()
}

fn same(got: f32, expected: f32) -> bool {
    got == expected || (got.is_nan() && expected.is_nan())
}

/// Whether no value is so large that f32 would round it.
fn is_exact(values: &[f32]) -> bool {
    values.iter().all(|value| value.is_nan() || value.abs() < 16_777_216.0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn programs_on_blocks(
        instructions in instructions(),
        rows in prop::sample::select(vec![0, 1, 2, 3, 7, 16, 33]),
        columns in prop::sample::select(vec![0, 1, 3, 4, 5, 15, 16, 17, 31, 64, 67, 1024, 2053]),
        kinds in prop::array::uniform4(0..7usize),
        gap in 0..3usize,
        in_place in any::<bool>(),
    ) {
        let program = Program::new(&instructions);
        let pitch = columns + gap;
        // Dense, dense with a gap, a row for all, a number for each row, a number for all, or every other element.
        let strides = |kind: usize| match kind {
            0 | 1 => (pitch, 1),
            2 => (columns, 1),
            3 => (0, 1),
            4 => (1, 0),
            5 => (0, 0),
            _ => (2 * columns + 1, 2),
        };
        let mut strides = kinds.map(strides);
        if in_place {
            strides[0] = (pitch, 1);
        }
        let data: Vec<_> = (0..INPUTS).map(|i| numbers(33 * 4200, i)).collect();
        for isa in Isa::all() {
            let mut output = if in_place { data[0].clone() } else { vec![9.0; 33 * 4200] };
            let pointer = output.as_mut_ptr();
            let inputs: Vec<_> = strides.iter().zip(&data).enumerate().map(|(i, (strides, data))| {
                let pointer = if i == 0 && in_place { pointer } else { data.as_ptr() };
                Input { pointer, row_stride: strides.0, column_stride: strides.1 }
            }).collect();
            let mut scratch = vec![f32::NAN; program.scratch_len()];
            let block = Output { pointer, row_stride: pitch };
            // SAFETY: there are more elements than the largest block has.
            unsafe { program.run(isa, block, &inputs, (rows, columns), &mut scratch) }
            for row in 0..rows {
                for column in 0..columns {
                    let element = |i: usize| data[i][row * strides[i].0 + column * strides[i].1];
                    let values = evaluate(&instructions, element);
                    let got = output[row * pitch + column];
                    let expected = *values.last().expect("an instruction");
                    prop_assert!(
                        !is_exact(&values) || same(got, expected),
                        "({row}, {column}) on {}: {got} instead of {expected}", isa.name()
                    );
                }
                for column in columns..pitch {
                    let place = row * pitch + column;
                    let before = if in_place { data[0][place] } else { 9.0 };
                    prop_assert!(same(output[place], before), "the gap was written");
                }
            }
        }
    }

    #[test]
    fn programs_on_tensors(
        instructions in instructions(),
        shape in prop::collection::vec(prop::sample::select(vec![0, 1, 2, 3, 5, 17]), 0..5),
        ones in prop::array::uniform4(0..32u32),
        missing in prop::array::uniform4(0..3usize),
    ) {
        // Each input has ones where its bits say so, and lacks some of the first dimensions.
        let shapes: Vec<Vec<usize>> = (0..INPUTS).map(|input| {
            let all = shape.iter().enumerate();
            let sizes = all.map(|(axis, size)| if ones[input] >> axis & 1 == 1 { 1 } else { *size });
            sizes.skip(missing[input].min(shape.len())).collect()
        }).collect();
        let data: Vec<_> = shapes.iter().enumerate()
            .map(|(i, shape)| numbers(shape.iter().product(), i)).collect();
        let place = |index: usize, input: usize| {
            let (mut place, mut stride, mut rest) = (0, 1, index);
            for (axis, size) in shape.iter().enumerate().rev() {
                let at = rest % size;
                rest /= size;
                let missing = shape.len() - shapes[input].len();
                if axis >= missing {
                    let own = shapes[input][axis - missing];
                    place += at.min(own - 1) * stride;
                    stride *= own;
                }
            }
            place
        };
        let count: usize = shape.iter().product();
        let expected: Vec<_> = (0..count).map(|index| {
            let values = evaluate(&instructions, |input| data[input][place(index, input)]);
            is_exact(&values).then(|| *values.last().expect("an instruction"))
        }).collect();
        for isa in Isa::all() {
            let shapes: Vec<_> = shapes.iter().map(Vec::as_slice).collect();
            let sweep = Sweep::new(Program::new(&instructions), isa, &shape, &shapes);
            let mut output = vec![9.0; count];
            let mut scratch = vec![f32::NAN; sweep.scratch_len()];
            let inputs: Vec<_> = data.iter().map(|data| data.as_ptr()).collect();
            // SAFETY: the tensors have the prepared shapes.
            unsafe { sweep.run(output.as_mut_ptr(), &inputs, &mut scratch) }
            for (index, (got, expected)) in output.iter().zip(&expected).enumerate() {
                if let Some(expected) = expected {
                    prop_assert!(same(*got, *expected), "{index}: {got} instead of {expected}");
                }
            }
        }
    }
}

#[test]
fn a_tensor_of_many_tasks() {
    // x · scale + bias for each channel, limited, plus x: in both layouts.
    let instructions = [
        Instruction::Input(0),
        Instruction::Input(1),
        Instruction::Binary(Binary::Mul, 0, 1),
        Instruction::Input(2),
        Instruction::Binary(Binary::Add, 2, 3),
        Instruction::Unary(Function::Relu, 4),
        Instruction::Binary(Binary::Add, 5, 0),
    ];
    let (pixels, channels) = (12_007, 23);
    let x = numbers(pixels * channels, 1);
    let (scale, bias) = (numbers(channels, 2), numbers(channels, 3));
    let cases = [
        (vec![pixels, channels], vec![channels], 1, channels),
        (vec![channels, pixels], vec![channels, 1], pixels, channels),
    ];
    for (shape, vector, inner, count) in cases {
        for isa in Isa::all() {
            let program = Program::new(&instructions);
            let sweep = Sweep::new(program, isa, &shape, &[&shape, &vector, &vector]);
            assert!(sweep.tasks() > 4);
            let mut y = vec![0.0; x.len()];
            let mut scratch = vec![0.0; sweep.scratch_len()];
            for task in (0..sweep.tasks()).rev() {
                let inputs = [x.as_ptr(), scale.as_ptr(), bias.as_ptr()];
                // SAFETY: the tensors have the prepared shapes.
                unsafe { sweep.run_task(task, y.as_mut_ptr(), &inputs, &mut scratch) }
            }
            for (index, y) in y.into_iter().enumerate() {
                let channel = index / inner % count;
                let sum = x[index] * scale[channel] + bias[channel];
                let expected = x[index] + if sum < 0.0 { 0.0 } else { sum };
                assert!(same(y, expected), "{index}: {y} instead of {expected}");
            }
        }
    }
}

/// Long rows go another way than short ones, to the same bits.
#[test]
fn long_rows_equal_short_ones() {
    let binary = Instruction::Binary;
    let (x, y, number) = (0, 1, 2);
    let first = [Instruction::Input(0), Instruction::Input(1), Instruction::Input(2)];
    let half = Instruction::Constant(0.5);
    let programs: [&[Instruction]; 6] = [
        // Every function of two numbers, each operand in hand once, the other elsewhere.
        &[
            binary(Binary::Div, x, number),
            binary(Binary::Sub, y, 3),
            binary(Binary::Div, number, 4),
            binary(Binary::Max, 5, y),
            binary(Binary::Sub, 6, number),
            binary(Binary::Min, x, 7),
        ],
        // Products with a sum: both factors and the addend in hand.
        &[
            binary(Binary::Add, x, y),
            binary(Binary::Mul, 3, number),
            binary(Binary::Add, 4, x),
            binary(Binary::Mul, y, 5),
            binary(Binary::Add, 6, number),
            binary(Binary::Mul, x, y),
            binary(Binary::Add, 8, 7),
        ],
        // A result that is needed three times, twice of these at once.
        &[
            half,
            binary(Binary::Add, x, 3),
            binary(Binary::Mul, 4, 4),
            binary(Binary::Add, 5, y),
            Instruction::Unary(Function::Relu, 6),
            binary(Binary::Mul, 7, 4),
        ],
        &[
            binary(Binary::Mul, x, y),
            Instruction::Unary(Function::Tanh, 3),
            binary(Binary::Mul, 4, x),
            Instruction::Unary(Function::Sigmoid, 5),
            binary(Binary::Sub, 6, 4),
        ],
        &[binary(Binary::PRelu, x, number), binary(Binary::PRelu, y, 3), binary(Binary::Mul, 3, 4)],
        // Numbers alone.
        &[half, binary(Binary::Sub, 3, number), binary(Binary::Mul, 4, x)],
    ];
    let special = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -0.0, 1e-40, -3e-39, 3e38];
    let data = |seed: usize| -> Vec<f32> {
        let element = |i: usize| match (i * 13 + seed * 5 + i / 17) % 37 {
            n @ 0..8 => special[n],
            n => ((n * 29 + i) % 101) as f32 * 0.0377 - 1.9,
        };
        (0..3001).map(element).collect()
    };
    let (x, y) = (data(1), data(2));
    for (case, rest) in programs.iter().enumerate() {
        let program = Program::new(&[&first[..], rest].concat());
        assert!(!program.chain.is_empty(), "program {case} can be a chain");
        for isa in Isa::all() {
            let run = |short: usize, reach| {
                let mut output = AlignedVec::zeros(x.len());
                let mut scratch = vec![f32::NAN; program.scratch_len()];
                for start in (0..x.len()).step_by(short) {
                    let columns = short.min(x.len() - start);
                    let row = |from: &[f32], column_stride| Input {
                        pointer: from[start * column_stride..].as_ptr(),
                        row_stride: 0,
                        column_stride,
                    };
                    let inputs = [row(&x, 1), row(&y, 1), row(&[0.7], 0)];
                    let pointer = output[start..].as_mut_ptr();
                    let to = Output { pointer, row_stride: columns };
                    // SAFETY: the vectors have as many elements.
                    unsafe {
                        program.run_block(isa, to, &inputs, (1, columns), reach, &mut scratch);
                    }
                }
                output
            };
            let short = run(48, Reach::Near);
            for reach in [Reach::Near, Reach::Far, Reach::PastCaches] {
                for (index, (long, short)) in run(x.len(), reach).iter().zip(&*short).enumerate() {
                    let equal = long.to_bits() == short.to_bits();
                    let equal = equal || long.is_nan() && short.is_nan();
                    assert!(equal, "{case} on {}, {index}: {long} and {short}", isa.name());
                }
            }
        }
    }
}

#[test]
fn sums_of_products_and_limits_are_one_step() {
    let instructions = [
        Instruction::Input(0),
        Instruction::Constant(0.5),
        Instruction::Binary(Binary::Mul, 1, 0),
        Instruction::Input(1),
        Instruction::Binary(Binary::Add, 3, 2),
        Instruction::Unary(Function::Relu, 4),
        Instruction::Constant(6.0),
        Instruction::Binary(Binary::Min, 6, 5),
    ];
    assert_eq!(Program::new(&instructions).steps.len(), 1);
    // Here the product is needed twice.
    let twice = [
        instructions[0],
        instructions[1],
        instructions[2],
        Instruction::Binary(Binary::Add, 0, 2),
        Instruction::Binary(Binary::Sub, 3, 2),
    ];
    assert_eq!(Program::new(&twice).steps.len(), 3);
}
