//! Graphs told by names, so that two can be compared.

use std::collections::BTreeMap;

use tachy_graph::{Graph, Op, Source, Tensor, TensorType, ValueId};

/// A graph without the numbers of its values: everything is told by name, so that two graphs that were made in
/// another order can be compared.
#[derive(Debug, PartialEq)]
pub struct Described {
    name: String,
    values: BTreeMap<String, (TensorType, Option<Tensor>)>,
    nodes: Vec<DescribedNode>,
    inputs: Vec<String>,
    outputs: Vec<String>,
    fixed: BTreeMap<String, Tensor>,
}

#[derive(Debug, PartialEq)]
struct DescribedNode {
    name: String,
    op: Op,
    inputs: Vec<Option<String>>,
    outputs: Vec<String>,
}

/// Describes a graph by names.
pub fn describe(graph: &Graph) -> Described {
    let name = |id: ValueId| graph.value(id).name.clone();
    let used = graph.use_counts();
    // Outputs that nothing reads have no name in a file.
    let output = |id: ValueId| if used[id.index()] == 0 { String::new() } else { name(id) };
    let is_named = |index: usize| used[index] > 0 || graph.values()[index].source == Source::Input;
    Described {
        name: graph.name().to_owned(),
        values: graph
            .values()
            .iter()
            .enumerate()
            .filter(|(index, _)| is_named(*index))
            .map(|(_, value)| (value.name.clone(), (value.ty.clone(), value.constant().cloned())))
            .collect(),
        nodes: graph
            .nodes()
            .iter()
            .map(|node| DescribedNode {
                name: node.name.clone(),
                op: node.op.clone(),
                inputs: node.inputs.iter().map(|input| input.map(name)).collect(),
                outputs: node.outputs.iter().map(|id| output(*id)).collect(),
            })
            .collect(),
        inputs: graph.inputs().iter().copied().map(name).collect(),
        outputs: graph.outputs().iter().copied().map(name).collect(),
        fixed: graph.fixed_inputs().iter().map(|f| (name(f.input), f.value.clone())).collect(),
    }
}
