//! Convolution and pooling against their definitions, written out for any number of dimensions in `f64`.

use proptest::prelude::*;
use tachy_cpu::CpuBackend;
use tachy_graph::op::convolution::{Conv, ConvTranspose};
use tachy_graph::op::pooling::{AveragePool, MaxPool};
use tachy_graph::op::window::Window;
use tachy_graph::{GraphBuilder, Op, Tensor};
use tachy_runtime::{Backend, CompileOptions, Device};

/// What one node gives for these inputs, or `None` if its type rule refuses them.
fn run(op: impl Into<Op>, inputs: &[Tensor], threads: usize) -> Option<Vec<Tensor>> {
    let mut builder = GraphBuilder::new("test");
    let ids: Vec<_> = inputs
        .iter()
        .enumerate()
        .map(|(index, input)| {
            Some(builder.input(format!("x{index}"), input.dtype(), input.shape()))
        })
        .collect();
    let outputs = builder.node(op, &ids).ok()?;
    for (index, output) in outputs.into_iter().enumerate() {
        builder.output(output, format!("y{index}")).unwrap();
    }
    let graph = builder.build().unwrap();
    let options = CompileOptions::default().with_threads(threads.try_into().unwrap());
    let mut executable = CpuBackend.compile(&graph, &Device::of("cpu"), &options).unwrap();
    Some(executable.call(inputs).unwrap())
}

/// All index tuples of a shape, in row-major order.
fn indices(shape: &[usize]) -> Vec<Vec<usize>> {
    shape.iter().fold(vec![vec![]], |all, size| {
        all.iter()
            .flat_map(|start| (0..*size).map(|index| [&start[..], &[index]].concat()))
            .collect()
    })
}

fn flat(shape: &[usize], index: &[usize]) -> usize {
    shape.iter().zip(index).fold(0, |place, (size, index)| place * size + index)
}

/// The place in the image that a tap meets at a position, if it lies inside.
fn meet(window: &Window, image: &[usize], position: &[usize], tap: &[usize]) -> Option<Vec<usize>> {
    (0..image.len())
        .map(|axis| {
            (position[axis] * window.strides[axis] + tap[axis] * window.dilations[axis])
                .checked_sub(window.pads_begin[axis])
                .filter(|place| *place < image[axis])
        })
        .collect()
}

/// Whole numbers, so that sums are exact in any order.
fn numbers(shape: &[usize], seed: u64) -> Tensor {
    let mut state = seed;
    let data: Vec<f32> = (0..shape.iter().product())
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            ((state >> 59) as f32) - 16.0
        })
        .collect();
    Tensor::new(shape, &data).unwrap()
}

fn windows() -> impl Strategy<Value = (Vec<usize>, Window)> {
    let axis = (0usize..8, 1usize..4, 1usize..4, 1usize..3, 0usize..3, 0usize..3);
    prop::collection::vec(axis, 1..4).prop_map(|axes| {
        let window = Window {
            kernel: axes.iter().map(|axis| axis.1).collect(),
            strides: axes.iter().map(|axis| axis.2).collect(),
            dilations: axes.iter().map(|axis| axis.3).collect(),
            pads_begin: axes.iter().map(|axis| axis.4).collect(),
            pads_end: axes.iter().map(|axis| axis.5).collect(),
        };
        (axes.iter().map(|axis| axis.0).collect(), window)
    })
}

