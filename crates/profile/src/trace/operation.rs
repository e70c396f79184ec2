//! What a span is a span of.

use serde::{Deserialize, Serialize};

/// One operation: a place in a program or a step of a model, however often it ran.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// The name that people read: `conv1`, `tokenise`.
    pub name: String,
    /// What kind of work it is: an operator's name such as `Conv`, or a word of the caller's. May be empty.
    pub category: String,
    /// Where it ran: `cpu`, `mlx:gpu`. Empty if nobody said.
    pub device: String,
    /// How it is computed, where there is more than one way: an algorithm, a shape. May be empty.
    pub detail: String,
    /// The work of one span, if it is known.
    pub work: Option<Work>,
}

impl Operation {
    /// An operation of which only the name is known.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            category: String::new(),
            device: String::new(),
            detail: String::new(),
            work: None,
        }
    }

    /// Says what kind of work it is.
    pub fn with_category(mut self, category: impl Into<String>) -> Self {
        self.category = category.into();
        self
    }

    /// Says where it runs.
    pub fn with_device(mut self, device: impl Into<String>) -> Self {
        self.device = device.into();
        self
    }

    /// Says how it is computed.
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Says how much work one span is.
    pub fn with_work(mut self, work: Work) -> Self {
        self.work = Some(work);
        self
    }
}

/// The work of one execution of an operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// Floating-point operations; a multiply-add counts as two.
    pub flops: f64,
    /// Bytes read from memory and written to it, each once.
    pub bytes: f64,
    /// Bytes that moved between devices.
    pub transferred: f64,
}
