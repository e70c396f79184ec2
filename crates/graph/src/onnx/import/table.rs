//! The operators that can be imported.

use super::attention;
use super::context::{Imported, NodeContext};
use super::{conversion, elementwise, generation, indexing, linear, movement};
use super::{convolution, normalization, pooling, recurrent};
use super::{quantization, reduction};
use super::{resampling, signal, slicing};
use crate::onnx::{NEWEST_OPERATOR_SET, OLDEST_OPERATOR_SET};

/// An operator that can be imported.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The name in ONNX.
    pub name: &'static str,
    /// The domain: empty for ONNX's own.
    pub domain: &'static str,
    /// The first version of the domain's operators that has it, as far as they are read.
    pub since: i64,
    /// The last version that has it.
    pub until: i64,
    /// What people should know: restrictions, or what becomes of it.
    pub note: &'static str,
    /// Translates a node.
    pub import: fn(&mut NodeContext<'_, '_>) -> Imported,
}

impl Entry {
    /// An operator of ONNX's own domain that every version has.
    pub const fn new(name: &'static str, import: fn(&mut NodeContext<'_, '_>) -> Imported) -> Self {
        let (since, until) = (OLDEST_OPERATOR_SET, NEWEST_OPERATOR_SET);
        Self { name, domain: "", since, until, note: "", import }
    }

    /// The same, but it came with this version.
    pub const fn since(self, since: i64) -> Self {
        Self { since, ..self }
    }

    /// The same, but this version was the last that had it.
    pub const fn until(self, until: i64) -> Self {
        Self { until, ..self }
    }

    /// The same, with a note for people.
    pub const fn note(self, note: &'static str) -> Self {
        Self { note, ..self }
    }
}

/// Every family of operators: its name, and its operators.
pub const FAMILIES: &[(&str, &[Entry])] = &[
    ("Element-wise", elementwise::OPERATORS),
    ("Conversion", conversion::OPERATORS),
    ("Reduction", reduction::OPERATORS),
    ("Linear algebra", linear::OPERATORS),
    ("Convolution", convolution::OPERATORS),
    ("Pooling", pooling::OPERATORS),
    ("Normalisation", normalization::OPERATORS),
    ("Recurrence", recurrent::OPERATORS),
    ("Attention", attention::OPERATORS),
    ("Quantization", quantization::OPERATORS),
    ("Movement", movement::OPERATORS),
    ("Parts and wholes", slicing::OPERATORS),
    ("Indexing", indexing::OPERATORS),
    ("Resampling", resampling::OPERATORS),
    ("Signals", signal::OPERATORS),
    ("Generation", generation::OPERATORS),
];

/// The operator of this name in this version of the domain's operators.
pub fn find(domain: &str, name: &str, version: i64) -> Option<&'static Entry> {
    FAMILIES.iter().flat_map(|(_, operators)| *operators).find(|entry| {
        entry.domain == domain
            && entry.name == name
            && (entry.since..=entry.until).contains(&version)
    })
}

/// The first version of ONNX's operators that has this one, as far as they are read; 0 for unknown ones.
pub fn since(name: &str) -> i64 {
    let entries = FAMILIES.iter().flat_map(|(_, operators)| *operators);
    entries.filter(|e| e.domain.is_empty() && e.name == name).map(|e| e.since).min().unwrap_or(0)
}
