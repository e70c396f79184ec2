//! Names and what they stand for.

use std::collections::BTreeSet;

use super::importer::Importer;
use super::scope::{Binding, Known, Scope, Slot};
use crate::graph::ValueId;
use crate::onnx::ImportError;
use crate::tensor::Tensor;

impl<'m> Importer<'m> {
    pub(super) fn define(
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

    pub(super) fn bind(&mut self, binding: Binding) -> Slot {
        self.bindings.push(binding);
        self.bindings.len() - 1
    }

    pub(super) fn known(
        &mut self,
        name: &str,
        scope: &Scope<'m>,
        tensor: Tensor,
        depends: BTreeSet<ValueId>,
    ) -> Slot {
        self.known_named(format!("{}{name}", scope.prefix), tensor, depends)
    }

    pub(super) fn known_named(
        &mut self,
        name: String,
        tensor: Tensor,
        depends: BTreeSet<ValueId>,
    ) -> Slot {
        let ty = tensor.ty().clone();
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
