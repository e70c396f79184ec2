//! Every way to convolve against the definition, computed in f64.
#![allow(missing_docs)]

use std::num::NonZeroUsize;
use std::sync::Mutex;

use proptest::prelude::*;
use tachy_kernels::convolution::{
    Adjoint, Algorithm, Convolution, Geometry, Images, Outlet, Region, TransposedConvolution,
};
use tachy_kernels::lanes::Isa;
use tachy_kernels::team::Team;

struct Random(u32);

impl Random {
    fn fill(&mut self, length: usize) -> Vec<f32> {
        (0..length)
            .map(|_| {
                self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (self.0 >> 8) as f32 / (1 << 23) as f32 - 1.0
            })
            .collect()
    }
}

fn definition(geometry: &Geometry, input: &[f32], weights: &[f32], bias: &[f32]) -> Vec<f64> {
    let Geometry { batch, input: from, output: to, kernel, stride, dilation, padding, .. } =
        *geometry;
    let (inputs, outputs) = (geometry.group_inputs(), geometry.group_outputs());
    let mut out = vec![0.0; batch * to.pixels() * to.pitch];
    for n in 0..batch {
        for y in 0..to.height {
            for x in 0..to.width {
                for o in 0..to.channels {
                    let mut sum = f64::from(bias[o]);
                    for ky in 0..kernel[0] {
                        for kx in 0..kernel[1] {
                            let row = (y * stride[0] + ky * dilation[0]).wrapping_sub(padding[0]);
                            let column =
                                (x * stride[1] + kx * dilation[1]).wrapping_sub(padding[1]);
                            if row >= from.height || column >= from.width {
                                continue;
                            }
                            for i in 0..inputs {
                                let pixel = (n * from.height + row) * from.width + column;
                                let element = input[pixel * from.pitch + o / outputs * inputs + i];
                                let weight =
                                    weights[((o * inputs + i) * kernel[0] + ky) * kernel[1] + kx];
                                sum += f64::from(element) * f64::from(weight);
                            }
                        }
                    }
                    out[((n * to.height + y) * to.width + x) * to.pitch + o] = sum;
                }
            }
        }
    }
    out
}

/// Runs the layer and compares; the finished regions must cover the output once.
fn check(algorithm: Algorithm, geometry: Geometry, threads: usize, with_addend: bool, seed: u32) {
    let mut random = Random(seed);
    let Geometry { batch, input, output, kernel, .. } = geometry;
    let source = random.fill(batch * input.pixels() * input.pitch);
    let weights = random.fill(output.channels * geometry.group_inputs() * kernel[0] * kernel[1]);
    let bias = random.fill(output.channels);
    let addend = random.fill(batch * output.pixels() * output.pitch);
    let mut expected = definition(&geometry, &source, &weights, &bias);
    let range = (-1.5, 2.0);
    for (value, addend) in expected.iter_mut().zip(&addend) {
        let sum = *value + if with_addend { f64::from(*addend) } else { 0.0 };
        *value = sum.clamp(f64::from(range.0), f64::from(range.1));
    }
    let team = Team::new(NonZeroUsize::new(threads).unwrap()).unwrap();
    for isa in Isa::all() {
        let layer = Convolution::with(algorithm, isa, threads, geometry, &weights, Some(&bias));
        assert_eq!(layer.algorithm(), algorithm);
        let mut out = vec![f32::NAN; batch * output.pixels() * output.pitch];
        let mut scratch = vec![f32::NAN; layer.scratch()];
        let covered = Mutex::new(vec![0u8; batch * output.pixels() * output.channels]);
        let finish = |region: Region| {
            let mut covered = covered.lock().unwrap();
            for pixel in region.pixel..region.pixel + region.pixels {
                for channel in region.channel..region.channel + region.channels {
                    covered[pixel * output.channels + channel] += 1;
                }
            }
        };
        let outlet = Outlet {
            out: out.as_mut_ptr(),
            addend: with_addend.then_some((addend.as_ptr(), output.pitch)),
            range,
            finish: Some(&finish),
        };
        // SAFETY: the vectors are as long as the geometry says.
        unsafe { layer.run(&team, source.as_ptr(), &outlet, &mut scratch) };
        assert!(
            covered.lock().unwrap().iter().all(|count| *count == 1),
            "regions cover the output once"
        );
        // Winograd's transforms cost a digit.
        let unit = if algorithm == Algorithm::Winograd { 1.5e-5 } else { 3e-6 };
        let scale = (geometry.group_inputs() * kernel[0] * kernel[1]) as f64;
        for (place, (found, expected)) in out.iter().zip(&expected).enumerate() {
            if place % output.pitch >= output.channels {
                assert!(found.is_nan(), "what lies between the pixels is not written");
                continue;
            }
            let error = (f64::from(*found) - expected).abs();
            assert!(
                error <= unit * scale.sqrt() + 1e-5,
                "{algorithm:?} {geometry:?} on {}: {found} instead of {expected} at {place}",
                isa.name()
            );
        }
    }
}

