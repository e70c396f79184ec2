//! A look at a file before it is decoded: is it well formed, and how much memory would its structure take?
//!
//! A protobuf message of two bytes can decode to hundreds, so a small file could ask for all memory there is.
//! This walk allocates nothing; it follows exactly the messages that `proto` declares, and skips what the
//! decoder skips.

use std::mem::size_of;

use super::proto;

/// What decoding may allocate for a file's structure, beyond [`ALLOWANCE_PER_BYTE`]: 64 MiB.
const ALLOWANCE: usize = 64 << 20;

/// What decoding may allocate for each byte of the file. Honest models stay far below it; tensor data costs
/// nothing here, since it is not copied.
const ALLOWANCE_PER_BYTE: usize = 12;

/// How deep messages may be nested; a graph in a node of a graph is three levels.
const DEPTH: usize = 60;

/// What a field costs when it is decoded.
enum Field {
    /// Not decoded.
    Skipped,
    /// A message, decoded into a structure of this size.
    Message(&'static Schema),
    /// Text, copied.
    Text,
    /// Bytes that stay where they are.
    Bytes,
    /// Numbers of this size, one after the other or packed.
    Numbers(usize),
}

/// A message: the size of the structure it is decoded into, and its fields.
struct Schema {
    size: usize,
    field: fn(u64) -> Field,
}

macro_rules! schema {
    ($name:ident, $ty:ident, { $($tag:pat => $field:expr,)* }) => {
        static $name: Schema = Schema {
            size: size_of::<proto::$ty>(),
            field: |tag| match tag {
                $($tag => $field,)*
                _ => Field::Skipped,
            },
        };
    };
}

schema!(MODEL, Model, {
    2 | 3 => Field::Text,
    7 => Field::Message(&GRAPH),
    8 => Field::Message(&OPERATOR_SET),
    25 => Field::Message(&FUNCTION),
});
schema!(OPERATOR_SET, OperatorSet, { 1 => Field::Text, });
schema!(GRAPH, Graph, {
    1 => Field::Message(&NODE),
    2 => Field::Text,
    5 => Field::Message(&TENSOR),
    11 | 12 => Field::Message(&VALUE_INFO),
    15 => Field::Message(&SPARSE_TENSOR),
});
schema!(NODE, Node, {
    1..=4 | 7 | 8 => Field::Text,
    5 => Field::Message(&ATTRIBUTE),
});
schema!(FUNCTION, Function, {
    1 | 4..=6 | 10 | 13 => Field::Text,
    7 => Field::Message(&NODE),
    9 => Field::Message(&OPERATOR_SET),
    11 => Field::Message(&ATTRIBUTE),
});
schema!(ATTRIBUTE, Attribute, {
    1 | 21 => Field::Text,
    4 | 9 => Field::Bytes,
    5 => Field::Message(&TENSOR),
    6 => Field::Message(&GRAPH),
    7 => Field::Numbers(4),
    8 => Field::Numbers(8),
    22 => Field::Message(&SPARSE_TENSOR),
});
schema!(TENSOR, Tensor, {
    1 => Field::Numbers(8),
    4 | 5 | 7 | 9..=11 => Field::Bytes,
    8 => Field::Text,
    13 => Field::Message(&STRING_ENTRY),
});
schema!(STRING_ENTRY, StringEntry, { 1 | 2 => Field::Text, });
schema!(SPARSE_TENSOR, SparseTensor, {
    1 | 2 => Field::Message(&TENSOR),
    3 => Field::Numbers(8),
});
schema!(VALUE_INFO, ValueInfo, {
    1 => Field::Text,
    2 => Field::Message(&TYPE),
});
schema!(TYPE, Type, {
    1 => Field::Message(&TENSOR_KIND),
    4 | 5 | 7..=9 => Field::Bytes,
});
schema!(TENSOR_KIND, TensorKind, { 2 => Field::Message(&TENSOR_SHAPE), });
schema!(TENSOR_SHAPE, TensorShape, { 1 => Field::Message(&DIMENSION), });
schema!(DIMENSION, Dimension, { 2 => Field::Text, });

/// Refuses a model that is not well formed, or whose structure would take more memory than is allowed.
pub fn check_model(bytes: &[u8]) -> Result<(), String> {
    check(bytes, &MODEL)
}

/// As [`check_model`], for a file that holds one tensor.
pub fn check_tensor(bytes: &[u8]) -> Result<(), String> {
    check(bytes, &TENSOR)
}

fn check(bytes: &[u8], schema: &Schema) -> Result<(), String> {
    let limit = ALLOWANCE.saturating_add(bytes.len().saturating_mul(ALLOWANCE_PER_BYTE));
    let mut walk = Walk { cost: 0, limit };
    walk.message(bytes, schema, 0)
}

struct Walk {
    cost: usize,
    limit: usize,
}

impl Walk {
    fn message(&mut self, bytes: &[u8], schema: &Schema, depth: usize) -> Result<(), String> {
        if depth > DEPTH {
            return Err(format!("messages are nested more than {DEPTH} deep"));
        }
        // Twice, because a growing vector doubles and copies.
        self.spend(2 * schema.size)?;
        let mut reader = Reader(bytes);
        while !reader.0.is_empty() {
            let key = reader.varint()?;
            let field = (schema.field)(key >> 3);
            match key & 7 {
                0 => {
                    reader.varint()?;
                    self.spend(scalar(&field))?;
                }
                1 => {
                    reader.take(8)?;
                    self.spend(scalar(&field))?;
                }
                5 => {
                    reader.take(4)?;
                    self.spend(scalar(&field))?;
                }
                2 => {
                    let length = reader.varint()?;
                    let content = reader.take(length)?;
                    self.content(content, &field, depth)?;
                }
                other => return Err(format!("a field has the wire type {other}")),
            }
        }
        Ok(())
    }

    fn content(&mut self, content: &[u8], field: &Field, depth: usize) -> Result<(), String> {
        match field {
            Field::Skipped => Ok(()),
            Field::Message(schema) => self.message(content, schema, depth + 1),
            Field::Text => self.spend(2 * size_of::<String>() + content.len()),
            Field::Bytes => self.spend(2 * size_of::<bytes::Bytes>()),
            // A packed number takes at least one byte.
            Field::Numbers(size) => self.spend(2 * size * content.len()),
        }
    }

    fn spend(&mut self, bytes: usize) -> Result<(), String> {
        self.cost = self.cost.saturating_add(bytes);
        if self.cost <= self.limit {
            return Ok(());
        }
        Err(format!(
            "its structure would take more than {} MiB of memory, which is out of proportion to its size",
            self.limit >> 20
        ))
    }
}

fn scalar(field: &Field) -> usize {
    if let Field::Numbers(size) = field { 2 * size } else { 0 }
}

/// Reads the elements of the wire format.
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    /// A number of variable length, at most ten bytes.
    pub fn varint(&mut self) -> Result<u64, String> {
        let mut value = 0u64;
        for (index, &byte) in self.0.iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                self.0 = &self.0[index + 1..];
                return Ok(value);
            }
        }
        Err("it ends, or turns into something else, within a number".to_owned())
    }

    /// So many bytes.
    pub fn take(&mut self, length: u64) -> Result<&'a [u8], String> {
        let split = usize::try_from(length).ok().and_then(|length| self.0.split_at_checked(length));
        let (taken, rest) = split.ok_or_else(|| {
            format!("it is cut off: a field of {length} bytes has only {}", self.0.len())
        })?;
        self.0 = rest;
        Ok(taken)
    }
}
