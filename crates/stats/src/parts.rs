//! Which parts of one program have changed between two occasions.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::sorted::{interpolate, median_in_place};
use crate::tempering::Tempering;
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
    /// How many processes of each occasion were left out, because they ran at another speed than the others.
    pub left_out: [usize; 2],
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
/// Not all parts follow the processor's clock. Of several processes, one that ran at another speed than the others is
/// therefore left out.
pub fn shifts(parts: &[PartSamples<'_>], false_discoveries: f64) -> Shifts {
    let mut logs: Vec<Option<LogTimes>> = parts.iter().map(LogTimes::new).collect();
    let mut shared = Shared::of_processes(logs.iter().flatten());
    let usual = shared.at_the_usual_speed();
    logs.iter_mut().flatten().for_each(|log| log.keep(&usual));
    shared.keep(&usual);
    let left_out = usual.map(|side| side.iter().filter(|usual| !**usual).count());
    let mut changes: Vec<Option<LogChange>> =
        logs.iter().map(|log| Some(LogChange::new(log.as_ref()?, &shared))).collect();
    let tempered = temper(&mut changes);
    let known = || changes.iter().flatten();
    let center = median(known().map(|change| change.value).collect()).unwrap_or(0.0);
    let count = known().count();
    let mut off: Vec<f64> = known().map(|change| (change.value - center).abs()).collect();
    let deviation = spread(&mut off);
    let own = median(known().map(|change| change.variance).collect()).unwrap_or(0.0);
    let among = (deviation * deviation - own).max(0.0);
    let among = match tempered {
        None if count < FEW_PARTS => among.max(USUAL_SPREAD * USUAL_SPREAD),
        _ => among,
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
    let common = center + shared.change;
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
                ratio: (change.value + shared.change).exp(),
                beyond: (change.value - center).exp(),
                deviations,
                outcome,
            })
        })
        .collect();
    Shifts { common: common.exp(), spread: among.sqrt(), left_out, parts }
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

/// The logarithms of a part's quick times, one for each process of the two occasions, each with its variance from the
/// noise within the process.
struct LogTimes([Vec<(f64, f64)>; 2]);

impl LogTimes {
    /// `None` if the part was hardly measured in one of the processes.
    fn new(part: &PartSamples<'_>) -> Option<Self> {
        let logs = |side: &[&Samples]| -> Option<Vec<(f64, f64)>> {
            (!side.is_empty()).then(|| side.iter().map(|samples| log_quick(samples)).collect())?
        };
        Some(Self([logs(&part[0])?, logs(&part[1])?]))
    }

    fn keep(&mut self, processes: &[Vec<bool>; 2]) {
        keep(&mut self.0, processes);
    }
}

fn keep<T>(sides: &mut [Vec<T>; 2], kept: &[Vec<bool>; 2]) {
    for (side, kept) in sides.iter_mut().zip(kept) {
        let mut kept = kept.iter();
        side.retain(|_| kept.next().is_some_and(|kept| *kept));
    }
}

/// What all parts of a process share: its clock, and neighbours that stay.
struct Shared {
    /// Of each process, as a logarithm.
    processes: [Vec<f64>; 2],
    /// What the second occasion's processes share, on average, less what the first one's do.
    change: f64,
}

/// A process that differs by more from the median of its side, as a logarithm, ran at another speed.
const ANOTHER_SPEED: f64 = 0.1;

/// As many processes are kept on each side, whatever their speed.
const FEWEST_KEPT: usize = 3;

