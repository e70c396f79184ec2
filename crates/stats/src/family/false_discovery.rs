//! Which of many findings to report, so that few of those reported are false.

/// Benjamini and Hochberg's procedure (*Controlling the False Discovery Rate*, JRSS B 57, 1995): which
/// p-values to report so that of those reported a share of `rate` at most is false on average.
///
/// It holds for benchmarks that are independent or depend on each other positively (Benjamini and
/// Yekutieli, 2001), as benchmarks of one machine do. The answer stands in the order of the p-values;
/// one that is NaN is never reported.
pub fn benjamini_hochberg(p_values: &[f64], rate: f64) -> Vec<bool> {
    let mut ascending: Vec<f64> = p_values.iter().copied().filter(|p| !p.is_nan()).collect();
    ascending.sort_unstable_by(f64::total_cmp);
    let share = rate / p_values.len() as f64;
    // The most findings of which the least convincing still suffices for so many.
    let last = (0..ascending.len()).rev().find(|&i| ascending[i] <= share * (i + 1) as f64);
    let limit = last.map_or(f64::NEG_INFINITY, |last| ascending[last]);
    p_values.iter().map(|&p| p <= limit).collect()
}

/// The same for e-values (Wang and Ramdas, *False Discovery Rate Control with E-Values*, JRSS B 84, 2022).
///
/// It holds however the benchmarks depend on each other, and for e-values of streams that were each
/// stopped when it pleased, which is what a [`Duel`](crate::Duel) yields. The answer stands in the order
/// of the e-values; one that is NaN is never reported.
pub fn e_benjamini_hochberg(e_values: &[f64], rate: f64) -> Vec<bool> {
    let inverse: Vec<f64> = e_values.iter().map(|e| 1.0 / e).collect();
    benjamini_hochberg(&inverse, rate)
}
