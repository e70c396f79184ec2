//! Chains of operators on tensors at hand.

use tachy_graph::passes::{PassOptions, fused_chain};
use tachy_graph::{Tensor, TensorType};
use tachy_runtime::{Backend, CompileOptions, Device, Error, Result};

use crate::backend::{CpuBackend, NAME};

/// Computes a chain of operators as one, if there is a kernel that does them in one sweep; `None` if nothing fuses.
///
/// The first operator takes the first arrays; each further one the result so far and then, if it has a second operand,
/// the next array: `["add", "multiply"]` on three arrays is `(a + b) · c`. Names are ONNX's, in any case; `add`,
/// `subtract`, `multiply` and `divide` will do, too. Patterns of the caller's own stand in the options.
///
/// ```
/// use tachy_cpu::try_fuse;
/// use tachy_graph::Tensor;
/// use tachy_graph::passes::PassOptions;
///
/// let [a, b, c] = [[1.0f32, 2.0], [3.0, 4.0], [2.0, 2.0]].map(|pair| Tensor::new(&[2], &pair).unwrap());
/// let fused = try_fuse(&["add", "multiply"], &[a, b, c], &PassOptions::default());
/// assert_eq!(fused.unwrap().unwrap().as_slice::<f32>().unwrap(), [8.0, 12.0]);
/// ```
///
/// The result is an error if an operator does not take its arrays.
pub fn try_fuse(
    operators: &[&str],
    arrays: &[Tensor],
    options: &PassOptions<'_>,
) -> Option<Result<Tensor>> {
    let types: Vec<TensorType> = arrays.iter().map(|array| array.ty().clone()).collect();
    let graph = match fused_chain(operators, &types, options)? {
        Ok(graph) => graph,
        Err(error) => {
            return Some(Err(Error::Engine {
                backend: NAME,
                action: "fuse the operators",
                message: error.to_string(),
            }));
        }
    };
    let compiled = CpuBackend.compile(&graph, &Device::of(NAME), &CompileOptions::default());
    let result = compiled.and_then(|mut executable| executable.call(arrays));
    Some(result.map(|mut outputs| outputs.swap_remove(0)))
}
