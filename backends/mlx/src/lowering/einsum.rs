//! Products summed over indices.

use tachy_graph::op::einsum::Einsum;
use tachy_runtime::Result;

use super::context::Context;
use crate::array::Array;

pub(super) fn einsum(cx: &Context<'_>, op: &Einsum) -> Result<Array> {
    cx.expect_numbers()?;
    let s = cx.stream;
    let inputs: Vec<Array> = cx.inputs.iter().flatten().cloned().collect();
    let equation: String = op.equation.chars().filter(|c| !c.is_whitespace()).collect();
    if is_plain(&equation) && inputs.iter().all(|input| input.element().is_float()) {
        return s.einsum(&equation, &inputs);
    }
    // Every input is read as if it had all indices; the rest is a product and a sum.
    let shapes: Vec<&[usize]> =
        (0..inputs.len()).map(|index| cx.shape(index)).collect::<Result<_>>()?;
    let loops = op.loops(&shapes).map_err(|error| cx.unsupported(&error.to_string()))?;
    let shape: Vec<usize> = loops.output.iter().chain(&loops.summed).copied().collect();
    let mut product: Option<Array> = None;
    for (input, strides) in inputs.iter().zip(&loops.strides) {
        let flat = s.contiguous(input)?;
        let view = s.as_strided(&flat, &shape, strides, 0)?;
        product = Some(match product {
            Some(product) => s.multiply(&product, &view)?,
            None => view,
        });
    }
    let product = product.ok_or_else(|| cx.unsupported("it has no inputs"))?;
    let summed: Vec<usize> = (loops.output.len()..shape.len()).collect();
    if summed.is_empty() { Ok(product) } else { s.sum(&product, &summed, false) }
}

/// Whether MLX reads the equation: it names its output, has no ellipsis, and no letter twice in a term.
fn is_plain(equation: &str) -> bool {
    let once = |term: &str| {
        let mut letters: Vec<char> = term.chars().collect();
        letters.sort_unstable();
        letters.windows(2).all(|pair| pair[0] != pair[1])
            && letters.iter().all(char::is_ascii_alphabetic)
    };
    match equation.split_once("->") {
        Some((inputs, output)) => !output.is_empty() && once(output) && inputs.split(',').all(once),
        None => false,
    }
}
