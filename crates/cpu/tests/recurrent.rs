//! Recurrent layers against their equations, written out sample by sample in `f64`: directions, sequences of
//! different lengths, peepholes, coupled gates and limits in every combination.

use proptest::prelude::*;
use tachy_cpu::CpuBackend;
use tachy_graph::op::recurrent::{Activation, Direction, Gru, Lstm, Recurrence};
use tachy_graph::{GraphBuilder, Op, Tensor};
use tachy_runtime::{Backend, CompileOptions, Device};

const SIZE: usize = 3;
const HIDDEN: usize = 4;

/// A layer's inputs; those that are not given are `None`.
#[derive(Debug)]
struct Case {
    steps: usize,
    batch: usize,
    direction: Direction,
    lengths: Option<Vec<i32>>,
    clip: Option<f32>,
    inputs: Vec<Option<Tensor>>,
}

impl Case {
    fn data(&self, index: usize) -> Option<&[f32]> {
        self.inputs[index].as_ref().map(|tensor| tensor.as_slice().unwrap())
    }

    fn length(&self, sample: usize) -> usize {
        self.lengths.as_ref().map_or(self.steps, |lengths| lengths[sample] as usize)
    }

    fn limit(&self, x: f64) -> f64 {
        self.clip.map_or(x, |clip| x.clamp(-f64::from(clip), f64::from(clip)))
    }

    /// Row `row` of a weight matrix of `rows` rows for each direction, times a vector, plus that bias.
    fn product(&self, matrix: usize, rows: usize, direction: usize, row: usize, x: &[f64]) -> f64 {
        let weights = self.data(matrix).unwrap();
        let start = (direction * rows + row) * x.len();
        let product: f64 =
            weights[start..][..x.len()].iter().zip(x).map(|(w, x)| f64::from(*w) * x).sum();
        // W's biases come first, then R's.
        let bias = direction * 2 * rows + (matrix - 1) * rows + row;
        product + self.data(3).map_or(0.0, |biases| f64::from(biases[bias]))
    }

