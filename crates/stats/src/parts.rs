//! Which parts of one program have changed between two occasions.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::sorted::{interpolate, median_in_place};
use crate::{MAD_TO_STANDARD_DEVIATION, Outcome, Samples, benjamini_hochberg};

/// The samples of a part are cut into so many stretches: what persists from one to the next shows as spread among them.
const STRETCHES: usize = 10;

/// A part with fewer samples on either occasion is not judged.
const FEWEST: usize = 5;

/// Among so few parts, how much those differ that did not change cannot be told.
const FEW_PARTS: usize = 5;

/// What is taken for that spread among few parts, as a share.
const USUAL_SPREAD: f64 = 0.02;

/// The median absolute deviation of normal values tells as much as the standard deviation of so many of them.
const MAD_EFFICIENCY: f64 = 0.37;

/// How the parts of a program have changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shifts {
    /// What the typical part's time has become of itself: the machine's speed, and whatever else all parts share.
    pub common: f64,
    /// How much parts differ from one occasion to the other that did not change, as a share: one deviation.
    pub spread: f64,
    /// The parts, in the order in which they were given; `None` where there are too few samples.
    pub parts: Vec<Option<Shift>>,
}

/// How one part has changed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shift {
    /// The [quick](quick()) time on the second occasion divided by that on the first.
    pub ratio: f64,
    /// The same, beyond what all parts share.
    pub beyond: f64,
    /// By how many of its standard deviations that is off 1.
    pub deviations: f64,
    /// Slower or faster than the other parts have become; unsure if that may be noise.
    pub outcome: Outcome,
}

/// Compares the times of parts on two occasions, each a list of samples in the order in which they were taken.
///
/// A process is one draw of layout, clock and neighbours, however often its parts ran. What two processes of one program
/// differ by is therefore read off the parts themselves, most of which did not change: the median ratio of their quick
/// times is what they share, and how far the others lie off it their spread. A part counts as changed only if it stands out from
/// both that spread and its own noise, and of all that are called so, `false_discoveries` at most are expected to be
/// wrong (Benjamini and Hochberg 1995).
pub fn shifts(parts: &[(&Samples, &Samples)], false_discoveries: f64) -> Shifts {
    let changes: Vec<Option<LogChange>> =
        parts.iter().map(|(first, second)| LogChange::new(first, second)).collect();
    let known = || changes.iter().flatten();
    let center = median(known().map(|change| change.value).collect()).unwrap_or(0.0);
    let count = known().count();
    let mut off: Vec<f64> = known().map(|change| (change.value - center).abs()).collect();
    let deviation = spread(&mut off);
    let own = median(known().map(|change| change.variance).collect()).unwrap_or(0.0);
    let among = (deviation * deviation - own).max(0.0);
    let among = if count < FEW_PARTS { among.max(USUAL_SPREAD * USUAL_SPREAD) } else { among };
    let degrees = (MAD_EFFICIENCY * (count.max(1) - 1) as f64).clamp(3.0, 2.0 * STRETCHES as f64);
    let t = StudentsT::new(0.0, 1.0, degrees).expect("there are degrees of freedom");
    let judged: Vec<Option<(f64, f64)>> = (changes.iter())
        .map(|change| {
            let change = change.as_ref()?;
            let error = (change.variance + among).sqrt();
            let deviations = match change.value - center {
                0.0 => 0.0,
                off => off / error,
            };
            Some((deviations, 2.0 * t.cdf(-deviations.abs())))
        })
        .collect();
    let p_values: Vec<f64> = judged.iter().flatten().map(|(_, p)| *p).collect();
    let mut discovered = benjamini_hochberg(&p_values, false_discoveries).into_iter();
    let parts = (changes.iter().zip(judged))
        .map(|(change, judged)| {
            let (change, (deviations, _)) = (change.as_ref()?, judged?);
            let found = discovered.next().unwrap_or(false);
            let outcome = match found {
                false => Outcome::Unsure,
                true if deviations > 0.0 => Outcome::Slower,
                true => Outcome::Faster,
            };
            Some(Shift {
                ratio: change.value.exp(),
                beyond: (change.value - center).exp(),
                deviations,
                outcome,
            })
        })
        .collect();
    Shifts { common: center.exp(), spread: among.sqrt(), parts }
}

/// One deviation of what lies off the middle by so much. Normal values would give the same by their median as by the
/// tenth that lies farthest off; these have long tails, and few of them changed, so the greater counts.
fn spread(off: &mut [f64]) -> f64 {
    off.sort_unstable_by(f64::total_cmp);
    let last = off.len().saturating_sub(1) as f64;
    let at = |share: f64| off.get((last * share) as usize).copied().unwrap_or(0.0);
    (at(0.5) * MAD_TO_STANDARD_DEVIATION).max(at(0.9) / NORMAL_90)
}

/// Nine tenths of normal values lie within so many deviations.
const NORMAL_90: f64 = 1.644_853_626_951_472_7;

