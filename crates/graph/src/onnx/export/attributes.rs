//! Attributes, made from Rust values.

use bytes::Bytes;

use crate::dtype::DType;
use crate::onnx::proto::{Attribute, kind};
use crate::onnx::{data_type, tensor};
use crate::tensor::Tensor;

/// A value that can stand in an attribute.
pub trait AttributeValue {
    /// Puts the value, and its kind, into an attribute.
    fn put(self, attribute: &mut Attribute);
}

/// The attribute of this name and value.
pub fn attribute(name: &str, value: impl AttributeValue) -> Attribute {
    let mut attribute = Attribute { name: name.to_owned(), ..Default::default() };
    value.put(&mut attribute);
    attribute
}

macro_rules! attribute_value {
    ($($ty:ty: $kind:ident, $field:ident = |$value:ident| $expression:expr;)*) => {$(
        impl AttributeValue for $ty {
            fn put(self, attribute: &mut Attribute) {
                let $value = self;
                attribute.kind = kind::$kind;
                attribute.$field = $expression;
            }
        }
    )*};
}

attribute_value! {
    i64: INT, i = |value| Some(value);
    usize: INT, i = |value| Some(value as i64);
    bool: INT, i = |value| Some(value.into());
    DType: INT, i = |value| Some(data_type::to_number(value).into());
    f32: FLOAT, f = |value| Some(value);
    &str: STRING, s = |value| Some(Bytes::copy_from_slice(value.as_bytes()));
    &Tensor: TENSOR, t = |value| Some(Box::new(tensor::encode("", value)));
    &[i64]: INTS, ints = |value| value.to_vec();
    &[usize]: INTS, ints = |value| value.iter().map(|&value| value as i64).collect();
    &[f32]: FLOATS, floats = |value| value.to_vec();
    &[&str]: STRINGS, strings =
        |value| value.iter().map(|text| Bytes::copy_from_slice(text.as_bytes())).collect();
}