    /// What `cell` makes of each sample, from its states at the start: Y, and the last states.
    fn run(
        &self,
        states: usize,
        cell: impl Fn(usize, &[f64], &mut [Vec<f64>]),
    ) -> (Vec<f64>, Vec<Vec<f64>>) {
        let directions = self.direction.count();
        let mut y = vec![0.0; self.steps * directions * self.batch * HIDDEN];
        let mut last = vec![vec![0.0; directions * self.batch * HIDDEN]; states];
        for direction in 0..directions {
            let reverse = direction == 1 || self.direction == Direction::Reverse;
            for sample in 0..self.batch {
                let place = (direction * self.batch + sample) * HIDDEN;
                let mut state: Vec<Vec<f64>> = (0..states)
                    .map(|index| match self.data(5 + index) {
                        Some(initial) => {
                            initial[place..][..HIDDEN].iter().map(|x| f64::from(*x)).collect()
                        }
                        None => vec![0.0; HIDDEN],
                    })
                    .collect();
                for step in 0..self.length(sample) {
                    let time = if reverse { self.length(sample) - 1 - step } else { step };
                    let x = &self.data(0).unwrap()[(time * self.batch + sample) * SIZE..][..SIZE];
                    let x: Vec<f64> = x.iter().map(|x| f64::from(*x)).collect();
                    cell(direction, &x, &mut state);
                    let place = ((time * directions + direction) * self.batch + sample) * HIDDEN;
                    y[place..][..HIDDEN].copy_from_slice(&state[0]);
                }
                for (last, state) in last.iter_mut().zip(&state) {
                    last[place..][..HIDDEN].copy_from_slice(state);
                }
            }
        }
        (y, last)
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn compute(op: impl Into<Op>, case: &Case) -> Vec<Tensor> {
    let mut builder = GraphBuilder::new("test");
    let mut tensors = Vec::new();
    let mut ids = Vec::new();
    for (index, input) in case.inputs.iter().enumerate() {
        ids.push(input.as_ref().map(|tensor| {
            tensors.push(tensor.clone());
            builder.input(format!("x{index}"), tensor.dtype(), tensor.shape())
        }));
    }
    for (index, output) in builder.node(op, &ids).unwrap().into_iter().enumerate() {
        builder.output(output, format!("y{index}")).unwrap();
    }
    let graph = builder.build().unwrap();
    let options = CompileOptions::default();
    CpuBackend.compile(&graph, &Device::of("cpu"), &options).unwrap().call(&tensors).unwrap()
}

fn compare(found: &[Tensor], y: &[f64], last: &[Vec<f64>]) -> Result<(), TestCaseError> {
    let expected = std::iter::once(y).chain(last.iter().map(Vec::as_slice));
    for (found, expected) in found.iter().zip(expected) {
        for (found, expected) in found.as_slice::<f32>().unwrap().iter().zip(expected) {
            prop_assert!((f64::from(*found) - expected).abs() < 1e-5, "{found} is not {expected}");
        }
    }
    Ok(())
}

/// A case for a cell of so many gates, with `peepholes` and a second state if it is an LSTM.
fn cases(gates: usize, is_lstm: bool) -> impl Strategy<Value = Case> {
    let direction = prop_oneof![
        Just(Direction::Forward),
        Just(Direction::Reverse),
        Just(Direction::Bidirectional)
    ];
    let given = prop::collection::vec(any::<bool>(), 4);
    let clip = prop::option::of(0.2f32..2.0);
    (1usize..5, 1usize..4, direction, given, clip, any::<u64>()).prop_map(
        move |(steps, batch, direction, given, clip, seed)| {
            let mut state = seed;
            let mut random = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 40) as f32 / (1 << 24) as f32 - 0.5
            };
            let lengths = given[0].then(|| {
                (0..batch).map(|_| ((random() + 0.5) * (steps + 1) as f32) as i32).collect()
            });
            let mut tensor = |shape: &[usize]| {
                let values: Vec<f32> =
                    (0..shape.iter().product()).map(|_| 3.0 * random()).collect();
                Tensor::new(shape, &values).unwrap()
            };
            let (d, rows) = (direction.count(), gates * HIDDEN);
            let mut inputs = vec![
                Some(tensor(&[steps, batch, SIZE])),
                Some(tensor(&[d, rows, SIZE])),
                Some(tensor(&[d, rows, HIDDEN])),
                given[1].then(|| tensor(&[d, 2 * rows])),
                lengths.as_ref().map(|lengths: &Vec<i32>| Tensor::new(&[batch], lengths).unwrap()),
                given[2].then(|| tensor(&[d, batch, HIDDEN])),
            ];
            if is_lstm {
                inputs.push(given[2].then(|| tensor(&[d, batch, HIDDEN])));
                inputs.push(given[3].then(|| tensor(&[d, 3 * HIDDEN])));
            }
            Case { steps, batch, direction, lengths, clip, inputs }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn long_short_term_memory(case in cases(4, true), coupled in any::<bool>()) {
        let functions = [Activation::Sigmoid, Activation::Tanh, Activation::Tanh];
        let recurrence = Recurrence {
            direction: case.direction,
            activations: functions.repeat(case.direction.count()),
            clip: case.clip,
            hidden: HIDDEN,
        };
        let found = compute(Lstm { recurrence, coupled }, &case);
        let (y, last) = case.run(2, |direction, x, state| {
            let (before, cell) = (state[0].clone(), state[1].clone());
            for unit in 0..HIDDEN {
                let gate = |gate: usize| {
                    let row = gate * HIDDEN + unit;
                    case.product(1, 4 * HIDDEN, direction, row, x)
                        + case.product(2, 4 * HIDDEN, direction, row, &before)
                };
                let peephole = |gate: usize, cell: f64| {
                    let place = (direction * 3 + gate) * HIDDEN + unit;
                    case.data(7).map_or(0.0, |peepholes| f64::from(peepholes[place]) * cell)
                };
                let input = sigmoid(case.limit(gate(0) + peephole(0, cell[unit])));
                let forget = match coupled {
                    true => 1.0 - input,
                    false => sigmoid(case.limit(gate(2) + peephole(2, cell[unit]))),
                };
                let next = forget * cell[unit] + input * case.limit(gate(3)).tanh();
                let output = sigmoid(case.limit(gate(1) + peephole(1, next)));
                state[1][unit] = next;
                state[0][unit] = output * next.tanh();
            }
        });
        compare(&found, &y, &last)?;
    }

    #[test]
    fn gated_recurrent_unit(case in cases(3, false), linear_before_reset in any::<bool>()) {
        let functions = [Activation::Sigmoid, Activation::Tanh];
        let recurrence = Recurrence {
            direction: case.direction,
            activations: functions.repeat(case.direction.count()),
            clip: case.clip,
            hidden: HIDDEN,
        };
        let found = compute(Gru { recurrence, linear_before_reset }, &case);
        let (y, last) = case.run(1, |direction, x, state| {
            let before = state[0].clone();
            let product = |matrix: usize, gate: usize, unit: usize, x: &[f64]| {
                case.product(matrix, 3 * HIDDEN, direction, gate * HIDDEN + unit, x)
            };
            let gate = |gate: usize, unit: usize| {
                sigmoid(case.limit(product(1, gate, unit, x) + product(2, gate, unit, &before)))
            };
            let reset: Vec<f64> = (0..HIDDEN).map(|unit| gate(1, unit)).collect();
            let faded: Vec<f64> = before.iter().zip(&reset).map(|(h, r)| h * r).collect();
            for unit in 0..HIDDEN {
                let recurrent = match linear_before_reset {
                    true => reset[unit] * product(2, 2, unit, &before),
                    false => product(2, 2, unit, &faded),
                };
                let candidate = case.limit(product(1, 2, unit, x) + recurrent).tanh();
                let update = gate(0, unit);
                state[0][unit] = (1.0 - update) * candidate + update * before[unit];
            }
        });
        compare(&found, &y, &last)?;
    }
}
