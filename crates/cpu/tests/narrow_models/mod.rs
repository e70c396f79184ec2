//! Small models whose weights are stored in 16 bits.

use tachy_graph::op::window::Window;
use tachy_graph::{DType, Element, Graph, GraphBuilder, Tensor, ValueId};

/// Numbers between `-scale` and `scale`, the same for the same seed.
pub fn numbers(length: usize, mut seed: u32, scale: f32) -> Vec<f32> {
    (0..length)
        .map(|_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((seed >> 8) as f32 / (1 << 23) as f32 - 1.0) * scale
        })
        .collect()
}

/// Numbers of 16 bits, as a constant of that type.
fn narrow<T: Element>(
    builder: &mut GraphBuilder,
    (name, shape): (&str, &[usize]),
    of: impl Fn(f32) -> T,
    scale: f32,
) -> ValueId {
    let seed = name.bytes().map(u32::from).sum();
    let numbers: Vec<T> =
        numbers(shape.iter().product(), seed, scale).into_iter().map(of).collect();
    builder.constant(name, Tensor::new(shape, &numbers).unwrap())
}

/// A product and an LSTM step, their weights widened by `Cast` as exporters write it.
pub fn with_casts<T: Element>(of: impl Fn(f32) -> T + Copy) -> Graph {
    let (rows, size, hidden) = (2, 300, 270);
    let mut b = GraphBuilder::new("casts");
    let x = b.input("x", DType::F32, [rows, size]);
    let w = narrow(&mut b, ("w", &[size, 930]), of, 0.1);
    let w = b.cast(w, DType::F32).unwrap();
    let y = b.matmul(x, w).unwrap();
    let steps = b.reshape(x, [1, rows, size]).unwrap();
    let w = narrow(&mut b, ("W", &[1, 4 * hidden, size]), of, 0.1);
    let r = narrow(&mut b, ("R", &[1, 4 * hidden, hidden]), of, 0.1);
    let biases = narrow(&mut b, ("B", &[1, 8 * hidden]), of, 0.1);
    let [w, r, biases] = [w, r, biases].map(|id| b.cast(id, DType::F32).unwrap());
    let [_, state, _] = b.lstm(steps, w, r, biases).unwrap();
    b.output(y, "y").unwrap();
    b.output(state, "state").unwrap();
    b.build().unwrap()
}

/// A perceptron and a convolution of one narrow type throughout.
pub fn throughout<T: Element>(of: impl Fn(f32) -> T + Copy) -> Graph {
    let mut b = GraphBuilder::new("throughout");
    let x = b.input("x", T::DTYPE, [1, 16, 5, 5]);
    let filters = narrow(&mut b, ("filters", &[24, 16, 3, 3]), of, 0.2);
    let y = b.conv(x, filters, None, Window::new([3, 3]), 1).unwrap();
    let y = b.relu(y).unwrap();
    let y = b.reshape(y, [1, 216]).unwrap();
    let w = narrow(&mut b, ("w", &[700, 216]), of, 0.2);
    let bias = narrow(&mut b, ("bias", &[700]), of, 1.0);
    let y = b.linear(y, w, bias).unwrap();
    let y = b.relu(y).unwrap();
    b.output(y, "y").unwrap();
    b.build().unwrap()
}