/// A part's change of the logarithm of its time.
struct LogChange {
    value: f64,
    /// What is not known of it, from the noise within the two occasions.
    variance: f64,
}

impl LogChange {
    fn new(first: &Samples, second: &Samples) -> Option<Self> {
        let [(a, a_variance), (b, b_variance)] = [log_quick(first)?, log_quick(second)?];
        Some(Self { value: b - a, variance: a_variance + b_variance })
    }
}

/// The time that one in ten calls stays below. On a machine whose clock changes or that is shared, it says more of a part
/// than the median does: some calls are undisturbed nearly always.
pub fn quick(samples: &Samples) -> Option<f64> {
    (!samples.is_empty()).then(|| quick_of(samples.values().to_vec()))
}

fn quick_of(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    interpolate(&values, QUICK)
}

const QUICK: f64 = 0.1;

/// The logarithm of the quick time, and its variance from the quick times of stretches.
fn log_quick(samples: &Samples) -> Option<(f64, f64)> {
    let values = samples.values();
    if values.len() < FEWEST || values.iter().any(|value| *value <= 0.0) {
        return None;
    }
    let stretches = STRETCHES.min(values.len());
    let logs: Vec<f64> = (0..stretches)
        .map(|place| {
            let at = |place: usize| place * values.len() / stretches;
            quick_of(values[at(place)..at(place + 1)].to_vec()).ln()
        })
        .collect();
    let count = logs.len() as f64;
    let mean = logs.iter().sum::<f64>() / count;
    let squares: f64 = logs.iter().map(|value| (value - mean).powi(2)).sum();
    Some((quick_of(values.to_vec()).ln(), squares / (count - 1.0) / count))
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    (!values.is_empty()).then(|| median_in_place(&mut values))
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng, rngs::StdRng};

    use super::*;

    /// One process: 30 parts of different lengths, each with its own lasting deviation, all slower by `common`.
    fn process(random: &mut StdRng, common: f64, changed: Option<(usize, f64)>) -> Vec<Samples> {
        (0..30)
            .map(|part| {
                let change =
                    changed.map_or(1.0, |(at, factor)| if at == part { factor } else { 1.0 });
                let lasting = 1.0 + 0.006 * (random.random::<f64>() - 0.5);
                let base = (part + 1) as f64 * 1e-5 * lasting * change * common;
                let noise = |random: &mut StdRng| {
                    let late = if random.random::<f64>() < 0.02 { 0.5 } else { 0.0 };
                    base * (1.0 + 0.03 * random.random::<f64>() + late)
                };
                Samples::new((0..60).map(|_| noise(random)).collect()).unwrap()
            })
            .collect()
    }

    fn compare(first: &[Samples], second: &[Samples]) -> Shifts {
        shifts(&first.iter().zip(second).collect::<Vec<_>>(), 0.01)
    }

    #[test]
    fn equals_are_rarely_told_apart_even_on_a_slower_machine() {
        let random = &mut StdRng::seed_from_u64(1);
        let (mut found, mut all) = (0, 0);
        for common in [1.0, 1.0, 1.3, 0.6].repeat(25) {
            let shifts = compare(&process(random, 1.0, None), &process(random, common, None));
            assert!((shifts.common / common - 1.0).abs() < 0.01);
            let outcomes = shifts.parts.iter().map(|part| part.unwrap().outcome);
            found += outcomes.filter(|outcome| *outcome != Outcome::Unsure).count();
            all += shifts.parts.len();
        }
        assert!(found * 100 <= all, "{found} of {all}");
    }

    #[test]
    fn a_part_that_became_slower_stands_out() {
        let random = &mut StdRng::seed_from_u64(2);
        let mut first = 0;
        for place in 0..60 {
            let changed = Some((place % 30, 1.05));
            let shifts = compare(&process(random, 1.0, None), &process(random, 1.1, changed));
            let parts = shifts.parts.iter().map(|part| part.unwrap().deviations);
            let most = parts.enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap().0;
            let shift = shifts.parts[place % 30].unwrap();
            first += usize::from(most == place % 30 && shift.outcome == Outcome::Slower);
            assert!((shift.beyond - 1.05).abs() < 0.02, "{shift:?}");
        }
        assert!(first >= 57, "{first} of 60");
    }

    #[test]
    fn what_was_hardly_measured_is_not_judged() {
        let few = Samples::new(vec![1.0; 4]).unwrap();
        let enough = Samples::new(vec![1.0; 5]).unwrap();
        let shifts = shifts(&[(&few, &enough), (&enough, &enough)], 0.01);
        assert_eq!(shifts.parts[0], None);
        let equal = shifts.parts[1].unwrap();
        assert_eq!((equal.beyond, equal.deviations, equal.outcome), (1.0, 0.0, Outcome::Unsure));
        assert_eq!(super::shifts(&[], 0.01).parts, []);
    }
}
