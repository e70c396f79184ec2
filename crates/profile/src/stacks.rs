//! Call stacks with weights: what flame graphs and pprof files are made of.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::analysis::CallTree;
use crate::trace::{Thread, Trace};

/// Call stacks with weights, from spans, from samples of the processor or from allocations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stacks {
    /// What was recorded.
    pub name: String,
    /// When it began: nanoseconds since 1970-01-01 UTC.
    pub started: u64,
    /// How long it was, in nanoseconds.
    pub wall: u64,
    /// From one sample to the next, in the unit of the last of the values; 0 if all was recorded.
    pub period: u64,
    /// What each stack has a number of. The last is what graphs show.
    pub values: Vec<Value>,
    /// The threads; stacks name them by position.
    pub threads: Vec<Thread>,
    /// The frames; stacks name them by position.
    pub frames: Vec<Frame>,
    /// The stacks.
    pub stacks: Vec<Stack>,
}

/// What stacks have a number of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Value {
    /// `calls`, `time`, `samples`, `live`.
    pub name: String,
    /// `count`, `nanoseconds` or `bytes`.
    pub unit: String,
}

/// A function or an operation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Frame {
    /// Its name.
    pub name: String,
    /// What kind it is: an operation's category, or nothing for functions.
    pub category: String,
    /// Whether it is an operation that spans were recorded of, not a function.
    pub span: bool,
    /// The source file, if it is known.
    pub file: String,
    /// The line in it, from 1; 0 if it is not known.
    pub line: u32,
}

/// One path of calls and what was counted there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stack {
    /// Position in [`Stacks::threads`].
    pub thread: u32,
    /// Positions in [`Stacks::frames`], outermost first.
    pub frames: Vec<u32>,
    /// A number for each of [`Stacks::values`].
    pub values: Vec<u64>,
    /// When it was met, in nanoseconds from the beginning, if that is known.
    pub times: Vec<u64>,
}

impl Value {
    /// A value by its name and unit.
    pub fn new(name: &str, unit: &str) -> Self {
        Self { name: name.to_owned(), unit: unit.to_owned() }
    }
}

impl Stacks {
    /// The paths of a trace's spans, each with its calls and the nanoseconds in its last span alone.
    pub fn of_spans(trace: &Trace) -> Self {
        let tree = CallTree::new(trace);
        let frames = trace.operations.iter().map(|operation| Frame {
            name: operation.name.clone(),
            category: operation.category.clone(),
            span: true,
            ..Frame::default()
        });
        let mut paths: Vec<Vec<u32>> = Vec::with_capacity(tree.nodes.len());
        for node in &tree.nodes {
            let mut path = node.parent.map_or(Vec::new(), |parent| paths[parent as usize].clone());
            path.push(node.operation);
            paths.push(path);
        }
        let stacks = tree.nodes.iter().zip(paths).map(|(node, frames)| Stack {
            thread: node.thread,
            frames,
            values: vec![node.calls, node.self_time],
            times: Vec::new(),
        });
        Self {
            name: trace.name.clone(),
            started: trace.started,
            wall: trace.wall,
            period: 0,
            values: vec![Value::new("calls", "count"), Value::new("time", "nanoseconds")],
            threads: trace.threads.clone(),
            frames: frames.collect(),
            stacks: stacks.collect(),
        }
    }

    /// The call stacks that were sampled with a trace, or else the paths of its spans.
    pub fn of(trace: &Trace) -> Cow<'_, Self> {
        match &trace.stacks {
            Some(stacks) => Cow::Borrowed(stacks),
            None => Cow::Owned(Self::of_spans(trace)),
        }
    }

    /// The sum of the last value over all stacks.
    pub fn weight(&self) -> u64 {
        self.stacks
            .iter()
            .filter_map(|stack| stack.values.last())
            .fold(0, |sum, value| sum.saturating_add(*value))
    }
}
