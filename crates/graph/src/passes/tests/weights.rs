//! What goes into the weights, the bias and the padding of convolutions and matrix products.

use super::*;
use crate::op::normalization::BatchNormalization;
use crate::op::pooling::AveragePool;
use crate::op::window::Window;

fn batch_norm(b: &mut GraphBuilder, x: ValueId, channels: usize) -> ValueId {
    let parameters = [("scale", 3.0), ("bias", 5.0), ("mean", 2.0), ("variance", 4.0)]
        .map(|(name, number)| constant(b, name, &[channels], &[number, number + 5.0]));
    b.batch_normalization(x, parameters, 0.0).unwrap()
}

#[test]
fn batch_normalisation_goes_into_the_convolution_before() {
    let graph = graph(&[1, 1, 4], |b, x| {
        let w = constant(b, "w", &[2, 1, 2], &[1.0, 2.0, 3.0, 4.0]);
        let x = b.conv(x, w, None, Window::new([2]), 1).unwrap();
        let x = batch_norm(b, x, 2);
        b.relu(x).unwrap()
    });
    let passes = [Pass::BatchNormalization, Pass::Affine];
    let result = check(
        &graph,
        &passes,
        "BatchNormalization_1: f32[1, 2, 3] = Conv(x, w, Conv_0.bias)\ny: f32[1, 2, 3] = Relu(BatchNormalization_1)\nreturn y\n",
    );
    // Channel 0: (x − 2) · 3 / 2 + 5; channel 1: (x − 7) · 8 / 3 + 10.
    let factor = 8.0 / 3.0;
    assert_eq!(numbers(&result, "w"), [1.5, 3.0, 3.0 * factor, 4.0 * factor]);
    assert_eq!(numbers(&result, "Conv_0.bias"), [2.0, (10.0 - 7.0 * 8.0 / 3.0f64) as f32]);
}

#[test]
fn batch_normalisation_alone_is_two_steps() {
    let graph = graph(&[1, 2, 3], |b, x| {
        let x = batch_norm(b, x, 2);
        b.relu(x).unwrap()
    });
    let passes = [Pass::BatchNormalization, Pass::Affine];
    check(
        &graph,
        &passes,
        "BatchNormalization_0/scale: f32[1, 2, 3] = Mul(x, BatchNormalization_0.scale)\nBatchNormalization_0: f32[1, 2, 3] = Add(BatchNormalization_0/scale, BatchNormalization_0.shift)\ny: f32[1, 2, 3] = Relu(BatchNormalization_0)\nreturn y\n",
    );
    check(
        &graph,
        &Pass::ALL,
        "y: f32[1, 2, 3] = Relu((x * BatchNormalization_0.scale) + BatchNormalization_0.shift)\nreturn y\n",
    );
}

#[test]
fn a_negative_variance_is_an_error() {
    let graph = graph(&[1, 1, 3], |b, x| {
        let one = constant(b, "one", &[1], &[1.0]);
        let minus = constant(b, "minus", &[1], &[-1.0]);
        b.batch_normalization(x, [one, one, one, minus], 0.0).unwrap()
    });
    let error = optimize(&graph, &PassOptions::default()).unwrap_err().to_string();
    assert!(error.contains("BatchNormalization_0") && error.contains("NaN"), "{error}");
    let allowed = PassOptions { allow_nan: true, ..PassOptions::default() };
    assert!(optimize(&graph, &allowed).is_ok());
}

#[test]
fn statistics_of_the_batch_stay() {
    let graph = graph(&[2, 1, 3], |b, x| {
        let one = constant(b, "one", &[1], &[1.0]);
        let op = BatchNormalization { epsilon: 0.0, momentum: 0.9, training: true };
        b.node(op, &[Some(x), Some(one), Some(one), Some(one), Some(one)]).unwrap()[0]
    });
    let result = optimized(&graph, &PassOptions::default());
    assert_eq!(result.nodes().len(), 1);
}

