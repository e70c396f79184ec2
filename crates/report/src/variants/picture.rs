//! Pictures of one model at one resolution: latency against error, and latency over batch sizes.

use std::fmt::Write as _;

use tachy_measure::Unit;
use tachy_measure::variants::Precision;
use tachy_runtime::Device;

use super::figures::{FamilyReport, Figures, Line, VariantReport};
use super::words::error_of;
use crate::html::plot::{BOTTOM, COLOURS, FRAME, Log, RIGHT, column, rule, short, svg};
use crate::html::text::escape;
use crate::quantity::{plain, quantity};

/// An interval from one value to so many times as much tells next to nothing.
const UNKNOWN: f64 = 10.0;
/// The room below the axis of errors for what has none.
const EXACT: f64 = 26.0;

type Point<'a> = (&'a Line<'a>, &'a Figures);

impl VariantReport<'_> {
    /// A point for each row of the least batch size: its time of a call, and its error. Nothing if nobody was timed.
    pub(super) fn error_picture(&self, family: &FamilyReport<'_>) -> String {
        let least = timed(family).map(|(line, _)| line.point.batch).min().flatten();
        let points: Vec<Point> =
            timed(family).filter(|(line, _)| line.point.batch == least).collect();
        let times = points.iter().flat_map(|(_, figures)| bounds(figures));
        let Some(x) = Log::new(times, FRAME.0, RIGHT) else { return String::new() };
        let errors = points.iter().map(|(_, figures)| figures.error);
        let y = Log::new(errors, BOTTOM - EXACT, FRAME.1);
        let mut out = title("error over the time of a call", least);
        time_grid(&x, &mut out);
        if let Some(y) = &y {
            for value in y.powers() {
                rule(y.at(value), &format!("{value:e}"), &mut out);
            }
        }
        if points.iter().any(|(_, figures)| figures.error == 0.0) {
            rule(BOTTOM - 6.0, "none", &mut out);
        }
        for (line, figures) in &points {
            let at = |y: Log| y.at(figures.error);
            let cy = y.filter(|_| figures.error > 0.0).map_or(BOTTOM - 6.0, at);
            let cx = x.at(figures.latency.value);
            let colour = self.colour(&line.row.device);
            if let Some(interval) = figures.latency.interval {
                // What lies beyond the axis ends at its ends.
                let (low, high) = (x.at(interval.low), x.at(interval.high));
                let _ = writeln!(
                    out,
                    "<path d=\"M{low:.1} {cy:.1}H{high:.1}\" stroke=\"{colour}\" stroke-width=\"1\"/>"
                );
            }
            mark(line, figures, (cx, cy), colour, &mut out);
        }
        self.legend(&points, false, &mut out);
        svg(&out, &format!("Error of {} over the time of a call", family.name))
    }

    /// A line for each device and precision over the batch sizes. Nothing where there are not two of them.
    pub(super) fn batch_picture(&self, family: &FamilyReport<'_>) -> String {
        let points: Vec<Point> =
            timed(family).filter(|(line, _)| line.point.batch.is_some()).collect();
        let batch = |line: &Line| line.point.items() as f64;
        let mut batches: Vec<usize> = points.iter().map(|(line, _)| line.point.items()).collect();
        batches.sort_unstable();
        batches.dedup();
        let times = points.iter().flat_map(|(_, figures)| bounds(figures));
        let sizes = points.iter().map(|(line, _)| batch(line));
        let axes = (Log::new(sizes, FRAME.0, RIGHT), Log::new(times, BOTTOM, FRAME.1));
        let (2.., (Some(x), Some(y))) = (batches.len(), axes) else { return String::new() };
        let mut out = title("time of a call over the batch size", None);
        for value in y.powers() {
            rule(y.at(value), &short(value), &mut out);
        }
        for size in batches {
            column(x.at(size as f64), &size.to_string(), &mut out);
        }
        for described in &self.comparison.devices {
            let colour = self.colour(&described.device);
            for precision in Precision::ALL {
                let own = points.iter().filter(|(line, _)| {
                    line.row.device == described.device && line.row.precision == precision
                });
                let own: Vec<&Point> = own.collect();
                let places = own.iter().map(|(line, figures)| {
                    format!("{:.1},{:.1}", x.at(batch(line)), y.at(figures.latency.value))
                });
                let places: Vec<String> = places.collect();
                let _ = writeln!(
                    out,
                    "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\"{}/>",
                    places.join(" "),
                    dashes(precision)
                );
                for (line, figures) in own {
                    let place = (x.at(batch(line)), y.at(figures.latency.value));
                    mark(line, figures, place, colour, &mut out);
                }
            }
        }
        self.legend(&points, true, &mut out);
        svg(&out, &format!("Time of a call of {} over the batch size", family.name))
    }

    fn colour(&self, device: &Device) -> &'static str {
        let mut devices = self.comparison.devices.iter();
        let place = devices.position(|described| described.device == *device).unwrap_or(0);
        COLOURS[place % COLOURS.len()]
    }

    /// The devices' colours and the precisions' marks, as far as there are several.
    fn legend(&self, points: &[Point<'_>], lines: bool, out: &mut String) {
        let (left, mut top) = (RIGHT + 14.0, FRAME.1 + 8.0);
        let mut entry = |symbol: String, name: String| {
            let _ = writeln!(
                out,
                "<g transform=\"translate({left} {top})\">{symbol}<text x=\"24\" y=\"4\" fill=\"currentColor\">{}</text></g>",
                escape(&name)
            );
            top += 18.0;
        };
        for described in &self.comparison.devices {
            if points.iter().any(|(line, _)| line.row.device == described.device) {
                let colour = self.colour(&described.device);
                let symbol =
                    format!("<path d=\"M0 0h18\" stroke=\"{colour}\" stroke-width=\"4\"/>");
                entry(symbol, described.device.to_string());
            }
        }
        let of = |precision| points.iter().any(|(line, _)| line.row.precision == precision);
        let precisions: Vec<Precision> =
            Precision::ALL.into_iter().filter(|precision| of(*precision)).collect();
        if precisions.len() > 1 {
            for precision in precisions {
                let line = match lines {
                    true => format!(
                        "<path d=\"M0 0h18\" stroke=\"currentColor\" stroke-width=\"1.6\"{}/>",
                        dashes(precision)
                    ),
                    false => String::new(),
                };
                let symbol = format!("{line}{}", symbol(precision, (9.0, 0.0), "currentColor", ""));
                entry(symbol, precision.to_string());
            }
        }
    }
}

