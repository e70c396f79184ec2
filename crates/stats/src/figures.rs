//! Figures as people write them.

use std::fmt;

/// A ratio with three decimals around 1, and with three significant digits or more further off.
pub(crate) struct Ratio(pub(crate) f64);

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exponent = self.0.log10().floor().clamp(-300.0, 300.0) as i32;
        let decimals = if exponent < -1 { 2 - exponent } else { (3 - exponent).clamp(0, 3) };
        write!(f, "{:.*}", decimals as usize, self.0)
    }
}

/// A level as people write it: 95%, 99.82%.
pub(crate) struct Percent(pub(crate) f64);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:.2}", self.0 * 100.0);
        write!(f, "{}%", digits.trim_end_matches('0').trim_end_matches('.'))
    }
}
