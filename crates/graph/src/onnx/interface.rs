//! What an ONNX file says of its inputs and outputs, read without decoding the model.
//!
//! A model may be gigabytes of weights; this walk over protobuf's wire format skips them. It judges nothing:
//! whether the model is valid is for the engine to say.

use std::collections::BTreeSet;

use super::data_type;
use super::wire::Reader;
use crate::dtype::DType;

/// One dimension as the file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dimension {
    /// It has this size.
    Fixed(usize),
    /// It has a name, and its size is open.
    Named(String),
    /// Nothing is known of it.
    Unknown,
}

/// An input or output as the file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterfaceValue {
    /// Its name.
    pub name: String,
    /// The element type; `None` for what is not a tensor, or of an element type that Tachy has not.
    pub dtype: Option<DType>,
    /// Its dimensions; `None` if the file does not say.
    pub dimensions: Option<Vec<Dimension>>,
}

/// The inputs that a caller gives (initializers are none) and the outputs, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Interface {
    /// What the caller gives.
    pub inputs: Vec<InterfaceValue>,
    /// What the caller gets.
    pub outputs: Vec<InterfaceValue>,
}

impl Interface {
    /// Reads the interface; `None` if the bytes are not a protobuf message with a graph in it.
    pub fn read(model: &[u8]) -> Option<Self> {
        const MODEL_GRAPH: u64 = 7;
        const GRAPH_NAME_OF_INITIALIZER: u64 = 8;
        let mut interface = None;
        fields(model, |field, content| {
            let (MODEL_GRAPH, Content::Bytes(graph)) = (field, content) else { return Some(()) };
            let found = interface.get_or_insert_with(Self::default);
            let mut initializers = BTreeSet::new();
            fields(graph, |field, content| {
                let Content::Bytes(bytes) = content else { return Some(()) };
                match field {
                    5 => initializers.extend(text(bytes, GRAPH_NAME_OF_INITIALIZER)?),
                    11 => found.inputs.push(value(bytes)?),
                    12 => found.outputs.push(value(bytes)?),
                    _ => {}
                }
                Some(())
            })?;
            found.inputs.retain(|input| !initializers.contains(&input.name));
            Some(())
        })?;
        interface
    }
}

fn value(bytes: &[u8]) -> Option<InterfaceValue> {
    const TENSOR_TYPE: u64 = 1;
    let mut value =
        InterfaceValue { name: text(bytes, 1)?.unwrap_or_default(), dtype: None, dimensions: None };
    fields(bytes, |field, content| {
        let (2, Content::Bytes(kind)) = (field, content) else { return Some(()) };
        fields(kind, |field, content| {
            let (TENSOR_TYPE, Content::Bytes(tensor)) = (field, content) else { return Some(()) };
            fields(tensor, |field, content| {
                match (field, content) {
                    (1, Content::Number(code)) => {
                        value.dtype = data_type::from_number(code as i64).ok()
                    }
                    (2, Content::Bytes(shape)) => value.dimensions = Some(dimensions(shape)?),
                    _ => {}
                }
                Some(())
            })
        })
    })?;
    Some(value)
}

fn dimensions(shape: &[u8]) -> Option<Vec<Dimension>> {
    let mut dimensions = Vec::new();
    fields(shape, |field, content| {
        let (1, Content::Bytes(dimension)) = (field, content) else { return Some(()) };
        let mut found = Dimension::Unknown;
        fields(dimension, |field, content| {
            found = match (field, content) {
                (1, Content::Number(size)) => {
                    usize::try_from(size as i64).map_or(Dimension::Unknown, Dimension::Fixed)
                }
                (2, Content::Bytes(name)) if !name.is_empty() => {
                    Dimension::Named(String::from_utf8_lossy(name).into_owned())
                }
                _ => found.clone(),
            };
            Some(())
        })?;
        dimensions.push(found);
        Some(())
    })?;
    Some(dimensions)
}

/// The text in one field of a message.
fn text(message: &[u8], wanted: u64) -> Option<Option<String>> {
    let mut found = None;
    fields(message, |field, content| {
        if let (true, Content::Bytes(bytes)) = (field == wanted, content) {
            found = Some(String::from_utf8_lossy(bytes).into_owned());
        }
        Some(())
    })?;
    Some(found)
}

enum Content<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// Calls `each` with every field of a message that is a number of variable length or bytes.
fn fields<'a>(
    message: &'a [u8],
    mut each: impl FnMut(u64, Content<'a>) -> Option<()>,
) -> Option<()> {
    let mut reader = Reader(message);
    while !reader.0.is_empty() {
        let key = reader.varint().ok()?;
        match key & 7 {
            0 => each(key >> 3, Content::Number(reader.varint().ok()?))?,
            1 => drop(reader.take(8).ok()?),
            2 => {
                let length = reader.varint().ok()?;
                each(key >> 3, Content::Bytes(reader.take(length).ok()?))?;
            }
            5 => drop(reader.take(4).ok()?),
            _ => return None,
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field that holds bytes, all shorter than 128.
    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, bytes.len() as u8], bytes].concat()
    }

    fn tensor_value(name: &str, elem_type: u8, dims: &[&[u8]]) -> Vec<u8> {
        let shape: Vec<u8> = dims.iter().flat_map(|dim| field(1, dim)).collect();
        let tensor = [vec![8, elem_type], field(2, &shape)].concat();
        [field(1, name.as_bytes()), field(2, &field(1, &tensor))].concat()
    }

    #[test]
    fn reads_names_types_and_dimensions_and_leaves_initializers_out() {
        let named = field(2, b"batch");
        let graph = [
            field(11, &tensor_value("x", 1, &[&named, &[8, 3], &[]])),
            field(11, &tensor_value("w", 1, &[])),
            field(5, &field(8, b"w")),
            field(12, &tensor_value("y", 7, &[])),
        ]
        .concat();
        let model = [vec![8, 9], field(7, &graph)].concat();
        let interface = Interface::read(&model).unwrap();
        let dimensions =
            vec![Dimension::Named("batch".into()), Dimension::Fixed(3), Dimension::Unknown];
        let x = InterfaceValue {
            name: "x".into(),
            dtype: Some(DType::F32),
            dimensions: Some(dimensions),
        };
        let y =
            InterfaceValue { name: "y".into(), dtype: Some(DType::I64), dimensions: Some(vec![]) };
        assert_eq!(interface, Interface { inputs: vec![x], outputs: vec![y] });
        for length in 0..model.len() {
            // A cut-off file is refused or read as far as it goes; it never panics.
            let _ = Interface::read(&model[..length]);
        }
    }
}
