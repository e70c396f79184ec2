//! Operators that move elements, against definitions that look at one element at a time.

mod one_operator;

use std::slice::from_ref;

use one_operator::{is_refused, output, run};
use proptest::prelude::*;
use tachy_graph::op::indexing::*;
use tachy_graph::op::movement::*;
use tachy_graph::op::scattering::*;
use tachy_graph::op::slicing::*;
use tachy_graph::{DType, Tensor};
use tachy_runtime::Error;

/// A tensor whose elements are all different: their own places, as bytes of any element type.
fn places(dtype: DType, shape: &[usize]) -> Tensor {
    let count: usize = shape.iter().product();
    let bytes: Vec<u8> = (0..count as u64)
        .flat_map(|place| place.to_le_bytes().into_iter().take(dtype.size()).collect::<Vec<_>>())
        .collect();
    Tensor::from_bytes(dtype, shape, &bytes).unwrap()
}

/// The element of a tensor at these coordinates, as its bytes.
fn at<'a>(tensor: &'a Tensor, coordinates: &[usize]) -> &'a [u8] {
    let place = (coordinates.iter().zip(tensor.shape())).fold(0, |place, (c, size)| {
        assert!(c < size);
        place * size + c
    });
    let size = tensor.dtype().size();
    &tensor.bytes()[place * size..][..size]
}

/// All coordinates in a shape, in row-major order.
fn all_coordinates(shape: &[usize]) -> Vec<Vec<usize>> {
    shape.iter().fold(vec![vec![]], |all, &size| {
        let longer =
            |c: &Vec<usize>| (0..size).map(|i| [&c[..], &[i]].concat()).collect::<Vec<_>>();
        all.iter().flat_map(longer).collect()
    })
}

/// Checks every element of an output: `source` says where in the input it comes from; `None` is zero.
fn check(output: &Tensor, input: &Tensor, source: impl Fn(&[usize]) -> Option<Vec<usize>>) {
    for coordinates in all_coordinates(output.shape()) {
        let found = at(output, &coordinates);
        match source(&coordinates) {
            Some(source) => assert_eq!(found, at(input, &source), "at {coordinates:?}"),
            None => assert!(found.iter().all(|byte| *byte == 0), "at {coordinates:?}"),
        }
    }
}

fn dtypes() -> impl Strategy<Value = DType> {
    prop::sample::select(vec![DType::F64, DType::F32, DType::BF16, DType::I8, DType::F8E5M2])
}