fn geometries() -> impl Strategy<Value = Geometry> {
    (
        (1usize..3, 1usize..12, 1usize..20, 0usize..3, 0usize..3),
        (1usize..4, 1usize..4, 1usize..3, 1usize..3, 1usize..3, 1usize..3),
        (0usize..3, 0usize..3, 0usize..3, 0usize..3),
        (1usize..4, 1usize..20, 1usize..70),
    )
        .prop_filter_map("the filter must fit", |(sizes, filter, pads, channels)| {
            let (batch, height, width, input_gap, output_gap) = sizes;
            let kernel = [filter.0, filter.1];
            let (stride, dilation) = ([filter.2, filter.3], [filter.4, filter.5]);
            let size = |axis: usize, input: usize, before: usize, after: usize| {
                let room = (input + before + after)
                    .checked_sub((kernel[axis] - 1) * dilation[axis] + 1)?;
                Some(room / stride[axis] + 1)
            };
            let (groups, inputs, outputs) = channels;
            let channels = (groups * inputs, groups * outputs);
            Some(Geometry {
                batch,
                input: Images::dense(height, width, channels.0, channels.0 + input_gap),
                output: Images::dense(
                    size(0, height, pads.0, pads.1)?,
                    size(1, width, pads.2, pads.3)?,
                    channels.1,
                    channels.1 + output_gap,
                ),
                kernel,
                stride,
                dilation,
                padding: [pads.0, pads.2],
                groups,
            })
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn direct(geometry in geometries(), threads in 1usize..3, addend: bool, seed: u32) {
        check(Algorithm::Direct, geometry, threads, addend, seed);
    }

    #[test]
    fn depthwise(
        mut geometry in geometries(),
        kernel in (1usize..6, 1usize..6),
        threads in 1usize..3,
        addend: bool,
        seed: u32,
    ) {
        let channels = geometry.output.channels.max(2);
        geometry.groups = channels;
        for (images, gap) in [(&mut geometry.input, 1), (&mut geometry.output, 2)] {
            *images = Images::dense(images.height, images.width, channels, channels + gap);
        }
        geometry.kernel = [kernel.0, kernel.1];
        check(Algorithm::Depthwise, geometry, threads, addend, seed);
    }

    #[test]
    fn winograd(
        mut geometry in geometries(),
        threads in 1usize..3,
        addend: bool,
        seed: u32,
    ) {
        geometry.kernel = [3, 3];
        geometry.stride = [1, 1];
        geometry.dilation = [1, 1];
        geometry.groups = 1;
        check(Algorithm::Winograd, geometry, threads, addend, seed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn transposed(
        (height, width, inputs, outputs) in (1usize..6, 1usize..12, 1usize..20, 1usize..40),
        (kernel, stride) in ([1usize..5, 1usize..9], [1usize..4, 1usize..4]),
        padding in [0usize..3, 0usize..4],
        (padding_end, extra) in ([0usize..3, 0usize..4], [0usize..3, 0usize..3]),
        threads in 1usize..3,
        seed: u32,
    ) {
        prop_assume!((0..2).all(|axis| kernel[axis] >= stride[axis] && extra[axis] < stride[axis]));
        let size = |axis: usize, input: usize| {
            (stride[axis] * (input - 1) + kernel[axis] + extra[axis])
                .checked_sub(padding[axis] + padding_end[axis])
                .filter(|size| *size > 0)
        };
        let (Some(out_height), Some(out_width)) = (size(0, height), size(1, width)) else {
            return Ok(());
        };
        let adjoint = Adjoint {
            input: Images::dense(height, width, inputs, inputs + 1),
            output: Images::dense(out_height, out_width, outputs, outputs + 2),
            kernel,
            stride,
            padding,
        };
        let mut random = Random(seed);
        let input = random.fill(height * width * (inputs + 1));
        let weights = random.fill(inputs * outputs * kernel[0] * kernel[1]);
        let bias = random.fill(outputs);
        let (to, from) = (adjoint.output, adjoint.input);
        let mut expected = vec![f64::NAN; to.pixels() * to.pitch];
        for pixel in 0..to.pixels() {
            for o in 0..outputs {
                expected[pixel * to.pitch + o] = f64::from(bias[o]);
            }
        }
        for y in 0..height {
            for x in 0..width {
                for ky in 0..kernel[0] {
                    for kx in 0..kernel[1] {
                        let row = (y * stride[0] + ky).wrapping_sub(padding[0]);
                        let column = (x * stride[1] + kx).wrapping_sub(padding[1]);
                        if row >= to.height || column >= to.width {
                            continue;
                        }
                        for i in 0..inputs {
                            let element = f64::from(input[(y * width + x) * from.pitch + i]);
                            for o in 0..outputs {
                                let weight = weights[((i * outputs + o) * kernel[0] + ky) * kernel[1] + kx];
                                expected[(row * to.width + column) * to.pitch + o] += element * f64::from(weight);
                            }
                        }
                    }
                }
            }
        }
        let team = Team::new(NonZeroUsize::new(threads).unwrap()).unwrap();
        for isa in Isa::all() {
            let layer = TransposedConvolution::new(isa, threads, adjoint, &weights, Some(&bias));
            let mut out = vec![f32::NAN; expected.len()];
            let mut scratch = vec![f32::NAN; layer.scratch()];
            let range = (f32::NEG_INFINITY, f32::INFINITY);
            // SAFETY: the vectors are as long as the sizes say.
            unsafe { layer.run(&team, input.as_ptr(), out.as_mut_ptr(), range, &mut scratch) };
            for (found, expected) in out.iter().zip(&expected) {
                prop_assert_eq!(found.is_nan(), expected.is_nan());
                prop_assert!(found.is_nan() || (f64::from(*found) - expected).abs() < 1e-4);
            }
        }
    }
}

#[test]
fn a_whole_layer_on_two_threads() {
    let images = |channels: usize| Images::dense(14, 14, channels, channels);
    let geometry = Geometry {
        batch: 1,
        input: images(128),
        output: images(100),
        kernel: [3, 3],
        stride: [1, 1],
        dilation: [1, 1],
        padding: [1, 1],
        groups: 1,
    };
    check(Algorithm::Direct, geometry, 2, true, 1);
    check(Algorithm::Winograd, geometry, 2, true, 2);
}
