//! Layers on every instruction set against the definition in f64, one number at a time.

use std::num::NonZeroUsize;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::lanes::Isa;
use crate::math::Function;
use crate::team::Team;
use crate::weight::WeightType;

/// More threads than most machines have processors for these tests.
static TEAM: LazyLock<Team> = LazyLock::new(|| Team::new(NonZeroUsize::new(4).unwrap()).unwrap());

/// Numbers between −1 and 1 without a pattern that vectors would see.
fn numbers(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

/// Numbers as weights of a type have them.
fn kept(kept_as: WeightType, numbers: Vec<f32>) -> Vec<f32> {
    numbers.into_iter().map(|number| kept_as.nearest(number)).collect()
}

#[test]
fn panels_of_every_width() {
    for isa in Isa::all() {
        for outputs in [0, 1, 3, 4, 5, 15, 16, 17, 47, 112, 127, 128, 129, 250, 383] {
            for inputs in [0, 1, 2, 7, 8, 9, 33] {
                let kept_as = WeightType::ALL[(outputs + inputs) % 3];
                let weights = kept(kept_as, numbers(outputs * inputs, 1));
                let panels = Panels::new(isa, kept_as, &weights, outputs, inputs);
                for samples in 1..=4 {
                    let from = numbers(samples * inputs, 2);
                    for backward in [false, true] {
                        let mut to = vec![0.5; samples * outputs + 1];
                        let start = to.as_mut_ptr();
                        let sources: Vec<_> =
                            (0..samples).map(|i| from[i * inputs..].as_ptr()).collect();
                        let targets: Vec<_> =
                            (0..samples).map(|i| start.wrapping_add(i * outputs)).collect();
                        // SAFETY: there are as many elements.
                        unsafe { panels.accumulate_samples(&sources, &targets, None, backward) }
                        for (place, got) in to[..samples * outputs].iter().enumerate() {
                            let (sample, output) = (place / outputs, place % outputs);
                            let row = weights[output * inputs..][..inputs].iter();
                            let x = &from[sample * inputs..][..inputs];
                            let product = |(w, x): (&f32, &f32)| f64::from(*w) * f64::from(*x);
                            let sum = 0.5 + row.zip(x).map(product).sum::<f64>();
                            assert!((f64::from(*got) - sum).abs() < 1e-5, "{got} for {sum}");
                        }
                        assert_eq!(to[samples * outputs], 0.5, "one too many");
                    }
                }
            }
        }
    }
}

fn apply(function: Function, x: f64) -> f64 {
    match function {
        Function::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Function::Tanh => x.tanh(),
        Function::Relu => x.max(0.0),
        Function::Softsign => x / (1.0 + x.abs()),
        _ => unreachable!("not used here"),
    }
}

/// The definition: one sample, one direction. Gives the outputs of each step, and changes the states.
fn reference(
    description: &Description,
    weights: Weights<'_>,
    inputs: &[Vec<f64>],
    state: &mut [f64],
    memory: &mut [f64],
) -> Vec<Vec<f64>> {
    let Description { cell, hidden, functions, clip, .. } = *description;
    let rows = cell.gates() * hidden;
    let w = weights.inputs.expect("given");
    let dot = |matrix: &[f32], row: usize, x: &[f64]| -> f64 {
        matrix[row * x.len()..].iter().zip(x).map(|(w, x)| f64::from(*w) * x).sum()
    };
    let bias = |index: usize| weights.biases.map_or(0.0, |biases| f64::from(biases[index]));
    let peephole = |index: usize| weights.peepholes.map_or(0.0, |p| f64::from(p[index]));
    let limited = |function: usize, x: f64| {
        let limit = clip.map_or(f64::INFINITY, f64::from);
        apply(functions[function], x.clamp(-limit, limit))
    };
    let mut outputs = Vec::new();
    for x in inputs {
        let before = state.to_vec();
        let projected = |row: usize| dot(w, row, x) + bias(row);
        let recurrent = |row: usize, h: &[f64]| dot(weights.recurrent, row, h) + bias(rows + row);
        let both = |row: usize| projected(row) + recurrent(row, &before);
        let resets: Vec<f64> = match cell {
            Cell::Gru { .. } => (0..hidden).map(|u| limited(0, both(hidden + u))).collect(),
            _ => Vec::new(),
        };
        for unit in 0..hidden {
            match cell {
                Cell::Lstm { coupled } => {
                    let old = memory[unit];
                    let input = limited(0, both(unit) + peephole(unit) * old);
                    let forget = match coupled {
                        true => 1.0 - input,
                        false => {
                            let row = 2 * hidden + unit;
                            limited(0, both(row) + peephole(row) * old)
                        }
                    };
                    let new = forget * old + input * limited(1, both(3 * hidden + unit));
                    let row = hidden + unit;
                    memory[unit] = new;
                    state[unit] =
                        limited(0, both(row) + peephole(row) * new) * apply(functions[2], new);
                }
                Cell::Gru { linear_before_reset } => {
                    let row = 2 * hidden + unit;
                    let update = limited(0, both(unit));
                    let share = if linear_before_reset {
                        resets[unit] * recurrent(row, &before)
                    } else {
                        let reset: Vec<f64> = before
                            .iter()
                            .zip(&resets)
                            .map(|(state, reset)| state * reset)
                            .collect();
                        recurrent(row, &reset)
                    };
                    let candidate = limited(1, projected(row) + share);
                    state[unit] = (1.0 - update) * candidate + update * before[unit];
                }
                Cell::Rnn => state[unit] = limited(0, both(unit)),
            }
        }
        outputs.push(state.to_vec());
    }
    outputs
}

fn near(got: &[f32], expected: &[f64]) {
    assert_eq!(got.len(), expected.len());
    for (index, (got, expected)) in got.iter().zip(expected).enumerate() {
        let error = (f64::from(*got) - expected).abs();
        assert!(error < 1e-5 * expected.abs().max(1.0), "{index}: {got} instead of {expected}");
    }
}

fn wide(numbers: &[f32]) -> Vec<f64> {
    numbers.iter().map(|x| f64::from(*x)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn layers(
        cell in prop::sample::select(vec![
            Cell::Lstm { coupled: false },
            Cell::Lstm { coupled: true },
            Cell::Gru { linear_before_reset: false },
            Cell::Gru { linear_before_reset: true },
            Cell::Rnn,
        ]),
        hidden in prop::sample::select(vec![1, 2, 3, 8, 15, 16, 17, 33]),
        size in 1..9usize,
        steps in 0..5usize,
        samples in 1..6usize,
        (usual, clip, has_biases, has_peepholes, has_lengths, reverse, projected) in
            any::<(bool, bool, bool, bool, bool, bool, bool)>(),
        kept_as in prop::sample::select(&WeightType::ALL[..]),
        (threads, way) in (1..=4usize, any::<prop::sample::Index>()),
    ) {
        let mut description = Description::new(cell, size, hidden);
        if !usual {
            description.functions = [Function::Softsign, Function::Relu, Function::Sigmoid];
        }
        description.weights = kept_as;
        description.clip = clip.then_some(0.4);
        let rows = cell.gates() * hidden;
        // Small enough that errors do not grow from step to step.
        let small = |x: f32| x / (hidden as f32).sqrt();
        let r = kept(kept_as, numbers(rows * hidden, 2).into_iter().map(small).collect());
        let w = kept(kept_as, numbers(rows * size, 1));
        let (biases, peepholes) = (numbers(2 * rows, 3), numbers(3 * hidden, 4));
        let is_lstm = matches!(cell, Cell::Lstm { .. });
        let weights = Weights {
            inputs: Some(&w),
            recurrent: &r,
            biases: has_biases.then_some(&biases[..]),
            peepholes: (has_peepholes && is_lstm).then_some(&peepholes[..]),
        };
        let x = numbers(steps * samples * size, 5);
        let lengths: Vec<i32> = (0..samples).map(|i| ((i * 7 + 3) % (steps + 1)) as i32).collect();
        let (state, memory) = (numbers(samples * hidden, 6), numbers(samples * hidden, 7));
        let workload = Workload { description, directions: 2, steps, samples, plain: !projected };
        let ways = Sharing::all(threads, &workload);
        let sharing = ways[way.index(ways.len())];
        for isa in Isa::all() {
            let layer = &Layer::in_parts(isa, sharing.parts(), description, weights);
            let products: Vec<f32> = x.chunks_exact(size).flat_map(|x| {
                let row = |row: usize| {
                    let w = &w[row * size..][..size];
                    w.iter().zip(x).map(|(w, x)| w * x).sum::<f32>() + layer.projection_bias()[row]
                };
                (0..rows).map(row).collect::<Vec<_>>()
            }).collect();
            // Outputs with the samples outermost and a gap behind each state.
            let y = || vec![9.0; samples * steps * (hidden + 1)];
            let mut results: [_; 3] = std::array::from_fn(|_| (state.clone(), memory.clone(), y()));
            let [alone, first, second] = results.each_mut().map(|(state, memory, y)| Sequence {
                inputs: match projected {
                    true => Inputs::Projected(products.as_ptr()),
                    false => Inputs::Plain(x.as_ptr()),
                },
                steps,
                samples,
                lengths: has_lengths.then_some(&lengths[..]),
                reverse,
                outputs: Some(Outputs {
                    pointer: y.as_mut_ptr(),
                    step_stride: hidden + 1,
                    sample_stride: steps * (hidden + 1),
                }),
                state: state.as_mut_ptr(),
                memory: memory.as_mut_ptr(),
            });
            let mut scratch = vec![f32::NAN; layer.scratch_len(samples)];
            let mut shared = vec![f32::NAN; sharing.scratch_len(&[layer, layer], samples)];
            // SAFETY: there are as many inputs and outputs.
            unsafe {
                layer.run(&alone, &mut scratch);
                sharing.run(&TEAM, &[(layer, first), (layer, second)], &mut shared);
            }
            prop_assert_eq!(&results[0], &results[1], "{:?}", sharing);
            prop_assert_eq!(&results[0], &results[2], "{:?}", sharing);
            let (last, last_memory, y) = &results[0];
            for sample in 0..samples {
                let length = if has_lengths { lengths[sample] as usize } else { steps };
                let at = |time: usize| wide(&x[(time * samples + sample) * size..][..size]);
                let mut inputs: Vec<_> = (0..length).map(at).collect();
                if reverse {
                    inputs.reverse();
                }
                let range = sample * hidden..(sample + 1) * hidden;
                let mut state = wide(&state[range.clone()]);
                let mut memory = wide(&memory[range.clone()]);
                let mut expected = reference(&description, weights, &inputs, &mut state, &mut memory);
                if reverse {
                    expected.reverse();
                }
                expected.resize(steps, vec![0.0; hidden]);
                for (time, expected) in expected.iter().enumerate() {
                    let place = (sample * steps + time) * (hidden + 1);
                    near(&y[place..][..hidden], expected);
                    prop_assert_eq!(y[place + hidden], 9.0);
                }
                near(&last[range.clone()], &state);
                if is_lstm {
                    near(&last_memory[range], &memory);
                }
            }
        }
    }
}
