//! Times over sizes as a picture: both axes logarithmic, a line for each device, a mark where one overtakes another.

use std::fmt::Write as _;

use tachy_measure::Unit;
use tachy_measure::operators::Transfers;
use tachy_stats::Crossover;

use super::crossings::crossing;
use super::figures::{FamilyReport, OperatorReport};
use crate::html::plot::{BOTTOM, COLOURS, FRAME, Log, PANEL, RIGHT, column, rule, short, svg};
use crate::html::text::escape;
use crate::quantity::{plain, quantity};

impl OperatorReport<'_> {
    /// All families as one SVG file that stands alone.
    pub fn svg(&self) -> String {
        let panels: Vec<String> = self
            .families
            .iter()
            .map(|family| self.panel(family))
            .filter(|p| !p.is_empty())
            .collect();
        let mut body = String::new();
        for (place, panel) in panels.iter().enumerate() {
            let y = place as f64 * PANEL.1;
            let _ = writeln!(body, "<g transform=\"translate(0 {y})\">\n{panel}</g>");
        }
        let height = PANEL.1 * panels.len().max(1) as f64;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {height}\" width=\"{}\" height=\"{height}\" \
             font-family=\"sans-serif\" font-size=\"11\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{body}</svg>\n",
            PANEL.0, PANEL.0
        )
    }

    /// One family as a picture in a page.
    pub(super) fn figure(&self, family: &FamilyReport) -> String {
        let panel = self.panel(family);
        if panel.is_empty() {
            return panel;
        }
        svg(&panel, &format!("Times of {} over sizes", family.family))
    }

    /// The lines of one family; nothing if nobody was timed.
    fn panel(&self, family: &FamilyReport) -> String {
        let timed =
            || family.lines.iter().filter_map(|line| Some((line, line.figures.as_ref().ok()?)));
        let times = timed().flat_map(|(_, rates)| [Some(rates.run.value), rates.call]).flatten();
        let x = Log::new(timed().map(|(line, _)| line.size as f64), FRAME.0, RIGHT);
        let y = Log::new(times, BOTTOM, FRAME.1);
        let (Some(x), Some(y)) = (x, y) else { return String::new() };
        let mut out = String::new();
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"18\" font-size=\"13\" font-weight=\"600\" fill=\"currentColor\">{}: time of a run (solid) and \
             with transfers (dashed)</text>",
            FRAME.0,
            escape(&family.family.to_string())
        );
        for value in y.powers() {
            rule(y.at(value), &short(value), &mut out);
        }
        let mut sizes: Vec<usize> = family.lines.iter().map(|line| line.size).collect();
        sizes.dedup();
        for size in sizes {
            column(x.at(size as f64), &size.to_string(), &mut out);
        }
        let devices = self.comparison.devices.iter().map(|described| &described.device);
        let mut legend = FRAME.1 + 8.0;
        for (device, colour) in devices.zip(COLOURS.iter().cycle()) {
            let own: Vec<_> = timed().filter(|(line, _)| line.device == device).collect();
            if own.is_empty() {
                continue;
            }
            let path = |value: &dyn Fn(usize) -> Option<f64>| -> String {
                let points = own.iter().enumerate().filter_map(|(place, (line, _))| {
                    Some(format!("{:.1},{:.1}", x.at(line.size as f64), y.at(value(place)?)))
                });
                points.collect::<Vec<_>>().join(" ")
            };
            let runs = path(&|place| Some(own[place].1.run.value));
            let calls = path(&|place| own[place].1.call);
            let _ = writeln!(
                out,
                "<polyline points=\"{calls}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1\" stroke-dasharray=\"4 3\"/>\n\
                 <polyline points=\"{runs}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>"
            );
            for (line, rates) in &own {
                let _ = writeln!(
                    out,
                    "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"2.5\" fill=\"{colour}\"><title>{}</title></circle>",
                    x.at(line.size as f64),
                    y.at(rates.run.value),
                    escape(&plain(&format!(
                        "{device}, {}: {}",
                        line.size,
                        quantity(rates.run.value, Unit::Seconds)
                    )))
                );
            }
            let left = RIGHT + 14.0;
            let _ = writeln!(
                out,
                "<path d=\"M{left} {legend}h18\" stroke=\"{colour}\" stroke-width=\"2\"/>\
                 <text x=\"{}\" y=\"{}\" fill=\"currentColor\">{}</text>",
                left + 24.0,
                legend + 4.0,
                escape(&device.to_string())
            );
            legend += 18.0;
        }
        self.marks(family, &x, &y, &mut out);
        out
    }

    /// A mark at each crossover of runs, with its interval, on the line of who is faster beyond it.
    fn marks(&self, family: &FamilyReport, x: &Log, y: &Log, out: &mut String) {
        let name = family.family.to_string();
        let own = self.crossings.iter().filter(|crossings| {
            crossings.family == name && crossings.transfers == Transfers::Without
        });
        for pair in own.flat_map(crossing) {
            for crossover in &pair.crossovers.crossovers {
                let Crossover { size, interval, .. } = *crossover;
                let Some(seconds) = time_at(family, &pair.first.to_string(), size) else {
                    continue;
                };
                let (cx, cy) = (x.at(size), y.at(seconds));
                if let Some(interval) = interval {
                    let (low, high) = (x.at(interval.low), x.at(interval.high));
                    let _ = writeln!(
                        out,
                        "<path d=\"M{low:.1} {cy:.1}H{high:.1}\" stroke=\"currentColor\" stroke-width=\"1\"/>"
                    );
                }
                let _ = writeln!(
                    out,
                    "<circle cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"5\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.2\">\
                     <title>{}</title></circle>",
                    escape(&super::crossings::sentence(pair))
                );
            }
        }
    }
}

/// The time of a run at a size between those that were measured, where both lie on a logarithmic scale.
fn time_at(family: &FamilyReport, device: &str, size: f64) -> Option<f64> {
    let points: Vec<(f64, f64)> = family
        .lines
        .iter()
        .filter(|line| line.device.to_string() == device)
        .filter_map(|line| Some((line.size as f64, line.figures.as_ref().ok()?.run.value)))
        .collect();
    points.windows(2).find(|pair| pair[0].0 <= size && size <= pair[1].0).map(|pair| {
        let share = (size / pair[0].0).ln() / (pair[1].0 / pair[0].0).ln();
        (pair[0].1.ln() + share * (pair[1].1 / pair[0].1).ln()).exp()
    })
}