impl Shared {
    /// The median over the parts of how far each lies off its own mean over the processes.
    fn of_processes<'a>(parts: impl Iterator<Item = &'a LogTimes>) -> Self {
        let mut off: [Vec<Vec<f64>>; 2] = Default::default();
        for LogTimes(sides) in parts {
            let of_sides = sides.each_ref().map(|side| mean(side.iter().map(|(value, _)| *value)));
            let center = 0.5 * (of_sides[0] + of_sides[1]);
            for (off, side) in off.iter_mut().zip(sides) {
                off.resize(side.len(), Vec::new());
                for (off, (value, _)) in off.iter_mut().zip(side) {
                    off.push(value - center);
                }
            }
        }
        let processes = off.map(|side| side.into_iter().filter_map(median).collect::<Vec<_>>());
        Self { change: change(&processes), processes }
    }

    /// Which processes ran at the speed of the others of their side: all of them, if those would be too few.
    fn at_the_usual_speed(&self) -> [Vec<bool>; 2] {
        self.processes.each_ref().map(|side| {
            let center = median(side.clone()).unwrap_or(0.0);
            let usual: Vec<bool> =
                side.iter().map(|shared| (shared - center).abs() <= ANOTHER_SPEED).collect();
            match usual.iter().filter(|usual| **usual).count() {
                kept if kept < FEWEST_KEPT => vec![true; side.len()],
                _ => usual,
            }
        })
    }

    fn keep(&mut self, processes: &[Vec<bool>; 2]) {
        keep(&mut self.processes, processes);
        self.change = change(&self.processes);
    }
}

fn change(processes: &[Vec<f64>; 2]) -> f64 {
    let [first, second] = processes.each_ref().map(|side| mean(side.iter().copied()));
    if second.is_finite() { second - first } else { 0.0 }
}

/// A part's change of the logarithm of its time, beyond what the processes share.
struct LogChange {
    value: f64,
    /// What is not known of it: from the noise within the two processes, or from what several differ by.
    variance: f64,
    /// How many processes there are beyond one on each occasion.
    degrees: usize,
    /// What turns the variance of one process into that of the change.
    per_process: f64,
}

impl LogChange {
    fn new(LogTimes(sides): &LogTimes, shared: &Shared) -> Self {
        let mut value = 0.0;
        let (mut squares, mut own, mut degrees, mut per_process) = (0.0, 0.0, 0, 0.0);
        for (place, (side, shared)) in sides.iter().zip(&shared.processes).enumerate() {
            let rest = || side.iter().zip(shared).map(|((value, _), shared)| value - shared);
            let count = side.len() as f64;
            let center = mean(rest());
            value += if place == 0 { -center } else { center };
            squares += rest().map(|value| (value - center).powi(2)).sum::<f64>();
            own += side.iter().map(|(_, variance)| variance).sum::<f64>() / (count * count);
            degrees += side.len() - 1;
            per_process += 1.0 / count;
        }
        let variance = match degrees {
            0 => own,
            degrees => squares / degrees as f64 * per_process,
        };
        Self { value, variance, degrees, per_process }
    }
}

/// Tempers what several processes show of each part's variance by what the parts have in common; tells the degrees of
/// freedom of what results. `None` with one process on each occasion.
fn temper(changes: &mut [Option<LogChange>]) -> Option<f64> {
    let known = || changes.iter().flatten();
    let degrees = known().map(|change| change.degrees).next().filter(|degrees| *degrees > 0)?;
    // Of one process, so that all parts are of one scale.
    let variances: Vec<f64> = known().map(|change| change.variance / change.per_process).collect();
    let tempering = Tempering::of(&variances, degrees as f64)?;
    for change in changes.iter_mut().flatten() {
        let variance = tempering.temper(change.variance / change.per_process);
        change.variance = variance * change.per_process;
    }
    Some(tempering.degrees())
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (count, sum) = values.fold((0.0, 0.0), |(count, sum), value| (count + 1.0, sum + value));
    sum / count
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

    #[test]
    fn a_process_at_another_speed_is_left_out() {
        let random = &mut StdRng::seed_from_u64(4);
        let mut side = |odd: f64| -> Vec<Vec<Samples>> {
            (0..6)
                .map(|number| process(random, if number == 2 { odd } else { 1.0 }, None))
                .collect()
        };
        let (first, mut second) = (side(1.6), side(1.0));
        assert_eq!(compare_several(&first, &second).left_out, [1, 0]);
        assert!((compare_several(&first, &second).common - 1.0).abs() < 0.01);
        second.truncate(2);
        assert_eq!(compare_several(&second, &first[1..4]).left_out, [0, 0]);
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
