//! Fusion patterns of the caller's own: a chain of operators that one closure computes.

use std::fmt;
use std::sync::Arc;

use super::PassError;
use super::rewriter::Rewriter;
use crate::graph::ValueId;
use crate::op::custom::{Custom, CustomKernel, CustomTypes};
use crate::op::{Op, Operator};
use crate::shape::TensorType;
use crate::tensor::{TensorView, TensorViewMut};

/// A chain of operators, each of which reads the result of the one before, and a closure that does what all of them
/// do.
///
/// ```
/// use tachy_graph::passes::{FusionPattern, PassOptions, optimize};
/// use tachy_graph::{DType, GraphBuilder};
///
/// let mut builder = GraphBuilder::new("example");
/// let x = builder.input("x", DType::F32, [4]);
/// let y = builder.input("y", DType::F32, [4]);
/// let active = builder.relu(x)?;
/// let sum = builder.add(active, y)?;
/// builder.output(sum, "sum")?;
///
/// let pattern = FusionPattern::new("relu_add", ["relu", "add"], |inputs, outputs| {
///     let numbers = |index: usize| inputs[index].as_slice::<f32>().map_err(|e| e.to_string());
///     let (x, y) = (numbers(0)?, numbers(1)?);
///     let sum = outputs[0].as_mut_slice::<f32>().map_err(|e| e.to_string())?;
///     for ((sum, x), y) in sum.iter_mut().zip(x).zip(y) {
///         *sum = x.max(0.0) + y;
///     }
///     Ok(())
/// });
/// let mut options = PassOptions::default();
/// options.patterns.push(pattern);
/// let graph = optimize(&builder.build()?, &options)?;
/// assert_eq!(graph.to_string(), "sum: f32[4] = Custom[relu_add](x, y)\nreturn sum\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct FusionPattern {
    name: Arc<str>,
    operators: Vec<String>,
    kernel: Arc<CustomKernel>,
    types: Option<Arc<CustomTypes>>,
}

impl FusionPattern {
    /// A chain of operators and what computes it.
    ///
    /// Operators have their ONNX names, in any case; `add`, `subtract`, `multiply`, `divide`, `quantize` and
    /// `dequantize` will do, too. The closure gets the inputs of the first operator and then, in order, what the
    /// others read beside the result of the one before; its output has the type of the last operator's.
    pub fn new<N: Into<String>>(
        name: impl Into<Arc<str>>,
        operators: impl IntoIterator<Item = N>,
        implementation: impl Fn(&[TensorView<'_>], &mut [TensorViewMut<'_>]) -> Result<(), String>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            operators: operators.into_iter().map(Into::into).collect(),
            kernel: Arc::new(implementation),
            types: None,
        }
    }

    /// The same, with a type rule of its own: it may refuse inputs, and what it says must be the type of what is
    /// replaced.
    pub fn with_types(
        mut self,
        types: impl Fn(&[&TensorType]) -> Result<Vec<TensorType>, String> + Send + Sync + 'static,
    ) -> Self {
        self.types = Some(Arc::new(types));
        self
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The operators, first to last.
    pub fn operators(&self) -> &[String] {
        &self.operators
    }
}

impl fmt::Debug for FusionPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FusionPattern")
            .field("name", &self.name)
            .field("operators", &self.operators)
            .finish_non_exhaustive()
    }
}

/// Whether a person may mean this operator by this name.
pub(super) fn is_called(op: &Op, name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let full = match name.as_str() {
        "subtract" => "sub",
        "multiply" => "mul",
        "divide" => "div",
        "quantize" => "quantizelinear",
        "dequantize" => "dequantizelinear",
        other => other,
    };
    op.name().eq_ignore_ascii_case(full)
}

/// Replaces the chain that ends in a node by the first pattern that fits it.
pub(super) fn rewrite(
    rewriter: &mut Rewriter,
    node: usize,
    patterns: &[FusionPattern],
) -> Result<bool, PassError> {
    for pattern in patterns {
        let Some((_, inputs)) = chain(rewriter, node, pattern) else { continue };
        let (name, output) = (rewriter.node(node).name.clone(), rewriter.output(node));
        let expected = rewriter.ty(output).clone();
        let types = pattern.types.clone().unwrap_or_else(|| {
            let ty = expected.clone();
            Arc::new(move |_| Ok(vec![ty.clone()]))
        });
        let custom =
            Custom { name: Arc::clone(&pattern.name), kernel: Arc::clone(&pattern.kernel), types };
        let new = rewriter.apply(name.clone(), custom, &inputs)?;
        let found = rewriter.ty(new).clone();
        if found != expected {
            let pattern = pattern.name.to_string();
            return Err(PassError::PatternType { pattern, node: name, expected, found });
        }
        return rewriter.replace(output, new);
    }
    Ok(false)
}

/// The nodes of the chain that ends in a node, first to last, and what they read from outside.
pub(super) fn chain(
    rewriter: &Rewriter,
    last: usize,
    pattern: &FusionPattern,
) -> Option<(Vec<usize>, Vec<ValueId>)> {
    let (final_name, before) = pattern.operators.split_last()?;
    let fits = |node: usize, name: &str| {
        let found = rewriter.node(node);
        found.outputs.len() == 1 && is_called(&found.op, name)
    };
    if !fits(last, final_name) {
        return None;
    }
    let mut nodes = vec![last];
    for name in before.iter().rev() {
        let reader = rewriter.node(*nodes.last()?);
        let candidates = reader.inputs.iter().flatten().filter_map(|id| rewriter.only_for(*id));
        nodes.push(candidates.into_iter().find(|node| fits(*node, name))?);
    }
    nodes.reverse();
    let mut inputs = Vec::new();
    for (place, node) in nodes.iter().enumerate() {
        let inside = place.checked_sub(1).map(|before| rewriter.output(nodes[before]));
        for input in &rewriter.node(*node).inputs {
            let input = (*input)?;
            if Some(input) != inside {
                inputs.push(input);
            }
        }
    }
    Some((nodes, inputs))
}
