//! A slow drift: ranks that rise or fall with time.

/// Spearman's correlation of values with their places as a standard normal score under "no trend", given
/// standardised scores.
///
/// If the series is exchangeable, its scores are a random permutation, and the variance is exact:
/// `Σ score² Σ (place − mean)² / (n − 1)`. Zero for fewer than two values.
pub(crate) fn trend_score(scores: &[f64]) -> f64 {
    let n = scores.len() as f64;
    if scores.len() < 2 {
        return 0.0;
    }
    let middle = 0.5 * (n - 1.0);
    let covariance: f64 = scores.iter().zip(0..).map(|(s, i)| s * (f64::from(i) - middle)).sum();
    // The scores' squares add up to n, those of the places to n (n² − 1) / 12.
    covariance / (n * n * (n * n - 1.0) / (12.0 * (n - 1.0))).sqrt()
}

/// The first and the last value of a straight line through the values: Tukey's resistant line (*Exploratory Data
/// Analysis*, 1977), through the medians of the outer thirds. Robust, and in linear time.
pub(crate) fn change_along_line(values: &[f64]) -> (f64, f64) {
    let third = (values.len() / 3).max(1);
    let median = |part: &[f64]| crate::sorted::median_in_place(&mut part.to_vec());
    let (early, late) = (median(&values[..third]), median(&values[values.len() - third..]));
    let apart = (values.len() - third) as f64;
    let slope = (late - early) / apart.max(1.0);
    let middle = 0.5 * (early + late);
    let half = 0.5 * slope * (values.len() - 1) as f64;
    (middle - half, middle + half)
}

/// What is left of the values' squares, which are standardised, after a straight line.
pub(crate) fn residual_of_line(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let score = trend_score(values);
    // score² (n − 1)⁻¹ is the squared correlation.
    n * (1.0 - score * score / (n - 1.0)).max(0.0)
}
