//! Element-wise operators, reductions and products against their definitions, written out index by index in `f64`,
//! for any number of dimensions, broadcasting and empty tensors included.

use std::num::NonZeroUsize;

use proptest::prelude::*;
use tachy_cpu::CpuBackend;
use tachy_graph::op::einsum::Einsum;
use tachy_graph::op::elementwise::{Binary, Where};
use tachy_graph::op::linear::MatMul;
use tachy_graph::op::quantization::{DequantizeLinear, Granularity, QuantizeLinear};
use tachy_graph::op::reduction::*;
use tachy_graph::{DType, GraphBuilder, Op, Tensor};
use tachy_runtime::{Backend, CompileOptions, Device};

/// What one node gives for these inputs, on so many threads.
fn run(op: impl Into<Op>, inputs: &[Tensor], threads: usize) -> Vec<Tensor> {
    let mut builder = GraphBuilder::new("test");
    let ids: Vec<_> = (inputs.iter().enumerate())
        .map(|(index, tensor)| {
            Some(builder.input(format!("input {index}"), tensor.dtype(), tensor.shape()))
        })
        .collect();
    let outputs = builder.node(op, &ids).expect("the inputs fit");
    for (index, output) in outputs.into_iter().enumerate() {
        builder.output(output, format!("output {index}")).expect("the name is free");
    }
    let graph = builder.build();
    let options = CompileOptions::default().with_threads(NonZeroUsize::new(threads).unwrap());
    let mut executable = CpuBackend
        .compile(&graph.expect("a valid graph"), &Device::of("cpu"), &options)
        .expect("there is a kernel");
    executable.call(inputs).expect("the data is valid")
}

/// Small whole numbers, so that sums are exact in any order.
fn numbers(shape: &[usize], seed: u32) -> Tensor {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12345);
    let count: usize = shape.iter().product();
    let numbers: Vec<f32> = (0..count)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 28) as f32 - 8.0
        })
        .collect();
    Tensor::new(shape, &numbers).expect("the shape fits")
}

fn floats(tensor: &Tensor) -> Vec<f32> {
    tensor.as_slice().expect("f32").to_vec()
}

/// Every index of a shape, in order.
fn indices(shape: &[usize]) -> Vec<Vec<usize>> {
    shape.iter().fold(vec![vec![]], |all, &size| {
        let extend = |index: &Vec<usize>| {
            let index = index.clone();
            (0..size).map(move |i| [&index[..], &[i]].concat())
        };
        all.iter().flat_map(extend).collect()
    })
}

/// The element at an index of a tensor that is broadcast to the index's rank.
fn at(tensor: &Tensor, index: &[usize]) -> f32 {
    let skip = index.len() - tensor.rank();
    let place = tensor
        .shape()
        .iter()
        .zip(&index[skip..])
        .fold(0, |place, (&size, &i)| place * size + if size == 1 { 0 } else { i });
    tensor.as_slice::<f32>().expect("f32")[place]
}

