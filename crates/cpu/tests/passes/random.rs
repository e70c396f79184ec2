//! Random graphs of what passes look for.

use tachy_graph::op::elementwise::{Binary, Clip, Unary, Variadic};
use tachy_graph::op::pooling::AveragePool;
use tachy_graph::op::reduction::{Reduce, ReduceKind, Softmax, SoftmaxKind};
use tachy_graph::op::window::Window;
use tachy_graph::{DType, Graph, GraphBuilder, Tensor, ValueId};

const CHANNELS: usize = 4;
const SIZE: usize = 6;
/// The image that most values are.
const IMAGE: [usize; 4] = [1, CHANNELS, SIZE, SIZE];

struct Generator {
    builder: GraphBuilder,
    values: Vec<ValueId>,
    state: u64,
}

/// A graph with so many steps, each of a few nodes. Values stay small, and no function jumps.
pub fn graph(seed: u64, steps: usize) -> Graph {
    let mut builder = GraphBuilder::new("random");
    let values = vec![
        builder.input("image", DType::F32, IMAGE),
        builder.input("channels", DType::F32, [1, CHANNELS, 1, 1]),
        builder.input("row", DType::F32, [SIZE]),
    ];
    let mut generator = Generator { builder, values, state: seed | 1 };
    for _ in 0..steps {
        let value = generator.step();
        generator.values.push(value);
    }
    let Generator { mut builder, values, .. } = generator;
    let last = *values.last().unwrap();
    builder.output(last, "last").unwrap();
    let other = values[values.len() * 2 / 3];
    if other != last {
        builder.output(other, "other").unwrap();
    }
    builder.build().unwrap()
}

impl Generator {
    fn below(&mut self, limit: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 33) as usize % limit
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// A value, a late one more often than not.
    fn value(&mut self) -> ValueId {
        let count = self.values.len();
        let near = self.below(count.min(4));
        let any = self.below(count);
        if self.below(3) > 0 { self.values[count - 1 - near] } else { self.values[any] }
    }

    /// A value of the image's shape.
    fn image(&mut self) -> ValueId {
        let x = self.value();
        match self.builder.ty(x).shape == IMAGE {
            true => x,
            false => {
                let image = self.values[0];
                self.builder.mul(x, image).unwrap()
            }
        }
    }

    fn numbers(&mut self, shape: &[usize], scale: f32) -> ValueId {
        let numbers: Vec<f32> = (0..shape.iter().product())
            .map(|_| (self.below(2001) as f32 / 1000.0 - 1.0) * scale)
            .collect();
        self.builder.constant("numbers", Tensor::new(shape, &numbers).unwrap())
    }

    fn scalar(&mut self) -> ValueId {
        let number = self.pick(&[0.0f32, 1.0, 0.5, 0.25, -1.0, 2.0, 0.3]);
        let shape = self.pick(&[&[][..], &[1], &[1, 1]]);
        self.builder.constant("scalar", Tensor::new(shape, &[number]).unwrap())
    }

    fn positive(&mut self, shape: &[usize]) -> ValueId {
        let numbers: Vec<f32> =
            (0..shape.iter().product()).map(|_| 0.5 + self.below(1000) as f32 / 1000.0).collect();
        self.builder.constant("positive", Tensor::new(shape, &numbers).unwrap())
    }

    fn operand(&mut self) -> ValueId {
        match self.below(4) {
            0 => self.scalar(),
            1 => self.numbers(&[CHANNELS, 1, 1], 1.0),
            _ => self.value(),
        }
    }

    fn step(&mut self) -> ValueId {
        let value = match self.below(15) {
            0 | 1 => self.unary(),
            2 | 3 => self.binary(),
            4 => self.variadic(),
            5 | 6 => self.conv(),
            7 => self.batch_norm(),
            8 => self.moved(),
            9 => self.gated(),
            10 => self.product(),
            11 => self.pooled(),
            12 => self.normalized(),
            13 => self.attention(),
            _ => self.clipped(),
        };
        // Sums of sums would grow without limit.
        if self.below(3) == 0 { self.builder.tanh(value).unwrap() } else { value }
    }

    fn unary(&mut self) -> ValueId {
        let x = self.value();
        let op = self.pick(&[
            Unary::Relu,
            Unary::Tanh,
            Unary::Sigmoid,
            Unary::Neg,
            Unary::Abs,
            Unary::HardSwish,
            Unary::Identity,
            Unary::LeakyRelu { alpha: 0.1 },
            Unary::Erf,
        ]);
        self.builder.apply(op, &[x]).unwrap()
    }

