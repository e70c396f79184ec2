//! Where a processor was found.

use tachy_profile::analysis::{FunctionRow, Functions};

use super::seconds;
use crate::look::{Look, Tone};
use crate::quantity::percent;
use crate::table::{Cell, Column, Table};

/// A row for each function, those with most time of their own first, as many as asked for; then how much that rests on.
/// The weight of the stacks is time, in nanoseconds.
pub fn functions(functions: &Functions, rows: usize, look: Look) -> String {
    let mut table = Table::new(vec![
        Column::left("function"),
        Column::right("self"),
        Column::right("share"),
        Column::right("total"),
        Column::left("mostly in"),
    ]);
    let own = functions.rows.iter().filter(|row| row.own > 0);
    let (shown, hidden) = (own.clone().take(rows), own.clone().skip(rows));
    for row in shown {
        table.row(vec![
            without_paths(&row.name).into(),
            time(row.own).into(),
            percent(row.share).into(),
            time(row.total).into(),
            Cell::new(place(row), Tone::Quiet),
        ]);
    }
    let (count, rest) = hidden.fold((0, 0), |(count, sum), row| (count + 1, sum + row.own));
    if count > 0 {
        table.row(vec![
            Cell::new(format!("{count} others"), Tone::Quiet),
            time(rest).into(),
            percent(rest as f64 / functions.weight.max(1) as f64).into(),
            "".into(),
            "".into(),
        ]);
    }
    let note = look.wrap("", &look.sentence(Tone::Plain, &evidence(functions)));
    let rows = if functions.samples == 0 { String::new() } else { table.render(look) };
    format!("{rows}{note}\n")
}

/// The operation that it was mostly found in.
pub(crate) fn place(row: &FunctionRow) -> String {
    match &row.operation {
        Some(operation) if row.operation_share < 0.995 => {
            format!("{operation} ({})", percent(row.operation_share))
        }
        Some(operation) => operation.clone(),
        None => "no operation".to_owned(),
    }
}

/// How much the shares rest on.
pub(crate) fn evidence(functions: &Functions) -> String {
    match functions.samples {
        0 => "No call stack was sampled: the processor worked for less than the time from one sample to the next."
            .to_owned(),
        1 => "That is one sample of a call stack, which proves little.".to_owned(),
        samples => format!(
            "That is {samples} samples of call stacks, one in {} of the processor's time; a share is off by some {} at most.",
            time(functions.weight / samples),
            // Twice the standard deviation of a binomial share, where it is largest.
            percent(1.0 / (samples as f64).sqrt()),
        ),
    }
}

fn time(nanoseconds: u64) -> String {
    seconds(nanoseconds as f64 * 1e-9)
}

/// The name without the beginnings of its paths: three parts are left of what is named, one of what is in brackets.
pub(crate) fn without_paths(name: &str) -> String {
    let of_path = |letter: char| letter.is_alphanumeric() || "_:{}#".contains(letter);
    let (mut short, mut depth) = (String::new(), 0usize);
    for piece in name.split_inclusive(|letter| !of_path(letter)) {
        let (path, end) = piece.split_at(piece.trim_end_matches(|letter| !of_path(letter)).len());
        short += &last_parts(path, if depth == 0 { 3 } else { 1 });
        short += end;
        match end {
            "<" => depth += 1,
            ">" => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    short
}

/// So many of a path's last parts; closures are not counted, as they have no name of their own.
fn last_parts(path: &str, mut count: usize) -> String {
    let mut parts: Vec<&str> = path.rsplit("::").collect();
    let end = parts.iter().position(|part| {
        let spent = count == 0;
        count -= usize::from(!spent && !part.starts_with('{'));
        spent
    });
    parts.truncate(end.unwrap_or(parts.len()));
    parts.reverse();
    parts.join("::")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shortened() {
        assert_eq!(without_paths("main"), "main");
        assert_eq!(
            without_paths("tachy_kernels::product::direct::block"),
            "product::direct::block"
        );
        assert_eq!(without_paths("a::b::c::run::{{closure}}"), "b::c::run::{{closure}}");
        assert_eq!(
            without_paths("<alloc::vec::Vec<T> as core::iter::Iterator>::next"),
            "<Vec<T> as Iterator>::next"
        );
    }
}
