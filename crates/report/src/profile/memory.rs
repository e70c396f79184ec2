//! Who held how much.

use tachy_measure::Unit;
use tachy_profile::memory::{EngineFigures, MemoryReport};

use crate::look::{Look, Tone};
use crate::quantity::quantity;
use crate::table::{Cell, Column, Table};

/// A row for each purpose on each device that the tracker was told of, and for each time an engine told its own figures;
/// then a line for each engine that has none.
pub fn memory(report: &MemoryReport, look: Look) -> String {
    let mut table = Table::new(vec![
        Column::left("memory on"),
        Column::left("for"),
        Column::left("when"),
        Column::right("held"),
        Column::right("peak"),
        Column::right("reserved"),
        Column::left("counted by"),
    ]);
    let mut row = |[device, purpose, when, source]: [&str; 4], figures: EngineFigures| {
        table.row(vec![
            device.into(),
            purpose.into(),
            when.into(),
            bytes(figures.active).into(),
            bytes(figures.peak).into(),
            bytes(figures.reserved).into(),
            Cell::new(source, Tone::Quiet),
        ]);
    };
    let mut rows = 0;
    for device in &report.devices {
        for purpose in &device.purposes {
            let figures = EngineFigures {
                active: Some(purpose.figures.current),
                peak: Some(purpose.figures.peak),
                reserved: None,
            };
            row([&device.device, &purpose.purpose, "", "its allocations"], figures);
            rows += 1;
        }
    }
    for engine in &report.engines {
        for reading in &engine.readings {
            let when = reading.occasion.name();
            row([&engine.device, &engine.purpose, when, &engine.source], reading.figures);
            rows += 1;
        }
    }
    let silent = report.engines.iter().filter(|engine| engine.readings.is_empty());
    let silent: String = silent
        .map(|engine| look.wrap("", &look.sentence(Tone::Plain, &engine.source)) + "\n")
        .collect();
    if rows > 0 { table.render(look) + &silent } else { silent }
}

fn bytes(value: Option<u64>) -> String {
    value.map_or("–".to_owned(), |value| quantity(value as f64, Unit::Bytes))
}
