//! A long short-term memory over a sequence, with a linear layer on every step.

use super::catalogue::Assembly;
use crate::dtype::DType;
use crate::graph::GraphError;

const STEPS: usize = 128;
const SIZE: usize = 64;
const HIDDEN: usize = 256;

pub(super) fn assemble(assembly: &mut Assembly) -> Result<(), GraphError> {
    let batch = assembly.batch;
    let x = assembly.builder.input("sequence", DType::F32, [STEPS, batch, SIZE]);
    let rows = 4 * HIDDEN;
    let mut matrix = |name: &str, columns: usize| {
        let deviation = (columns as f32).sqrt().recip();
        let tensor = assembly.weights.normal(&[1, rows, columns], 0.0, deviation);
        assembly.builder.constant(name, tensor)
    };
    let (weights, recurrent) = (matrix("lstm.weight", SIZE), matrix("lstm.recurrent", HIDDEN));
    let biases = assembly.weights.normal(&[1, 2 * rows], 0.0, 0.1);
    let biases = assembly.builder.constant("lstm.bias", biases);
    let [y, _, _] = assembly.builder.lstm(x, weights, recurrent, biases)?;
    let y = assembly.builder.reshape(y, [STEPS * batch, HIDDEN])?;
    let y = assembly.linear("head", y, SIZE)?;
    let y = assembly.builder.reshape(y, [STEPS, batch, SIZE])?;
    assembly.builder.output(y, "output")?;
    Ok(())
}
