//! From which size on is one device faster than another?

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::sorted::interpolate;
use crate::student::widened_tail;
use crate::{ComparisonOptions, Interval, StatisticsError};

/// The times of one device over sizes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve(Vec<CurvePoint>);

/// The times of one device at one size.
#[derive(Clone, Debug, PartialEq)]
pub struct CurvePoint {
    /// The size: anything above zero that orders the work.
    pub size: f64,
    /// The typical time in each process. The same place stands for the same process at every size: one process measures
    /// all of a device's sizes, so that processes are resampled whole.
    pub times: Vec<f64>,
}

impl Curve {
    /// A curve through these points, in whatever order.
    ///
    /// # Errors
    /// A point without a process, or with a time of zero.
    pub fn new(mut points: Vec<CurvePoint>) -> Result<Self, StatisticsError> {
        for point in &points {
            if point.times.is_empty() {
                return Err(StatisticsError::NoProcess);
            }
            if let Some(process) = point.times.iter().position(|time| time.is_nan() || *time <= 0.0)
            {
                return Err(StatisticsError::ZeroMedian { process });
            }
        }
        points.sort_by(|a, b| a.size.total_cmp(&b.size));
        Ok(Self(points))
    }
}

/// One of two devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The first.
    First,
    /// The second.
    Second,
}

impl Side {
    /// The one that is faster by this difference of log times, first less second; none within the margin.
    fn of(difference: f64, margin: f64) -> Option<Self> {
        match difference {
            d if d > margin => Some(Side::Second),
            d if d < -margin => Some(Side::First),
            _ => None,
        }
    }
}

/// A size at which one device overtakes another.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Crossover {
    /// The size, interpolated between those that were measured, where both lie on a logarithmic scale.
    pub size: f64,
    /// Where the size lies; `None` with one process, or where most resamples do not cross at all.
    pub interval: Option<Interval>,
    /// Who is faster beyond it.
    pub faster_beyond: Side,
    /// The share of resamples that cross in this direction too.
    pub support: f64,
}

/// How two devices compare over the sizes that both were measured at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Crossovers {
    /// Who is faster at the smallest sizes; nobody if they are within the margin of each other at every size.
    pub faster_first: Option<Side>,
    /// Where that changes, the smallest size first.
    pub crossovers: Vec<Crossover>,
    /// The share of resamples in which the same devices are faster in the same order.
    pub support: f64,
    /// Processes that were resampled: those of the device that has fewer.
    pub processes: usize,
    /// The smallest and the largest size that both were measured at.
    pub range: [f64; 2],
}

/// Tells where one device overtakes another.
///
/// Times are interpolated linearly between sizes, both in logarithms. Devices that are within the margin of each other at a
/// size are taken for equal there, so that a tie is no series of crossovers. The intervals are percentiles over resampled
/// processes, widened for their small number as in [`Bootstrap::interval`](crate::Bootstrap::interval).
///
/// # Errors
/// If there is no size that both were measured at, or the options are not valid.
pub fn crossovers(
    first: &Curve,
    second: &Curve,
    options: &ComparisonOptions,
) -> Result<Crossovers, StatisticsError> {
    options.check()?;
    let pairs: Vec<(&CurvePoint, &CurvePoint)> = first
        .0
        .iter()
        .filter_map(|a| Some((a, second.0.iter().find(|b| b.size == a.size)?)))
        .collect();
    let (Some((smallest, _)), Some((largest, _))) = (pairs.first(), pairs.last()) else {
        return Err(StatisticsError::NoCommonSize);
    };
    let range = [smallest.size, largest.size];
    let sizes: Vec<f64> = pairs.iter().map(|(a, _)| a.size.ln()).collect();
    let margin = options.margin.ln_1p();
    let count = |side: fn(&(&CurvePoint, &CurvePoint)) -> usize| pairs.iter().map(side).min();
    let counts = [count(|(a, _)| a.times.len()), count(|(_, b)| b.times.len())];
    let [in_first, in_second] = counts.map(|count| count.unwrap_or(0));
    let all = |count: usize| (0..count).collect::<Vec<_>>();
    let found = crossings(&sizes, &differences(&pairs, &all(in_first), &all(in_second)), margin);
    let processes = in_first.min(in_second);

    let mut rng = ChaCha8Rng::seed_from_u64(options.resampling.seed);
    let mut draw =
        |count: usize| -> Vec<usize> { (0..count).map(|_| rng.random_range(0..count)).collect() };
    let (mut alike, mut nearby) = (0usize, vec![Vec::new(); found.places.len()]);
    for _ in 0..options.resampling.resamples {
        let (drawn, also_drawn) = (draw(in_first), draw(in_second));
        let resample = crossings(&sizes, &differences(&pairs, &drawn, &also_drawn), margin);
        alike += usize::from(resample.winners() == found.winners());
        for (sizes, &(place, side)) in nearby.iter_mut().zip(&found.places) {
            let same = resample.places.iter().filter(|(_, other)| *other == side);
            let distance = |size: f64| (size - place).abs();
            let nearest = same.min_by(|a, b| distance(a.0).total_cmp(&distance(b.0)));
            sizes.extend(nearest.map(|(size, _)| *size));
        }
    }
    let share = |count: usize| count as f64 / options.resampling.resamples as f64;
    let crossovers = found.places.iter().zip(nearby).map(|(&(place, side), mut sizes)| {
        sizes.sort_unstable_by(f64::total_cmp);
        let support = share(sizes.len());
        let interval = (processes > 1 && support > 0.5).then(|| {
            let tail = widened_tail(options.level, processes);
            let end = |tail: f64| interpolate(&sizes, tail).exp();
            Interval { low: end(tail), high: end(1.0 - tail), level: options.level }
        });
        Crossover { size: place.exp(), interval, faster_beyond: side, support }
    });
    let crossovers = crossovers.collect();
    Ok(Crossovers {
        faster_first: found.first,
        crossovers,
        support: share(alike),
        processes,
        range,
    })
}