    fn binary(&mut self) -> ValueId {
        let (a, b) = (self.value(), self.operand());
        match self.below(5) {
            0 => self.builder.add(a, b).unwrap(),
            1 => self.builder.sub(b, a).unwrap(),
            2 => {
                let small = self.builder.tanh(a).unwrap();
                self.builder.mul(b, small).unwrap()
            }
            3 => {
                let divisor = self.positive(&[1]);
                self.builder.div(a, divisor).unwrap()
            }
            _ => {
                let small = self.builder.tanh(a).unwrap();
                let two = self.builder.constant("two", Tensor::scalar(2f32));
                self.builder.apply(Binary::Pow, &[small, two]).unwrap()
            }
        }
    }

    fn variadic(&mut self) -> ValueId {
        let op = self.pick(&[Variadic::Sum, Variadic::Mean, Variadic::Min, Variadic::Max]);
        let operands = [self.value(), self.operand(), self.value()];
        self.builder.apply(op, &operands).unwrap()
    }

    fn conv(&mut self) -> ValueId {
        let mut x = self.image();
        let kernel = self.pick(&[1, 3]);
        let window = Window::new([kernel, kernel]);
        let padding = kernel / 2;
        let window = if kernel == 3 && self.below(3) == 0 {
            x = self.builder.pad(x, [(0, 0), (0, 0), (1, 1), (1, 1)]).unwrap();
            window
        } else {
            window.with_padding([padding, padding])
        };
        let groups = self.pick(&[1, 2, CHANNELS]);
        let size = CHANNELS / groups;
        let weights = self.numbers(&[CHANNELS, size, kernel, kernel], 1.0 / (size * kernel) as f32);
        let bias = (self.below(2) == 0).then(|| self.numbers(&[CHANNELS], 0.5));
        if self.below(4) == 0 {
            return self.builder.conv_transpose(x, weights, bias, window, groups).map_or_else(
                |_| x,
                |y| if self.builder.ty(y).shape == IMAGE { y } else { self.values[0] },
            );
        }
        self.builder.conv(x, weights, bias, window, groups).unwrap()
    }

    fn batch_norm(&mut self) -> ValueId {
        let x = self.image();
        let [scale, bias, mean] = [1.0, 0.5, 0.5].map(|size| self.numbers(&[CHANNELS], size));
        let variance = self.positive(&[CHANNELS]);
        self.builder.batch_normalization(x, [scale, bias, mean, variance], 1e-5).unwrap()
    }

    /// There and back again, or around.
    fn moved(&mut self) -> ValueId {
        let x = self.image();
        let flat = self.builder.reshape(x, [CHANNELS, SIZE * SIZE]).unwrap();
        match self.below(3) {
            0 => self.builder.reshape(flat, IMAGE).unwrap(),
            1 => {
                let turned = self.builder.transpose(flat, [1, 0]).unwrap();
                let active = self.unary();
                let back = self.builder.transpose(turned, [1, 0]).unwrap();
                let back = self.builder.reshape(back, IMAGE).unwrap();
                self.builder.add(back, active).unwrap()
            }
            _ => {
                let turned = self.builder.transpose(x, [0, 1, 3, 2]).unwrap();
                let turned = self.builder.transpose(turned, [1, 0, 2, 3]).unwrap();
                self.builder.transpose(turned, [1, 0, 2, 3]).unwrap()
            }
        }
    }

    /// x · f(x), as activations are written out.
    fn gated(&mut self) -> ValueId {
        let x = self.value();
        let gate = match self.below(3) {
            0 => self.builder.sigmoid(x).unwrap(),
            1 => self.builder.hard_sigmoid(x).unwrap(),
            _ => {
                let scale =
                    self.builder.constant("root", Tensor::scalar(std::f32::consts::FRAC_1_SQRT_2));
                let (one, half) = (
                    self.builder.constant("one", Tensor::scalar(1f32)),
                    self.builder.constant("half", Tensor::scalar(0.5f32)),
                );
                let scaled = self.builder.mul(x, scale).unwrap();
                let erf = self.builder.apply(Unary::Erf, &[scaled]).unwrap();
                let shifted = self.builder.add(erf, one).unwrap();
                self.builder.mul(shifted, half).unwrap()
            }
        };
        self.builder.mul(x, gate).unwrap()
    }

