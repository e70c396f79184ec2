//! Operators that MLX does not have and that are written with several of its operations, against the native engine.

mod support;

use tachy_cpu::CpuBackend;
use tachy_graph::convert::{Conversion, RoundMode};
use tachy_graph::op::attention::LinearAttention;
use tachy_graph::op::conversion::Cast;
use tachy_graph::op::convolution::{Col2Im, DeformConv};
use tachy_graph::op::linear::Det;
use tachy_graph::op::pooling::{MaxUnpool, RoiAlign};
use tachy_graph::op::quantization::{Granularity, QuantizeLinear};
use tachy_graph::op::resampling::{
    AffineGrid, CoordinateTransformation, GridInterpolation, GridPadding, GridSample,
    Interpolation, NearestRounding, Resize, ResizeTarget,
};
use tachy_graph::op::scattering::TensorScatter;
use tachy_graph::op::window::Window;
use tachy_graph::{DType, GraphBuilder, Op, Tensor};
use tachy_mlx::MlxBackend;
use tachy_runtime::{Backend, CompileOptions, Device};

/// Numbers between −1 and 1, times a factor.
fn numbers(shape: &[usize], factor: f32) -> Tensor {
    let count: usize = shape.iter().product();
    let number = |place: usize| (((place + 3) * 7919) % 2003) as f32 / 1001.0 - 1.0;
    let numbers: Vec<f32> = (0..count).map(|place| factor * number(place)).collect();
    Tensor::new(shape, &numbers).unwrap()
}

/// All outputs of a graph of this one node.
fn call(backend: &dyn Backend, device: &Device, op: &Op, inputs: &[Option<Tensor>]) -> Vec<Tensor> {
    let mut builder = GraphBuilder::new("one node");
    let mut given = Vec::new();
    let mut value = |place: usize, input: &Tensor| {
        given.push(input.clone());
        builder.input(format!("x{place}"), input.dtype(), input.shape().to_vec())
    };
    let values: Vec<_> = (inputs.iter().enumerate())
        .map(|(place, input)| input.as_ref().map(|input| value(place, input)))
        .collect();
    let outputs = builder.node(op.clone(), &values).unwrap();
    for (place, output) in outputs.into_iter().enumerate() {
        builder.output(output, format!("y{place}")).unwrap();
    }
    let graph = builder.build().unwrap();
    let options = CompileOptions { optimize: false, ..CompileOptions::default() };
    let mut executable = backend.compile(&graph, device, &options).unwrap();
    executable.call(&given).unwrap()
}

/// What both engines make of these inputs is the same, to `tolerance` of the largest.
fn agree(op: impl Into<Op>, inputs: &[Option<Tensor>], tolerance: f64) {
    let op = op.into();
    for device in support::devices() {
        let expected = call(&CpuBackend, &Device::of("cpu"), &op, inputs);
        let found = call(&MlxBackend, &device, &op, inputs);
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found.ty(), expected.ty(), "{device} {op:?}");
            let wide = |tensor: &Tensor| {
                let tensor = tensor.cast(DType::F64, Conversion::default()).unwrap();
                tensor.as_slice::<f64>().unwrap().to_vec()
            };
            let (found, expected) = (wide(found), wide(expected));
            let finite = expected.iter().filter(|value| value.is_finite());
            let most = finite.fold(0.0, |most: f64, value| most.max(value.abs()));
            for (place, (found, expected)) in found.iter().zip(&expected).enumerate() {
                let same = found == expected || (found.is_nan() && expected.is_nan());
                let near = (found - expected).abs() <= tolerance * most;
                assert!(same || near, "{device} {op:?} at {place}: {found} instead of {expected}");
            }
        }
    }
}

const NEAR: f64 = 1e-5;

