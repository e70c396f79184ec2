//! Resampling and Fourier transforms, against their definitions.

mod one_operator;

use std::f64::consts::PI;
use std::slice::from_ref;

use one_operator::{is_refused, output};
use proptest::prelude::*;
use tachy_graph::op::resampling::*;
use tachy_graph::op::signal::*;
use tachy_graph::{DType, Tensor};

fn noise(shape: &[usize]) -> Tensor {
    let count: usize = shape.iter().product();
    let values: Vec<f64> =
        (0..count).map(|i| ((i * i * 31 + i * 17) % 101) as f64 / 50.0 - 1.0).collect();
    Tensor::new(shape, &values).unwrap()
}

fn assert_close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let close = (found - expected).abs() <= 1e-9 * (1.0 + expected.abs());
        assert!(close, "element {index} is {found}, not {expected}");
    }
}

fn resize(
    target: ResizeTarget,
    coordinates: CoordinateTransformation,
    interpolation: Interpolation,
) -> Resize {
    Resize { axes: vec![2, 3], target, coordinates, interpolation, exclude_outside: false }
}

fn interpolations() -> impl Strategy<Value = Interpolation> {
    prop_oneof![
        any::<bool>().prop_map(|antialias| Interpolation::Linear { antialias }),
        (any::<bool>(), prop::sample::select(vec![-0.5f32, -0.75]))
            .prop_map(|(antialias, coefficient)| Interpolation::Cubic { coefficient, antialias }),
    ]
}

