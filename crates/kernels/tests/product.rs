//! Matrix products against the definition, computed in f64.
#![allow(missing_docs)]

use proptest::prelude::*;
use tachy_kernels::lanes::Isa;
use tachy_kernels::product::{
    Epilogue, MatrixMut, MatrixRef, Operands, PackedLayout, PackedWeights, Product, Right,
};
use tachy_kernels::team::Team;
use tachy_kernels::weight::WeightType;

fn numbers(length: usize, mut seed: u32) -> Vec<f32> {
    (0..length)
        .map(|_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / (1 << 23) as f32 - 1.0
        })
        .collect()
}

proptest! {
    #[test]
    fn products_follow_the_definition(
        (m, k, n) in (1usize..40, 0usize..50, 1usize..200),
        (gap, out_gap) in (0usize..3, 0usize..3),
        (transposed, in_place, with_bias, with_addend) in any::<(bool, bool, bool, bool)>(),
        kept_as in prop::sample::select(&WeightType::ALL[..]),
        threads in 1usize..4,
        seed: u32,
    ) {
        let (pitch, out_pitch) = (k + gap, n + out_gap);
        let a = numbers(m * pitch + 1, seed);
        let b: Vec<f32> = numbers(k * n, seed ^ 1).into_iter().map(|x| kept_as.nearest(x)).collect();
        let bias = numbers(n, seed ^ 2);
        let addend = numbers(m * out_pitch, seed ^ 3);
        let (row_stride, column_stride) = if transposed { (1, k) } else { (n, 1) };
        let range = (-2.0, 3.0);
        for isa in Isa::all() {
            let product = Product::new(isa, threads, m, PackedLayout::new(isa, m, k, n));
            let mut packed = vec![f32::NAN; product.layout().len()];
            let strides = (row_stride, column_stride);
            let narrow = PackedWeights::new(kept_as, isa, m, (k, n), &b, strides);
            let right = if kept_as != WeightType::F32 {
                narrow.right()
            } else if transposed || !in_place {
                product.layout().pack(&b, row_stride, column_stride, &mut packed);
                Right::Packed(&packed)
            } else {
                product.layout().pack_ragged(&b, n, &mut packed);
                let matrix = MatrixRef { first: b.as_ptr(), pitch: n };
                Right::InPlace { matrix, ragged: &packed }
            };
            let mut out = vec![f32::NAN; m * out_pitch];
            let epilogue = Epilogue { bias: with_bias.then_some(&bias[..]), range };
            let mut covered = vec![0; m * n];
            for task in 0..product.tasks() {
                let a = MatrixRef { first: a.as_ptr(), pitch };
                let addend =
                    with_addend.then_some(MatrixRef { first: addend.as_ptr(), pitch: out_pitch });
                let to = MatrixMut { first: out.as_mut_ptr(), pitch: out_pitch };
                let operands = Operands { a, b: right, addend, epilogue, out: to };
                // SAFETY: the matrices are of these sizes.
                unsafe { product.run_with(task, &operands, &mut []) };
                let (rows, columns) = product.block(task);
                for row in rows {
                    for column in columns.clone() {
                        covered[row * n + column] += 1;
                    }
                }
            }
            prop_assert!(covered.iter().all(|count| *count == 1), "tasks cover the result once");
            for i in 0..m {
                for j in 0..out_pitch {
                    let found = out[i * out_pitch + j];
                    if j >= n {
                        prop_assert!(found.is_nan(), "what lies between the rows is not written");
                        continue;
                    }
                    let mut sum = if with_bias { f64::from(bias[j]) } else { 0.0 };
                    for l in 0..k {
                        let element = b[l * row_stride + j * column_stride];
                        sum += f64::from(a[i * pitch + l]) * f64::from(element);
                    }
                    if with_addend {
                        sum += f64::from(addend[i * out_pitch + j]);
                    }
                    let expected = sum.clamp(f64::from(range.0), f64::from(range.1));
                    prop_assert!(
                        (f64::from(found) - expected).abs() < 2e-5,
                        "{} instead of {} on {}", found, expected, isa.name()
                    );
                }
            }
        }
    }
}