    /// Layer normalisation or its kin without a mean, written out.
    fn normalized(&mut self) -> ValueId {
        let x = self.image();
        let axes = self.pick(&[&[3][..], &[2, 3]]);
        let mean = |builder: &mut GraphBuilder, x: ValueId| {
            let op = Reduce { kind: ReduceKind::Mean, axes: axes.to_vec(), keep_dims: true };
            builder.apply(op, &[x]).unwrap()
        };
        let centred = if self.below(2) == 0 {
            let middle = mean(&mut self.builder, x);
            self.builder.sub(x, middle).unwrap()
        } else {
            x
        };
        let square = if self.below(2) == 0 {
            self.builder.mul(centred, centred).unwrap()
        } else {
            let two = self.builder.constant("two", Tensor::scalar(2f32));
            self.builder.pow(centred, two).unwrap()
        };
        let variance = mean(&mut self.builder, square);
        let epsilon = self.builder.constant("epsilon", Tensor::scalar(0.01f32));
        let variance = self.builder.add(variance, epsilon).unwrap();
        let deviation = self.builder.sqrt(variance).unwrap();
        let mut normal = if self.below(2) == 0 {
            self.builder.div(centred, deviation).unwrap()
        } else {
            let inverse = self.builder.apply(Unary::Reciprocal, &[deviation]).unwrap();
            self.builder.mul(inverse, centred).unwrap()
        };
        if self.below(3) > 0 {
            let scale = self.numbers(&[SIZE], 1.0);
            normal = self.builder.mul(normal, scale).unwrap();
        }
        if self.below(3) > 0 {
            let bias = self.numbers(&[1, SIZE], 1.0);
            normal = self.builder.add(bias, normal).unwrap();
        }
        normal
    }

    /// Attention, written out.
    fn attention(&mut self) -> ValueId {
        let (query, keys, values) = (self.image(), self.image(), self.image());
        let flat = self.below(2) == 0;
        let matrices = |builder: &mut GraphBuilder, x: ValueId| match flat {
            true => builder.reshape(x, [CHANNELS, SIZE, SIZE]).unwrap(),
            false => x,
        };
        let [mut query, keys, values] =
            [query, keys, values].map(|x| matrices(&mut self.builder, x));
        let rank = self.builder.ty(query).rank();
        let mut swapped: Vec<usize> = (0..rank).collect();
        swapped.swap(rank - 1, rank - 2);
        let keys = self.builder.transpose(keys, swapped).unwrap();
        let half = self.builder.constant("half", Tensor::scalar(0.5f32));
        if self.below(2) == 0 {
            query = self.builder.mul(query, half).unwrap();
        }
        let mut scores = self.builder.matmul(query, keys).unwrap();
        if self.below(2) == 0 {
            scores = self.builder.mul(half, scores).unwrap();
        }
        if self.below(2) == 0 {
            let shape = self.pick(&[&[SIZE][..], &[SIZE, SIZE], &[SIZE, 1]]);
            let mask = self.numbers(shape, 2.0);
            scores = self.builder.add(scores, mask).unwrap();
        }
        let softmax = Softmax { kind: SoftmaxKind::Softmax, axis: rank - 1 };
        let shares = self.builder.apply(softmax, &[scores]).unwrap();
        let mixed = self.builder.matmul(shares, values).unwrap();
        self.builder.reshape(mixed, IMAGE).unwrap()
    }

    fn product(&mut self) -> ValueId {
        let x = self.image();
        let matrix = self.numbers(&[SIZE, SIZE], 0.4);
        if self.below(2) == 0 {
            return self.builder.matmul(x, matrix).unwrap();
        }
        let rows = self.builder.reshape(x, [CHANNELS * SIZE, SIZE]).unwrap();
        let product = self.builder.matmul(rows, matrix).unwrap();
        let bias = self.numbers(&[SIZE], 0.5);
        let sum = self.builder.add(bias, product).unwrap();
        self.builder.reshape(sum, IMAGE).unwrap()
    }

    fn pooled(&mut self) -> ValueId {
        let x = self.image();
        if self.below(2) == 0 {
            return self.builder.global_average_pool(x).unwrap();
        }
        let x = self.builder.pad(x, [(0, 0), (0, 0), (1, 1), (1, 1)]).unwrap();
        let pool =
            AveragePool { window: Window::new([3, 3]), ceil: false, count_include_pad: false };
        self.builder.apply(pool, &[x]).unwrap()
    }

    fn clipped(&mut self) -> ValueId {
        let x = self.value();
        let [low, high] = [-0.5f32, 0.75]
            .map(|limit| Some(self.builder.constant("limit", Tensor::scalar(limit))));
        let low = if self.below(3) == 0 { None } else { low };
        self.builder.node(Clip, &[Some(x), low, high]).unwrap()[0]
    }
}
