//! Quantities as people read them: three significant digits and the unit that suits.

use tachy_measure::Unit;

/// Between a number and its unit, so that no line breaks there. Plain text gets a plain blank for it in the end.
pub(crate) const NO_BREAK: char = '\u{a0}';

/// Text with plain blanks only.
pub(crate) fn plain(text: &str) -> String {
    text.replace(NO_BREAK, " ")
}

/// A unit of display: how many base units it holds, and its symbol.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scale {
    pub(crate) size: f64,
    pub(crate) symbol: &'static str,
}

const TIMES: [Scale; 4] = [
    Scale { size: 1e-9, symbol: "ns" },
    Scale { size: 1e-6, symbol: "µs" },
    Scale { size: 1e-3, symbol: "ms" },
    Scale { size: 1.0, symbol: "s" },
];

const SIZES: [Scale; 5] = [
    Scale { size: 1.0, symbol: "B" },
    Scale { size: 1024.0, symbol: "KiB" },
    Scale { size: 1_048_576.0, symbol: "MiB" },
    Scale { size: 1_073_741_824.0, symbol: "GiB" },
    Scale { size: 1_099_511_627_776.0, symbol: "TiB" },
];

const COUNTS: [Scale; 5] = [
    Scale { size: 1.0, symbol: "" },
    Scale { size: 1e3, symbol: "k" },
    Scale { size: 1e6, symbol: "M" },
    Scale { size: 1e9, symbol: "G" },
    Scale { size: 1e12, symbol: "T" },
];

const ENERGIES: [Scale; 5] = [
    Scale { size: 1e-9, symbol: "nJ" },
    Scale { size: 1e-6, symbol: "µJ" },
    Scale { size: 1e-3, symbol: "mJ" },
    Scale { size: 1.0, symbol: "J" },
    Scale { size: 1e3, symbol: "kJ" },
];

const POWERS: [Scale; 3] = [
    Scale { size: 1e-3, symbol: "mW" },
    Scale { size: 1.0, symbol: "W" },
    Scale { size: 1e3, symbol: "kW" },
];

impl Scale {
    const fn all(unit: Unit) -> &'static [Scale] {
        match unit {
            Unit::Seconds => &TIMES,
            Unit::Bytes => &SIZES,
            Unit::Count => &COUNTS,
            Unit::Joules => &ENERGIES,
            Unit::Watts => &POWERS,
        }
    }

    /// The largest unit in which the value is at least one once it is rounded.
    pub(crate) fn of(value: f64, unit: Unit) -> Self {
        let all = Self::all(unit);
        // 999.6 µs reads 1.00 ms: three digits round up to the next unit.
        let reaches = |scale: &&Scale| value / scale.size >= 0.9995;
        *all.iter().rev().find(reaches).unwrap_or(&all[0])
    }

    /// One unit for a whole column, unless its values are too far apart to share one.
    pub(crate) fn shared(values: &[f64], unit: Unit) -> Option<Self> {
        let present = || values.iter().copied().filter(|value| *value > 0.0);
        let least = present().min_by(f64::total_cmp)?;
        let most = present().max_by(f64::total_cmp)?;
        let (small, large) = (Self::of(least, unit), Self::of(most, unit));
        let in_large = (least / large.size >= 0.1).then_some(large);
        let in_small = (most / small.size < 1e4).then_some(small);
        match unit {
            Unit::Seconds | Unit::Count | Unit::Joules | Unit::Watts => in_large.or(in_small),
            // 1250 MiB beside 134 MiB, not 1.22 GiB beside 0.131 GiB: there are 1024 of one in the other.
            Unit::Bytes => in_small.or(in_large),
        }
    }

    /// The number alone, in this unit.
    pub(crate) fn number(self, value: f64) -> String {
        significant(value / self.size)
    }

    /// The number and the unit.
    pub(crate) fn show(self, value: f64) -> String {
        match self.symbol {
            "" => self.number(value),
            symbol => format!("{}{NO_BREAK}{symbol}", self.number(value)),
        }
    }
}

/// A quantity in the unit that suits it: `58.2 ms`, `45.3 MiB`.
pub(crate) fn quantity(value: f64, unit: Unit) -> String {
    Scale::of(value, unit).show(value)
}

/// A range with the unit once: `57.4–59.1 ms`.
pub(crate) fn range(low: f64, high: f64, unit: Unit) -> String {
    let scale = Scale::shared(&[low, high], unit);
    match scale {
        Some(scale) => format!("{}–{}", scale.number(low), scale.show(high)),
        None => format!("{}–{}", quantity(low, unit), quantity(high, unit)),
    }
}

/// At least three significant digits; zero is zero.
pub(crate) fn significant(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let decimals = |value: f64| (2 - value.abs().log10().floor() as i32).clamp(0, 12) as usize;
    let places = decimals(value);
    // Rounding may carry into a new digit: 9.996 is 10.0, not 10.00.
    let power = 10f64.powi(places as i32);
    let places = decimals((value * power).round() / power);
    format!("{value:.places$}")
}

