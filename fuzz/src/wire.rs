//! Changes to protobuf messages that leave them well formed.
//!
//! Changes to single bytes mostly break the length of some field, so that the parser stops early. Here a message
//! is taken apart, a field somewhere in it is changed, moved or replaced by another, and it is put together
//! again with the right lengths.

/// A small source of random numbers (Marsaglia's xorshift): the fuzzer gives a seed for each change.
pub struct Random(u64);

impl Random {
    /// Numbers that follow from this seed.
    pub fn new(seed: u32) -> Self {
        Self(u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `limit`, which must not be 0.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

/// How deep messages are taken apart; what is deeper stays bytes.
const DEPTH: usize = 12;

/// Numbers at which things change.
const NUMBERS: [i64; 16] = [
    0,
    1,
    2,
    3,
    7,
    13,
    64,
    255,
    1 << 16,
    1_000_000_000,
    i32::MAX as i64,
    i32::MIN as i64,
    i64::MAX,
    i64::MIN,
    -1,
    -2,
];

#[derive(Clone)]
enum Content {
    Number(u64),
    Fixed(Vec<u8>),
    Bytes(Vec<u8>),
    Message(Vec<Field>),
}

#[derive(Clone)]
struct Field {
    tag: u64,
    content: Content,
}

/// Changes a message in some places. `mutate_bytes` changes bytes that are not a message. `None` if these bytes
/// are not a message themselves.
pub fn mutate(
    bytes: &[u8],
    random: &mut Random,
    mutate_bytes: &mut dyn FnMut(&mut Vec<u8>),
) -> Option<Vec<u8>> {
    let mut fields = parse(bytes, 0)?;
    for _ in 0..1 + random.below(4) {
        change(&mut fields, random, mutate_bytes);
    }
    let mut bytes = Vec::new();
    write(&fields, &mut bytes);
    Some(bytes)
}

fn change(
    fields: &mut Vec<Field>,
    random: &mut Random,
    mutate_bytes: &mut dyn FnMut(&mut Vec<u8>),
) {
    let count = count(fields);
    if count == 0 {
        return;
    }
    let donor = nth(fields, &mut random.below(count)).cloned();
    let mut target = random.below(count);
    let (siblings, index) = nth_place(fields, &mut target).expect("one of the counted fields");
    match random.below(8) {
        0 => {
            siblings.remove(index);
        }
        1 => {
            let copy = siblings[index].clone();
            siblings.insert(random.below(siblings.len() + 1), copy);
        }
        2 => {
            let other = random.below(siblings.len());
            siblings.swap(index, other);
        }
        // A field of the same kind from elsewhere: wires nodes to other values, gives them other attributes.
        3 | 4 => {
            if let Some(donor) = donor
                && std::mem::discriminant(&donor.content)
                    == std::mem::discriminant(&siblings[index].content)
            {
                siblings[index].content = donor.content;
            }
        }
        5 => {
            if let Some(donor) = donor {
                siblings.insert(index, donor);
            }
        }
        _ => match &mut siblings[index].content {
            Content::Number(number) => {
                *number = match random.below(3) {
                    0 => number.wrapping_add(1),
                    1 => number.wrapping_sub(1),
                    _ => NUMBERS[random.below(NUMBERS.len())] as u64,
                };
            }
            Content::Fixed(bytes) => {
                let at = random.below(bytes.len());
                bytes[at] = random.next() as u8;
            }
            Content::Bytes(bytes) => mutate_bytes(bytes),
            Content::Message(fields) => {
                fields.push(Field { tag: random.below(30) as u64, content: Content::Number(1) });
            }
        },
    }
}

fn count(fields: &[Field]) -> usize {
    let inner = |field: &Field| match &field.content {
        Content::Message(fields) => count(fields),
        _ => 0,
    };
    fields.iter().map(|field| 1 + inner(field)).sum()
}

fn nth<'a>(fields: &'a [Field], index: &mut usize) -> Option<&'a Field> {
    for field in fields {
        if *index == 0 {
            return Some(field);
        }
        *index -= 1;
        if let Content::Message(fields) = &field.content
            && let Some(field) = nth(fields, index)
        {
            return Some(field);
        }
    }
    None
}

fn nth_place<'a>(
    fields: &'a mut Vec<Field>,
    index: &mut usize,
) -> Option<(&'a mut Vec<Field>, usize)> {
    for at in 0..fields.len() {
        if *index == 0 {
            return Some((fields, at));
        }
        *index -= 1;
        if let Content::Message(inner) = &fields[at].content {
            let inside = count(inner);
            if *index < inside {
                let Content::Message(inner) = &mut fields[at].content else { return None };
                return nth_place(inner, index);
            }
            *index -= inside;
        }
    }
    None
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for (index, &byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            *bytes = &bytes[index + 1..];
            return Some(value);
        }
    }
    None
}

fn parse(mut bytes: &[u8], depth: usize) -> Option<Vec<Field>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes)?;
        let (tag, length) = (
            key >> 3,
            match key & 7 {
                0 => {
                    let content = Content::Number(varint(&mut bytes)?);
                    fields.push(Field { tag: key >> 3, content });
                    continue;
                }
                1 => 8,
                5 => 4,
                2 => varint(&mut bytes)? as usize,
                _ => return None,
            },
        );
        let (content, rest) = bytes.split_at_checked(length)?;
        bytes = rest;
        let content = if key & 7 != 2 {
            Content::Fixed(content.to_vec())
        } else {
            // Text can look like a message; then it is changed like one, which does no harm.
            match parse(content, depth + 1) {
                Some(inner) if depth < DEPTH && !content.is_empty() => Content::Message(inner),
                _ => Content::Bytes(content.to_vec()),
            }
        };
        if tag == 0 {
            return None;
        }
        fields.push(Field { tag, content });
    }
    Some(fields)
}

fn write_varint(mut value: u64, bytes: &mut Vec<u8>) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn write(fields: &[Field], bytes: &mut Vec<u8>) {
    for Field { tag, content } in fields {
        let kind = match content {
            Content::Number(_) => 0,
            Content::Fixed(fixed) if fixed.len() == 8 => 1,
            Content::Fixed(_) => 5,
            Content::Bytes(_) | Content::Message(_) => 2,
        };
        write_varint(tag << 3 | kind, bytes);
        match content {
            Content::Number(number) => write_varint(*number, bytes),
            Content::Fixed(fixed) => bytes.extend_from_slice(fixed),
            Content::Bytes(content) => {
                write_varint(content.len() as u64, bytes);
                bytes.extend_from_slice(content);
            }
            Content::Message(fields) => {
                let mut content = Vec::new();
                write(fields, &mut content);
                write_varint(content.len() as u64, bytes);
                bytes.extend_from_slice(&content);
            }
        }
    }
}
