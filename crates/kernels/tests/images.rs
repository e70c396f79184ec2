//! Pooling and changes of layout against their definitions.
#![allow(missing_docs)]

use std::num::NonZeroUsize;

use proptest::prelude::*;
use tachy_kernels::convolution::Images;
use tachy_kernels::lanes::Isa;
use tachy_kernels::layout::Transposition;
use tachy_kernels::pooling::{Combine, Pooling};
use tachy_kernels::team::Team;

fn numbers(length: usize, mut seed: u32) -> Vec<f32> {
    (0..length)
        .map(|_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 20) as f32 / 64.0 - 32.0
        })
        .collect()
}

proptest! {
    #[test]
    fn transposition(
        (batch, rows, columns) in (1usize..3, 1usize..40, 1usize..300),
        (from_gap, to_gap) in (0usize..3, 0usize..3),
        threads in 1usize..3,
        seed: u32,
    ) {
        let team = Team::new(NonZeroUsize::new(threads).unwrap()).unwrap();
        let (from_pitch, to_pitch) = (columns + from_gap, rows + to_gap);
        let plan = Transposition {
            batch, rows, columns, from_pitch, to_pitch,
            from_step: rows * from_pitch,
            to_step: columns * to_pitch,
        };
        let from = numbers(batch * rows * from_pitch, seed);
        for isa in Isa::all() {
            let mut to = vec![f32::NAN; batch * columns * to_pitch];
            // SAFETY: the vectors are as long as the plan says.
            unsafe { plan.run(isa, &team, from.as_ptr(), to.as_mut_ptr()) };
            for (place, value) in to.iter().enumerate() {
                let (matrix, rest) = (place / plan.to_step, place % plan.to_step);
                let (column, row) = (rest / to_pitch, rest % to_pitch);
                if row < rows {
                    prop_assert_eq!(*value, from[matrix * plan.from_step + row * from_pitch + column]);
                } else {
                    prop_assert!(value.is_nan());
                }
            }
        }
    }

    #[test]
    fn pooling(
        (batch, height, width, channels) in (1usize..3, 1usize..9, 1usize..9, 1usize..40),
        (kernel, stride, dilation) in ([1usize..4, 1usize..4], [1usize..4, 1usize..4], [1usize..3, 1usize..3]),
        (padding, padding_end) in ([0usize..3, 0usize..3], [0usize..3, 0usize..3]),
        way in 0usize..3,
        threads in 1usize..3,
        seed: u32,
    ) {
        // A window lies in the padding with less than all of it, as every operator demands.
        prop_assume!((0..2).all(|axis| padding[axis] < kernel[axis] && padding_end[axis] < kernel[axis]));
        let input = Images::dense(height, width, channels, channels + 2);
        let size = |axis: usize, input: usize| {
            let room = (input + padding[axis] + padding_end[axis])
                .checked_sub((kernel[axis] - 1) * dilation[axis] + 1)?;
            Some(room / stride[axis] + 1)
        };
        let (Some(out_height), Some(out_width)) = (size(0, height), size(1, width)) else {
            return Ok(());
        };
        let output = Images::dense(out_height, out_width, channels, channels + 1);
        let combine = [Combine::Largest, Combine::Mean, Combine::MeanWithPadding][way];
        let pooling = Pooling {
            combine, batch, input, output, kernel, stride, dilation, padding, padding_end,
        };
        let from = numbers(batch * input.pixels() * input.pitch, seed);
        let team = Team::new(NonZeroUsize::new(threads).unwrap()).unwrap();
        for isa in Isa::all() {
            let mut out = vec![f32::NAN; batch * output.pixels() * output.pitch];
            // SAFETY: the vectors are as long as the sizes say.
            unsafe { pooling.run(isa, &team, from.as_ptr(), out.as_mut_ptr()) };
            for n in 0..batch {
                for y in 0..output.height {
                    for x in 0..output.width {
                        for c in 0..channels {
                            let (mut largest, mut sum) = (f32::NEG_INFINITY, 0.0);
                            let mut count = 0;
                            for ky in 0..kernel[0] {
                                for kx in 0..kernel[1] {
                                    let row = (y * stride[0] + ky * dilation[0]) as isize - padding[0] as isize;
                                    let column = (x * stride[1] + kx * dilation[1]) as isize - padding[1] as isize;
                                    let inside = |at: isize, size: usize| at >= 0 && at < size as isize;
                                    if inside(row, height) && inside(column, width) {
                                        let pixel = (n * height + row as usize) * width + column as usize;
                                        let element = from[pixel * input.pitch + c];
                                        largest = largest.max(element);
                                        sum += element;
                                        count += 1;
                                    } else if combine == Combine::MeanWithPadding
                                        && row < (height + padding_end[0]) as isize
                                        && column < (width + padding_end[1]) as isize
                                    {
                                        count += 1;
                                    }
                                }
                            }
                            let expected = match combine {
                                Combine::Largest => largest,
                                _ => sum / count as f32,
                            };
                            let found = out[((n * output.height + y) * output.width + x) * output.pitch + c];
                            prop_assert!(
                                (found - expected).abs() <= 1e-5
                                    || found == expected
                                    || (found.is_nan() && expected.is_nan()),
                                "{} instead of {}", found, expected
                            );
                        }
                    }
                }
            }
        }
    }
}
