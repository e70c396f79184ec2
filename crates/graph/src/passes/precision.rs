//! A graph of f32 in another precision: weights and what is computed with them become f16 or bf16.
//!
//! Inputs and outputs keep their types, so that whoever calls the graph need not know; they are converted at the border. A
//! node whose operator does not take the narrow type keeps f32, between conversions. Numbers are rounded once, to the
//! nearest; finite weights beyond the range of f16 become its largest numbers, so that a mask of −10⁹ stays a mask.

use std::collections::HashMap;

use super::PassError;
use crate::builder::GraphBuilder;
use crate::convert::Conversion;
use crate::dtype::DType;
use crate::graph::{Graph, Source, ValueId};
use crate::op::{Inputs, Operator};
use crate::shape::TensorType;
use crate::tensor::{Tensor, TensorError};

/// The largest finite f16.
const MOST: f32 = 65_504.0;

/// The graph with `precision`, one of f32, f16 and bf16, in place of f32. With f32, the graph as it is.
///
/// # Errors
/// If there is no memory for the converted weights, or another type is asked for.
pub fn in_precision(graph: &Graph, precision: DType) -> Result<Graph, PassError> {
    if precision == DType::F32 {
        return Ok(graph.clone());
    }
    let mut conversion = Precision {
        old: graph,
        precision,
        builder: GraphBuilder::new(graph.name()),
        computed: HashMap::new(),
        converted: HashMap::new(),
    };
    for &input in graph.inputs() {
        let value = graph.value(input);
        let new = conversion.builder.input(&value.name, value.ty.dtype, value.ty.shape.clone());
        conversion.computed.insert(input, new);
    }
    for fixed in graph.fixed_inputs() {
        conversion.builder.fix_input(conversion.computed[&fixed.input], fixed.value.clone());
    }
    for node in 0..graph.nodes().len() {
        conversion.node(node)?;
    }
    for &output in graph.outputs() {
        let value = graph.value(output);
        let new = conversion.value(output, value.ty.dtype)?;
        conversion.give_way(new, &value.name);
        conversion.builder.output(new, &value.name)?;
    }
    conversion.builder.remove_unused();
    Ok(conversion.builder.build()?)
}

struct Precision<'a> {
    old: &'a Graph,
    precision: DType,
    builder: GraphBuilder,
    /// Values as their nodes compute them and inputs as they are given, by their old names.
    computed: HashMap<ValueId, ValueId>,
    /// The same in another type; and constants.
    converted: HashMap<(ValueId, DType), ValueId>,
}

impl Precision<'_> {
    /// Gives whatever else has an output's name another one: a node's value is often named as the node is, and the node as
    /// the output is that is now a conversion of it.
    fn give_way(&mut self, output: ValueId, name: &str) {
        let values = self.builder.graph().values().iter().enumerate();
        let taken = values.into_iter().find(|(place, value)| {
            value.name == name && *place != output.index() && !matches!(value.source, Source::Input)
        });
        if let Some((place, _)) = taken {
            let precision = self.precision;
            self.builder.rename(ValueId(place as u32), format!("{name}:{precision}"));
        }
    }

    /// The type that a value is to have for a node that takes the narrow type.
    fn narrow(&self, id: ValueId) -> DType {
        match self.old.value(id).ty.dtype {
            DType::F32 => self.precision,
            other => other,
        }
    }

    /// A value in this type.
    fn value(&mut self, id: ValueId, dtype: DType) -> Result<ValueId, PassError> {
        if let Some(&new) = self.computed.get(&id)
            && self.builder.ty(new).dtype == dtype
        {
            return Ok(new);
        }
        if let Some(&new) = self.converted.get(&(id, dtype)) {
            return Ok(new);
        }
        let old = self.old.value(id);
        let new = match &old.source {
            Source::Constant(tensor) => {
                let tensor =
                    if old.ty.dtype == dtype { tensor.clone() } else { rounded(tensor, dtype)? };
                self.builder.constant(&old.name, tensor)
            }
            Source::Input | Source::Node { .. } => {
                let computed = self.computed[&id];
                self.builder.cast(computed, dtype)?
            }
        };
        self.converted.insert((id, dtype), new);
        Ok(new)
    }

    /// A node with narrow inputs if its operator takes them, with its own otherwise.
    fn node(&mut self, place: usize) -> Result<(), PassError> {
        let node = &self.old.nodes()[place];
        let types: Vec<Option<TensorType>> = node
            .inputs
            .iter()
            .map(|input| {
                let ty = &self.old.value((*input)?).ty;
                Some(TensorType::new(self.narrow((*input)?), ty.shape.clone()))
            })
            .collect();
        let types: Vec<Option<&TensorType>> = types.iter().map(Option::as_ref).collect();
        let takes = node.op.infer(Inputs(&types)).is_ok();
        let inputs = node
            .inputs
            .iter()
            .map(|input| {
                let Some(id) = *input else { return Ok(None) };
                let own = self.old.value(id).ty.dtype;
                let dtype = if takes { self.narrow(id) } else { own };
                self.value(id, dtype).map(Some)
            })
            .collect::<Result<Vec<_>, PassError>>()?;
        let outputs = self.builder.named_node(&node.name, node.op.clone(), &inputs)?;
        self.computed.extend(node.outputs.iter().copied().zip(outputs));
        Ok(())
    }
}

