//! The attributes of one node.

use crate::dtype::DType;
use crate::onnx::proto::{self, kind};
use crate::onnx::{data_type, tensor};
use crate::tensor::Tensor;

/// The attributes of one node: those of a function's body that refer to the call's are looked up there.
#[derive(Debug, Clone, Default)]
pub struct Attributes<'m>(Vec<(&'m str, &'m proto::Attribute)>);

/// Defines a reader for one kind of attribute.
macro_rules! reader {
    ($(#[$doc:meta])* $name:ident: $kind:ident $what:literal => $ty:ty, |$attribute:ident| $value:expr) => {
        $(#[$doc])*
        pub fn $name(&self, name: &str) -> Result<Option<$ty>, String> {
            let Some($attribute) = self.get(name) else { return Ok(None) };
            // Files before version 3 of the format leave the kind out.
            if $attribute.kind != 0 && $attribute.kind != kind::$kind {
                return Err(format!("its attribute `{name}` must be {}", $what));
            }
            let value: Option<$ty> = $value;
            value.map(Some).ok_or_else(|| format!("its attribute `{name}` must be {}", $what))
        }
    };
}

impl<'m> Attributes<'m> {
    /// The attributes of a node. `call` holds those of the function call in whose body the node stands.
    pub fn of(node: &'m proto::Node, call: &Attributes<'m>) -> Self {
        Self::resolve(&node.attribute, call)
    }

    /// As [`of`](Self::of), for a list of attributes.
    pub fn resolve(attributes: &'m [proto::Attribute], call: &Attributes<'m>) -> Self {
        let resolve = |attribute: &'m proto::Attribute| {
            let name = attribute.name.as_str();
            if attribute.ref_attr_name.is_empty() {
                return Some((name, attribute));
            }
            call.get(&attribute.ref_attr_name).map(|attribute| (name, attribute))
        };
        Self(attributes.iter().filter_map(resolve).collect())
    }

    /// These attributes, and those of `defaults` whose names are not among them.
    pub fn or(mut self, defaults: Self) -> Self {
        for (name, attribute) in defaults.0 {
            if self.get(name).is_none() {
                self.0.push((name, attribute));
            }
        }
        self
    }

    pub fn get(&self, name: &str) -> Option<&'m proto::Attribute> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, attribute)| *attribute)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the attribute is given.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    reader!(int: INT "an integer" => i64, |a| a.i);
    reader!(float: FLOAT "a float" => f32, |a| a.f);
    reader!(string: STRING "a string" => &'m str,
        |a| a.s.as_deref().and_then(|text| std::str::from_utf8(text).ok()));
    reader!(ints: INTS "a list of integers" => &'m [i64], |a| Some(a.ints.as_slice()));
    reader!(floats: FLOATS "a list of floats" => &'m [f32], |a| Some(a.floats.as_slice()));
    reader!(strings: STRINGS "a list of strings" => Vec<&'m str>,
        |a| a.strings.iter().map(|text| std::str::from_utf8(text).ok()).collect());
    reader!(
        /// A graph, as the branches of `If` are.
        graph: GRAPH "a graph" => &'m proto::Graph, |a| a.g.as_deref());
    reader!(
        /// A tensor as it stands in the file.
        tensor_message: TENSOR "a tensor" => &'m proto::Tensor, |a| a.t.as_deref());
    reader!(
        /// A sparse tensor as it stands in the file.
        sparse_tensor: SPARSE_TENSOR "a sparse tensor" => &'m proto::SparseTensor,
        |a| a.sparse_tensor.as_deref());

    /// A tensor, whose data must be in the file itself.
    pub fn tensor(&self, name: &str) -> Result<Option<Tensor>, String> {
        let Some(message) = self.tensor_message(name)? else { return Ok(None) };
        tensor::decode(message, None)
            .map(Some)
            .map_err(|reason| format!("its attribute `{name}` cannot be read: {reason}"))
    }

    /// An integer that says yes (anything but 0) or no.
    pub fn flag(&self, name: &str, default: bool) -> Result<bool, String> {
        Ok(self.int(name)?.map_or(default, |value| value != 0))
    }

    /// An integer that stands for an element type.
    pub fn dtype(&self, name: &str) -> Result<Option<DType>, String> {
        self.int(name)?.map(data_type::from_number).transpose()
    }
}