#[test]
fn factors_and_summands_go_into_transposed_convolutions_by_groups() {
    let graph = graph(&[1, 4, 3], |b, x| {
        let w = constant(b, "w", &[4, 1, 1], &[1.0]);
        let c = constant(b, "c", &[2, 1], &[2.0, 3.0]);
        let d = constant(b, "d", &[1, 2, 1], &[4.0, 5.0]);
        let x = b.conv_transpose(x, w, None, Window::new([1]), 2).unwrap();
        let x = b.mul(c, x).unwrap();
        let x = b.sub(x, d).unwrap();
        b.relu(x).unwrap()
    });
    let result = optimized(&graph, &only(&[Pass::Affine]));
    assert_eq!(result.nodes().len(), 2);
    assert_eq!(numbers(&result, "w"), [2.0, 2.0, 3.0, 3.0]);
    assert_eq!(numbers(&result, "ConvTranspose_0.bias"), [-4.0, -5.0]);
}

#[test]
fn a_product_with_a_summand_is_a_gemm() {
    let graph = graph(&[2, 2], |b, x| {
        let w = constant(b, "w", &[2, 2], &[1.0, 2.0, 3.0, 4.0]);
        let c = constant(b, "c", &[2], &[10.0, 100.0]);
        let x = b.matmul(x, w).unwrap();
        let x = b.add(c, x).unwrap();
        b.mul(x, c).unwrap()
    });
    let result =
        check(&graph, &[Pass::Affine], "y: f32[2, 2] = Gemm(x, w, MatMul_0.bias)\nreturn y\n");
    assert_eq!(numbers(&result, "w"), [10.0, 200.0, 30.0, 400.0]);
    assert_eq!(numbers(&result, "MatMul_0.bias"), [100.0, 10_000.0]);
}

#[test]
fn what_differs_from_pixel_to_pixel_stays() {
    let graph = graph(&[1, 1, 2], |b, x| {
        let w = constant(b, "w", &[1, 1, 1], &[1.0]);
        let c = constant(b, "c", &[2], &[2.0, 3.0]);
        let x = b.conv(x, w, None, Window::new([1]), 1).unwrap();
        b.add(x, c).unwrap()
    });
    check(
        &graph,
        &[Pass::Affine],
        "Conv_0: f32[1, 1, 2] = Conv(x, w)\ny: f32[1, 1, 2] = Add(Conv_0, c)\nreturn y\n",
    );
}

#[test]
fn zeros_around_an_image_are_padding() {
    let graph = graph(&[1, 1, 4], |b, x| {
        let w = constant(b, "w", &[1, 1, 3], &[1.0]);
        let x = b.pad(x, [(0, 0), (0, 0), (1, 2)]).unwrap();
        let window = Window::new([3]).with_padding([1]);
        let x = b.conv(x, w, None, window, 1).unwrap();
        let x = b.pad(x, [(0, 0), (0, 0), (1, 0)]).unwrap();
        let pool = AveragePool { window: Window::new([2]), ceil: false, count_include_pad: false };
        b.apply(pool, &[x]).unwrap()
    });
    let result = check(
        &graph,
        &[Pass::Padding],
        "Conv_1: f32[1, 1, 7] = Conv(x, w)\ny: f32[1, 1, 7] = AveragePool(Conv_1)\nreturn y\n",
    );
    let crate::Op::AveragePool(pool) = &result.nodes()[1].op else { panic!("it is a pooling") };
    assert!(pool.count_include_pad);
    assert_eq!((&pool.window.pads_begin[..], &pool.window.pads_end[..]), (&[1][..], &[0][..]));
}

#[test]
fn factors_and_summands_in_a_row_are_one_of_each() {
    let graph = graph(&[1, 2, 3], |b, x| {
        let x = batch_norm(b, x, 2);
        let scale = constant(b, "again", &[2, 1], &[2.0, 4.0]);
        let shift = constant(b, "shift", &[2, 1], &[1.0]);
        let x = b.mul(x, scale).unwrap();
        b.add(shift, x).unwrap()
    });
    let result = check(
        &graph,
        &[Pass::BatchNormalization, Pass::Affine],
        "Mul_1/scale: f32[1, 2, 3] = Mul(x, BatchNormalization_0.scale)\ny: f32[1, 2, 3] = Add(Mul_1/scale, BatchNormalization_0.shift)\nreturn y\n",
    );
    // (x − 2) · 3 / 2 + 5 = 1.5 x + 2.
    assert_eq!(numbers(&result, "BatchNormalization_0.scale")[0], 3.0);
    assert_eq!(numbers(&result, "BatchNormalization_0.shift")[0], 5.0);
}
