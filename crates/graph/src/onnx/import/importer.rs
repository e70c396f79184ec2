//! The way from the messages of a file to a graph: names are resolved, nodes are put in order, functions and
//! branches are written out, what is known already is computed, and each node's importer is called.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use super::attributes::Attributes;
use super::context::NodeContext;
use super::scope::{Binding, Known, Scope, Slot};
use super::{
    ImportOptions, NEWEST_OPERATOR_SET, OLDEST_OPERATOR_SET, fold, inputs, label, order, table,
};
use crate::builder::GraphBuilder;
use crate::graph::{Graph, ValueId};
use crate::onnx::{ImportError, catalogue, data_type, proto, tensor};
use crate::shape::TensorType;
use crate::tensor::Tensor;

/// The most nodes that a model may have once its functions are written out: a few functions that call each
/// other twice could stand for any number.
const MAX_NODES: usize = 1 << 18;

/// How deep functions and branches may be nested.
const MAX_DEPTH: usize = 24;

/// The most bytes that constants computed at import may take together, beyond those in the file.
pub(super) const MAX_FOLDED_BYTES: usize = 256 << 20;

/// An import under way.
pub struct Importer<'m> {
    options: &'m ImportOptions,
    functions: HashMap<(&'m str, &'m str, &'m str), &'m proto::Function>,
    pub(super) builder: GraphBuilder,
    bindings: Vec<Binding>,
    nodes: usize,
    folded_bytes: usize,
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
            nodes: 0,
            folded_bytes: 0,
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

    fn initializers(
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

    /// Imports nodes, as far as `outputs` need them.
    pub(super) fn nodes(
        &mut self,
        nodes: &'m [proto::Node],
        outputs: impl IntoIterator<Item = &'m str>,
        scope: &mut Scope<'m>,
    ) -> Result<(), ImportError> {
        let order = order::order(nodes)?;
        let needed = order::needed(nodes, outputs);
        for index in order.into_iter().filter(|&index| needed[index]) {
            self.node(&nodes[index], scope)?;
        }
        Ok(())
    }

    fn node(&mut self, node: &'m proto::Node, scope: &mut Scope<'m>) -> Result<(), ImportError> {
        let attributes = Attributes::of(node, &scope.call);
        let label = format!("{}{}", scope.prefix, label(node));
        let error = |reason: String| ImportError::Node {
            node: label.clone(),
            operator: node.op_type.clone(),
            reason,
        };
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(error(format!(
                "the model has more than {MAX_NODES} nodes once its functions are written out"
            )));
        }
        let mut inputs = Vec::with_capacity(node.input.len());
        for name in &node.input {
            inputs.push(if name.is_empty() {
                None
            } else {
                Some(scope.get(name).ok_or_else(|| {
                    error(format!(
                        "it reads `{name}`, which is neither an input, an initializer nor an output of a node"
                    ))
                })?)
            });
        }
        let domain = domain(&node.domain);
        let key = (domain, node.op_type.as_str(), node.overload.as_str());
        let outputs = if let Some(function) = self.functions.get(&key).copied() {
            self.call(function, attributes, &inputs, &label, scope).map_err(|e| e.or(error))?
        } else if domain.is_empty() && node.op_type == "If" {
            self.branch(&attributes, &inputs, scope).map_err(|e| e.or(error))?
        } else {
            self.operator(node, attributes, &inputs, &label, scope)?
        };
        for (index, name) in node.output.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            let slot = *outputs.get(index).ok_or_else(|| {
                error(format!("it has {} outputs, so `{name}` does not exist", outputs.len()))
            })?;
            self.define(name, slot, scope)?;
        }
        Ok(())
    }

    /// Imports a node of a known operator.
    fn operator(
        &mut self,
        node: &'m proto::Node,
        attributes: Attributes<'m>,
        inputs: &[Option<Slot>],
        label: &str,
        scope: &Scope<'m>,
    ) -> Result<Vec<Slot>, ImportError> {
        let domain = domain(&node.domain);
        let opset = scope.opsets.get(domain).copied().unwrap_or(0);
        let Some(entry) = table::find(domain, &node.op_type, opset) else {
            if let Some(reason) = catalogue::left_out(&node.op_type).filter(|_| domain.is_empty()) {
                let (node, operator) = (label.to_owned(), node.op_type.clone());
                return Err(ImportError::LeftOut { node, operator, reason });
            }
            let operator = match domain {
                "" => format!("{} (version {opset})", node.op_type),
                _ => format!("{domain}.{}", node.op_type),
            };
            return Err(ImportError::UnknownOperator { node: label.to_owned(), operator });
        };
        let name = |index: usize| match node.output.get(index) {
            Some(name) if !name.is_empty() => Some(format!("{}{name}", scope.prefix)),
            _ => None,
        };
        let mut slots = Vec::new();
        let known = self.fold(node, &attributes, opset, inputs);
        if let Some((tensors, depends)) = &known
            && depends.is_empty()
        {
            for (index, tensor) in tensors.iter().enumerate() {
                let name = name(index).unwrap_or_else(|| label.to_owned());
                slots.push(self.known_named(name, tensor.clone(), BTreeSet::new()));
            }
            return Ok(slots);
        }
        let values_before = self.builder.graph().values().len();
        let mut context = NodeContext::new(self, attributes, node, inputs, opset, label);
        let values = (entry.import)(&mut context)?;
        for (index, value) in values.into_iter().enumerate() {
            let ty = self.builder.ty(value).clone();
            // An operator that does nothing hands its input on, which keeps its name.
            let is_new = value.index() >= values_before;
            if let Some(name) = name(index).filter(|_| is_new) {
                self.builder.rename(value, name);
            }
            let known = known.as_ref().and_then(|(tensors, depends)| {
                let tensor = tensors.get(index)?.clone();
                Some(Known { tensor, depends: depends.clone() })
            });
            let name = self.builder.graph().value(value).name.clone();
            slots.push(self.bind(Binding { name, ty, value: Some(value), known }));
        }
        Ok(slots)
    }

    /// The outputs of a node, if they follow from what is known, and the inputs of the graph whose values were
    /// used.
    fn fold(
        &mut self,
        node: &'m proto::Node,
        attributes: &Attributes<'m>,
        opset: i64,
        inputs: &[Option<Slot>],
    ) -> Option<(Vec<Tensor>, BTreeSet<ValueId>)> {
        // Whatever cannot be computed here is left to the operator's importer, which says what is wrong.
        let (tensors, asked) = self.evaluate(node, attributes, opset, inputs);
        let tensors = tensors.ok()?;
        if tensors.iter().any(|tensor| self.check_weights(tensor).is_err()) {
            return None;
        }
        let depends = asked.iter().flat_map(|&slot| {
            let known = self.bindings[slot].known.as_ref();
            known.into_iter().flat_map(|known| known.depends.iter().copied())
        });
        Some((tensors, depends.collect()))
    }

    /// The outputs of a node whose inputs are known, and the inputs whose values were asked for.
    pub(super) fn evaluate(
        &mut self,
        node: &'m proto::Node,
        attributes: &Attributes<'m>,
        opset: i64,
        inputs: &[Option<Slot>],
    ) -> (Result<Vec<Tensor>, String>, Vec<Slot>) {
        if !domain(&node.domain).is_empty() {
            let reason = "only operators of ONNX itself are computed at import".to_owned();
            return (Err(reason), Vec::new());
        }
        let types: Vec<_> =
            inputs.iter().map(|slot| slot.map(|slot| &self.bindings[slot].ty)).collect();
        let values: Vec<_> = inputs
            .iter()
            .map(|slot| Some(&self.bindings[(*slot)?].known.as_ref()?.tensor))
            .collect();
        let node = fold::FoldNode {
            op_type: &node.op_type,
            opset,
            attributes,
            types: &types,
            values: &values,
            outputs: node.output.len(),
            budget: MAX_FOLDED_BYTES - self.folded_bytes,
            asked: RefCell::default(),
        };
        let tensors = fold::fold(&node);
        if let Ok(tensors) = &tensors
            && !fold::shares_data(node.op_type)
        {
            let bytes: usize = tensors.iter().map(|tensor| tensor.bytes().len()).sum();
            self.folded_bytes = self.folded_bytes.saturating_add(bytes).min(MAX_FOLDED_BYTES);
        }
        let asked = node.asked.into_inner();
        (tensors, asked.into_iter().filter_map(|index| inputs.get(index).copied()?).collect())
    }

    /// Writes out a call of a function of the model.
    fn call(
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
        opsets.extend(self::opsets(&function.opset_import));
        check_opset(&opsets)?;
        let mut scope = Scope::new(format!("{label}/"), opsets, depth);
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
    fn branch(
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

    fn define(
        &mut self,
        name: &'m str,
        slot: Slot,
        scope: &mut Scope<'m>,
    ) -> Result<(), ImportError> {
        if scope.define(name, slot) {
            return Ok(());
        }
        Err(ImportError::Value {
            value: name.to_owned(),
            reason: "the name is given twice, but each value needs a name of its own".into(),
        })
    }

    fn bind(&mut self, binding: Binding) -> Slot {
        self.bindings.push(binding);
        self.bindings.len() - 1
    }

    fn known(
        &mut self,
        name: &str,
        scope: &Scope<'m>,
        tensor: Tensor,
        depends: BTreeSet<ValueId>,
    ) -> Slot {
        self.known_named(format!("{}{name}", scope.prefix), tensor, depends)
    }

    fn known_named(&mut self, name: String, tensor: Tensor, depends: BTreeSet<ValueId>) -> Slot {
        let ty: TensorType = tensor.ty().clone();
        let known = Some(Known { tensor, depends });
        self.bind(Binding { name, ty, value: None, known })
    }

    pub(super) fn binding(&self, slot: Slot) -> &Binding {
        &self.bindings[slot]
    }

    /// The value in the graph. One that is only known so far becomes a constant.
    pub(super) fn value(&mut self, slot: Slot) -> ValueId {
        let binding = &self.bindings[slot];
        if let Some(value) = binding.value {
            return value;
        }
        let known = binding.known.as_ref().expect("a value is in the graph or known");
        let value = self.builder.constant(binding.name.clone(), known.tensor.clone());
        self.bindings[slot].value = Some(value);
        value
    }

    /// The known value, if there is one; inputs that it was computed from become fixed.
    pub(super) fn use_known(&mut self, slot: Slot) -> Option<Tensor> {
        let known = self.bindings[slot].known.clone()?;
        for input in known.depends {
            let name = &self.builder.graph().value(input).name;
            let value = self.options.known_inputs.get(name).expect("a known input").clone();
            self.builder.fix_input(input, value);
        }
        Some(known.tensor)
    }
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
    fn or(self, at_node: impl FnOnce(String) -> ImportError) -> ImportError {
        match self {
            Self::Reason(reason) => at_node(reason),
            Self::Import(error) => error,
        }
    }
}

fn malformed(reason: &str) -> ImportError {
    ImportError::Malformed { reason: reason.to_owned() }
}

/// The domain's name: ONNX's own has two.
fn domain(name: &str) -> &str {
    if name == "ai.onnx" { "" } else { name }
}

fn opsets(imports: &[proto::OperatorSet]) -> HashMap<&str, i64> {
    imports.iter().map(|import| (domain(&import.domain), import.version)).collect()
}

fn check_opset(opsets: &HashMap<&str, i64>) -> Result<(), ImportError> {
    match opsets.get("") {
        Some(&version) if !(OLDEST_OPERATOR_SET..=NEWEST_OPERATOR_SET).contains(&version) => {
            Err(ImportError::OperatorSet {
                version,
                oldest: OLDEST_OPERATOR_SET,
                newest: NEWEST_OPERATOR_SET,
            })
        }
        _ => Ok(()),
    }
}
