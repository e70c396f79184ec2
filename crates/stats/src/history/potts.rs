//! The best description of a series by levels, each change of level paid for.

use super::scan::prefix_sums;

/// The splits of the piecewise constant function that minimises
/// `Σ (value − level)² + penalty · (number of splits)`, ascending: the Potts functional (Potts, 1952;
/// Mumford and Shah, 1989). A split at `k` begins a level with value `k`.
///
/// With a penalty of `2 σ² ln n` for noise of variance `σ²` this is the step finder of the Bayesian
/// information criterion (Yao, *Estimating the Number of Change-Points via Schwarz' Criterion*, 1988). The
/// optimum is exact: dynamic programming over the last split, which forgets splits that can never be the
/// last again (Killick, Fearnhead and Eckley, *Optimal Detection of Changepoints with a Linear Computational
/// Cost*, JASA 107, 2012). The time is `O(n · length of a level)`.
///
/// Squares make one far value look like a level of its own; give it ranks or clipped values where that
/// matters, as [`analyse`](crate::analyse) does.
pub fn potts(values: &[f64], penalty: f64) -> Vec<usize> {
    let splits: Vec<usize> = (1..values.len()).collect();
    potts_among(values, &splits, penalty)
}

/// The same, with splits at the given places alone, which ascend.
pub(crate) fn potts_among(values: &[f64], splits: &[usize], penalty: f64) -> Vec<usize> {
    let sums = prefix_sums(values);
    let squares = prefix_sums(&values.iter().map(|x| x * x).collect::<Vec<_>>());
    let cost = |from: usize, to: usize| {
        let sum = sums[to] - sums[from];
        squares[to] - squares[from] - sum * sum / (to - from) as f64
    };
    // Places are numbered: the start, then the splits, then the end.
    let places: Vec<usize> =
        [0].into_iter().chain(splits.iter().copied()).chain([values.len()]).collect();
    // For each place, the least cost of all before it, and the place of the split before it.
    let mut least = vec![-penalty; places.len()];
    let mut previous = vec![0; places.len()];
    let mut alive: Vec<(usize, f64)> = Vec::new();
    for to in 1..places.len() {
        alive.push((to - 1, 0.0));
        let mut best = (f64::INFINITY, 0);
        for (from, total) in &mut alive {
            *total = least[*from] + cost(places[*from], places[to]);
            if *total < best.0 {
                best = (*total, *from);
            }
        }
        least[to] = best.0 + penalty;
        previous[to] = best.1;
        // Who is dearer by the price of a split stays so: a split here would do better.
        alive.retain(|&(_, total)| total < least[to]);
    }
    let mut found = Vec::new();
    let mut place = previous[places.len() - 1];
    while place > 0 {
        found.push(places[place]);
        place = previous[place];
    }
    found.reverse();
    found
}
