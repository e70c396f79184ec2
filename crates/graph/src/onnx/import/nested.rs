//! Graphs within graphs: functions and branches are written out where they are used.

use prost::Message;

use super::attributes::Attributes;
use super::importer::Importer;
use super::scope::{Scope, Slot};
use super::versions;
use crate::onnx::{ImportError, proto};

/// How deep functions and branches may be nested.
const MAX_DEPTH: usize = 24;

/// The most attributes of a call or a function.
const MAX_ATTRIBUTES: usize = 1024;

/// What one node costs besides the bytes of its message, roughly.
const NODE_COST: usize = 512;

/// The most bytes that the functions of a model may take once they are written out: 64 MiB, and four times the
/// model's own. A few functions that call each other twice could stand for any number of nodes.
pub(super) fn repeatable(model: &proto::Model) -> usize {
    (64 << 20) + model.encoded_len().saturating_mul(4)
}

impl<'m> Importer<'m> {
    /// Writes out a call of a function of the model.
    pub(super) fn call(
        &mut self,
        function: &'m proto::Function,
        attributes: Attributes<'m>,
        inputs: &[Option<Slot>],
        label: &str,
        caller: &Scope<'m>,
    ) -> Result<Vec<Slot>, NodeError> {
        let depth = caller.depth + 1;
        if depth > MAX_DEPTH {
            return Err(format!("functions call each other more than {MAX_DEPTH} deep").into());
        }
        let mut opsets = caller.opsets.clone();
        opsets.extend(versions::opsets(&function.opset_import));
        versions::check_opset(&opsets)?;
        let mut scope = Scope::new(prefix(label), opsets, depth);
        let nodes = function.node.len().saturating_mul(NODE_COST + scope.prefix.len());
        let cost = function.encoded_len().saturating_add(nodes);
        self.repeatable = self.repeatable.checked_sub(cost).ok_or_else(|| {
            "the model's functions take too much memory once they are written out".to_owned()
        })?;
        if attributes.len().max(function.attribute_proto.len()) > MAX_ATTRIBUTES {
            return Err(format!("it has more than {MAX_ATTRIBUTES} attributes").into());
        }
        let defaults = Attributes::resolve(&function.attribute_proto, &Attributes::default());
        scope.call = attributes.or(defaults);
        if inputs.len() > function.input.len() {
            return Err(format!(
                "the function takes {} inputs, but is given {}",
                function.input.len(),
                inputs.len()
            )
            .into());
        }
        for (name, slot) in function.input.iter().zip(inputs) {
            if let Some(slot) = slot {
                self.define(name, *slot, &mut scope)?;
            }
        }
        self.nodes(&function.node, function.output.iter().map(String::as_str), &mut scope)?;
        let output = |name: &String| {
            let slot = scope.get(name);
            slot.ok_or_else(|| {
                format!("nothing in the function computes its output `{name}`").into()
            })
        };
        function.output.iter().map(output).collect()
    }

    /// Imports the branch of an `If` whose condition is known.
    pub(super) fn branch(
        &mut self,
        attributes: &Attributes<'m>,
        inputs: &[Option<Slot>],
        scope: &mut Scope<'m>,
    ) -> Result<Vec<Slot>, NodeError> {
        let Some(Some(slot)) = inputs.first().copied() else {
            return Err("it has no condition".to_owned().into());
        };
        let condition = self.use_known(slot).ok_or_else(|| {
            "control flow is supported only if the condition is known when the model is loaded"
                .to_owned()
        })?;
        let condition = match condition.as_slice::<bool>() {
            Ok([condition]) => *condition,
            _ => return Err("its condition is not one boolean".to_owned().into()),
        };
        let name = if condition { "then_branch" } else { "else_branch" };
        let graph = attributes.graph(name)?.ok_or_else(|| format!("it has no `{name}`"))?;
        if scope.depth >= MAX_DEPTH {
            return Err(format!("branches are nested more than {MAX_DEPTH} deep").into());
        }
        scope.enter();
        self.initializers(graph, scope)?;
        let outputs = graph.output.iter().map(|output| output.name.as_str());
        self.nodes(&graph.node, outputs, scope)?;
        let output = |output: &proto::ValueInfo| {
            let slot = scope.get(&output.name);
            slot.ok_or_else(|| {
                format!("nothing in the branch computes its output `{}`", output.name).into()
            })
        };
        let slots = graph.output.iter().map(output).collect();
        scope.leave();
        slots
    }
}

/// What is put before the names within a call. Only the end of a long name is kept, since it comes back in the
/// name of every value.
fn prefix(label: &str) -> String {
    const LONGEST: usize = 192;
    let start = label.ceil_char_boundary(label.len().saturating_sub(LONGEST));
    format!("{}/", &label[start..])
}

/// What went wrong within a node: a reason, to be told with the node's name, or an error that names another.
pub enum NodeError {
    Reason(String),
    Import(ImportError),
}

impl From<String> for NodeError {
    fn from(reason: String) -> Self {
        Self::Reason(reason)
    }
}

impl From<ImportError> for NodeError {
    fn from(error: ImportError) -> Self {
        Self::Import(error)
    }
}

impl NodeError {
    pub(super) fn or(self, at_node: impl FnOnce(String) -> ImportError) -> ImportError {
        match self {
            Self::Reason(reason) => at_node(reason),
            Self::Import(error) => error,
        }
    }
}
