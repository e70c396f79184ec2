//! Importers of recurrent layers.

use super::context::{Imported, NodeContext};
use super::table::Entry;
use crate::graph::ValueId;
use crate::onnx::ImportError;
use crate::op::Op;
use crate::op::movement::Transpose;
use crate::op::recurrent::{Activation, Direction, Gru, Lstm, Recurrence, Rnn};

pub const OPERATORS: &[Entry] =
    &[Entry::new("GRU", gru), Entry::new("LSTM", lstm), Entry::new("RNN", rnn)];

fn lstm(node: &mut NodeContext<'_, '_>) -> Imported {
    let defaults = [Activation::Sigmoid, Activation::Tanh, Activation::Tanh];
    let recurrence = recurrence(node, &defaults)?;
    let coupled = node.flag("input_forget", false)?;
    layer(node, Lstm { recurrence, coupled })
}

fn gru(node: &mut NodeContext<'_, '_>) -> Imported {
    let recurrence = recurrence(node, &[Activation::Sigmoid, Activation::Tanh])?;
    let linear_before_reset = node.flag("linear_before_reset", false)?;
    layer(node, Gru { recurrence, linear_before_reset })
}

fn rnn(node: &mut NodeContext<'_, '_>) -> Imported {
    let recurrence = recurrence(node, &[Activation::Tanh])?;
    layer(node, Rnn { recurrence })
}

/// The layer, with transpositions around it where the batch comes first.
fn layer(node: &mut NodeContext<'_, '_>, op: impl Into<Op>) -> Imported {
    let mut inputs = node.all_inputs();
    if node.int("layout")?.unwrap_or(0) == 0 {
        return node.emit(op, &inputs);
    }
    for index in [0, 5, 6] {
        if let Some(Some(input)) = inputs.get_mut(index) {
            *input = transpose(node, *input, &[1, 0, 2])?;
        }
    }
    let mut outputs = node.emit(op, &inputs)?;
    for (index, output) in outputs.iter_mut().enumerate() {
        let permutation: &[usize] = if index == 0 { &[2, 0, 1, 3] } else { &[1, 0, 2] };
        *output = transpose(node, *output, permutation)?;
    }
    Ok(outputs)
}

fn transpose(
    node: &mut NodeContext<'_, '_>,
    value: ValueId,
    permutation: &[usize],
) -> Result<ValueId, ImportError> {
    node.apply(Transpose { permutation: permutation.to_vec() }, &[value])
}

fn recurrence(
    node: &NodeContext<'_, '_>,
    defaults: &[Activation],
) -> Result<Recurrence, ImportError> {
    // The attribute may be left out; the recurrent weights end in the same number.
    let hidden = match node.int("hidden_size")? {
        Some(hidden) => usize::try_from(hidden)
            .map_err(|_| node.error(format!("its attribute `hidden_size` is {hidden}")))?,
        None => node.input_type(2)?.shape.last().copied().unwrap_or(0),
    };
    let direction = match node.string("direction")?.unwrap_or("forward") {
        "forward" => Direction::Forward,
        "reverse" => Direction::Reverse,
        "bidirectional" => Direction::Bidirectional,
        other => return Err(node.error(format!("its attribute `direction` is `{other}`"))),
    };
    let activations = match node.strings("activations")? {
        Some(names) => activations(node, &names)?,
        None => defaults.repeat(direction.count()),
    };
    Ok(Recurrence { hidden, direction, activations, clip: node.float("clip")? })
}

/// The lists of α and β have an entry for each function that takes one, in their order.
fn activations(node: &NodeContext<'_, '_>, names: &[&str]) -> Result<Vec<Activation>, ImportError> {
    let mut alphas = node.floats("activation_alpha")?.unwrap_or(&[]).iter().copied();
    let mut betas = node.floats("activation_beta")?.unwrap_or(&[]).iter().copied();
    let mut alpha = |default: f32| alphas.next().unwrap_or(default);
    let mut beta = |default: f32| betas.next().unwrap_or(default);
    names
        .iter()
        .map(|name| {
            Ok(match name.to_ascii_lowercase().as_str() {
                "relu" => Activation::Relu,
                "tanh" => Activation::Tanh,
                "sigmoid" => Activation::Sigmoid,
                "softsign" => Activation::Softsign,
                "softplus" => Activation::Softplus,
                "affine" => Activation::Affine { alpha: alpha(1.0), beta: beta(0.0) },
                "leakyrelu" => Activation::LeakyRelu { alpha: alpha(0.01) },
                "thresholdedrelu" => Activation::ThresholdedRelu { alpha: alpha(1.0) },
                "scaledtanh" => Activation::ScaledTanh { alpha: alpha(1.0), beta: beta(1.0) },
                "hardsigmoid" => Activation::HardSigmoid { alpha: alpha(0.2), beta: beta(0.5) },
                "elu" => Activation::Elu { alpha: alpha(1.0) },
                _ => return Err(node.error(format!("`{name}` is not an activation"))),
            })
        })
        .collect()
}