/// The differences of log times at each size, over these processes of each device.
fn differences(
    pairs: &[(&CurvePoint, &CurvePoint)],
    first: &[usize],
    second: &[usize],
) -> Vec<f64> {
    let mean = |times: &[f64], processes: &[usize]| {
        let sum: f64 = processes.iter().map(|&process| times[process].ln()).sum();
        sum / processes.len() as f64
    };
    pairs.iter().map(|(a, b)| mean(&a.times, first) - mean(&b.times, second)).collect()
}

/// Who is faster first, and at which sizes (in logarithms) who overtakes.
struct Crossings {
    first: Option<Side>,
    places: Vec<(f64, Side)>,
}

impl Crossings {
    fn winners(&self) -> (Option<Side>, usize) {
        // Sides alternate, so that the first and the number tell all.
        (self.first, self.places.len())
    }
}

fn crossings(sizes: &[f64], differences: &[f64], margin: f64) -> Crossings {
    let mut found = Crossings { first: None, places: Vec::new() };
    let mut last: Option<(usize, Side)> = None;
    for (place, &difference) in differences.iter().enumerate() {
        let Some(side) = Side::of(difference, margin) else { continue };
        match last {
            None => found.first = Some(side),
            Some((before, other)) if other != side => {
                let range = before..=place;
                found.places.push((root(&sizes[range.clone()], &differences[range]), side));
            }
            Some(_) => {}
        }
        last = Some((place, side));
    }
    found
}

