//! A multilayer perceptron.

use super::catalogue::Assembly;
use crate::dtype::DType;
use crate::graph::GraphError;

/// Widths of the layers, the input's first.
const WIDTHS: [usize; 3] = [64, 64, 8];

pub(super) fn assemble(assembly: &mut Assembly) -> Result<(), GraphError> {
    let Assembly { builder, weights, batch, .. } = assembly;
    let mut x = builder.input("input", DType::F32, [*batch, WIDTHS[0]]);
    for (layer, pair) in WIDTHS.windows(2).enumerate() {
        let (fan_in, fan_out) = (pair[0], pair[1]);
        let weight = weights.he(&[fan_out, fan_in], fan_in);
        let weight = builder.constant(format!("layer{layer}.weight"), weight);
        let bias = weights.normal(&[fan_out], 0.0, 0.1);
        let bias = builder.constant(format!("layer{layer}.bias"), bias);
        if layer > 0 {
            x = builder.relu(x)?;
        }
        x = builder.linear(x, weight, bias)?;
    }
    builder.output(x, "output")?;
    Ok(())
}
