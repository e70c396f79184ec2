//! What an ONNX file says of its inputs and outputs, read without decoding the model.
//!
//! A model may be gigabytes of weights; this walk over protobuf's wire format skips them. It judges nothing:
//! whether the model is valid is for the engine to say.

use std::collections::BTreeSet;

use tachy_graph::DType;

/// One dimension as the file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Dimension {
    Fixed(usize),
    Named(String),
    Unknown,
}

/// An input or output as the file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) name: String,
    /// `None` for what is not a tensor, or of an element type that Tachy has not.
    pub(crate) dtype: Option<DType>,
    /// `None` if the file does not say.
    pub(crate) dimensions: Option<Vec<Dimension>>,
}

/// The inputs that a caller gives (initializers are none) and the outputs, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct OnnxInterface {
    pub(crate) inputs: Vec<Value>,
    pub(crate) outputs: Vec<Value>,
}

impl OnnxInterface {
    /// Reads the interface; `None` if the bytes are not a protobuf message with a graph in it.
    pub(crate) fn read(model: &[u8]) -> Option<Self> {
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

fn value(bytes: &[u8]) -> Option<Value> {
    const TENSOR_TYPE: u64 = 1;
    let mut value =
        Value { name: text(bytes, 1)?.unwrap_or_default(), dtype: None, dimensions: None };
    fields(bytes, |field, content| {
        let (2, Content::Bytes(kind)) = (field, content) else { return Some(()) };
        fields(kind, |field, content| {
            let (TENSOR_TYPE, Content::Bytes(tensor)) = (field, content) else { return Some(()) };
            fields(tensor, |field, content| {
                match (field, content) {
                    (1, Content::Number(code)) => value.dtype = dtype(code),
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

/// `TensorProto.DataType`.
fn dtype(code: u64) -> Option<DType> {
    Some(match code {
        1 => DType::F32,
        2 => DType::U8,
        3 => DType::I8,
        4 => DType::U16,
        5 => DType::I16,
        6 => DType::I32,
        7 => DType::I64,
        9 => DType::Bool,
        10 => DType::F16,
        11 => DType::F64,
        12 => DType::U32,
        13 => DType::U64,
        16 => DType::BF16,
        17 => DType::F8E4M3FN,
        18 => DType::F8E4M3FNUZ,
        19 => DType::F8E5M2,
        20 => DType::F8E5M2FNUZ,
        21 => DType::U4,
        22 => DType::I4,
        23 => DType::F4E2M1,
        24 => DType::F8E8M0,
        25 => DType::U2,
        26 => DType::I2,
        _ => return None,
    })
}

enum Content<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// Calls `each` with every field of a message that is a number of variable length or bytes.
fn fields<'a>(
    mut message: &'a [u8],
    mut each: impl FnMut(u64, Content<'a>) -> Option<()>,
) -> Option<()> {
    while !message.is_empty() {
        let key = varint(&mut message)?;
        match key & 7 {
            0 => each(key >> 3, Content::Number(varint(&mut message)?))?,
            1 => drop(take(&mut message, 8)?),
            2 => {
                let length = varint(&mut message)?;
                each(key >> 3, Content::Bytes(take(&mut message, length)?))?;
            }
            5 => drop(take(&mut message, 4)?),
            _ => return None,
        }
    }
    Some(())
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return Some(value);
        }
    }
    None
}

fn take<'a>(bytes: &mut &'a [u8], length: u64) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(usize::try_from(length).ok()?)?;
    *bytes = rest;
    Some(taken)
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
        let interface = OnnxInterface::read(&model).unwrap();
        let dimensions =
            vec![Dimension::Named("batch".into()), Dimension::Fixed(3), Dimension::Unknown];
        let x = Value { name: "x".into(), dtype: Some(DType::F32), dimensions: Some(dimensions) };
        let y = Value { name: "y".into(), dtype: Some(DType::I64), dimensions: Some(vec![]) };
        assert_eq!(interface, OnnxInterface { inputs: vec![x], outputs: vec![y] });
        for length in 0..model.len() {
            // A cut-off file is refused or read as far as it goes; it never panics.
            let _ = OnnxInterface::read(&model[..length]);
        }
    }
}