fn timed<'a>(family: &'a FamilyReport<'_>) -> impl Iterator<Item = Point<'a>> {
    family.lines.iter().filter_map(|line| Some((line, line.figures.as_ref().ok()?)))
}

/// A time and the ends of its interval, unless that is so wide that it says nothing.
fn bounds(figures: &Figures) -> impl Iterator<Item = f64> {
    let says = |interval: &tachy_stats::Interval| interval.high < UNKNOWN * interval.low;
    let interval = figures.latency.interval.filter(says);
    let ends = interval.into_iter().flat_map(|interval| [interval.low, interval.high]);
    ends.chain([figures.latency.value])
}

fn title(text: &str, batch: Option<usize>) -> String {
    let batch = batch.map_or(String::new(), |batch| format!(", batch {batch}"));
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!(
        "<text x=\"{}\" y=\"18\" font-size=\"13\" font-weight=\"600\" fill=\"currentColor\">{first}{}{batch}</text>\n",
        FRAME.0,
        letters.as_str()
    )
}

/// Upright lines at round times: 1, 2 and 5 times each power of ten, or the powers alone where there are many.
fn time_grid(x: &Log, out: &mut String) {
    let wide = x.high / x.low > 100.0;
    let lowest = x.low.log10().floor() as i32;
    let powers = (lowest..=x.high.log10().floor() as i32).map(|power| 10f64.powi(power));
    let steps: &[f64] = if wide { &[1.0] } else { &[1.0, 2.0, 5.0] };
    for power in powers {
        for value in steps.iter().map(|step| step * power) {
            if (x.low..=x.high).contains(&value) {
                column(x.at(value), &short(value), out);
            }
        }
    }
}

/// Lines of different precisions can be told apart without colours.
fn dashes(precision: Precision) -> &'static str {
    match precision {
        Precision::F32 => "",
        Precision::F16 => " stroke-dasharray=\"6 3\"",
        Precision::Bf16 => " stroke-dasharray=\"2 3\"",
    }
}

/// A mark with what it stands for: a circle for f32, a square for f16, a triangle for bf16.
fn mark(line: &Line<'_>, figures: &Figures, place: (f64, f64), colour: &str, out: &mut String) {
    let batch = line.point.batch.map_or(String::new(), |batch| format!(", batch {batch}"));
    let text = plain(&format!(
        "{} in {}{batch}: {}, error {}",
        line.row.device,
        line.row.precision,
        quantity(figures.latency.value, Unit::Seconds),
        error_of(figures)
    ));
    let title = format!("<title>{}</title>", escape(&text));
    let _ = writeln!(out, "{}", symbol(line.row.precision, place, colour, &title));
}

fn symbol(precision: Precision, (x, y): (f64, f64), colour: &str, title: &str) -> String {
    match precision {
        Precision::F32 => {
            format!(
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{colour}\">{title}</circle>"
            )
        }
        Precision::F16 => format!(
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"7.6\" height=\"7.6\" fill=\"{colour}\">{title}</rect>",
            x - 3.8,
            y - 3.8
        ),
        Precision::Bf16 => format!(
            "<polygon points=\"{:.1},{:.1} {:.1},{:.1} {x:.1},{:.1}\" fill=\"{colour}\">{title}</polygon>",
            x - 4.6,
            y + 3.8,
            x + 4.6,
            y + 3.8,
            y - 4.6
        ),
    }
}