/// A shape, and one that broadcasts to it: some sizes are 1, and some leading ones are left out.
fn broadcastable() -> impl Strategy<Value = (Vec<usize>, Vec<usize>)> {
    let dims =
        prop::collection::vec((prop_oneof![9 => 1usize..4, 1 => Just(0)], any::<bool>()), 0..5);
    (dims, 0usize..3).prop_map(|(dims, skip)| {
        let whole: Vec<usize> = dims.iter().map(|(size, _)| *size).collect();
        let part = dims.iter().map(|(size, one)| if *one { 1 } else { *size });
        (whole, part.skip(skip).collect())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn broadcasting((whole, part) in broadcastable(), seed in any::<u32>(), threads in 1usize..3) {
        let (a, b) = (numbers(&whole, seed), numbers(&part, seed + 1));
        let expected: Vec<f32> = indices(&whole).iter().map(|i| at(&a, i) - at(&b, i)).collect();
        prop_assert_eq!(floats(&run(Binary::Sub, &[a.clone(), b.clone()], threads)[0]), expected);
        let expected: Vec<f32> = indices(&whole).iter().map(|i| at(&b, i) - at(&a, i)).collect();
        prop_assert_eq!(floats(&run(Binary::Sub, &[b.clone(), a.clone()], threads)[0]), expected);
        let chosen: Vec<bool> = floats(&b).iter().map(|x| *x > 0.0).collect();
        let condition = Tensor::new(&part, &chosen).unwrap();
        let expected: Vec<f32> = indices(&whole)
            .iter()
            .map(|i| if at(&b, i) > 0.0 { at(&a, i) } else { at(&b, i) })
            .collect();
        prop_assert_eq!(floats(&run(Where, &[condition, a, b], threads)[0]), expected);
    }

    #[test]
    fn reductions(
        dims in prop::collection::vec((1usize..5, any::<bool>()), 0..5),
        seed in any::<u32>(),
        threads in 1usize..3,
    ) {
        let shape: Vec<usize> = dims.iter().map(|(size, _)| *size).collect();
        let axes: Vec<usize> = (0..dims.len()).filter(|axis| dims[*axis].1).collect();
        let kept: Vec<usize> = dims.iter().map(|(size, out)| if *out { 1 } else { *size }).collect();
        let x = numbers(&shape, seed);
        let (mut sums, mut largest) = (vec![0f32; kept.iter().product()], vec![f32::MIN; kept.iter().product()]);
        for index in indices(&shape) {
            let place = index.iter().zip(&kept).fold(0, |place, (i, size)| place * size + i.min(&(size - 1)));
            sums[place] += at(&x, &index);
            largest[place] = largest[place].max(at(&x, &index));
        }
        let op = Reduce { kind: ReduceKind::Sum, axes, keep_dims: true };
        let found = run(op.clone(), std::slice::from_ref(&x), threads);
        prop_assert_eq!(found[0].shape(), &kept[..]);
        prop_assert_eq!(floats(&found[0]), sums);
        let op = Reduce { kind: ReduceKind::Max, keep_dims: false, ..op };
        prop_assert_eq!(floats(&run(op, &[x], threads)[0]), largest);
    }

    #[test]
    fn along_an_axis(
        (before, size, after) in (1usize..4, 1usize..7, 1usize..4),
        seed in any::<u32>(),
        flag in any::<bool>(),
        threads in 1usize..3,
    ) {
        let shape = [before, size, after];
        let x = numbers(&shape, seed);
        let line = |outer: usize, inner: usize| -> Vec<f32> {
            (0..size).map(|i| at(&x, &[outer, i, inner])).collect()
        };
        let k = size.div_ceil(2);
        let sums = run(Cumulative { product: false, axis: 1, exclusive: flag, reverse: flag }, std::slice::from_ref(&x), threads);
        let best = run(TopK { axis: 1, k, largest: flag }, std::slice::from_ref(&x), threads);
        let op = ArgExtremum { largest: flag, axis: 1, keep_dims: true, select_last: flag };
        let place = run(op, std::slice::from_ref(&x), threads);
        let shares = run(Softmax { kind: SoftmaxKind::Softmax, axis: 1 }, std::slice::from_ref(&x), threads);
        for (outer, inner) in (0..before).flat_map(|outer| (0..after).map(move |inner| (outer, inner))) {
            let line = line(outer, inner);
            let mut order: Vec<usize> = (0..size).collect();
            order.sort_by(|a, b| {
                let order = line[*a].total_cmp(&line[*b]);
                if flag { order.reverse() } else { order }
            });
            let total: f64 = line.iter().map(|x| f64::from(*x).exp()).sum();
            for i in 0..size {
                let sum: f32 = if flag { line[i + 1..].iter().sum() } else { line[..=i].iter().sum() };
                prop_assert_eq!(at(&sums[0], &[outer, i, inner]), sum);
                let share = f64::from(line[i]).exp() / total;
                prop_assert!((f64::from(at(&shares[0], &[outer, i, inner])) - share).abs() < 1e-6);
            }
            for (i, index) in order[..k].iter().enumerate() {
                let slot = (outer * k + i) * after + inner;
                prop_assert_eq!(best[1].as_slice::<i64>().unwrap()[slot], *index as i64);
                prop_assert_eq!(floats(&best[0])[slot], line[*index]);
            }
            let ties = order.iter().take_while(|index| line[**index] == line[order[0]]);
            let expected = if flag { ties.max() } else { ties.min() };
            let found = place[0].as_slice::<i64>().unwrap()[outer * after + inner];
            prop_assert_eq!(found, *expected.expect("there is an element") as i64);
        }
    }

    #[test]
    fn products(
        (leading, part) in broadcastable(),
        (m, k, n) in (0usize..4, 0usize..4, 0usize..4),
        (swap, seed) in any::<(bool, u32)>(),
        threads in 1usize..3,
    ) {
        let (a_leading, b_leading) = if swap { (part, leading) } else { (leading, part) };
        let a = numbers(&[&a_leading[..], &[m, k]].concat(), seed);
        let b = numbers(&[&b_leading[..], &[k, n]].concat(), seed + 1);
        let found = run(MatMul, &[a.clone(), b.clone()], threads);
        let expected: Vec<f32> = indices(found[0].shape())
            .iter()
            .map(|index| {
                let (rest, last) = index.split_at(index.len() - 2);
                let a_at = |l: usize| at(&a, &[rest, &[last[0].min(m), l]].concat());
                let b_at = |l: usize| at(&b, &[rest, &[l, last[1]]].concat());
                (0..k).map(|l| a_at(l) * b_at(l)).sum()
            })
            .collect();
        prop_assert_eq!(floats(&found[0]), expected);
        // The same as an equation, and with the factors in another order.
        let same = run(Einsum { equation: "...ij,...jk->...ik".into() }, &[a.clone(), b.clone()], threads);
        prop_assert_eq!(floats(&same[0]), floats(&found[0]));
        let same = run(Einsum { equation: "...jk,...ij->...ik".into() }, &[b, a], threads);
        prop_assert_eq!(floats(&same[0]), floats(&found[0]));
    }

    #[test]
    fn blocks_share_a_scale(
        shape in prop::collection::vec(1usize..6, 1..4),
        (axis, size) in (0usize..3, 1usize..4),
        seed in any::<u32>(),
    ) {
        let axis = axis % shape.len();
        let mut blocks = shape.clone();
        blocks[axis] = blocks[axis].div_ceil(size);
        let (x, scale) = (numbers(&shape, seed), numbers(&blocks, seed + 1));
        let bytes: Vec<i8> = floats(&x).iter().map(|x| *x as i8).collect();
        let op = DequantizeLinear { granularity: Granularity::Blocked { axis, size }, output: DType::F32 };
        let found = run(op, &[Tensor::new(&shape, &bytes).unwrap(), scale.clone()], 1);
        let expected: Vec<f32> = indices(&shape)
            .iter()
            .map(|index| {
                let mut block = index.clone();
                block[axis] /= size;
                let place = block.iter().zip(&blocks).fold(0, |place, (i, size)| place * size + i);
                at(&x, index) * floats(&scale)[place]
            })
            .collect();
        prop_assert_eq!(floats(&found[0]), expected);
    }
}

/// A scale for a whole row goes another way than one for every element.
#[test]
fn rows_and_elements_are_quantized_alike() {
    let (rows, length) = (3, 40_000);
    let bits = (0..rows * length).map(|place| (place as u32).wrapping_mul(0x9e37_79b1));
    let mut x: Vec<f32> = bits.map(|bits| f32::from_bits(bits).clamp(-1e3, 1e3)).collect();
    (x[0], x[length + 1]) = (f32::NAN, f32::INFINITY);
    let (scales, zeros) = ([0.5f32, 3.7, 1e-3], [0u8, 128, 255]);
    let quantize = |axis| QuantizeLinear {
        granularity: Granularity::PerAxis(axis),
        output: DType::U8,
        precision: None,
        saturate: true,
    };
    let dequantize =
        |axis| DequantizeLinear { granularity: Granularity::PerAxis(axis), output: DType::F32 };
    let tensor = |values: &[f32]| Tensor::new(&[values.len()], values).unwrap();
    let bytes = |values: &[u8]| Tensor::new(&[values.len()], values).unwrap();
    for threads in [1, 2] {
        let inputs = [Tensor::new(&[rows, length], &x).unwrap(), tensor(&scales), bytes(&zeros)];
        let quantized = run(quantize(0), &inputs, threads).remove(0);
        let back = [quantized.clone(), inputs[1].clone(), inputs[2].clone()];
        let back = run(dequantize(0), &back, threads).remove(0);
        for row in 0..rows {
            let of_row = row * length..(row + 1) * length;
            let scale = tensor(&vec![scales[row]; length]);
            let zero = bytes(&vec![zeros[row]; length]);
            let inputs = [tensor(&x[of_row.clone()]), scale.clone(), zero.clone()];
            let one_by_one = run(quantize(0), &inputs, threads).remove(0);
            let quantized = &quantized.as_slice::<u8>().unwrap()[of_row.clone()];
            assert_eq!(one_by_one.as_slice::<u8>().unwrap(), quantized);
            let one_by_one = run(dequantize(0), &[one_by_one, scale, zero], threads).remove(0);
            assert_eq!(floats(&one_by_one), floats(&back)[of_row]);
        }
    }
}

/// Sizes whose product overflows are no reason to panic where another dimension is 0.
#[test]
fn empty_tensors_of_huge_dimensions() {
    let huge = 1usize << 40;
    let x = Tensor::zeros(DType::F32, &[0, huge, huge]).unwrap();
    let reduce = |axes: &[usize]| {
        let op = Reduce { kind: ReduceKind::Sum, axes: axes.to_vec(), keep_dims: false };
        run(op, std::slice::from_ref(&x), 2)
    };
    assert_eq!(reduce(&[1, 2])[0].shape(), [0]);
    assert_eq!(floats(&reduce(&[0, 1, 2])[0]), [0.0]);
    run(Softmax { kind: SoftmaxKind::Softmax, axis: 0 }, std::slice::from_ref(&x), 2);
    run(
        Cumulative { product: true, axis: 0, exclusive: false, reverse: false },
        std::slice::from_ref(&x),
        2,
    );
    run(Binary::Add, &[x.clone(), x.clone()], 2);
    run(MatMul, &[x.clone(), x.clone()], 2);
    run(tachy_graph::op::linear::Det, std::slice::from_ref(&x), 2);
    run(Einsum { equation: "aij,ajk->aik".into() }, &[x.clone(), x], 2);
}
