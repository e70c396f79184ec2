//! The flame graph.

use std::io::{self, BufWriter, Write};

use inferno::flamegraph::{Options, from_lines};

use super::folded::line;
use crate::stacks::Stacks;

/// The drawing computes in floating point.
const MOST: u128 = 1 << 53;

/// Writes a flame graph as one SVG with all it needs in it: a frame's width is the last value of its stacks.
///
/// Without a stack that has a weight there is nothing to draw, and with weights of more than 2⁵³ in all nothing can
/// be drawn; these are errors of kind [`InvalidData`](io::ErrorKind::InvalidData).
pub fn flame_graph(stacks: &Stacks, out: impl Write) -> io::Result<()> {
    let lines: Vec<String> = stacks.stacks.iter().filter_map(|stack| line(stacks, stack)).collect();
    let weight: u128 = stacks
        .stacks
        .iter()
        .filter_map(|stack| stack.values.last())
        .map(|&last| u128::from(last))
        .sum();
    let refused = match weight {
        0 => Some("no stack has a weight, so there is nothing to draw"),
        weight if weight > MOST => Some("the weights add up to more than a graph can show"),
        _ => None,
    };
    if let Some(reason) = refused {
        return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
    }
    let mut options = Options::default();
    options.title = stacks.name.clone();
    options.hash = true;
    if let Some(value) = stacks.values.last() {
        options.count_name = match value.unit.as_str() {
            "nanoseconds" => "ns".to_owned(),
            "count" => value.name.clone(),
            unit => unit.to_owned(),
        };
    }
    let mut out = Remembering { out: BufWriter::new(out), failed: None };
    let result = from_lines(&mut options, lines.iter().map(String::as_str), &mut out);
    // What the disk said is hidden in what the drawing says.
    if let Some(error) = out.failed {
        return Err(error);
    }
    result.map_err(io::Error::other)?;
    out.out.flush()
}

/// A writer that keeps the first error.
struct Remembering<W> {
    out: W,
    failed: Option<io::Error>,
}

impl<W: Write> Remembering<W> {
    fn remember<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| {
            let kind = error.kind();
            self.failed.get_or_insert(error);
            kind.into()
        })
    }
}

impl<W: Write> Write for Remembering<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.out.write(bytes);
        self.remember(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.out.flush();
        self.remember(result)
    }
}
