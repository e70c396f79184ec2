//! Names within a graph, the graphs in its nodes, and the bodies of functions.

use std::collections::{BTreeSet, HashMap};

use super::attributes::Attributes;
use crate::graph::ValueId;
use crate::shape::TensorType;
use crate::tensor::Tensor;

/// What the importer knows about one value of the model.
#[derive(Debug, Clone)]
pub struct Binding {
    /// The name that the value has, or would have, in the graph.
    pub name: String,
    pub ty: TensorType,
    /// The value in the graph. A known value gets into the graph when it is first needed as data.
    pub value: Option<ValueId>,
    /// What the value is, if that follows from the file or from what the caller knows.
    pub known: Option<Known>,
}

/// A value that is known at import.
#[derive(Debug, Clone)]
pub struct Known {
    pub tensor: Tensor,
    /// The inputs that it was computed from: it is right for their known values only.
    pub depends: BTreeSet<ValueId>,
}

/// The place of a [`Binding`] in the importer's list; two names can stand for one value.
pub type Slot = usize;

/// The names that a node can see.
pub struct Scope<'m> {
    /// Innermost last: the branch of an `If` sees what is around it.
    frames: Vec<HashMap<&'m str, Slot>>,
    /// Put before the names of nodes and values, so that those of functions stay apart.
    pub prefix: String,
    /// The version of each domain's operators.
    pub opsets: HashMap<&'m str, i64>,
    /// The attributes of the function call whose body this is.
    pub call: Attributes<'m>,
    /// How many function calls and branches are around this.
    pub depth: usize,
}

impl<'m> Scope<'m> {
    pub fn new(prefix: String, opsets: HashMap<&'m str, i64>, depth: usize) -> Self {
        let call = Attributes::default();
        Self { frames: vec![HashMap::new()], prefix, opsets, call, depth }
    }

    pub fn get(&self, name: &str) -> Option<Slot> {
        self.frames.iter().rev().find_map(|frame| frame.get(name).copied())
    }

    /// Gives a name to a value; `false` if the name is taken.
    pub fn define(&mut self, name: &'m str, slot: Slot) -> bool {
        let frame = self.frames.last_mut().expect("a scope has a frame");
        frame.insert(name, slot).is_none()
    }

    /// Opens the scope of a graph within a node.
    pub fn enter(&mut self) {
        self.frames.push(HashMap::new());
        self.depth += 1;
    }

    /// Closes what [`enter`](Self::enter) opened.
    pub fn leave(&mut self) {
        self.frames.pop();
        self.depth -= 1;
    }
}
