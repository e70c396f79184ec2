//! Export and import are inverse to each other, for operators that move, index, resample and transform.

use super::round_trip::check;
use tachy_graph::DType;
use tachy_graph::op::indexing::*;
use tachy_graph::op::movement::*;
use tachy_graph::op::resampling::*;
use tachy_graph::op::scattering::*;
use tachy_graph::op::signal::*;
use tachy_graph::op::slicing::*;

const F: DType = DType::F32;
const I: DType = DType::I64;

#[test]
fn movement() {
    let x: &[(DType, &[usize])] = &[(F, &[2, 1, 5])];
    check(Expand { shape: vec![3, 2, 4, 5] }, x);
    check(Tile { repeats: vec![2, 0, 3] }, x);
    check(Concat { axis: 1 }, &[(F, &[2, 1, 5]), (F, &[2, 0, 5]), (F, &[2, 3, 5])]);
    check(Split { axis: 2, sizes: vec![1, 0, 4] }, x);
    for order in [BlockOrder::PositionFirst, BlockOrder::ChannelFirst] {
        check(DepthToSpace { block_size: 2, order }, &[(F, &[1, 8, 3, 2])]);
        check(SpaceToDepth { block_size: 2, order }, &[(F, &[1, 2, 4, 2])]);
    }
    for upper in [false, true] {
        check(Trilu { upper }, x);
        check(Trilu { upper }, &[(F, &[2, 3]), (I, &[])]);
    }
    check(ReverseSequence { batch_axis: 0, time_axis: 2 }, &[(F, &[2, 1, 5]), (I, &[2])]);
}

#[test]
fn slices_of_every_kind() {
    let size = 7;
    for start in 0..size {
        for step in [-7i64, -3, -2, -1, 1, 2, 3, 7] {
            let room = if step > 0 { size - 1 - start } else { start };
            for count in 1..=room / step.unsigned_abs() as usize + 1 {
                let axes = vec![SliceAxis::whole(2), SliceAxis { start, step, size: count }];
                check(Slice { axes }, &[(F, &[2, 7])]);
            }
        }
    }
}

#[test]
fn pads() {
    let pads = vec![(1, 0), (0, 2), (-1, -2)];
    for mode in [PadMode::Constant, PadMode::Reflect, PadMode::Edge, PadMode::Wrap] {
        check(Pad { pads: pads.clone(), mode }, &[(F, &[2, 3, 5])]);
    }
    check(Pad { pads, mode: PadMode::Constant }, &[(F, &[2, 3, 5]), (F, &[])]);
}

#[test]
fn indexing() {
    check(Gather { axis: 1 }, &[(F, &[2, 3, 4]), (I, &[5, 6])]);
    check(GatherElements { axis: 1 }, &[(F, &[2, 3]), (DType::I32, &[2, 9])]);
    check(GatherNd { batch_dims: 1 }, &[(F, &[2, 3, 4]), (I, &[2, 5, 1])]);
    check(OneHot { axis: 1, depth: 7 }, &[(I, &[2, 3]), (F, &[2])]);
    for reduction in [
        ScatterReduction::Replace,
        ScatterReduction::Add,
        ScatterReduction::Mul,
        ScatterReduction::Min,
        ScatterReduction::Max,
    ] {
        check(ScatterElements { axis: 0, reduction }, &[(F, &[4, 3]), (I, &[2, 3]), (F, &[2, 3])]);
        check(ScatterNd { reduction }, &[(F, &[4, 3]), (I, &[2, 1]), (F, &[2, 3])]);
    }
    for circular in [false, true] {
        check(TensorScatter { axis: 1, circular }, &[(F, &[2, 8, 3]), (F, &[2, 2, 3]), (I, &[2])]);
    }
}

#[test]
fn resampling() {
    let targets = [
        ResizeTarget::Scales(vec![0.7, 2.0]),
        ResizeTarget::Sizes(vec![3, 9]),
        ResizeTarget::NotLarger(vec![3, 9]),
        ResizeTarget::NotSmaller(vec![3, 9]),
    ];
    let regions = vec![(0.25, 0.5), (0.0, 1.5)];
    let coordinates = [
        CoordinateTransformation::HalfPixel,
        CoordinateTransformation::HalfPixelSymmetric,
        CoordinateTransformation::PytorchHalfPixel,
        CoordinateTransformation::AlignCorners,
        CoordinateTransformation::Asymmetric,
        CoordinateTransformation::TfCropAndResize { regions, extrapolation_value: 2.0 },
    ];
    let interpolations = [
        Interpolation::Nearest(NearestRounding::PreferFloor),
        Interpolation::Nearest(NearestRounding::PreferCeil),
        Interpolation::Nearest(NearestRounding::Floor),
        Interpolation::Nearest(NearestRounding::Ceil),
        Interpolation::Linear { antialias: true },
        Interpolation::Cubic { coefficient: -0.5, antialias: false },
    ];
    for target in &targets {
        for coordinates in &coordinates {
            for interpolation in interpolations {
                for (axes, shape) in [(vec![0, 1], &[5, 6][..]), (vec![3, 1], &[1, 6, 2, 5])] {
                    let (target, coordinates) = (target.clone(), coordinates.clone());
                    let exclude_outside = axes[0] == 0;
                    check(
                        Resize { axes, target, coordinates, interpolation, exclude_outside },
                        &[(F, shape)],
                    );
                }
            }
        }
    }
    for padding in [GridPadding::Zeros, GridPadding::Border, GridPadding::Reflection] {
        use GridInterpolation::{Cubic, Linear, Nearest};
        for interpolation in [Nearest, Linear, Cubic] {
            let op = GridSample { interpolation, padding, align_corners: interpolation == Linear };
            check(op, &[(F, &[2, 3, 4, 5]), (F, &[2, 6, 7, 2])]);
            check(op, &[(F, &[2, 3, 4, 5, 6]), (F, &[2, 7, 8, 9, 3])]);
        }
    }
    check(AffineGrid { size: vec![4, 5], align_corners: true }, &[(F, &[2, 2, 3])]);
    check(AffineGrid { size: vec![4, 5, 6], align_corners: false }, &[(F, &[2, 3, 4])]);
}

#[test]
fn spectra() {
    for (kind, parts) in [
        (DftKind::Forward, 1),
        (DftKind::Forward, 2),
        (DftKind::ForwardOneSided, 1),
        (DftKind::Inverse, 2),
        (DftKind::InverseOneSided, 2),
    ] {
        check(Dft { axis: 1, length: 9, kind }, &[(F, &[2, 8, 3, parts])]);
    }
    for onesided in [false, true] {
        let op = Stft { frame_step: 3, frame_length: 8, onesided };
        check(op, &[(F, &[2, 20, 1])]);
        check(op, &[(F, &[2, 20, 1]), (F, &[8])]);
    }
}
