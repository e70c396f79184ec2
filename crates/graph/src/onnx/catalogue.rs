//! The list of operators, for people and programs.

use std::fmt::Write;

use super::import::table::FAMILIES;

/// What can be imported of one operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct OperatorInfo {
    /// The name in ONNX.
    pub name: &'static str,
    /// The domain; empty for ONNX's own.
    pub domain: &'static str,
    /// The family that it belongs to.
    pub family: &'static str,
    /// The first version of the domain's operators in which it is read.
    pub since: i64,
    /// The last version of the domain's operators in which it is read.
    pub until: i64,
    /// Restrictions, or what becomes of it; may be empty.
    pub note: &'static str,
}

/// Operators that are left out on purpose, and why.
const LEFT_OUT: &[(&str, &str)] = &[
    ("NonMaxSuppression", DATA_DECIDES_SHAPE),
    ("NonZero", DATA_DECIDES_SHAPE),
    ("Unique", DATA_DECIDES_SHAPE),
];

const DATA_DECIDES_SHAPE: &str =
    "How many results there are depends on the data, but every shape is fixed before a model runs.";

/// Why an operator is left out, if that is on purpose.
pub(super) fn left_out(name: &str) -> Option<&'static str> {
    LEFT_OUT.iter().find(|(known, _)| *known == name).map(|(_, reason)| *reason)
}

/// Every operator that can be imported, family by family, each in alphabetical order.
pub fn operators() -> Vec<OperatorInfo> {
    let entries = FAMILIES
        .iter()
        .flat_map(|(family, operators)| operators.iter().map(move |entry| (*family, entry)));
    let infos = entries.map(|(family, entry)| OperatorInfo {
        name: entry.name,
        domain: entry.domain,
        family,
        since: entry.since,
        until: entry.until,
        note: entry.note,
    });
    let mut infos: Vec<_> = infos.collect();
    let family = |name| FAMILIES.iter().position(|(family, _)| *family == name);
    infos.sort_by_cached_key(|info| (family(info.family), info.name.to_lowercase(), info.since));
    infos
}

/// The list of operators as a Markdown document: `docs/operators.md`.
pub fn operators_markdown() -> String {
    let operators = operators();
    let (oldest, newest) = (super::OLDEST_OPERATOR_SET, super::NEWEST_OPERATOR_SET);
    let mut text = format!(
        "# Operators\n\n\
         Tachy reads models that use versions {oldest} to {newest} of ONNX's operators. These are the {} operators \
         it knows.\nThe list is generated from the source code.\n",
        operators.len()
    );
    for (family, _) in FAMILIES {
        write!(text, "\n## {family}\n\n| Operator | Versions | Notes |\n|---|---|---|\n")
            .expect("text can be written to a string");
        for info in operators.iter().filter(|info| info.family == *family) {
            let domain = if info.domain.is_empty() { "" } else { "." };
            let line = format!(
                "| `{}{domain}{}` | {}–{} | {}",
                info.domain, info.name, info.since, info.until, info.note
            );
            writeln!(text, "{} |", line.trim_end()).expect("text can be written to a string");
        }
    }
    text.push_str("\n## Left out on purpose\n\n| Operator | Reason |\n|---|---|\n");
    for (name, reason) in LEFT_OUT {
        writeln!(text, "| `{name}` | {reason} |").expect("text can be written to a string");
    }
    text
}
