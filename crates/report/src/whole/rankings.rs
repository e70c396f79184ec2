//! Devices that ran the same benchmark, from the fastest to the slowest.

use std::collections::BTreeMap;

use serde::Serialize;
use tachy_measure::Metric;
use tachy_stats::{Candidate, ComparisonOptions, Estimate, Outcome, rank};
use tachy_store::Run;

use super::figures::{Figure, measurement_of, subject};
use crate::sentences::{evidence, join};

/// The devices of one benchmark in one run.
#[derive(Debug, Clone, Serialize)]
pub struct Ranking {
    /// The benchmark, without the device.
    pub subject: String,
    /// The place of its run.
    pub run: usize,
    /// The result, in a sentence; names stand between backticks.
    pub headline: String,
    /// From the fastest to the slowest.
    pub places: Vec<RankedDevice>,
}

/// A device in a [`Ranking`].
#[derive(Debug, Clone, Serialize)]
pub struct RankedDevice {
    /// The device.
    pub device: String,
    /// 1 for the fastest; devices that cannot be told apart share a rank.
    pub rank: usize,
    /// Whether another device has the same rank.
    pub tied: bool,
    /// The typical time of a run, in seconds.
    pub typical: Estimate,
    /// The time as a multiple of the first device's.
    pub to_first: Option<Estimate>,
    /// Whether it is faster, slower or the same as the first device.
    pub outcome: Option<Outcome>,
    /// What would settle it, where that is unsure.
    pub remedy: Option<String>,
    /// The place of its figure.
    pub figure: usize,
}

/// What devices have in common: the run, the benchmark, its other parameters.
type Group<'a> = (usize, &'a str, Vec<(&'a str, &'a str)>);

/// A device and the place of its figure.
type Member<'a> = (&'a str, usize);

/// Benchmarks that are ranked, at most.
const MOST: usize = 200;

/// Every benchmark that was measured on two devices or more in one run; and how many of them are left out.
pub(super) fn rankings(runs: &[Run], figures: &[Figure]) -> (Vec<Ranking>, usize) {
    let mut groups: BTreeMap<Group<'_>, Vec<Member<'_>>> = BTreeMap::new();
    for (place, figure) in figures.iter().enumerate().filter(|(_, f)| f.metric == Metric::Run) {
        let Some(device) = figure.parameters.get("device") else { continue };
        let others = figure.parameters.iter().filter(|(name, _)| *name != "device");
        let others = others.map(|(name, value)| (name.as_str(), value.as_str())).collect();
        groups.entry((figure.run, &figure.benchmark, others)).or_default().push((device, place));
    }
    let ranking = |((run, name, others), devices): (Group<'_>, Vec<Member<'_>>)| {
        let candidate = |(device, place): &(&str, usize)| {
            let measurement = measurement_of(runs, &figures[*place])?;
            Some(Candidate { name: (*device).to_owned(), processes: measurement.processes() })
        };
        let candidates: Vec<Candidate> = devices.iter().filter_map(candidate).collect();
        let ranking = rank(&candidates, &ComparisonOptions::default()).ok()?;
        let places: Vec<RankedDevice> = ranking
            .places
            .into_iter()
            .filter_map(|place| {
                let (_, figure) = devices.iter().find(|(device, _)| *device == place.name)?;
                Some(RankedDevice {
                    device: place.name,
                    rank: place.rank,
                    tied: place.tied,
                    typical: place.typical,
                    to_first: place.to_first.map(|verdict| verdict.ratio),
                    outcome: place.to_first.map(|verdict| verdict.outcome),
                    remedy: place
                        .to_first
                        .and_then(|verdict| verdict.remedy)
                        .map(|r| r.to_string()),
                    figure: *figure,
                })
            })
            .collect();
        let parameters: BTreeMap<String, String> =
            others.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let headline = headline(&places);
        Some(Ranking { subject: subject(name, &parameters), run, headline, places })
    };
    groups.retain(|_, devices| devices.len() > 1);
    let left_out = groups.len().saturating_sub(MOST);
    (groups.into_iter().take(MOST).filter_map(ranking).collect(), left_out)
}

/// The result in a sentence.
fn headline(places: &[RankedDevice]) -> String {
    let first: Vec<&RankedDevice> =
        places.iter().filter(|place| place.rank == places[0].rank).collect();
    let names: Vec<String> = first.iter().map(|place| format!("`{}`", place.device)).collect();
    let next = places.get(first.len());
    let after = next.and_then(|next| Some((next, next.to_first?)));
    match (first.len(), after) {
        (1, Some((next, ratio))) => format!(
            "{} is the fastest; `{}` comes next at {} its time.",
            names[0],
            next.device,
            evidence(&ratio)
        ),
        (1, None) => format!("{} is the fastest.", names[0]),
        (_, Some((next, ratio))) => format!(
            "{} cannot be told apart; `{}` comes next at {} the time of {}.",
            join(&names),
            next.device,
            evidence(&ratio),
            names[0]
        ),
        (_, None) => format!("{} cannot be told apart.", join(&names)),
    }
}
