//! Recurrent layers.

use super::context::{Attributes, ExportContext};
use crate::onnx::ExportError;
use crate::op::recurrent::{Activation, Direction, Gru, Lstm, Recurrence, Rnn};

pub fn lstm(op: &Lstm, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    let attributes = common(&op.recurrence).unless("input_forget", op.coupled, false);
    node.direct("LSTM", attributes);
    Ok(())
}

pub fn gru(op: &Gru, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    let attributes =
        common(&op.recurrence).unless("linear_before_reset", op.linear_before_reset, false);
    node.direct("GRU", attributes);
    Ok(())
}

pub fn rnn(op: &Rnn, node: &mut ExportContext<'_>) -> Result<(), ExportError> {
    node.direct("RNN", common(&op.recurrence));
    Ok(())
}

fn common(recurrence: &Recurrence) -> Attributes {
    let direction = match recurrence.direction {
        Direction::Forward => "forward",
        Direction::Reverse => "reverse",
        Direction::Bidirectional => "bidirectional",
    };
    let (mut names, mut alphas, mut betas) = (Vec::new(), Vec::new(), Vec::new());
    for activation in &recurrence.activations {
        let (name, alpha, beta) = parts(*activation);
        names.push(name);
        alphas.extend(alpha);
        betas.extend(beta);
    }
    let mut attributes = Attributes::new()
        .with("hidden_size", recurrence.hidden)
        .with("direction", direction)
        .with("activations", &names[..])
        .unless("activation_alpha", &alphas[..], &[])
        .unless("activation_beta", &betas[..], &[]);
    if let Some(clip) = recurrence.clip {
        attributes = attributes.with("clip", clip);
    }
    attributes
}

/// A function's name, and its α and β if it has them.
fn parts(activation: Activation) -> (&'static str, Option<f32>, Option<f32>) {
    match activation {
        Activation::Relu => ("Relu", None, None),
        Activation::Tanh => ("Tanh", None, None),
        Activation::Sigmoid => ("Sigmoid", None, None),
        Activation::Softsign => ("Softsign", None, None),
        Activation::Softplus => ("Softplus", None, None),
        Activation::Affine { alpha, beta } => ("Affine", Some(alpha), Some(beta)),
        Activation::LeakyRelu { alpha } => ("LeakyRelu", Some(alpha), None),
        Activation::ThresholdedRelu { alpha } => ("ThresholdedRelu", Some(alpha), None),
        Activation::ScaledTanh { alpha, beta } => ("ScaledTanh", Some(alpha), Some(beta)),
        Activation::HardSigmoid { alpha, beta } => ("HardSigmoid", Some(alpha), Some(beta)),
        Activation::Elu { alpha } => ("Elu", Some(alpha), None),
    }
}
