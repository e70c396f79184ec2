//! Nodes, one after the other: each is computed, if what it reads is known, or handed to its importer.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::attributes::Attributes;
use super::context::NodeContext;
use super::importer::Importer;
use super::scope::{Binding, Known, Scope, Slot};
use super::versions::domain;
use super::{fold, label, order, table};
use crate::graph::ValueId;
use crate::onnx::{ImportError, catalogue, proto};
use crate::tensor::Tensor;

impl<'m> Importer<'m> {
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
            budget: self.constants_left,
            asked: RefCell::default(),
        };
        let mut tensors = fold::fold(&node);
        let is_new = !fold::has_data(node.op_type);
        let asked = node.asked.into_inner();
        if let Ok(new) = &tensors
            && is_new
            && !self.spend_constants(new.iter().map(|tensor| tensor.bytes().len()).sum())
        {
            tensors = Err(fold::too_many_constants());
        }
        (tensors, asked.into_iter().filter_map(|index| inputs.get(index).copied()?).collect())
    }
}