/// The nearest numbers of a narrow type, the largest ones for what is finite and beyond them.
fn rounded(tensor: &Tensor, dtype: DType) -> Result<Tensor, TensorError> {
    if dtype != DType::F16 {
        return tensor.cast(dtype, Conversion::default());
    }
    let mut within = tensor.clone();
    for value in within.as_mut_slice::<f32>()?.iter_mut().filter(|value| value.is_finite()) {
        *value = value.clamp(-MOST, MOST);
    }
    within.cast(dtype, Conversion::default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zoo::{self, ZooOptions};

    fn weight_bytes(graph: &Graph) -> usize {
        graph.values().iter().filter_map(|value| value.constant()).map(|t| t.bytes().len()).sum()
    }

    #[test]
    fn models_keep_their_border_and_halve_their_weights() {
        for entry in zoo::names() {
            let graph = zoo::build(entry.name, &ZooOptions::default()).unwrap();
            let half = in_precision(&graph, DType::F16).unwrap();
            let border = |graph: &Graph| {
                let ports = graph.inputs().iter().chain(graph.outputs());
                ports
                    .map(|id| (graph.value(*id).name.clone(), graph.value(*id).ty.clone()))
                    .collect::<Vec<_>>()
            };
            assert_eq!(border(&half), border(&graph), "{}", entry.name);
            assert_eq!(2 * weight_bytes(&half), weight_bytes(&graph), "{}", entry.name);
            // Nothing but the border is left of f32.
            let wide = half.values().iter().filter(|value| value.ty.dtype == DType::F32).count();
            assert_eq!(wide, graph.inputs().len() + graph.outputs().len(), "{}", entry.name);
            assert_eq!(in_precision(&graph, DType::F32).unwrap(), graph);
        }
    }

    #[test]
    fn large_weights_stay_finite_and_infinite_ones_infinite() {
        let tensor = Tensor::new(&[4], &[-1e9f32, 1.0, 70_000.0, f32::NEG_INFINITY]).unwrap();
        let half = rounded(&tensor, DType::F16).unwrap();
        let wide = half.cast(DType::F32, Conversion::default()).unwrap();
        assert_eq!(wide.as_slice::<f32>().unwrap(), [-MOST, 1.0, MOST, f32::NEG_INFINITY]);
    }

    #[test]
    fn what_an_operator_does_not_take_stays_wide() {
        use crate::op::conversion::BitCast;
        let mut builder = GraphBuilder::new("bits");
        let x = builder.input("x", DType::F32, [3]);
        let double = builder.add(x, x).unwrap();
        let bits = builder.apply(BitCast { to: DType::I32 }, &[double]).unwrap();
        builder.output(bits, "bits").unwrap();
        let half = in_precision(&builder.build().unwrap(), DType::BF16).unwrap();
        let kinds: Vec<(&str, DType)> = half
            .nodes()
            .iter()
            .map(|node| (node.op.name(), half.value(node.outputs[0]).ty.dtype))
            .collect();
        let expected = [
            ("Cast", DType::BF16),
            ("Add", DType::BF16),
            ("Cast", DType::F32),
            ("BitCast", DType::I32),
        ];
        assert_eq!(kinds, expected);
    }

    #[test]
    fn outputs_keep_their_names_though_nodes_have_them() {
        let mut builder = GraphBuilder::new("sum");
        let x = builder.input("x", DType::F32, [3]);
        let sum = builder.named_node("y", crate::op::elementwise::Binary::Add, &[Some(x), Some(x)]);
        builder.output(sum.unwrap()[0], "y").unwrap();
        let half = in_precision(&builder.build().unwrap(), DType::F16).unwrap();
        let output = half.value(half.outputs()[0]);
        assert_eq!((output.name.as_str(), output.ty.dtype), ("y", DType::F32));
    }
}
