//! What pictures with lines have in common: their size, their colours, a logarithmic axis, the lines of their grid.

use std::fmt::Write as _;

use tachy_measure::Unit;

use crate::html::text::escape;
use crate::quantity::{plain, quantity};

/// The size of one panel.
pub(crate) const PANEL: (f64, f64) = (640.0, 400.0);
/// What is left free around the lines: left, top, right, bottom.
pub(crate) const FRAME: (f64, f64, f64, f64) = (70.0, 34.0, 150.0, 40.0);
/// Where the lines end below.
pub(crate) const BOTTOM: f64 = PANEL.1 - FRAME.3;
/// Where the lines end at the right.
pub(crate) const RIGHT: f64 = PANEL.0 - FRAME.2;
/// Told apart by those who do not see all colours, too (Okabe and Ito, 2008).
pub(crate) const COLOURS: [&str; 8] =
    ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8A6D00", "#666666"];

/// A logarithmic axis.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Log {
    pub(crate) low: f64,
    pub(crate) high: f64,
    from: f64,
    to: f64,
}

impl Log {
    pub(crate) fn new(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Option<Self> {
        let (low, high) = values
            .filter(|value| value.is_finite() && *value > 0.0)
            .fold((f64::INFINITY, 0.0f64), |(low, high), value| (low.min(value), high.max(value)));
        // A single value gets room around it.
        let room = if high > low * 1.01 { 1.1 } else { 2.0 };
        (high > 0.0).then_some(Self { low: low / room, high: high * room, from, to })
    }

    pub(crate) fn at(&self, value: f64) -> f64 {
        let share = (value / self.low).ln() / (self.high / self.low).ln();
        self.from + (self.to - self.from) * share.clamp(0.0, 1.0)
    }

    /// The powers of ten on the axis.
    pub(crate) fn powers(&self) -> impl Iterator<Item = f64> + use<> {
        let powers = (self.low.log10().ceil() as i32)..=(self.high.log10().floor() as i32);
        powers.map(|power| 10f64.powi(power))
    }
}

/// One panel as a picture in a page.
pub(crate) fn svg(content: &str, label: &str) -> String {
    format!(
        "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\" font-size=\"11\">\n{content}</svg>\n",
        PANEL.0,
        PANEL.1,
        escape(label)
    )
}

/// A level line of the grid, with its label at the left.
pub(crate) fn rule(y: f64, label: &str, out: &mut String) {
    let _ = writeln!(
        out,
        "<path d=\"M{} {y:.1}H{RIGHT}\" stroke=\"#8888\" stroke-width=\"0.6\"/>\
         <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"currentColor\">{label}</text>",
        FRAME.0,
        FRAME.0 - 6.0,
        y + 4.0
    );
}

/// An upright line of the grid, with its label below.
pub(crate) fn column(x: f64, label: &str, out: &mut String) {
    let _ = writeln!(
        out,
        "<path d=\"M{x:.1} {}V{BOTTOM}\" stroke=\"#8888\" stroke-width=\"0.4\"/>\
         <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"currentColor\">{label}</text>",
        FRAME.1,
        BOTTOM + 16.0
    );
}

/// A time without needless digits.
pub(crate) fn short(seconds: f64) -> String {
    plain(&quantity(seconds, Unit::Seconds)).replace(".00", "").replace(".0", "")
}