/// A count: `11.7 M`, `532 k`, `12`.
pub(crate) fn count(value: u64) -> String {
    let value = value as f64;
    match value {
        0.0..1e3 => format!("{value}"),
        1e3..999_500.0 => format!("{}{NO_BREAK}k", significant(value / 1e3)),
        999_500.0..999_500_000.0 => format!("{}{NO_BREAK}M", significant(value / 1e6)),
        _ => format!("{}{NO_BREAK}G", significant(value / 1e9)),
    }
}

/// Ratios with two decimals near one, with three where their interval is that narrow, with fewer far from one.
pub(crate) fn ratio(value: f64, width: f64) -> String {
    match value {
        ..9.995 if width < 0.02 => format!("{value:.3}"),
        ..9.995 => format!("{value:.2}"),
        ..99.95 => format!("{value:.1}"),
        ..999.5 => format!("{value:.0}"),
        _ => {
            let power = 10f64.powf(value.log10().floor() - 2.0);
            format!("{:.0}", (value / power).round() * power)
        }
    }
}

/// A share as a percentage of two significant digits: `1.4%`, `12%`, `0.05%`.
pub(crate) fn percent(share: f64) -> String {
    let percent = share.abs() * 100.0;
    let places = match percent {
        ..0.0095 => return "<0.01%".to_owned(),
        ..0.095 => 2,
        ..9.95 => 1,
        _ => 0,
    };
    format!("{percent:.places$}%")
}

/// A level of confidence: `95%`, `99.2%`.
pub(crate) fn level(level: f64) -> String {
    let digits = format!("{:.1}", level * 100.0);
    format!("{}%", digits.strip_suffix(".0").unwrap_or(&digits))
}

/// An error of outputs: `3.1e-7`.
pub(crate) fn error(value: f64) -> String {
    match value {
        0.0 => "0".to_owned(),
        v if v.is_infinite() => "∞".to_owned(),
        v if (0.001..1000.0).contains(&v) => significant(v),
        v => format!("{v:.1e}").replace(".0e", "e"),
    }
}

/// A duration: `4.2 s`, `3 min 12 s`, `1 h 5 min`.
pub(crate) fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{seconds:.1}{NO_BREAK}s"),
        60..3600 => format!("{}{NO_BREAK}min {}{NO_BREAK}s", whole / 60, whole % 60),
        _ => format!("{}{NO_BREAK}h {}{NO_BREAK}min", whole / 3600, whole % 3600 / 60),
    }
}

/// A moment in seconds since 1970, as `2026-05-01 12:30 UTC`.
pub(crate) fn moment(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Counted in eras of 400 years from 1 March, so that a leap day is the last of its year.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02} UTC", rest / 3600, rest % 3600 / 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_and_the_unit_that_suits() {
        let time = |value| plain(&quantity(value, Unit::Seconds));
        assert_eq!(time(58.23e-3), "58.2 ms");
        assert_eq!(time(812.4e-6), "812 µs");
        assert_eq!(time(1.2), "1.20 s");
        assert_eq!(time(999.6e-6), "1.00 ms");
        assert_eq!(time(9.996e-3), "10.0 ms");
        assert_eq!(time(0.0), "0 ns");
        assert_eq!(plain(&quantity(3.21e-4, Unit::Joules)), "321 µJ");
        assert_eq!(plain(&quantity(64.2, Unit::Watts)), "64.2 W");
        assert_eq!(plain(&quantity(47_500_000.0, Unit::Bytes)), "45.3 MiB");
        assert_eq!(plain(&range(57.44e-3, 59.1e-3, Unit::Seconds)), "57.4–59.1 ms");
    }

    #[test]
    fn a_column_shares_a_unit_where_it_can() {
        let shared = |values: &[f64]| Scale::shared(values, Unit::Seconds).map(|s| s.symbol);
        assert_eq!(shared(&[812e-6, 1.2e-3, 5.4e-3]), Some("ms"));
        assert_eq!(shared(&[58.2e-3, 1.2]), Some("ms"));
        assert_eq!(shared(&[3e-6, 1.2]), None);
        assert_eq!(shared(&[]), None);
    }

    #[test]
    fn shares_counts_and_errors() {
        assert_eq!(percent(0.0142), "1.4%");
        assert_eq!(percent(0.125), "12%");
        assert_eq!(percent(0.00001), "<0.01%");
        assert_eq!(plain(&count(11_689_512)), "11.7 M");
        assert_eq!(plain(&count(999_900)), "1.00 M");
        assert_eq!(ratio(14_102.0, 9e9), "14100");
        assert_eq!(error(3.14e-7), "3.1e-7");
        assert_eq!(error(f64::INFINITY), "∞");
        assert_eq!(level(0.95), "95%");
    }

    #[test]
    fn moments_and_durations() {
        assert_eq!(moment(0), "1970-01-01 00:00 UTC");
        assert_eq!(moment(951_827_696), "2000-02-29 12:34 UTC");
        assert_eq!(moment(1_767_225_599), "2025-12-31 23:59 UTC");
        assert_eq!(plain(&duration(192.2)), "3 min 12 s");
    }
}
