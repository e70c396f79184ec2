//! What pictures with lines have in common: their size, their colours, a logarithmic axis.

/// The size of one panel.
pub(crate) const PANEL: (f64, f64) = (640.0, 400.0);
/// What is left free around the lines: left, top, right, bottom.
pub(crate) const FRAME: (f64, f64, f64, f64) = (70.0, 34.0, 150.0, 40.0);
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