/// Where a curve that changes its sign from the first to the last point is zero: midway between the first time and the last.
fn root(sizes: &[f64], differences: &[f64]) -> f64 {
    let roots = (1..sizes.len()).filter_map(|place| {
        let (a, b) = (differences[place - 1], differences[place]);
        let crosses = a != b && (a <= 0.0) != (b <= 0.0);
        crosses.then(|| sizes[place - 1] + (sizes[place] - sizes[place - 1]) * a / (a - b))
    });
    let roots: Vec<f64> = roots.collect();
    match (roots.first(), roots.last()) {
        (Some(first), Some(last)) => 0.5 * (first + last),
        // The signs differ, so there is a root; rounding could hide it only between equal values.
        _ => sizes[0],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Times of a device that follow a law, with a factor for each process and noise for each point.
    fn curve(sizes: &[f64], law: impl Fn(f64) -> f64, noise: f64, rng: &mut ChaCha8Rng) -> Curve {
        let mut wobble = |scale: f64| 1.0 + scale * (rng.random::<f64>() - 0.5);
        let factors: Vec<f64> = (0..5).map(|_| wobble(noise)).collect();
        let points = sizes.iter().map(|&size| CurvePoint {
            size,
            times: factors.iter().map(|factor| law(size) * factor * wobble(noise)).collect(),
        });
        Curve::new(points.collect()).unwrap()
    }

    fn powers_of_two() -> Vec<f64> {
        (4..=10).map(|power| f64::from(1 << power)).collect()
    }

    #[test]
    fn a_crossover_of_power_laws_is_found_exactly_without_noise() {
        let rng = &mut ChaCha8Rng::seed_from_u64(1);
        let a = curve(&powers_of_two(), |size| 1e-6 * size, 0.0, rng);
        let b = curve(&powers_of_two(), |size| 1e-5 * size.sqrt(), 0.0, rng);
        let options = ComparisonOptions::default();
        let found = crossovers(&a, &b, &options).unwrap();
        assert_eq!((found.faster_first, found.support), (Some(Side::First), 1.0));
        let [crossover] = found.crossovers[..] else { panic!("{found:?}") };
        assert!((crossover.size - 100.0).abs() < 1e-6, "{crossover:?}");
        assert_eq!(crossover.faster_beyond, Side::Second);
        let swapped = crossovers(&b, &a, &options).unwrap();
        assert_eq!(swapped.crossovers[0].faster_beyond, Side::First);
        assert!((swapped.crossovers[0].size - 100.0).abs() < 1e-6);
    }

    #[test]
    fn the_interval_holds_the_truth_about_as_often_as_it_says() {
        let options = ComparisonOptions::default();
        let holds = (0..200).filter(|&seed| {
            let rng = &mut ChaCha8Rng::seed_from_u64(seed);
            let a = curve(&powers_of_two(), |size| 1e-6 * size, 0.2, rng);
            let b = curve(&powers_of_two(), |size| 1e-5 * size.sqrt(), 0.2, rng);
            let found = crossovers(&a, &b, &options).unwrap();
            found.crossovers.iter().any(|c| c.interval.is_some_and(|i| i.contains(100.0)))
        });
        let share = holds.count() as f64 / 200.0;
        assert!((0.88..=1.0).contains(&share), "{share}");
    }

    #[test]
    fn who_is_faster_throughout_overtakes_nowhere_and_equals_do_not_either() {
        let rng = &mut ChaCha8Rng::seed_from_u64(2);
        let a = curve(&powers_of_two(), |size| 1e-6 * size, 0.05, rng);
        let slower = curve(&powers_of_two(), |size| 2e-6 * size, 0.05, rng);
        let found = crossovers(&a, &slower, &ComparisonOptions::default()).unwrap();
        assert_eq!((found.faster_first, found.support), (Some(Side::First), 1.0));
        assert!(found.crossovers.is_empty());
        let found = crossovers(&a, &a, &ComparisonOptions::default()).unwrap();
        assert_eq!(found.faster_first, None);
        assert!(found.crossovers.is_empty());
    }

    #[test]
    fn two_crossovers_are_told_apart() {
        let rng = &mut ChaCha8Rng::seed_from_u64(3);
        // A device that is faster only between 64 and 256: a parabola in logarithms.
        let hump = |size: f64| 1e-6 * size * (0.3 * (size / 128.0).ln().powi(2) - 0.144).exp();
        let a = curve(&powers_of_two(), |size| 1e-6 * size, 0.02, rng);
        let b = curve(&powers_of_two(), hump, 0.02, rng);
        let found = crossovers(&a, &b, &ComparisonOptions::default()).unwrap();
        let sides: Vec<Side> = found.crossovers.iter().map(|c| c.faster_beyond).collect();
        assert_eq!(sides, [Side::Second, Side::First]);
        let near = |size: f64, truth: f64| (size / truth).ln().abs() < 0.15;
        assert!(near(found.crossovers[0].size, 64.0) && near(found.crossovers[1].size, 256.0));
    }

    #[test]
    fn curves_without_a_common_size_cannot_be_compared() {
        let rng = &mut ChaCha8Rng::seed_from_u64(4);
        let a = curve(&[1.0, 2.0], |size| size, 0.0, rng);
        let b = curve(&[3.0], |size| size, 0.0, rng);
        let error = crossovers(&a, &b, &ComparisonOptions::default()).unwrap_err();
        assert_eq!(error, StatisticsError::NoCommonSize);
        let point = CurvePoint { size: 1.0, times: vec![1.0, 0.0] };
        assert!(matches!(Curve::new(vec![point]), Err(StatisticsError::ZeroMedian { process: 1 })));
    }
}