#[test]
fn grids_are_sampled() {
    let modes = [GridInterpolation::Nearest, GridInterpolation::Linear, GridInterpolation::Cubic];
    let paddings = [GridPadding::Zeros, GridPadding::Border, GridPadding::Reflection];
    let (image, mut grid) = (numbers(&[2, 3, 5, 7], 4.0), numbers(&[2, 4, 6, 2], 2.3));
    for interpolation in modes {
        for padding in paddings {
            for align_corners in [false, true] {
                let op = GridSample { interpolation, padding, align_corners };
                agree(op, &[Some(image.clone()), Some(grid.clone())], NEAR);
            }
        }
    }
    let plain = GridSample {
        interpolation: GridInterpolation::Linear,
        padding: GridPadding::Zeros,
        align_corners: false,
    };
    let volume = [Some(numbers(&[1, 2, 3, 4, 5], 1.0)), Some(numbers(&[1, 2, 3, 2, 3], 1.2))];
    agree(plain, &volume, NEAR);
    // Places that are nowhere read nothing.
    let places = grid.as_mut_slice::<f32>().unwrap();
    (places[0], places[5], places[8], places[13]) = (f32::NAN, f32::INFINITY, -1e30, 1e9);
    for interpolation in modes {
        agree(
            GridSample { interpolation, ..plain },
            &[Some(image.clone()), Some(grid.clone())],
            NEAR,
        );
    }
    let bytes = image.cast(DType::I8, Conversion::default()).unwrap();
    let nearest = GridSample { interpolation: GridInterpolation::Nearest, ..plain };
    agree(nearest, &[Some(bytes), Some(grid)], 0.0);
}

#[test]
fn grids_are_made() {
    for align_corners in [false, true] {
        let flat = AffineGrid { size: vec![4, 5], align_corners };
        agree(flat, &[Some(numbers(&[2, 2, 3], 1.5))], NEAR);
        let deep = AffineGrid { size: vec![3, 1, 4], align_corners };
        agree(deep, &[Some(numbers(&[2, 3, 4], 1.5))], NEAR);
    }
}

#[test]
fn regions_are_resampled() {
    // The last leaves the image, and the one before is turned around.
    let corners =
        [0.0, 0.0, 9.0, 7.0, 2.5, 1.25, 3.0, 6.5, 6.0, 5.0, 3.0, 2.0, -8.0, -4.0, 20.0, 30.0];
    let regions = Tensor::new(&[4, 4], &corners.map(|corner: f32| corner)).unwrap();
    let images = Tensor::new(&[4], &[0i64, 1, 1, 0]).unwrap();
    let inputs = [Some(numbers(&[2, 3, 8, 10], 1.0)), Some(regions), Some(images)];
    for max in [false, true] {
        for half_pixel in [false, true] {
            let op = RoiAlign {
                height: 3,
                width: 2,
                sampling_ratio: 3,
                spatial_scale: 0.75,
                max,
                half_pixel,
            };
            agree(op, &inputs, NEAR);
        }
    }
}

#[test]
fn regions_are_resized() {
    let modes = [
        Interpolation::Nearest(NearestRounding::PreferFloor),
        Interpolation::Linear { antialias: false },
        Interpolation::Cubic { coefficient: -0.75, antialias: false },
    ];
    for interpolation in modes {
        let op = Resize {
            axes: vec![2, 3],
            target: ResizeTarget::Sizes(vec![5, 6]),
            coordinates: CoordinateTransformation::TfCropAndResize {
                regions: vec![(0.3, 1.4), (-0.2, 0.7)],
                extrapolation_value: 7.0,
            },
            interpolation,
            exclude_outside: false,
        };
        agree(op, &[Some(numbers(&[1, 2, 6, 6], 1.0))], NEAR);
    }
}

#[test]
fn caches_are_written() {
    let (cache, update) = (numbers(&[3, 2, 5, 4], 1.0), numbers(&[3, 2, 3, 4], 9.0));
    for (circular, first) in [(false, [0i64, 1, 2]), (true, [4, 13, 3])] {
        let first = Tensor::new(&[3], &first).unwrap();
        let inputs = [Some(cache.clone()), Some(update.clone()), Some(first)];
        agree(TensorScatter { axis: 2, circular }, &inputs, 0.0);
    }
    agree(TensorScatter { axis: 2, circular: false }, &[Some(cache), Some(update)], 0.0);
}

#[test]
fn blocks_and_elements_return_to_images() {
    let mut window = Window::new(vec![2, 3]).with_strides(vec![2, 1]).with_dilations(vec![1, 2]);
    (window.pads_begin, window.pads_end) = (vec![1, 0], vec![0, 2]);
    // (7 + 1 − 2) / 2 + 1 by (6 + 2 − 5) + 1 blocks.
    let op = Col2Im { image: vec![7, 6], window };
    agree(op, &[Some(numbers(&[2, 3 * 6, 4 * 4], 1.0))], NEAR);
    let places = Tensor::new(&[1, 2, 1, 2], &[5i64, 2, 15, 8]).unwrap();
    let op = MaxUnpool { indexed: vec![1, 2, 2, 4], output: vec![1, 2, 3, 5] };
    agree(op, &[Some(numbers(&[1, 2, 1, 2], 1.0)), Some(places)], 0.0);
}

