//! pprof's profile: protobuf, compressed by gzip.
//!
//! The messages are those of pprof's `profile.proto`. Parts of a message may follow each other in a file, so it is
//! written one sample at a time.

use std::collections::HashMap;
use std::io::{self, BufWriter, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use prost::Message;

use crate::stacks::Stacks;

#[derive(Message)]
struct Profile {
    #[prost(message, repeated, tag = "1")]
    sample_type: Vec<ValueType>,
    #[prost(message, repeated, tag = "2")]
    sample: Vec<Sample>,
    #[prost(message, repeated, tag = "4")]
    location: Vec<Location>,
    #[prost(message, repeated, tag = "5")]
    function: Vec<Function>,
    #[prost(string, repeated, tag = "6")]
    string_table: Vec<String>,
    #[prost(int64, tag = "9")]
    time_nanos: i64,
    #[prost(int64, tag = "10")]
    duration_nanos: i64,
    #[prost(message, optional, tag = "11")]
    period_type: Option<ValueType>,
    #[prost(int64, tag = "12")]
    period: i64,
    #[prost(int64, tag = "14")]
    default_sample_type: i64,
}

#[derive(Clone, Copy, Message)]
struct ValueType {
    #[prost(int64, tag = "1")]
    kind: i64,
    #[prost(int64, tag = "2")]
    unit: i64,
}

#[derive(Message)]
struct Sample {
    #[prost(uint64, repeated, tag = "1")]
    location_id: Vec<u64>,
    #[prost(int64, repeated, tag = "2")]
    value: Vec<i64>,
    #[prost(message, repeated, tag = "3")]
    label: Vec<Label>,
}

#[derive(Message)]
struct Label {
    #[prost(int64, tag = "1")]
    key: i64,
    #[prost(int64, tag = "2")]
    text: i64,
}

#[derive(Message)]
struct Location {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(message, repeated, tag = "4")]
    line: Vec<Line>,
}

#[derive(Message)]
struct Line {
    #[prost(uint64, tag = "1")]
    function_id: u64,
    #[prost(int64, tag = "2")]
    line: i64,
}

#[derive(Message)]
struct Function {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(int64, tag = "2")]
    name: i64,
    #[prost(int64, tag = "3")]
    system_name: i64,
    #[prost(int64, tag = "4")]
    filename: i64,
}

/// Writes a profile that `pprof` opens, with every value of the stacks and the thread as a label.
pub fn pprof(stacks: &Stacks, out: impl Write) -> io::Result<()> {
    let mut out = GzEncoder::new(BufWriter::new(out), Compression::default());
    let mut strings = Strings::new();
    let mut kind =
        |name: &str, unit: &str| ValueType { kind: strings.of(name), unit: strings.of(unit) };
    let sample_type: Vec<ValueType> =
        stacks.values.iter().map(|value| kind(&value.name, &value.unit)).collect();
    let thread_key = strings.of("thread");
    let threads: Vec<i64> = stacks.threads.iter().map(|thread| strings.of(&thread.name)).collect();
    let mut profile = Profile {
        period_type: sample_type.last().copied().filter(|_| stacks.period > 0),
        default_sample_type: sample_type.last().map_or(0, |value| value.kind),
        sample_type,
        time_nanos: signed(stacks.started),
        duration_nanos: signed(stacks.wall),
        period: signed(stacks.period),
        ..Profile::default()
    };
    for (id, frame) in (1..).zip(&stacks.frames) {
        let name = strings.of(&frame.name);
        let filename = strings.of(&frame.file);
        profile.function.push(Function { id, name, system_name: name, filename });
        let line = Line { function_id: id, line: frame.line.into() };
        profile.location.push(Location { id, line: vec![line] });
    }
    profile.string_table = strings.table;
    out.write_all(&profile.encode_to_vec())?;

    for stack in &stacks.stacks {
        let label = threads.get(stack.thread as usize).map(|&text| Label { key: thread_key, text });
        let known = |frame: &&u32| (**frame as usize) < stacks.frames.len();
        let sample = Sample {
            // The innermost comes first.
            location_id: stack
                .frames
                .iter()
                .rev()
                .filter(known)
                .map(|&frame| u64::from(frame) + 1)
                .collect(),
            value: (0..stacks.values.len())
                .map(|position| signed(stack.values.get(position).copied().unwrap_or(0)))
                .collect(),
            label: label.into_iter().collect(),
        };
        let part = Profile { sample: vec![sample], ..Profile::default() };
        out.write_all(&part.encode_to_vec())?;
    }
    out.finish()?.flush()
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The string table; its first is empty.
struct Strings {
    table: Vec<String>,
    positions: HashMap<String, i64>,
}

impl Strings {
    fn new() -> Self {
        Self { table: vec![String::new()], positions: HashMap::from([(String::new(), 0)]) }
    }

    fn of(&mut self, text: &str) -> i64 {
        if let Some(&position) = self.positions.get(text) {
            return position;
        }
        let position = self.table.len() as i64;
        self.table.push(text.to_owned());
        self.positions.insert(text.to_owned(), position);
        position
    }
}
