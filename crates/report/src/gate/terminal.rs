//! A check for a terminal.

use tachy_measure::gate::{Class, Conclusion, Status};

use super::words::{class, compared, headline, method, occasion, subject};
use crate::look::{Look, Tone};
use crate::quantity::{Scale, plain, quantity};
use crate::sentences::{bracket, times};
use crate::table::{Cell, Column, Table};

/// The check for a terminal: what follows in a sentence, the table, the reasons, and where it was measured.
pub fn terminal(conclusion: &Conclusion, look: Look) -> String {
    let tone = match conclusion.status() {
        Status::AllPass if conclusion.is_unsure() => Tone::Caution,
        Status::AllPass => Tone::Good,
        Status::Incomplete => Tone::Caution,
        _ => Tone::Bad,
    };
    let line = |tone, text: &str| look.wrap("", &look.sentence(tone, text)) + "\n";
    let mut blocks =
        vec![line(tone, &headline(conclusion)), line(Tone::Plain, &compared(conclusion))];
    let table = table(conclusion);
    if !table.is_empty() {
        blocks.push(table.render(look));
    }
    blocks.push(notes(conclusion, look));
    blocks.push(quiet(look, &method(conclusion)) + &quiet(look, &occasion(conclusion)));
    blocks.retain(|block| !block.is_empty());
    plain(&blocks.join("\n"))
}

fn table(conclusion: &Conclusion) -> Table {
    let mut table = Table::new(vec![
        Column::left("benchmark"),
        Column::left("metric"),
        Column::right("before"),
        Column::right("here"),
        Column::right("ratio"),
        Column::left("interval").joined(),
        Column::left("verdict"),
    ]);
    for verdict in &conclusion.verdicts {
        let unit = verdict.metric.unit();
        let scale = Scale::shared(&verdict.medians, unit);
        let show = |value| scale.map_or_else(|| quantity(value, unit), |scale| scale.show(value));
        let tone = match verdict.class {
            Class::Regression(_) => Tone::Bad,
            Class::Improvement => Tone::Good,
            Class::Tolerated | Class::Unsure => Tone::Caution,
            Class::Same | Class::Within => Tone::Plain,
        };
        let ratio = &verdict.ratio;
        table.row(vec![
            Cell::new(&verdict.name, Tone::Strong),
            verdict.metric.name().into(),
            show(verdict.medians[0]).into(),
            show(verdict.medians[1]).into(),
            times(ratio).into(),
            Cell::new(bracket(ratio), Tone::Quiet),
            Cell::new(class(verdict), tone),
        ]);
    }
    table
}

fn notes(conclusion: &Conclusion, look: Look) -> String {
    let mut notes = String::new();
    let mut note = |sign: &str, tone: Tone, text: &str| {
        let first = format!("{} ", look.paint(tone, sign));
        notes += &look.wrap(&first, &look.sentence(Tone::Plain, text));
        notes.push('\n');
    };
    for failure in &conclusion.failures {
        note("✗", Tone::Bad, &format!("`{}`: {}.", failure.name, failure.how));
    }
    for verdict in &conclusion.verdicts {
        if verdict.class == Class::Unsure {
            let text = format!("`{}`: {}.", subject(verdict, conclusion), verdict.reason);
            note("?", Tone::Caution, &text);
        }
    }
    if let Some(alarm) = conclusion.alarm {
        note("!", Tone::Caution, &format!("{alarm}."));
    }
    notes
}

fn quiet(look: Look, text: &str) -> String {
    let lines = look.wrap("", text);
    lines.lines().map(|line| look.paint(Tone::Quiet, line) + "\n").collect()
}