#[test]
fn windows_are_deformed() {
    let window = Window::new(vec![3, 2])
        .with_strides(vec![2, 1])
        .with_dilations(vec![1, 2])
        .with_padding([1, 1]);
    let op = DeformConv { window, groups: 2, offset_groups: 4 };
    // (8 + 2 − 3) / 2 + 1 by 7 + 2 − 3 + 1 positions.
    let inputs = [
        numbers(&[2, 8, 8, 7], 1.0),
        numbers(&[6, 4, 3, 2], 1.0),
        numbers(&[2, 2 * 4 * 6, 4, 7], 3.0),
        numbers(&[6], 1.0),
        numbers(&[2, 4 * 6, 4, 7], 1.0),
    ];
    agree(op.clone(), &inputs.clone().map(Some), NEAR);
    agree(op, &inputs.map(Some)[..3], NEAR);
}

#[test]
fn determinants_are_found() {
    for size in 1..=6 {
        // Not evenly spaced: such rows depend on each other.
        let number = |place: usize| ((place * place * 31 + place * 17) % 101) as f32 / 50.0 - 1.0;
        let numbers: Vec<f32> = (0..6 * size * size).map(number).collect();
        agree(Det, &[Some(Tensor::new(&[2, 3, size, size], &numbers).unwrap())], NEAR);
    }
    let singular = [0.0f32, 2.0, 4.0, 0.0, 1.0, 2.0, 0.0, 5.0, 5.0];
    agree(Det, &[Some(Tensor::new(&[3, 3], &singular).unwrap())], 0.0);
}

#[test]
fn attention_without_softmax_is_a_recurrence() {
    let (heads, groups, size, width) = (4, 2, 3, 5);
    let op = LinearAttention { heads, groups, scale: 0.5 };
    let (q, k) = (numbers(&[2, 6, heads * size], 1.0), numbers(&[2, 6, groups * size], 1.0));
    let v = numbers(&[2, 6, groups * width], 1.0);
    let past = numbers(&[2, groups, size, width], 1.0);
    agree(op, &[Some(q.clone()), Some(k.clone()), Some(v.clone())], NEAR);
    for decays in [groups, groups * size] {
        for rates in [1, groups] {
            let (decay, rate) = (numbers(&[2, 6, decays], 0.5), numbers(&[2, 6, rates], 0.9));
            let inputs = [&q, &k, &v, &past, &decay, &rate].map(|input| Some(input.clone()));
            agree(op, &inputs, NEAR);
        }
    }
}

#[test]
fn floats_are_rounded_to_few_bits() {
    // Every sign and exponent, with fractions on, beside and between the middles of few bits.
    let fractions = [0, 1, 1 << 19, (1 << 19) + 1, 3 << 20, (7 << 20) - 1, 1 << 22, (1 << 23) - 1];
    let codes = (0..512u32).flat_map(|upper| fractions.map(|fraction| upper << 23 | fraction));
    let all: Vec<f32> = codes.map(f32::from_bits).collect();
    let all = Tensor::new(&[all.len()], &all).unwrap();
    let half = all.cast(DType::F16, Conversion::default()).unwrap();
    let whole = Tensor::new(&[5], &[0i32, -3, 1000, -70_000, i32::MAX]).unwrap();
    for to in DType::ALL.iter().copied().filter(|dtype| dtype.is_small_float()) {
        let rounding = [RoundMode::Up, RoundMode::Down, RoundMode::Nearest];
        for (saturate, round_mode) in
            [true, false].into_iter().flat_map(|saturate| rounding.map(|mode| (saturate, mode)))
        {
            let op = Cast { to, conversion: Conversion { saturate, round_mode } };
            agree(op, &[Some(all.clone())], 0.0);
            agree(op, &[Some(half.clone())], 0.0);
            if to != DType::F8E8M0 {
                agree(op, &[Some(whole.clone())], 0.0);
            }
        }
    }
    for output in [DType::F8E4M3FN, DType::F8E5M2] {
        let op = QuantizeLinear {
            granularity: Granularity::PerTensor,
            output,
            saturate: true,
            precision: None,
        };
        agree(op, &[Some(numbers(&[300], 900.0)), Some(Tensor::scalar(1.5f32))], 0.0);
    }
}