fn coordinates() -> impl Strategy<Value = CoordinateTransformation> {
    prop::sample::select(vec![
        CoordinateTransformation::HalfPixel,
        CoordinateTransformation::HalfPixelSymmetric,
        CoordinateTransformation::PytorchHalfPixel,
        CoordinateTransformation::AlignCorners,
        CoordinateTransformation::Asymmetric,
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Two passes over rows and columns give what one sum over all pixels gives.
    #[test]
    fn half_pixel_resize_is_a_weighted_sum(
        (h, w, oh, ow) in (1usize..9, 1usize..9, 1usize..15, 1usize..15),
        cubic: bool,
    ) {
        let a = -0.75;
        let weight = |x: f64| match (cubic, x.abs()) {
            (false, x) => (1.0 - x).max(0.0),
            (true, x) if x <= 1.0 => (a + 2.0) * x.powi(3) - (a + 3.0) * x.powi(2) + 1.0,
            (true, x) if x < 2.0 => a * x.powi(3) - 5.0 * a * x.powi(2) + 8.0 * a * x - 4.0 * a,
            _ => 0.0,
        };
        let input = noise(&[1, 1, h, w]);
        let pixels = input.as_slice::<f64>().unwrap();
        let mut expected = Vec::new();
        for y in 0..oh {
            for x in 0..ow {
                let (cy, cx) = ((y as f64 + 0.5) * h as f64 / oh as f64 - 0.5, (x as f64 + 0.5) * w as f64 / ow as f64 - 0.5);
                let mut sum = 0.0;
                for row in -4..h as i64 + 4 {
                    for column in -4..w as i64 + 4 {
                        let pixel = row.clamp(0, h as i64 - 1) * w as i64 + column.clamp(0, w as i64 - 1);
                        sum += weight(row as f64 - cy) * weight(column as f64 - cx) * pixels[pixel as usize];
                    }
                }
                expected.push(sum);
            }
        }
        let interpolation = match cubic {
            false => Interpolation::Linear { antialias: false },
            true => Interpolation::Cubic { coefficient: a as f32, antialias: false },
        };
        let op = resize(ResizeTarget::Sizes(vec![oh, ow]), CoordinateTransformation::HalfPixel, interpolation);
        assert_close(output(op, &[input]).as_slice::<f64>().unwrap(), &expected);
    }

    /// Weights add up to one, whatever the mode.
    #[test]
    fn a_flat_image_stays_flat(
        (h, w, oh, ow) in (1usize..9, 1usize..9, 1usize..15, 1usize..15),
        interpolation in interpolations(),
        coordinates in coordinates(),
        exclude_outside: bool,
    ) {
        let input = Tensor::new(&[1, 2, h, w], &vec![3.5f32; 2 * h * w]).unwrap();
        let op = resize(ResizeTarget::Sizes(vec![oh, ow]), coordinates, interpolation);
        let flat = output(Resize { exclude_outside, ..op }, &[input]);
        prop_assert_eq!(flat.shape(), &[1, 2, oh, ow]);
        prop_assert!(flat.as_slice::<f32>().unwrap().iter().all(|x| (x - 3.5).abs() < 1e-5));
    }

    #[test]
    fn the_same_size_is_the_same_image(
        (h, w) in (1usize..9, 1usize..9),
        interpolation in interpolations(),
        coordinates in coordinates(),
    ) {
        let input = noise(&[1, 2, h, w]);
        let op = resize(ResizeTarget::Scales(vec![1.0, 1.0]), coordinates, interpolation);
        assert_close(output(op, from_ref(&input)).as_slice::<f64>().unwrap(), input.as_slice::<f64>().unwrap());
    }

    /// A grid over the whole image that is as fine as the image gives the image.
    #[test]
    fn sampling_at_the_pixels_gives_the_pixels(
        (n, c, d, h, w) in (1usize..3, 1usize..3, 2usize..4, 2usize..5, 2usize..5),
        align_corners: bool,
        interpolation in prop::sample::select(vec![
            GridInterpolation::Nearest, GridInterpolation::Linear, GridInterpolation::Cubic,
        ]),
        padding in prop::sample::select(vec![
            GridPadding::Zeros, GridPadding::Border, GridPadding::Reflection,
        ]),
    ) {
        let identity: Vec<f64> =
            (0..n * 12).map(|i| if i % 12 % 5 == 0 { 1.0 } else { 0.0 }).collect();
        let theta = Tensor::new(&[n, 3, 4], &identity).unwrap();
        let grid = output(AffineGrid { size: vec![d, h, w], align_corners }, &[theta]);
        let volume = noise(&[n, c, d, h, w]);
        let op = GridSample { interpolation, padding, align_corners };
        let sampled = output(op, &[volume.clone(), grid]);
        assert_close(sampled.as_slice::<f64>().unwrap(), volume.as_slice::<f64>().unwrap());
    }

    #[test]
    fn transforms_follow_their_sum(
        n in prop_oneof![1usize..40, Just(64), Just(97), Just(100)],
        length in 1usize..40,
        inner in 1usize..3,
        parts in 1usize..3,
        inverse: bool,
    ) {
        let input = noise(&[2, n, inner, parts]);
        let values = input.as_slice::<f64>().unwrap();
        let sign = if inverse { 1.0 } else { -1.0 };
        let factor = if inverse { 1.0 / length as f64 } else { 1.0 };
        let mut expected = Vec::new();
        for outer in 0..2 {
            for k in 0..length {
                for i in 0..inner {
                    let (mut re, mut im) = (0.0, 0.0);
                    for t in 0..n.min(length) {
                        let at = ((outer * n + t) * inner + i) * parts;
                        let (x, y) = (values[at], if parts == 2 { values[at + 1] } else { 0.0 });
                        let (sin, cos) = (sign * 2.0 * PI * ((k * t) % length) as f64 / length as f64).sin_cos();
                        re += x * cos - y * sin;
                        im += x * sin + y * cos;
                    }
                    expected.extend([re * factor, im * factor]);
                }
            }
        }
        let kind = if inverse { DftKind::Inverse } else { DftKind::Forward };
        let transformed = output(Dft { axis: 1, length, kind }, &[input]);
        assert_close(transformed.as_slice::<f64>().unwrap(), &expected);
    }

    /// The one-sided transforms undo each other, and the forward one is a part of the whole.
    #[test]
    fn one_sided_transforms_are_inverse(n in 1usize..60) {
        let signal = noise(&[3, n, 1]);
        let whole = output(Dft { axis: 1, length: n, kind: DftKind::Forward }, from_ref(&signal));
        let half = output(Dft { axis: 1, length: n, kind: DftKind::ForwardOneSided }, from_ref(&signal));
        let bins = n / 2 + 1;
        for batch in 0..3 {
            let whole = &whole.as_slice::<f64>().unwrap()[batch * n * 2..][..bins * 2];
            assert_close(&half.as_slice::<f64>().unwrap()[batch * bins * 2..][..bins * 2], whole);
        }
        let back = output(Dft { axis: 1, length: n, kind: DftKind::InverseOneSided }, &[half]);
        assert_close(back.as_slice::<f64>().unwrap(), signal.as_slice::<f64>().unwrap());
    }

    #[test]
    fn a_short_time_transform_is_one_of_each_frame(
        frame_length in 1usize..20,
        frame_step in 1usize..9,
        more in 0usize..40,
        onesided: bool,
    ) {
        let samples = frame_length + more;
        let signal = noise(&[2, samples, 1]);
        let window: Vec<f64> = (0..frame_length).map(|i| 0.5 + i as f64).collect();
        let inputs = [signal.clone(), Tensor::new(&[frame_length], &window).unwrap()];
        let spectra = output(Stft { frame_step, frame_length, onesided }, &inputs);
        let frames = more / frame_step + 1;
        let kind = if onesided { DftKind::ForwardOneSided } else { DftKind::Forward };
        let mut expected = Vec::new();
        for batch in 0..2 {
            for frame in 0..frames {
                let values = &signal.as_slice::<f64>().unwrap()[batch * samples + frame * frame_step..];
                let weighted: Vec<f64> = values.iter().zip(&window).map(|(x, w)| x * w).collect();
                let weighted = Tensor::new(&[1, frame_length, 1], &weighted).unwrap();
                let spectrum = output(Dft { axis: 1, length: frame_length, kind }, &[weighted]);
                expected.extend_from_slice(spectrum.as_slice::<f64>().unwrap());
            }
        }
        assert_close(spectra.as_slice::<f64>().unwrap(), &expected);
    }
}

#[test]
fn integers_are_limited_to_their_range() {
    // A cubic overshoots at an edge, on both sides.
    let edge = Tensor::new(&[1, 1, 1, 6], &[0u8, 0, 0, 255, 255, 255]).unwrap();
    let interpolation = Interpolation::Cubic { coefficient: -0.75, antialias: false };
    let target = ResizeTarget::Sizes(vec![1, 18]);
    let op = resize(target, CoordinateTransformation::HalfPixel, interpolation);
    let resized = output(op, &[edge]);
    let pixels = resized.as_slice::<u8>().unwrap();
    assert!(pixels.is_sorted_by(|a, b| a <= b), "{pixels:?}");
}

#[test]
fn grids_that_leave_all_bounds_do_no_harm() {
    let image = noise(&[1, 1, 3, 3]);
    let far = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300, 1e18, 0.0, 5.0];
    let grid = Tensor::new(&[1, 2, 2, 2], &far).unwrap();
    for padding in [GridPadding::Zeros, GridPadding::Border, GridPadding::Reflection] {
        use GridInterpolation::{Cubic, Linear, Nearest};
        for interpolation in [Nearest, Linear, Cubic] {
            let op = GridSample { interpolation, padding, align_corners: false };
            let sampled = output(op, &[image.clone(), grid.clone()]);
            assert_eq!(sampled.shape(), [1, 1, 2, 2]);
        }
    }
}

#[test]
fn impossible_sizes_are_refused() {
    let image = noise(&[1, 1, 3, 3]);
    let linear = Interpolation::Linear { antialias: false };
    let half_pixel = CoordinateTransformation::HalfPixel;
    for scale in [f32::NAN, f32::INFINITY, -1.0, 1e30] {
        let op = resize(ResizeTarget::Scales(vec![1.0, scale]), half_pixel.clone(), linear);
        assert!(is_refused(op, from_ref(&image)), "{scale}");
    }
    let op = resize(ResizeTarget::Sizes(vec![2]), half_pixel.clone(), linear);
    assert!(is_refused(op, from_ref(&image)));
    let empty = Tensor::zeros(DType::F32, &[1, 1, 0, 3]).unwrap();
    let op = resize(ResizeTarget::Sizes(vec![2, 2]), half_pixel, linear);
    assert!(is_refused(op, &[empty]));
    let signal = noise(&[1, 8, 1]);
    for (frame_step, frame_length) in [(0, 4), (1, 0), (1, 9)] {
        let op = Stft { frame_step, frame_length, onesided: true };
        assert!(is_refused(op, from_ref(&signal)));
    }
    assert!(is_refused(Dft { axis: 2, length: 8, kind: DftKind::Forward }, from_ref(&signal)));
    assert!(is_refused(Dft { axis: 1, length: 0, kind: DftKind::Forward }, &[signal]));
}
