//! Figures as people read them.

/// A time with three digits and its unit.
pub(crate) fn time(nanoseconds: f64) -> String {
    scaled(nanoseconds, &[(1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns")])
}

/// Floating-point operations a second.
pub(crate) fn flops(rate: f64) -> String {
    scaled(rate, &[(1e12, "TFLOP/s"), (1e9, "GFLOP/s"), (1e6, "MFLOP/s"), (1.0, "FLOP/s")])
}

/// Bytes a second.
pub(crate) fn bandwidth(rate: f64) -> String {
    scaled(rate, &[(1e12, "TB/s"), (1e9, "GB/s"), (1e6, "MB/s"), (1.0, "B/s")])
}

/// A number of bytes.
#[cfg(feature = "heap")]
pub(crate) fn bytes(bytes: f64) -> String {
    let binary = |power: i32| 1024f64.powi(power);
    scaled(bytes, &[(binary(3), "GiB"), (binary(2), "MiB"), (binary(1), "KiB"), (1.0, "B")])
}

/// A share of 1 in percent.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

/// `1 call`, `2 calls`.
pub(crate) fn count(number: u64, singular: &str) -> String {
    if number == 1 { format!("1 {singular}") } else { format!("{number} {singular}s") }
}

fn scaled(value: f64, units: &[(f64, &str)]) -> String {
    let fitting = units.iter().find(|(scale, _)| value >= *scale).or(units.last());
    let &(scale, unit) = fitting.unwrap_or(&(1.0, ""));
    let value = value / scale;
    let digits = if value >= 100.0 || (scale == 1.0 && value.fract() == 0.0) {
        0
    } else if value >= 10.0 {
        1
    } else {
        2
    };
    format!("{value:.digits$} {unit}")
}
