//! What devices reach at best, for a terminal.

use std::collections::BTreeSet;

use tachy_measure::operators::{Peaks, Rate};

use crate::look::{Look, Tone};
use crate::quantity::significant;
use crate::table::{Cell, Column, Table};
use crate::terminal::{block, quiet};

/// A table of devices: bandwidth, and the rate of products by element type; what is absent says why below it.
pub fn peaks(peaks: &Peaks, look: Look) -> String {
    let dtypes: BTreeSet<&String> =
        peaks.devices.iter().flat_map(|device| device.products.keys()).collect();
    let titles: Vec<String> = dtypes.iter().map(|dtype| format!("{dtype} GFLOP/s")).collect();
    let mut columns = vec![Column::left("device"), Column::right("GB/s")];
    columns.extend(titles.iter().map(|title| Column::right(title)));
    let mut table = Table::new(columns);
    let mut absent: Vec<(String, String)> = Vec::new();
    for device in &peaks.devices {
        let name = device.device.to_string();
        let mut cell = |what: &str, rate: Option<&Rate>| match rate {
            Some(Rate::Known { per_second, .. }) => Cell::from(significant(per_second / 1e9)),
            Some(Rate::Absent { reason }) => {
                absent.push((name.clone(), format!("{what}: {reason}")));
                Cell::new("–", Tone::Quiet)
            }
            None => Cell::new("–", Tone::Quiet),
        };
        let bandwidth = cell("bandwidth", Some(&device.bandwidth));
        let products: Vec<Cell> =
            dtypes.iter().map(|dtype| cell(dtype, device.products.get(*dtype))).collect();
        let mut row = vec![Cell::from(name.clone()), bandwidth];
        row.extend(products);
        table.row(row);
    }
    let blocks = [
        table.render(look),
        block(look, Tone::Quiet, "Absent", &absent),
        quiet(
            look,
            "GB/s are those read and written in sums of large matrices of f32, GFLOP/s those of large products: the best that \
             each device reached through its own engine.",
        ),
    ];
    blocks.into_iter().filter(|block| !block.is_empty()).collect::<Vec<_>>().join("\n")
}
