//! Where the time of a run went.

use tachy_measure::Unit;
use tachy_profile::analysis::{Bottleneck, Hotspot, Hotspots};

use crate::look::{Look, Tone};
use crate::quantity::{percent, quantity, significant};
use crate::table::{Cell, Column, Table};

/// A row for each operation, those with most time of their own first, as many as asked for; one for the others, and one
/// for the time that is in none.
pub fn hotspots(hotspots: &Hotspots, rows: usize, look: Look) -> String {
    let mut columns = vec![
        Column::left("operation"),
        Column::left("kind"),
        Column::right("self"),
        Column::right("share"),
        Column::right("total"),
        Column::right("calls"),
        Column::right("median"),
        Column::right("GFLOP/s"),
        Column::right("GB/s"),
        Column::right("roofline"),
        Column::left("bound by"),
        Column::right("to win"),
        Column::left("how"),
    ];
    if hotspots.rows.iter().all(|row| row.operation.detail.is_empty()) {
        columns.pop();
    }
    let width = columns.len();
    let mut table = Table::new(columns);
    let (shown, others) = hotspots.rows.split_at(rows.min(hotspots.rows.len()));
    for row in shown {
        let mut cells = cells(row);
        cells.truncate(width);
        table.row(cells);
    }
    let mut sum = |name: &str, nanoseconds: u64, share: f64| {
        let mut cells = vec![
            Cell::new(name, Tone::Quiet),
            "".into(),
            time(nanoseconds as f64).into(),
            percent(share).into(),
        ];
        cells.resize_with(width, || "".into());
        table.row(cells);
    };
    if !others.is_empty() {
        let name = format!("{} others", others.len());
        let of = |part: fn(&Hotspot) -> f64| others.iter().map(part).sum::<f64>();
        sum(&name, of(|row| row.self_time as f64) as u64, of(|row| row.share));
    }
    sum("unattributed", hotspots.unattributed, hotspots.unattributed_share());
    table.render(look)
}

/// A time with its unit.
pub fn seconds(seconds: f64) -> String {
    quantity(seconds, Unit::Seconds)
}

/// A sentence on what holds a run up, as an item of a list.
pub fn bottleneck(bottleneck: &Bottleneck, look: Look) -> String {
    look.wrap("• ", &look.sentence(Tone::Plain, &bottleneck.sentence)) + "\n"
}

/// A paragraph on how something was recorded.
pub fn note(text: &str, look: Look) -> String {
    look.wrap("", &look.sentence(Tone::Plain, text)) + "\n"
}

fn time(nanoseconds: f64) -> String {
    seconds(nanoseconds * 1e-9)
}

fn cells(row: &Hotspot) -> Vec<Cell> {
    let rate = |rate: Option<f64>| match rate {
        Some(rate) if rate > 0.0 => significant(rate / 1e9),
        _ => "–".to_owned(),
    };
    let bytes = row.bytes_per_second.or(row.transferred_per_second);
    vec![
        row.operation.name.as_str().into(),
        row.operation.category.as_str().into(),
        time(row.self_time as f64).into(),
        percent(row.share).into(),
        time(row.total as f64).into(),
        row.calls.to_string().into(),
        time(row.median).into(),
        rate(row.flops_per_second).into(),
        rate(bytes).into(),
        row.roofline.map_or("–".to_owned(), |share| percent(share.min(1.0))).into(),
        row.bound.to_string().into(),
        row.potential.map_or("–".to_owned(), |share| percent(share / 100.0)).into(),
        Cell::new(&row.operation.detail, Tone::Quiet),
    ]
}