/// Shapes up to rank 4; some empty, and some long enough to be shared among threads.
fn shapes() -> impl Strategy<Value = Vec<usize>> {
    let size = prop_oneof![8 => 1usize..5, 1 => Just(0), 1 => 30usize..60];
    prop::collection::vec(size, 0..=4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn transpose_permutes_coordinates(
        dtype in dtypes(),
        (shape, permutation) in shapes().prop_flat_map(|shape| {
            let axes: Vec<usize> = (0..shape.len()).collect();
            (Just(shape), Just(axes).prop_shuffle())
        }),
    ) {
        let input = places(dtype, &shape);
        let transposed = output(Transpose { permutation: permutation.clone() }, from_ref(&input));
        check(&transposed, &input, |c| {
            let mut source = vec![0; c.len()];
            permutation.iter().zip(c).for_each(|(axis, c)| source[*axis] = *c);
            Some(source)
        });
    }

    #[test]
    fn slice_takes_evenly_spaced_positions(
        dtype in dtypes(),
        (shape, ranges) in shapes().prop_flat_map(|shape| {
            let step = prop_oneof![-4i64..0, 1i64..5];
            let ranges = prop::collection::vec((-9i64..9, -9i64..9, step), shape.len());
            (Just(shape), ranges)
        }),
    ) {
        // ONNX's rule, step by step.
        let positions: Vec<Vec<usize>> = shape.iter().zip(&ranges).map(|(&size, &(start, end, step))| {
            let size = size as i64;
            let from_start = |p: i64| if p < 0 { p + size } else { p };
            let (low, high) = if step > 0 { (0, size) } else { (0, size - 1) };
            let mut position = from_start(start).max(low).min(high);
            let end = from_start(end).max(low - i64::from(step < 0)).min(high);
            let mut positions = Vec::new();
            while size > 0 && if step > 0 { position < end } else { position > end } {
                positions.push(position as usize);
                position += step;
            }
            positions
        }).collect();
        let axes = shape.iter().zip(&ranges)
            .map(|(&size, &(start, end, step))| SliceAxis::resolve(start, end, step, size).unwrap())
            .collect();
        let input = places(dtype, &shape);
        let sliced = output(Slice { axes }, from_ref(&input));
        let sizes: Vec<usize> = positions.iter().map(Vec::len).collect();
        prop_assert_eq!(sliced.shape(), &sizes[..]);
        check(&sliced, &input, |c| Some(c.iter().zip(&positions).map(|(c, p)| p[*c]).collect()));
    }

    #[test]
    fn pad_continues_as_its_mode_says(
        dtype in dtypes(),
        mode in prop::sample::select(vec![PadMode::Constant, PadMode::Reflect, PadMode::Edge, PadMode::Wrap]),
        (shape, pads) in prop::collection::vec(2usize..6, 1..4).prop_flat_map(|shape| {
            let pads = prop::collection::vec((-1i64..9, 0i64..9), shape.len());
            (Just(shape), pads)
        }),
    ) {
        let input = places(dtype, &shape);
        let padded = output(Pad { pads: pads.clone(), mode }, from_ref(&input));
        // Walks from the first kept element to a position, one step at a time.
        let walk = |position: i64, size: usize, (before, after): (i64, i64)| {
            let first = (-before).max(0);
            let last = size as i64 - 1 + after.min(0);
            let (mut here, mut direction) = (first, 1);
            for _ in 0..position.abs() {
                let next = here + direction * position.signum();
                here = match mode {
                    _ if (first..=last).contains(&next) => next,
                    PadMode::Constant => return None,
                    PadMode::Edge => here,
                    PadMode::Wrap => if next > last { first } else { last },
                    PadMode::Reflect if first == last => here,
                    PadMode::Reflect => {
                        direction = -direction;
                        here + direction * position.signum()
                    }
                };
            }
            Some(here as usize)
        };
        check(&padded, &input, |c| {
            c.iter().zip(&shape).zip(&pads)
                .map(|((&c, &size), &pads)| walk(c as i64 - pads.0.max(0), size, pads))
                .collect()
        });
    }

    #[test]
    fn expand_and_tile_repeat(dtype in dtypes(), shape in shapes(), repeat in 0usize..4) {
        let input = places(dtype, &shape);
        let repeats: Vec<usize> = (0..shape.len()).map(|axis| (axis + repeat) % 3).collect();
        let tiled = output(Tile { repeats }, from_ref(&input));
        check(&tiled, &input, |c| Some(c.iter().zip(&shape).map(|(c, size)| c % size).collect()));
        let target: Vec<usize> = std::iter::once(repeat)
            .chain(shape.iter().map(|&size| if size == 1 { repeat + 1 } else { size }))
            .collect();
        let expanded = output(Expand { shape: target }, from_ref(&input));
        check(&expanded, &input, |c| {
            Some(c[1..].iter().zip(&shape).map(|(&c, &size)| if size == 1 { 0 } else { c }).collect())
        });
    }

    #[test]
    fn concat_undoes_split(
        dtype in dtypes(),
        (shape, axis) in shapes().prop_filter("an axis", |s| !s.is_empty()).prop_flat_map(|shape| {
            let rank = shape.len();
            (Just(shape), 0..rank)
        }),
        parts in 1usize..5,
    ) {
        let input = places(dtype, &shape);
        let split = Split::evenly(axis, shape[axis], parts);
        let outputs = run(split.clone(), from_ref(&input)).unwrap();
        let mut start = 0;
        for (part, size) in outputs.iter().zip(&split.sizes) {
            check(part, &input, |c| {
                let mut source = c.to_vec();
                source[axis] += start;
                Some(source)
            });
            start += size;
        }
        prop_assert_eq!(output(Concat { axis }, &outputs), input);
    }

    #[test]
    fn depth_and_space_are_inverse(
        dtype in dtypes(),
        (n, c, h, w, block_size) in (0usize..3, 1usize..4, 1usize..5, 1usize..5, 1usize..4),
        order in prop::sample::select(vec![BlockOrder::PositionFirst, BlockOrder::ChannelFirst]),
    ) {
        let b = block_size;
        let input = places(dtype, &[n, c * b * b, h, w]);
        let space = output(DepthToSpace { block_size, order }, from_ref(&input));
        check(&space, &input, |at| {
            let (position, channel) = (at[2] % b * b + at[3] % b, at[1]);
            let depth = match order {
                BlockOrder::PositionFirst => position * c + channel,
                BlockOrder::ChannelFirst => channel * b * b + position,
            };
            Some(vec![at[0], depth, at[2] / b, at[3] / b])
        });
        prop_assert_eq!(output(SpaceToDepth { block_size, order }, &[space]), input);
    }

    #[test]
    fn trilu_keeps_a_triangle(dtype in dtypes(), shape in shapes(), k in -6i64..6, upper: bool) {
        prop_assume!(shape.len() >= 2);
        let input = places(dtype, &shape);
        let kept = output(Trilu { upper }, &[input.clone(), Tensor::scalar(k)]);
        check(&kept, &input, |c| {
            let above = c[c.len() - 1] as i64 - c[c.len() - 2] as i64;
            let keep = if upper { above >= k } else { above <= k };
            keep.then(|| c.to_vec())
        });
    }

    #[test]
    fn reverse_sequence_reverses_the_start(
        dtype in dtypes(),
        shape in prop::collection::vec(1usize..5, 3),
        axes in Just(vec![0usize, 1, 2]).prop_shuffle(),
        seed in 0usize..100,
    ) {
        let (batch_axis, time_axis) = (axes[0], axes[1]);
        let lengths: Vec<i64> =
            (0..shape[batch_axis]).map(|b| ((b * 7 + seed) % (shape[time_axis] + 1)) as i64).collect();
        let input = places(dtype, &shape);
        let inputs = [input.clone(), Tensor::new(&[lengths.len()], &lengths).unwrap()];
        let reversed = output(ReverseSequence { batch_axis, time_axis }, &inputs);
        check(&reversed, &input, |c| {
            let (length, mut source) = (lengths[c[batch_axis]] as usize, c.to_vec());
            if c[time_axis] < length {
                source[time_axis] = length - 1 - c[time_axis];
            }
            Some(source)
        });
    }

    #[test]
    fn gathering_reads_at_indices(
        dtype in dtypes(),
        (shape, axis) in (prop::collection::vec(1usize..5, 1..4)).prop_flat_map(|shape| {
            let rank = shape.len();
            (Just(shape), 0..rank)
        }),
        numbers in prop::collection::vec(0usize..1000, 6),
    ) {
        let size = shape[axis];
        let indices: Vec<i64> =
            numbers.iter().map(|n| (n % (2 * size)) as i64 - size as i64).collect();
        let position = |index: i64| if index < 0 { index + size as i64 } else { index } as usize;
        let data = places(dtype, &shape);
        let gathered = output(Gather { axis }, &[data.clone(), Tensor::new(&[2, 3], &indices).unwrap()]);
        check(&gathered, &data, |c| {
            let index = position(indices[c[axis] * 3 + c[axis + 1]]);
            Some([&c[..axis], &[index], &c[axis + 2..]].concat())
        });

        // Element by element, as often along the axis as there are numbers.
        let mut index_shape = shape.clone();
        index_shape[axis] = 6;
        let count: usize = index_shape.iter().product();
        let narrow: Vec<i32> =
            (0..count).map(|i| indices[(i * 5 + i / 7) % 6] as i32).collect();
        let narrow = Tensor::new(&index_shape, &narrow).unwrap();
        let gathered = output(GatherElements { axis }, &[data.clone(), narrow.clone()]);
        check(&gathered, &data, |c| {
            let index = i32::from_le_bytes(at(&narrow, c).try_into().unwrap());
            let mut source = c.to_vec();
            source[axis] = position(index.into());
            Some(source)
        });
    }

    #[test]
    fn gather_nd_reads_what_scatter_nd_wrote(
        dtype in dtypes(),
        shape in prop::collection::vec(1usize..5, 2..4),
        k in 1usize..3,
    ) {
        // Every coordinate once: nothing overwrites anything.
        let coordinates = all_coordinates(&shape[..k]);
        let flat: Vec<i64> = coordinates.iter().rev().flatten().map(|&c| c as i64).collect();
        let indices = Tensor::new(&[coordinates.len(), k], &flat).unwrap();
        let updates = places(dtype, &[&[coordinates.len()], &shape[k..]].concat());
        let zeros = Tensor::zeros(dtype, &shape).unwrap();
        let op = ScatterNd { reduction: ScatterReduction::Replace };
        let written = output(op, &[zeros, indices.clone(), updates.clone()]);
        prop_assert_eq!(output(GatherNd { batch_dims: 0 }, &[written, indices]), updates);
    }

    #[test]
    fn scattering_combines_in_order(
        shape in prop::collection::vec(1usize..5, 1..4),
        axis in 0usize..3,
        numbers in prop::collection::vec(-40i64..40, 64),
        reduction in prop::sample::select(vec![
            ScatterReduction::Replace, ScatterReduction::Add, ScatterReduction::Mul,
            ScatterReduction::Min, ScatterReduction::Max,
        ]),
    ) {
        let axis = axis % shape.len();
        let count: usize = shape.iter().product();
        let size = shape[axis] as i64;
        let indices: Vec<i64> = (0..count).map(|i| numbers[i % 64].rem_euclid(2 * size) - size).collect();
        let updates: Vec<i64> = (0..count).map(|i| numbers[(i * 3 + 1) % 64]).collect();
        let data: Vec<i64> = (0..count as i64).collect();
        let tensor = |values: &[i64]| Tensor::new(&shape, values).unwrap();
        let inputs = [tensor(&data), tensor(&indices), tensor(&updates)];
        let scattered = output(ScatterElements { axis, reduction }, &inputs);
        let mut expected = data;
        for (number, coordinates) in all_coordinates(&shape).into_iter().enumerate() {
            let mut target = coordinates;
            target[axis] = indices[number].rem_euclid(size) as usize;
            let place = target.iter().zip(&shape).fold(0, |place, (c, size)| place * size + c);
            let update = updates[number];
            let element = &mut expected[place];
            *element = match reduction {
                ScatterReduction::Replace => update,
                ScatterReduction::Add => element.wrapping_add(update),
                ScatterReduction::Mul => element.wrapping_mul(update),
                ScatterReduction::Min => update.min(*element),
                ScatterReduction::Max => update.max(*element),
            };
        }
        prop_assert_eq!(scattered.as_slice::<i64>().unwrap(), &expected[..]);
    }
}

#[test]
fn large_tensors_are_shared_among_threads() {
    let input = places(DType::I32, &[70, 130, 90]);
    let turned = output(Transpose { permutation: vec![2, 0, 1] }, from_ref(&input));
    let back = output(Transpose { permutation: vec![1, 2, 0] }, &[turned]);
    assert!(back == input);
    let indices: Vec<i64> = (0..130).rev().collect();
    let indices = Tensor::new(&[130], &indices).unwrap();
    let gathered = output(Gather { axis: 1 }, &[input.clone(), indices]);
    let mut axes: Vec<_> = input.shape().iter().map(|size| SliceAxis::whole(*size)).collect();
    axes[1] = SliceAxis::reversed(130);
    assert!(gathered == output(Slice { axes }, &[input]));
}

#[test]
fn half_precision_sums_are_rounded_once() {
    let f16 = half::f16::from_f32;
    // 2048 + 1 is 2048 in half precision, however often; the sum of all ones is not lost here.
    let data = Tensor::new(&[1], &[f16(2048.0)]).unwrap();
    let indices = Tensor::new(&[64], &[0i64; 64]).unwrap();
    let updates = Tensor::new(&[64], &[f16(1.0); 64]).unwrap();
    let op = ScatterElements { axis: 0, reduction: ScatterReduction::Add };
    let sum = output(op, &[data, indices, updates]);
    assert_eq!(sum.as_slice::<half::f16>().unwrap(), [f16(2112.0)]);
}

#[test]
fn nan_wins_in_reductions() {
    for reduction in [ScatterReduction::Min, ScatterReduction::Max] {
        let data = Tensor::new(&[2], &[f32::NAN, 1.0]).unwrap();
        let indices = Tensor::new(&[2], &[0i64, 1]).unwrap();
        let updates = Tensor::new(&[2], &[1.0, f32::NAN]).unwrap();
        let op = ScatterElements { axis: 0, reduction };
        let result = output(op, &[data, indices, updates]);
        assert!(result.as_slice::<f32>().unwrap().iter().all(|x| x.is_nan()), "{reduction:?}");
    }
}

#[test]
fn indices_outside_are_found_at_run() {
    let data = places(DType::F32, &[2, 3]);
    let refused = |result: Result<Vec<Tensor>, Error>| match result {
        Err(Error::Data { detail, .. }) => detail,
        Err(other) => panic!("another error: {other}"),
        Ok(_) => panic!("it was taken"),
    };
    for index in [3i64, -4, i64::MAX, i64::MIN] {
        let indices = Tensor::new(&[1], &[index]).unwrap();
        let detail = refused(run(Gather { axis: 1 }, &[data.clone(), indices]));
        assert_eq!(detail, format!("index {index} is outside of an axis of size 3"));
    }
    let outside = Tensor::new(&[1, 1], &[2i64]).unwrap();
    refused(run(GatherElements { axis: 0 }, &[data.clone(), outside.clone()]));
    refused(run(GatherNd { batch_dims: 0 }, &[data.clone(), outside.clone()]));
    let updates = Tensor::zeros(DType::F32, &[1, 3]).unwrap();
    let op = ScatterNd { reduction: ScatterReduction::Replace };
    refused(run(op, &[data.clone(), outside, updates]));
    let lengths = Tensor::new(&[2], &[1i64, 4]).unwrap();
    refused(run(ReverseSequence { batch_axis: 0, time_axis: 1 }, &[data.clone(), lengths]));
    let update = Tensor::zeros(DType::F32, &[2, 2]).unwrap();
    let start = Tensor::new(&[2], &[0i64, 2]).unwrap();
    let op = TensorScatter { axis: 1, circular: false };
    refused(run(op, &[data, update, start]));
}

#[test]
fn impossible_parameters_are_refused_and_do_not_overflow() {
    let x = places(DType::F32, &[2, 3]);
    let huge = usize::MAX / 2;
    let one = from_ref(&x);
    assert!(is_refused(Tile { repeats: vec![huge, 3] }, one));
    assert!(is_refused(Expand { shape: vec![huge, 2, 3] }, one));
    assert!(is_refused(Expand { shape: vec![2, 1] }, one));
    assert!(is_refused(Pad { pads: vec![(i64::MAX, i64::MAX), (0, 0)], mode: PadMode::Edge }, one));
    assert!(is_refused(Pad { pads: vec![(i64::MIN, 0), (0, 0)], mode: PadMode::Constant }, one));
    assert!(is_refused(Pad { pads: vec![(-2, 1), (0, 0)], mode: PadMode::Wrap }, one));
    assert!(is_refused(Split { axis: 0, sizes: vec![usize::MAX, 3] }, one));
    assert!(is_refused(Split { axis: 2, sizes: vec![1] }, one));
    let axis = |start, step, size| SliceAxis { start, step, size };
    let whole = SliceAxis::whole(2);
    for last in
        [axis(0, 0, 1), axis(3, 1, 1), axis(0, 2, 3), axis(1, -1, 3), axis(0, i64::MAX, huge)]
    {
        assert!(is_refused(Slice { axes: vec![whole, last] }, one), "{last:?}");
    }
    let image = places(DType::F32, &[1, 4, 2, 2]);
    for block_size in [0, 3, usize::MAX] {
        let order = BlockOrder::PositionFirst;
        assert!(is_refused(DepthToSpace { block_size, order }, from_ref(&image)));
        assert!(is_refused(SpaceToDepth { block_size, order }, from_ref(&image)));
    }
    let floats = Tensor::zeros(DType::F32, &[1]).unwrap();
    assert!(is_refused(Gather { axis: 0 }, &[x, floats]));
}