#[test]
fn nan_and_infinity_reach_the_result() {
    let (m, k, n) = (3, 2, 20);
    for isa in Isa::all() {
        let product = Product::new(isa, 1, m, PackedLayout::new(isa, m, k, n));
        let mut packed = vec![0.0; product.layout().len()];
        product.layout().pack(&vec![1.0; k * n], n, 1, &mut packed);
        let a = [f32::NAN, 1.0, f32::INFINITY, 1.0, 1.0, 1.0];
        let mut out = vec![0.0f32; m * n];
        let from = MatrixRef { first: a.as_ptr(), pitch: k };
        let epilogue = Epilogue { bias: None, range: (0.0, f32::INFINITY) };
        let to = MatrixMut { first: out.as_mut_ptr(), pitch: n };
        // SAFETY: the matrices are of these sizes.
        unsafe { product.run(0, from, &packed, None, epilogue, to) };
        assert!(out[..n].iter().all(|value| value.is_nan()), "a limit lets NaN through");
        assert!(out[n..2 * n].iter().all(|value| *value == f32::INFINITY));
        assert!(out[2 * n..].iter().all(|value| *value == 2.0));
    }
}

#[test]
fn long_sums_in_blocks() {
    for (m, k, n) in [(10, 769, 17), (11, 1537, 65), (721, 800, 5)] {
        let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
        let (bias, addend) = (numbers(n, 3), numbers(m * n, 4));
        for isa in Isa::all() {
            for threads in [1, 2] {
                let product = Product::new(isa, threads, m, PackedLayout::new(isa, m, k, n));
                assert!(product.scratch() > 0, "the sum is long");
                let mut packed = vec![f32::NAN; product.layout().len()];
                let team = Team::new(threads.try_into().expect("not zero")).expect("threads");
                product.layout().pack_on(&team, &b, n, 1, &mut packed);
                let mut scratch = vec![f32::NAN; product.scratch()];
                let mut out = addend.clone();
                let operands = Operands {
                    a: MatrixRef { first: a.as_ptr(), pitch: k },
                    b: Right::Packed(&packed),
                    addend: Some(MatrixRef { first: out.as_ptr(), pitch: n }),
                    epilogue: Epilogue { bias: Some(&bias), range: (-1.0, f32::INFINITY) },
                    out: MatrixMut { first: out.as_mut_ptr(), pitch: n },
                };
                for task in 0..product.tasks() {
                    // SAFETY: the matrices are of these sizes.
                    unsafe { product.run_with(task, &operands, &mut scratch) };
                }
                for (place, found) in out.iter().enumerate() {
                    let (i, j) = (place / n, place % n);
                    let products =
                        (0..k).map(|l| f64::from(a[i * k + l]) * f64::from(b[l * n + j]));
                    let sum = products.sum::<f64>() + f64::from(bias[j]) + f64::from(addend[place]);
                    let expected = sum.max(-1.0);
                    assert!(
                        (f64::from(*found) - expected).abs() < 1e-4,
                        "{found} instead of {expected} on {}",
                        isa.name()
                    );
                }
            }
        }
    }
}

#[test]
fn weights_of_16_bits_give_the_same_to_the_last_bit() {
    // One tile, several, and so many rows that panels are widened; short sums and long ones.
    for (m, k, n) in [(1, 1000, 97), (4, 31, 200), (9, 900, 33), (30, 1025, 50), (75, 800, 113)] {
        for kept_as in [WeightType::F16, WeightType::Bf16] {
            let a = numbers(m * k, 1);
            let b: Vec<f32> = numbers(k * n, 2).into_iter().map(|x| kept_as.nearest(x)).collect();
            assert_ne!(WeightType::exact(&[&b]), WeightType::F32);
            let bias = numbers(n, 3);
            for isa in Isa::all() {
                let result = |weights: WeightType, with_scratch: bool| {
                    let packed = PackedWeights::new(weights, isa, m, (k, n), &b, (n, 1));
                    let layout = PackedLayout::new(isa, m, k, n);
                    let product = Product::new(isa, 1, m, layout).with_weights(weights);
                    let length = if with_scratch { product.scratch() } else { 0 };
                    let mut scratch = vec![f32::NAN; length];
                    let mut out = vec![f32::NAN; m * n];
                    let operands = Operands {
                        a: MatrixRef { first: a.as_ptr(), pitch: k },
                        b: packed.right(),
                        addend: None,
                        epilogue: Epilogue { bias: Some(&bias), ..Epilogue::NONE },
                        out: MatrixMut { first: out.as_mut_ptr(), pitch: n },
                    };
                    for task in 0..product.tasks() {
                        // SAFETY: the matrices are of these sizes.
                        unsafe { product.run_with(task, &operands, &mut scratch) };
                    }
                    out
                };
                for with_scratch in [false, true] {
                    let expected = result(WeightType::F32, with_scratch);
                    assert!(expected.iter().all(|x| x.is_finite()));
                    assert_eq!(result(kept_as, with_scratch), expected, "{}", isa.name());
                }
            }
        }
    }
}
