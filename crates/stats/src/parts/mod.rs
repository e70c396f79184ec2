//! Which parts of one program have changed between two occasions.

mod change;
mod processes;
mod quick;
mod spread;

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

pub use self::quick::quick;

use self::change::{LogChange, temper};
use self::processes::{LogTimes, Speeds};
use self::quick::STRETCHES;
use self::spread::among;
use crate::sorted::median_in_place;
use crate::{Outcome, Samples, benjamini_hochberg};

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

/// The samples of one part on two occasions: a list of samples for each process, in the order in which they were taken.
/// The processes of an occasion stand in the same order for every part.
pub type PartSamples<'a> = [Vec<&'a Samples>; 2];

/// Compares the times of parts on two occasions, each of one process or of several.
///
/// A process is one draw of layout, clock and neighbours, however often its parts ran. Where there are several a side,
/// they show by how much a part differs from process to process, each part by itself and tempered by all the others
/// (Smyth, *Linear models and empirical Bayes methods for assessing differential expression*, Statistical
/// Applications in Genetics and Molecular Biology 3, 2004). Where there is one, and for what tells the occasions apart
/// beside their processes, it is read off the parts themselves, most of which did not change: the median ratio of their
/// quick times is what they share, and how far the others lie off it their spread. A part counts as changed only if it
/// stands out from both that spread and its own noise, and of all that are called so, `false_discoveries` at most are
/// expected to be wrong (Benjamini and Hochberg 1995).
///
/// Not all parts follow the processor's clock alike. Of several processes, each part is therefore taken to follow their
/// speeds, which is what the times of all parts share, by a slope of its own: an analysis of covariance (Fisher,
/// *Statistical Methods for Research Workers*, 4th edition, 1932), its slopes drawn towards 1 where speeds hardly differ.
pub fn shifts(parts: &[PartSamples<'_>], false_discoveries: f64) -> Shifts {
    let logs: Vec<Option<LogTimes>> = parts.iter().map(LogTimes::new).collect();
    let speeds = Speeds::of(logs.iter().flatten());
    let mut changes: Vec<Option<LogChange>> =
        logs.iter().map(|log| Some(LogChange::new(log.as_ref()?, &speeds))).collect();
    let tempered = temper(&mut changes);
    let known = || changes.iter().flatten();
    let center = median(known().map(|change| change.value).collect()).unwrap_or(0.0);
    let count = known().count();
    let off: Vec<(f64, f64)> =
        known().map(|change| ((change.value - center).powi(2), change.variance)).collect();
    let among = match tempered {
        None if count < FEW_PARTS => among(&off).max(USUAL_SPREAD * USUAL_SPREAD),
        _ => among(&off),
    };
    let of_parts = (MAD_EFFICIENCY * (count.max(1) - 1) as f64).clamp(3.0, 2.0 * STRETCHES as f64);
    let degrees = tempered.unwrap_or(of_parts);
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
    let common = center + speeds.change;
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
                ratio: (change.value + speeds.change).exp(),
                beyond: (change.value - center).exp(),
                deviations,
                outcome,
            })
        })
        .collect();
    Shifts { common: common.exp(), spread: among.sqrt(), parts }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (count, sum) = values.fold((0.0, 0.0), |(count, sum), value| (count + 1.0, sum + value));
    sum / count
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
        compare_several(&[first.to_vec()], &[second.to_vec()])
    }

    fn compare_several(first: &[Vec<Samples>], second: &[Vec<Samples>]) -> Shifts {
        let of_part = |side: &'_ [Vec<Samples>], part: usize| -> Vec<Samples> {
            side.iter().map(|process| process[part].clone()).collect()
        };
        let parts: Vec<[Vec<Samples>; 2]> =
            (0..first[0].len()).map(|part| [of_part(first, part), of_part(second, part)]).collect();
        let parts: Vec<PartSamples<'_>> =
            parts.iter().map(|part| part.each_ref().map(|side| side.iter().collect())).collect();
        shifts(&parts, 0.01)
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

    /// Six processes of parts each of which differs from process to process by as much as is its own way.
    fn restless(random: &mut StdRng, changed: Option<(usize, f64)>) -> Vec<Vec<Samples>> {
        let restlessness: Vec<f64> = (0..30).map(|part| 0.004 * 1.08_f64.powi(part)).collect();
        (0..6)
            .map(|_| {
                let common = 1.0 + 0.1 * random.random::<f64>();
                let parts = process(random, common, changed).into_iter().zip(&restlessness);
                let lasting = parts.map(|(samples, restlessness)| {
                    let by = (restlessness * (random.random::<f64>() - 0.5) * 12_f64.sqrt()).exp();
                    Samples::new(samples.values().iter().map(|value| value * by).collect()).unwrap()
                });
                lasting.collect()
            })
            .collect()
    }

    #[test]
    fn several_processes_show_what_two_hide() {
        let random = &mut StdRng::seed_from_u64(3);
        let (mut flagged, mut all, mut first, mut found) = (0, 0, 0, 0);
        for place in 0..60 {
            let equal = compare_several(&restless(random, None), &restless(random, None));
            let outcomes = equal.parts.iter().map(|part| part.unwrap().outcome);
            flagged += outcomes.filter(|outcome| *outcome != Outcome::Unsure).count();
            all += equal.parts.len();
            let changed = Some((place % 30, 1.05));
            let shifts = compare_several(&restless(random, None), &restless(random, changed));
            let parts = shifts.parts.iter().map(|part| part.unwrap().deviations);
            let most = parts.enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap().0;
            first += usize::from(most == place % 30);
            found += usize::from(shifts.parts[place % 30].unwrap().outcome == Outcome::Slower);
        }
        assert!(flagged * 100 <= all, "{flagged} of {all}");
        assert!(first >= 54 && found >= 18, "{first} and {found} of 60");
    }

    /// Twenty processes, some of them at half the clock, which every third part hardly follows.
    fn at_two_clocks(
        random: &mut StdRng,
        slow: usize,
        change: Option<(usize, f64)>,
    ) -> Vec<Vec<Samples>> {
        (0..20)
            .map(|number| {
                let parts = process(random, 1.0, change).into_iter().enumerate();
                let clocked = parts.map(|(part, samples)| {
                    let follows = if part % 3 == 0 { 0.3 } else { 1.0 };
                    let by = if number < slow { 2.0_f64.powf(follows) } else { 1.0 };
                    Samples::new(samples.values().iter().map(|value| value * by).collect()).unwrap()
                });
                clocked.collect()
            })
            .collect()
    }

    #[test]
    fn parts_follow_the_clock_in_their_own_measure() {
        let random = &mut StdRng::seed_from_u64(4);
        for place in [2, 15, 29] {
            let first = at_two_clocks(random, 3, None);
            let second = at_two_clocks(random, 14, Some((place, 1.05)));
            let shifts = compare_several(&first, &second);
            let outcomes = shifts.parts.iter().map(|part| part.unwrap().outcome);
            let found: Vec<usize> = (outcomes.enumerate())
                .filter(|(_, outcome)| *outcome != Outcome::Unsure)
                .map(|(place, _)| place)
                .collect();
            assert_eq!(found, [place]);
        }
    }

    #[test]
    fn what_was_hardly_measured_is_not_judged() {
        let few = Samples::new(vec![1.0; 4]).unwrap();
        let enough = Samples::new(vec![1.0; 5]).unwrap();
        let parts = [[vec![&few], vec![&enough]], [vec![&enough], vec![&enough]]];
        let shifts = shifts(&parts, 0.01);
        assert_eq!(shifts.parts[0], None);
        let equal = shifts.parts[1].unwrap();
        assert_eq!((equal.beyond, equal.deviations, equal.outcome), (1.0, 0.0, Outcome::Unsure));
        assert_eq!(super::shifts(&[], 0.01).parts, []);
    }
}
