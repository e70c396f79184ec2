//! Export and import are inverse to each other, for convolution, pooling and normalisation.

use tachy_graph::DType;
use tachy_graph::op::convolution::*;
use tachy_graph::op::normalization::*;
use tachy_graph::op::pooling::*;
use tachy_graph::op::quantized_convolution::*;
use tachy_graph::op::window::Window;

use super::round_trip::{check, check_optional};

const F: DType = DType::F32;
const IMAGE: (DType, &[usize]) = (F, &[2, 4, 9, 8]);

fn windows() -> Vec<Window> {
    let mut lopsided = Window::new([2, 3]).with_strides([2, 1]);
    lopsided.pads_end = vec![1, 0];
    let spread = Window::new([3, 3]).with_dilations([2, 1]).with_padding([1, 1]);
    vec![Window::new([3, 2]), Window::new([3, 2]).with_strides([2, 3]), lopsided, spread]
}

#[test]
fn convolution() {
    for window in windows() {
        let kernel = &window.kernel;
        let filters = [&[6, 2][..], kernel].concat();
        let op = Conv { window: window.clone(), groups: 2 };
        check(op.clone(), &[IMAGE, (F, &filters)]);
        check(op, &[IMAGE, (F, &filters), (F, &[6])]);

        let filters = [&[4, 3][..], kernel].concat();
        for output_padding in [vec![0, 0], vec![1, 0]] {
            let window = window.clone().with_strides([2, 2]);
            let op = ConvTranspose { window, output_padding, groups: 2 };
            check(op, &[IMAGE, (F, &filters), (F, &[6])]);
        }

        let filters = [&[6, 2][..], kernel].concat();
        let x = (DType::U8, IMAGE.1);
        let op = ConvInteger { window: window.clone(), groups: 2 };
        check(op, &[x, (DType::U8, &filters), (DType::U8, &[])]);
        let op = QLinearConv { window: window.clone(), groups: 2 };
        let scaled = |ty| [ty, (F, &[][..]), (DType::U8, &[][..])];
        let inputs = [&scaled(x)[..], &scaled((DType::U8, &filters)), &scaled((F, &[]))[1..]];
        check(op, &inputs.concat());
    }
    check(Conv { window: Window::new([3]), groups: 1 }, &[(F, &[1, 2, 8]), (F, &[5, 2, 3])]);

    let op = DeformConv { window: Window::new([2, 2]), groups: 1, offset_groups: 1 };
    let (filters, offsets): (&[usize], &[usize]) = (&[5, 4, 2, 2], &[2, 8, 8, 7]);
    check(op.clone(), &[IMAGE, (F, filters), (F, offsets)]);
    let mask = Some((F, &[2, 4, 8, 7][..]));
    check_optional(op, &[Some(IMAGE), Some((F, filters)), Some((F, offsets)), None, mask]);
    let op = Col2Im { image: vec![4, 5], window: Window::new([2, 2]) };
    check(op, &[(F, &[1, 8, 12])]);
}

#[test]
fn pooling() {
    for window in windows() {
        for ceil in [false, true] {
            for indices in [false, true] {
                let op = MaxPool { window: window.clone(), ceil, indices, column_major: indices };
                check(op, &[IMAGE]);
            }
            for count_include_pad in [false, true] {
                let op = AveragePool { window: window.clone(), ceil, count_include_pad };
                check(op, &[IMAGE]);
            }
            check(LpPool { window: window.clone(), ceil, p: 3 }, &[IMAGE]);
        }
    }
    // A last window that would begin behind the image, which versions before 22 did not leave out.
    let window = Window::new([1, 1]).with_strides([2, 2]);
    let op = MaxPool { window, ceil: true, indices: false, column_major: false };
    check(op, &[(F, &[1, 1, 2, 2])]);
    for op in
        [GlobalPool::Average, GlobalPool::Max, GlobalPool::Lp { p: 2 }, GlobalPool::Lp { p: 3 }]
    {
        check(op, &[IMAGE]);
    }
    for (max, half_pixel) in [(false, true), (true, false)] {
        let op = RoiAlign {
            height: 3,
            width: 2,
            sampling_ratio: 2,
            spatial_scale: 0.5,
            max,
            half_pixel,
        };
        check(op, &[IMAGE, (F, &[5, 4]), (DType::I64, &[5])]);
    }
}

#[test]
fn normalization() {
    let channels: (DType, &[usize]) = (F, &[4]);
    for training in [false, true] {
        let op = BatchNormalization { epsilon: 1e-3, momentum: 0.75, training };
        check(op, &[IMAGE, channels, channels, channels, channels]);
    }
    check(InstanceNormalization { epsilon: 1e-3 }, &[IMAGE, channels, channels]);
    check(GroupNormalization { epsilon: 1e-3, groups: 2 }, &[IMAGE, channels, channels]);
    for statistics in [false, true] {
        let op = LayerNormalization { axis: 2, epsilon: 1e-3, statistics, statistics_dtype: F };
        check(op, &[IMAGE, (F, &[9, 8])]);
        check(op, &[IMAGE, (F, &[9, 8]), (F, &[8])]);
    }
    check(RmsNormalization { axis: 3, epsilon: 1e-3 }, &[IMAGE, (F, &[8])]);
    let op = LocalResponseNormalization { size: 3, alpha: 0.5, beta: 0.25, bias: 2.0 };
    check(op, &[IMAGE]);
    for p in [1, 2] {
        check(LpNormalization { axis: 1, p }, &[IMAGE]);
    }
    check(MeanVarianceNormalization { axes: vec![0, 2] }, &[IMAGE]);
}
