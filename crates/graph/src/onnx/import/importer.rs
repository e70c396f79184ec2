//! The way from the messages of a file to a graph: weights, inputs, nodes, outputs.

use std::collections::{BTreeSet, HashMap};

use super::scope::{Binding, Known, Scope};
use super::versions::{check_opset, domain, opsets};
use super::{ImportOptions, fold, inputs, nested};
use crate::builder::GraphBuilder;
use crate::graph::{Graph, ValueId};
use crate::onnx::{ImportError, data_type, proto, tensor};
use crate::tensor::Tensor;

/// The most bytes that constants computed at import may take together, beyond those in the file.
pub(super) const MAX_CONSTANTS: usize = 256 << 20;

/// An import under way.
pub struct Importer<'m> {
    pub(super) options: &'m ImportOptions,
    pub(super) functions: HashMap<(&'m str, &'m str, &'m str), &'m proto::Function>,
    pub(super) builder: GraphBuilder,
    pub(super) bindings: Vec<Binding>,
    /// How much more may be written out of functions.
    pub(super) repeatable: usize,
    /// How many more bytes of constants may be computed.
    pub(super) constants_left: usize,
}

impl<'m> Importer<'m> {
    /// Imports the main graph of a model.
    pub fn import(
        model: &'m proto::Model,
        options: &'m ImportOptions,
    ) -> Result<Graph, ImportError> {
        let graph = model.graph.as_ref().ok_or_else(|| malformed("it has no graph"))?;
        let opsets = opsets(&model.opset_import);
        if !opsets.contains_key("") && graph.node.iter().any(|node| domain(&node.domain).is_empty())
        {
            return Err(malformed("it does not say which version of ONNX's operators it uses"));
        }
        check_opset(&opsets)?;
        let functions = model.functions.iter().map(|function| {
            let key =
                (domain(&function.domain), function.name.as_str(), function.overload.as_str());
            (key, function)
        });
        let mut importer = Self {
            options,
            functions: functions.collect(),
            builder: GraphBuilder::new(graph.name.clone()),
            bindings: Vec::new(),
            repeatable: nested::repeatable(model),
            constants_left: MAX_CONSTANTS,
        };
        let mut scope = Scope::new(String::new(), opsets, 0);
        importer.initializers(graph, &mut scope)?;
        importer.inputs(graph, &mut scope)?;
        let outputs = graph.output.iter().map(|output| output.name.as_str());
        importer.nodes(&graph.node, outputs, &mut scope)?;
        importer.outputs(graph, &scope)?;
        importer.builder.remove_unused();
        Ok(importer.builder.build()?)
    }

    pub(super) fn initializers(
        &mut self,
        graph: &'m proto::Graph,
        scope: &mut Scope<'m>,
    ) -> Result<(), ImportError> {
        for message in &graph.initializer {
            let decoded = tensor::decode(message, self.options.directory.as_deref());
            self.initializer(&message.name, decoded, scope)?;
        }
        for message in &graph.sparse_initializer {
            let name = message.values.as_ref().map_or("", |values| values.name.as_str());
            self.initializer(name, tensor::decode_sparse(message), scope)?;
        }
        Ok(())
    }

    fn initializer(
        &mut self,
        name: &'m str,
        decoded: Result<Tensor, String>,
        scope: &mut Scope<'m>,
    ) -> Result<(), ImportError> {
        let error = |reason| ImportError::Value { value: name.to_owned(), reason };
        if name.is_empty() {
            return Err(malformed("it has an initializer without a name"));
        }
        let tensor = decoded.map_err(error)?;
        self.check_weights(&tensor).map_err(error)?;
        let slot = self.known(name, scope, tensor, BTreeSet::new());
        self.define(name, slot, scope)
    }

    /// Refuses NaN among weights.
    pub(super) fn check_weights(&self, tensor: &Tensor) -> Result<(), String> {
        if self.options.allow_nan || !fold::has_nan(tensor) {
            return Ok(());
        }
        Err("its data contains NaN, which would spread to the results; if that is meant, allow NaN when the model is loaded".into())
    }

    /// Notes that constants of so many bytes are made; `false` if that is too much.
    pub(super) fn spend_constants(&mut self, bytes: usize) -> bool {
        let left = self.constants_left.checked_sub(bytes);
        self.constants_left = left.unwrap_or(self.constants_left);
        left.is_some()
    }

    fn inputs(
        &mut self,
        graph: &'m proto::Graph,
        scope: &mut Scope<'m>,
    ) -> Result<(), ImportError> {
        // Older files list every initializer among the inputs, as its default value.
        let inputs: Vec<&proto::ValueInfo> =
            graph.input.iter().filter(|input| scope.get(&input.name).is_none()).collect();
        let types = inputs::input_types(&inputs, self.options)?;
        for (input, ty) in inputs.into_iter().zip(types) {
            if input.name.is_empty() {
                return Err(malformed("it has an input without a name"));
            }
            ty.element_count().map_err(|error| {
                ImportError::Input(format!("the input `{}` cannot exist: {error}", input.name))
            })?;
            let value = self.builder.input(input.name.clone(), ty.dtype, ty.shape.clone());
            let known = self
                .options
                .known_inputs
                .get(&input.name)
                .map(|tensor| Known { tensor: tensor.clone(), depends: BTreeSet::from([value]) });
            let slot =
                self.bind(Binding { name: input.name.clone(), ty, value: Some(value), known });
            self.define(&input.name, slot, scope)?;
        }
        Ok(())
    }

    fn outputs(&mut self, graph: &'m proto::Graph, scope: &Scope<'m>) -> Result<(), ImportError> {
        for output in &graph.output {
            let name = &output.name;
            let slot = scope.get(name).ok_or_else(|| ImportError::Value {
                value: name.clone(),
                reason: "it is an output of the graph, but nothing computes it".into(),
            })?;
            let declared = match output.ty.as_ref().and_then(|ty| ty.kind.as_ref()) {
                Some(proto::Kind::Tensor(kind)) if kind.elem_type != 0 => Some(kind.elem_type),
                _ => None,
            };
            let dtype = self.bindings[slot].ty.dtype;
            if let Some(declared) = declared
                && declared != data_type::to_number(dtype)
            {
                let declared = data_type::from_number(declared.into())
                    .map_or_else(|_| format!("type {declared}"), |dtype| dtype.to_string());
                return Err(ImportError::Value {
                    value: name.clone(),
                    reason: format!(
                        "the file says that this output is {declared}, but its operators give {dtype}"
                    ),
                });
            }
            let value = self.value(slot);
            let named = self.builder.graph().value(value);
            if named.name == *name && named.constant().is_some() {
                // The output is computed like any other, and the constant has a name of its own.
                self.builder.rename(value, format!("{name}_constant"));
            } else if named.name != *name {
                self.free_name(name);
            }
            self.builder.output(value, name.clone())?;
        }
        Ok(())
    }

    /// Takes a name away from a value that has it only because it was made up for it.
    fn free_name(&mut self, name: &str) {
        let graph = self.builder.graph();
        if let Some(index) = graph.values().iter().position(|value| value.name == name)
            && !graph.outputs().contains(&ValueId(index as u32))
        {
            self.builder.rename(ValueId(index as u32), format!("{name}_inner"));
        }
    }
}

fn malformed(reason: &str) -> ImportError {
    ImportError::Malformed { reason: reason.to_owned() }
}
