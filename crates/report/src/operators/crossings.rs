//! Crossovers in words.

use tachy_measure::operators::{FamilyCrossings, PairCrossings};
use tachy_runtime::Device;
use tachy_stats::{Crossover, Side};

use crate::quantity::{level, percent};

/// Resamples that must agree for a crossover to be told without a doubt.
const SURE: f64 = 0.95;

/// A size without needless digits.
fn size(size: f64) -> String {
    format!("{size:.0}")
}

/// `312 (95% 280–350)`.
fn place(crossover: &Crossover) -> String {
    match crossover.interval {
        Some(interval) => format!(
            "{} ({} {}–{})",
            size(crossover.size),
            level(interval.level),
            size(interval.low),
            size(interval.high)
        ),
        None => size(crossover.size),
    }
}

fn name(pair: &PairCrossings, side: Side) -> &Device {
    match side {
        Side::First => &pair.first,
        Side::Second => &pair.second,
    }
}

fn other(side: Side) -> Side {
    match side {
        Side::First => Side::Second,
        Side::Second => Side::First,
    }
}

/// Who is faster where, as a sentence.
pub(crate) fn sentence(pair: &PairCrossings) -> String {
    let crossovers = &pair.crossovers;
    let [low, high] = crossovers.range.map(size);
    let range = if low == high { format!("at {low}") } else { format!("from {low} to {high}") };
    let Some(side) = crossovers.faster_first else {
        return format!("`{}` and `{}` are equally fast {range}.", pair.first, pair.second);
    };
    if crossovers.crossovers.is_empty() {
        let doubt = doubt(crossovers.support, crossovers.processes);
        return format!(
            "`{}` is faster than `{}` {range}{doubt}.",
            name(pair, side),
            name(pair, other(side))
        );
    }
    let steps: Vec<String> = crossovers
        .crossovers
        .iter()
        .map(|crossover| {
            let faster = name(pair, crossover.faster_beyond);
            let doubt = doubt(crossover.support, crossovers.processes);
            format!("from {} on `{faster}`{doubt}", place(crossover))
        })
        .collect();
    format!(
        "`{}` is faster than `{}` below, {}.",
        name(pair, side),
        name(pair, other(side)),
        steps.join(", ")
    )
}

fn doubt(support: f64, processes: usize) -> String {
    match (support, processes) {
        (_, ..2) => " (unsure: one process)".to_owned(),
        (support, _) if support < SURE => {
            format!(" (unsure: {} of resamples agree)", percent(support))
        }
        _ => String::new(),
    }
}

/// The pairs of a family that cross, which are those worth telling one by one.
pub(crate) fn crossing(family: &FamilyCrossings) -> impl Iterator<Item = &PairCrossings> {
    family.pairs.iter().filter(|pair| !pair.crossovers.crossovers.is_empty())
}
