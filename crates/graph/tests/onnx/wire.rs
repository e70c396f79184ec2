//! Models written by hand, field by field: what no exporter would write.

use tachy_graph::onnx::{ImportOptions, import};
use tachy_graph::{DType, Graph};

/// A part of a message: a field, or several.
pub type Field = Vec<u8>;

fn varint(mut value: u64, bytes: &mut Vec<u8>) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// A field with a number.
pub fn number(tag: u64, value: i64) -> Field {
    let mut bytes = Vec::new();
    varint(tag << 3, &mut bytes);
    varint(value as u64, &mut bytes);
    bytes
}

/// A field with bytes.
pub fn bytes(tag: u64, content: impl AsRef<[u8]>) -> Field {
    let content = content.as_ref();
    let mut bytes = Vec::new();
    varint(tag << 3 | 2, &mut bytes);
    varint(content.len() as u64, &mut bytes);
    bytes.extend_from_slice(content);
    bytes
}

/// A field with a message of these fields.
pub fn message(tag: u64, fields: &[Field]) -> Field {
    bytes(tag, fields.concat())
}

/// The number of an element type in ONNX, for those that the tests need.
fn data_type(dtype: DType) -> i64 {
    match dtype {
        DType::F32 => 1,
        DType::I64 => 7,
        DType::Bool => 9,
        _ => unimplemented!("{dtype}"),
    }
}

/// A dimension of an input.
pub enum Dim {
    Size(i64),
    Name(&'static str),
    Open,
}

fn value_info(tag: u64, name: &str, dtype: DType, dims: Option<&[Dim]>) -> Field {
    let dim = |dim: &Dim| match dim {
        Dim::Size(size) => message(1, &[number(1, *size)]),
        Dim::Name(name) => message(1, &[bytes(2, name)]),
        Dim::Open => message(1, &[]),
    };
    let shape = dims.map(|dims| message(2, &dims.iter().map(dim).collect::<Vec<_>>()));
    let tensor = message(1, &[number(1, data_type(dtype)), shape.unwrap_or_default()]);
    message(tag, &[bytes(1, name), message(2, &[tensor])])
}

/// An input of the graph.
pub fn input(name: &str, dtype: DType, dims: &[Dim]) -> Field {
    value_info(11, name, dtype, Some(dims))
}

/// An input of the graph of which the file does not even say the rank.
pub fn input_of_any_rank(name: &str, dtype: DType) -> Field {
    value_info(11, name, dtype, None)
}

/// An output of the graph.
pub fn output(name: &str, dtype: DType) -> Field {
    value_info(12, name, dtype, None)
}

/// The fields of a tensor of floats: a weight, or an attribute.
pub fn floats(name: &str, dims: &[i64], values: &[f32]) -> Vec<Field> {
    let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    tensor(name, DType::F32, dims, bytes(9, raw))
}

/// The fields of a tensor of integers.
pub fn integers(name: &str, dims: &[i64], values: &[i64]) -> Vec<Field> {
    let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    tensor(name, DType::I64, dims, bytes(9, raw))
}

/// The fields of a tensor, with its data as given.
pub fn tensor(name: &str, dtype: DType, dims: &[i64], data: Field) -> Vec<Field> {
    let mut fields: Vec<Field> = dims.iter().map(|size| number(1, *size)).collect();
    fields.extend([number(2, data_type(dtype)), bytes(8, name), data]);
    fields
}

/// The fields of a tensor whose data is in another file.
pub fn external(name: &str, dims: &[i64], location: &str, extra: &[(&str, &str)]) -> Vec<Field> {
    let entry = |key: &str, value: &str| message(13, &[bytes(1, key), bytes(2, value)]);
    let mut data = entry("location", location);
    data.extend(extra.iter().flat_map(|(key, value)| entry(key, value)));
    data.extend(number(14, 1));
    tensor(name, DType::F32, dims, data)
}

/// A weight of the graph.
pub fn initializer(fields: Vec<Field>) -> Field {
    message(5, &fields)
}

/// A node of the graph.
pub fn node(name: &str, operator: &str, inputs: &[&str], outputs: &[&str]) -> Field {
    node_with(name, operator, inputs, outputs, &[])
}

/// A node of the graph, with attributes or other fields.
pub fn node_with(
    name: &str,
    operator: &str,
    inputs: &[&str],
    outputs: &[&str],
    others: &[Field],
) -> Field {
    let mut fields: Vec<Field> = inputs.iter().map(|name| bytes(1, name)).collect();
    fields.extend(outputs.iter().map(|name| bytes(2, name)));
    fields.extend([bytes(3, name), bytes(4, operator)]);
    fields.extend_from_slice(others);
    message(1, &fields)
}

/// An attribute of a node, with the field of its value and its kind.
pub fn attribute(name: &str, kind: i64, value: Field) -> Field {
    message(5, &[bytes(1, name), value, number(20, kind)])
}

/// An attribute with an integer.
pub fn attribute_int(name: &str, value: i64) -> Field {
    attribute(name, 2, number(3, value))
}

/// An attribute with a graph.
pub fn attribute_graph(name: &str, fields: &[Field]) -> Field {
    attribute(name, 5, message(6, fields))
}

/// A model with a graph of these fields.
pub fn model(graph: &[Field]) -> Vec<u8> {
    model_with(17, graph, &[])
}

/// A model that uses this version of the operators, with other fields too.
pub fn model_with(opset: i64, graph: &[Field], others: &[Field]) -> Vec<u8> {
    let graph = [&[bytes(2, "graph")], graph].concat();
    let mut fields = vec![number(1, 8), message(7, &graph), message(8, &[number(2, opset)])];
    fields.extend_from_slice(others);
    fields.concat()
}

/// The graph of a model with the options as they come.
pub fn load(model: Vec<u8>) -> Graph {
    import(model, &ImportOptions::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// What is wrong with a model.
pub fn wrong(model: Vec<u8>) -> String {
    wrong_with(model, &ImportOptions::default())
}

/// What is wrong with a model, with these options.
pub fn wrong_with(model: Vec<u8>, options: &ImportOptions) -> String {
    import(model, options).expect_err("the model should be refused").to_string()
}
