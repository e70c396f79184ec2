//! Traces of one program on two occasions, operation by operation.

use tachy_measure::{OperationDiff, TraceDiff, Unit};
use tachy_profile::trace::Operation;
use tachy_stats::Outcome;

use crate::look::{Look, Tone};
use crate::quantity::{percent, quantity, significant};
use crate::table::{Cell, Column, Table};

/// Operations that did not change and are shown nevertheless.
const UNCHANGED: usize = 10;

/// What changed, and beside it what stands out most among the rest.
pub fn trace_diff(diff: &TraceDiff, look: Look) -> String {
    let changed = diff.operations.iter().filter(|it| it.outcome() != Outcome::Unsure).count();
    let mut text = look.wrap("", &look.paint(Tone::Strong, &headline(diff, changed))) + "\n\n";
    let mut table = Table::new(vec![
        Column::left("operation"),
        Column::left("kind"),
        Column::left("verdict"),
        Column::right("before"),
        Column::right("after"),
        Column::right("beyond the rest"),
        Column::right("deviations"),
        Column::right("calls"),
        Column::right("costs"),
    ]);
    for operation in diff.operations.iter().take(changed + UNCHANGED) {
        table.row(cells(operation));
    }
    text += &table.render(look);
    let hidden = diff.operations.len().saturating_sub(changed + UNCHANGED);
    if hidden > 0 {
        text += &format!("… and {hidden} more that did not change.\n");
    }
    for (operation, before) in
        diff.operations.iter().filter_map(|it| Some((it, it.before.as_ref()?)))
    {
        let sentence = format!(
            "`{}` is computed in another way: {} instead of {}.",
            operation.operation.name,
            way(&operation.operation.detail),
            way(before)
        );
        text += &item(&sentence, look);
    }
    for (operations, words) in [
        (&diff.gone, "is on the first occasion alone"),
        (&diff.new, "is on the second occasion alone"),
    ] {
        text.extend(operations.iter().map(|operation| item(&alone(operation, words), look)));
    }
    text.push('\n');
    text + &look.wrap("", &method(diff)) + "\n"
}

fn headline(diff: &TraceDiff, changed: usize) -> String {
    let slower = diff.operations.iter().filter(|it| it.outcome() == Outcome::Slower);
    match (changed, slower.clone().next()) {
        (0, _) => "No operation has changed beyond what all share.".to_owned(),
        (_, Some(first)) => {
            let others = match slower.count() - 1 {
                0 => String::new(),
                1 => " and 1 other operation".to_owned(),
                others => format!(" and {others} other operations"),
            };
            format!("`{}`{others} became slower than the rest.", first.operation.name)
        }
        (1, None) => "1 operation became faster than the rest.".to_owned(),
        (changed, None) => format!("{changed} operations became faster than the rest."),
    }
}

fn cells(diff: &OperationDiff) -> Vec<Cell> {
    let tone = match diff.outcome() {
        Outcome::Slower => Tone::Bad,
        Outcome::Faster => Tone::Good,
        Outcome::Same | Outcome::Unsure => Tone::Quiet,
    };
    let verdict = match (diff.shift, diff.outcome()) {
        (None, _) => "too few calls".to_owned(),
        (_, Outcome::Unsure | Outcome::Same) => "as the rest".to_owned(),
        (_, outcome) => outcome.to_string(),
    };
    let [before, after] = diff.quick.map(|quick| quantity(quick, Unit::Seconds));
    let signed =
        |share: f64, text: String| format!("{}{text}", if share < 0.0 { "−" } else { "+" });
    let (beyond, deviations) = match diff.shift {
        Some(shift) => (
            signed(shift.beyond - 1.0, percent((shift.beyond - 1.0).abs())),
            signed(shift.deviations, significant(shift.deviations.abs())),
        ),
        None => ("–".to_owned(), "–".to_owned()),
    };
    vec![
        diff.operation.name.as_str().into(),
        diff.operation.category.as_str().into(),
        Cell::new(verdict, tone),
        before.into(),
        after.into(),
        beyond.into(),
        deviations.into(),
        format!("{} → {}", diff.calls[0], diff.calls[1]).into(),
        signed(diff.cost, quantity(diff.cost.abs(), Unit::Seconds)).into(),
    ]
}

fn way(detail: &str) -> &str {
    if detail.is_empty() { "unnamed" } else { detail }
}

fn alone(operation: &Operation, words: &str) -> String {
    match operation.category.as_str() {
        "" => format!("`{}` {words}.", operation.name),
        category => format!("`{}` ({category}) {words}.", operation.name),
    }
}

fn item(sentence: &str, look: Look) -> String {
    look.wrap("• ", &look.sentence(Tone::Plain, sentence)) + "\n"
}

fn method(diff: &TraceDiff) -> String {
    let common = match diff.common - 1.0 {
        share if share.abs() < 5e-4 => "take as long as before".to_owned(),
        share if share > 0.0 => format!("take {} longer than before", percent(share)),
        share => format!("take {} less than before", percent(-share)),
    };
    let of_processes = diff.processes.iter().any(|processes| *processes > 1);
    let spread = match (diff.spread, of_processes) {
        (share, false) if share < 5e-4 => "by no more than their own noise".to_owned(),
        (share, false) => format!("by {} (one deviation)", percent(share)),
        (share, true) if share < 5e-4 => "by no more than processes do".to_owned(),
        (share, true) => {
            format!("by {} (one deviation) more than processes do", percent(share))
        }
    };
    let occasion = |side: usize| {
        let wall = quantity(diff.wall[side], Unit::Seconds);
        match diff.processes[side] {
            1 => format!("`{}`, {wall} of wall time", diff.names[side]),
            processes => {
                format!("`{}`, {processes} processes, {wall} of wall time", diff.names[side])
            }
        }
    };
    let advice = match of_processes {
        true => "",
        false => {
            " Two processes of one program differ, too: several on each side tell smaller changes (`--processes`)."
        }
    };
    format!(
        "The operations of {}, compared with those of {}. Times are those that one in ten calls stays below. At the \
         median they {common}, which is taken out. Operations that did not change differ {spread}.{advice}",
        occasion(1),
        occasion(0),
    )
}
