//! ONNX files made byte by byte, for models that no graph can be: with open shapes, unknown operators,
//! weights elsewhere.

/// A field that holds bytes.
fn field(number: u64, content: impl AsRef<[u8]>) -> Vec<u8> {
    let content = content.as_ref();
    [varint(number << 3 | 2), varint(content.len() as u64), content.to_vec()].concat()
}

/// A field that holds a number.
fn number(number: u64, value: u64) -> Vec<u8> {
    [varint(number << 3), varint(value)].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// A dimension of an input or output.
pub(crate) enum Dim {
    Size(u64),
    Name(&'static str),
}

/// An `f32` input or output.
pub(crate) fn value(name: &str, dims: &[Dim]) -> Vec<u8> {
    let dims = dims.iter().flat_map(|dim| {
        field(
            1,
            match dim {
                Dim::Size(size) => number(1, *size),
                Dim::Name(name) => field(2, name),
            },
        )
    });
    let tensor = [number(1, 1), field(2, dims.collect::<Vec<u8>>())].concat();
    [field(1, name), field(2, field(1, tensor))].concat()
}

/// An `f32` weight whose data lie in another file.
pub(crate) fn external_weight(name: &str, sizes: &[u64], file: &str) -> Vec<u8> {
    let entry = |key: &str, value: &str| field(13, [field(1, key), field(2, value)].concat());
    let length = (4 * sizes.iter().product::<u64>()).to_string();
    let sizes = sizes.iter().flat_map(|size| number(1, *size)).collect();
    let place = [entry("location", file), entry("offset", "0"), entry("length", &length)].concat();
    [sizes, number(2, 1), field(8, name), place, number(14, 1)].concat()
}

/// A node without attributes.
pub(crate) fn node(name: &str, operator: &str, inputs: &[&str], output: &str) -> Vec<u8> {
    let inputs = inputs.iter().flat_map(|input| field(1, input)).collect();
    [inputs, field(2, output), field(3, name), field(4, operator)].concat()
}

/// A model of operator set 17.
pub(crate) fn model(
    nodes: &[Vec<u8>],
    weights: &[Vec<u8>],
    inputs: &[Vec<u8>],
    outputs: &[Vec<u8>],
) -> Vec<u8> {
    let all = |number: u64, items: &[Vec<u8>]| -> Vec<u8> {
        items.iter().flat_map(|item| field(number, item)).collect()
    };
    let name = field(2, "case");
    let graph = [all(1, nodes), name, all(5, weights), all(11, inputs), all(12, outputs)].concat();
    [number(1, 8), field(8, number(2, 17)), field(7, graph)].concat()
}
