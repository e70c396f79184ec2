//! Export and import are inverse to each other, for recurrent layers.

use tachy_graph::op::recurrent::*;
use tachy_graph::{DType, Op};

use super::round_trip::check_optional;

const F: DType = DType::F32;
const HIDDEN: usize = 3;

/// Checks a layer with `gates` gates and `states` states, without and with its optional inputs.
fn check_layer(op: &Op, directions: usize, gates: usize, states: usize) {
    let shape = |shape: &[usize]| shape.to_vec();
    let x = shape(&[7, 2, 5]);
    let w = shape(&[directions, gates * HIDDEN, 5]);
    let r = shape(&[directions, gates * HIDDEN, HIDDEN]);
    let bias = shape(&[directions, 2 * gates * HIDDEN]);
    let state = shape(&[directions, 2, HIDDEN]);
    let required = [Some((F, &x[..])), Some((F, &w[..])), Some((F, &r[..]))];
    check_optional(op.clone(), &required);
    let mut all = required.to_vec();
    all.extend([Some((F, &bias[..])), Some((DType::I32, &[2][..]))]);
    all.extend(std::iter::repeat_n(Some((F, &state[..])), states));
    check_optional(op.clone(), &all);
    all[3] = None;
    check_optional(op.clone(), &all);
}

#[test]
fn layers_in_every_direction() {
    use Activation::*;
    for direction in [Direction::Forward, Direction::Reverse, Direction::Bidirectional] {
        let directions = if direction == Direction::Bidirectional { 2 } else { 1 };
        let recurrence = |activations: &[Activation], clip| Recurrence {
            hidden: HIDDEN,
            direction,
            activations: activations.repeat(directions),
            clip,
        };
        for coupled in [false, true] {
            let recurrence = recurrence(&[Sigmoid, Tanh, Tanh], None);
            check_layer(&Lstm { recurrence, coupled }.into(), directions, 4, 2);
        }
        for linear_before_reset in [false, true] {
            let recurrence = recurrence(&[Sigmoid, Tanh], Some(2.5));
            check_layer(&Gru { recurrence, linear_before_reset }.into(), directions, 3, 1);
        }
        for activation in [Tanh, Relu, Softsign, Affine { alpha: 0.5, beta: 2.0 }] {
            let recurrence = recurrence(&[activation], None);
            check_layer(&Rnn { recurrence }.into(), directions, 1, 1);
        }
        let unusual = [HardSigmoid { alpha: 0.5, beta: 0.25 }, Tanh, Elu { alpha: 0.75 }];
        let recurrence = recurrence(&unusual, None);
        check_layer(&Lstm { recurrence, coupled: false }.into(), directions, 4, 2);
    }
}
