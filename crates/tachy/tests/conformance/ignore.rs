//! What a device does not support, and why.

use std::collections::BTreeSet;
use std::path::Path;

use crate::material::TestCase;

/// The lines of a file: `case PATTERN`, `operator NAME` or `dtype NAME`, then two or more spaces, then the reason.
/// A pattern may begin or end with `*`. Empty lines and lines that begin with `#` do not count.
pub struct IgnoreList {
    lines: Vec<Line>,
}

struct Line {
    text: String,
    kind: Kind,
}

enum Kind {
    Case(String),
    Operator(String),
    DType(String),
}

impl IgnoreList {
    pub fn read(device: &str) -> Self {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/conformance/{device}.txt"));
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let lines = text
            .lines()
            .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
            .map(|line| {
                let (what, reason) = line.split_once("  ").unwrap_or((line, ""));
                assert!(!reason.trim().is_empty(), "{}: no reason: {line}", path.display());
                let kind = match what.split_once(' ') {
                    Some(("case", pattern)) => Kind::Case(pattern.to_owned()),
                    Some(("operator", name)) => Kind::Operator(name.to_owned()),
                    Some(("dtype", name)) => Kind::DType(name.to_owned()),
                    _ => panic!("{}: not a case, operator or dtype: {line}", path.display()),
                };
                Line { text: line.to_owned(), kind }
            })
            .collect();
        Self { lines }
    }

    /// The first line that covers the case.
    pub fn find(&self, case: &TestCase) -> Option<usize> {
        self.lines.iter().position(|line| match &line.kind {
            Kind::Case(pattern) => matches(pattern, &case.name),
            Kind::Operator(name) => case.operators.contains(name),
            Kind::DType(name) => case.dtypes.contains(name),
        })
    }

    /// The lines that are not among these.
    pub fn lines_but(&self, needed: &BTreeSet<usize>) -> Vec<String> {
        let all = self.lines.iter().enumerate();
        all.filter(|(place, _)| !needed.contains(place))
            .map(|(_, line)| line.text.clone())
            .collect()
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(_), Some(_)) if pattern.len() > 1 => name.contains(&pattern[1..pattern.len() - 1]),
        (Some(end), _) => name.ends_with(end),
        (_, Some(start)) => name.starts_with(start),
        _ => name == pattern,
    }
}