/// Groups, input channels of a group, output channels of a group; the second kind is depthwise.
fn channels() -> impl Strategy<Value = (usize, usize, usize)> {
    prop_oneof![(1usize..4, 1usize..4, 1usize..4), (2usize..5, Just(1), 1usize..3)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn convolution_follows_its_definition(
        (image, window) in windows(),
        (groups, channels, filters) in channels(),
        batch in 0usize..3,
        seed in any::<u64>(),
        threads in 1usize..3,
    ) {
        let x_shape = [&[batch, groups * channels], &image[..]].concat();
        let w_shape = [&[groups * filters, channels], &window.kernel[..]].concat();
        let x = numbers(&x_shape, seed);
        let w = numbers(&w_shape, seed ^ 1);
        let bias = numbers(&[groups * filters], seed ^ 2);
        let op = Conv { window: window.clone(), groups };
        let Some(outputs) = run(op, &[x.clone(), w.clone(), bias.clone()], threads) else {
            return Ok(());
        };
        let y = &outputs[0];
        let (x, w) = (x.as_slice::<f32>().unwrap(), w.as_slice::<f32>().unwrap());
        for (index, &found) in indices(y.shape()).iter().zip(y.as_slice::<f32>().unwrap()) {
            let filter = index[1];
            let mut expected = bias.as_slice::<f32>().unwrap()[filter];
            for channel in 0..channels {
                for tap in indices(&window.kernel) {
                    let Some(place) = meet(&window, &image, &index[2..], &tap) else { continue };
                    let source = [&[index[0], filter / filters * channels + channel], &place[..]].concat();
                    let weight = [&[filter, channel], &tap[..]].concat();
                    expected += x[flat(&x_shape, &source)] * w[flat(&w_shape, &weight)];
                }
            }
            prop_assert_eq!(found, expected, "at {:?}", index);
        }
    }

    #[test]
    fn transposed_convolution_is_the_adjoint(
        (image, window) in windows(),
        (groups, channels, filters) in channels(),
        seed in any::<u64>(),
    ) {
        // ⟨conv(x), y⟩ = ⟨x, convᵀ(y)⟩ for all x and y; output padding makes up what the stride leaves over.
        let x_shape = [&[1, groups * channels], &image[..]].concat();
        let w_shape = [&[groups * filters, channels], &window.kernel[..]].concat();
        let (x, w) = (numbers(&x_shape, seed), numbers(&w_shape, seed ^ 1));
        let conv = Conv { window: window.clone(), groups };
        let Some(outputs) = run(conv, &[x.clone(), w.clone()], 1) else { return Ok(()) };
        let y = numbers(outputs[0].shape(), seed ^ 2);
        let output_padding: Vec<usize> = (0..image.len())
            .map(|axis| {
                let padded = image[axis] + window.pads_begin[axis] + window.pads_end[axis];
                (padded - window.dilations[axis] * (window.kernel[axis] - 1) - 1) % window.strides[axis]
            })
            .collect();
        let adjoint = ConvTranspose { window, output_padding, groups };
        let back = run(adjoint, &[y.clone(), w], 1);
        prop_assume!(back.is_some());
        let back = &back.unwrap()[0];
        prop_assert_eq!(back.shape(), x.shape());
        let dot = |a: &Tensor, b: &Tensor| -> f64 {
            let (a, b) = (a.as_slice::<f32>().unwrap(), b.as_slice::<f32>().unwrap());
            a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
        };
        prop_assert_eq!(dot(&outputs[0], &y), dot(&x, back));
    }

    #[test]
    fn pooling_follows_its_definition(
        (image, window) in windows(),
        (ceil, count_include_pad) in any::<(bool, bool)>(),
        seed in any::<u64>(),
    ) {
        let shape = [&[2, 2], &image[..]].concat();
        let x = numbers(&shape, seed);
        let max = MaxPool { window: window.clone(), ceil, indices: true, column_major: false };
        let Some(outputs) = run(max, std::slice::from_ref(&x), 1) else { return Ok(()) };
        let average = AveragePool { window: window.clone(), ceil, count_include_pad };
        let means = run(average, std::slice::from_ref(&x), 1).unwrap();
        let data = x.as_slice::<f32>().unwrap();
        let found = outputs[0].as_slice::<f32>().unwrap();
        let places = outputs[1].as_slice::<i64>().unwrap();
        let means = means[0].as_slice::<f32>().unwrap();
        for (number, index) in indices(outputs[0].shape()).iter().enumerate() {
            let (mut best, mut sum, mut count) = (f32::NEG_INFINITY, 0.0, 0);
            for tap in indices(&window.kernel) {
                let inside = meet(&window, &image, &index[2..], &tap);
                if let Some(place) = &inside {
                    let element = data[flat(&shape, &[&index[..2], place].concat())];
                    best = best.max(element);
                    sum += element;
                }
                let padded = (0..image.len()).all(|axis| {
                    index[2 + axis] * window.strides[axis] + tap[axis] * window.dilations[axis]
                        < window.pads_begin[axis] + image[axis] + window.pads_end[axis]
                });
                count += usize::from(if count_include_pad { padded } else { inside.is_some() });
            }
            prop_assert_eq!(found[number], best);
            if best > f32::NEG_INFINITY {
                prop_assert_eq!(data[places[number] as usize], best);
            }
            prop_assert!((means[number] - sum / count.max(1) as f32).abs() < 1e-5);
        }
    }
}
