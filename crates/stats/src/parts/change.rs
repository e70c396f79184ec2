//! How a part changed, beyond what the speeds of the processes explain.

use super::mean;
use super::processes::{LogTimes, Speeds};
use crate::tempering::Tempering;

/// With fewer processes beyond one on each occasion, a part is taken to follow their speeds as the typical part does.
const FEWEST_FOR_A_SLOPE: usize = 4;

/// By how much parts differ in how they follow the speed of their process, 1 being the typical part: one deviation. What
/// waits for memory does not follow the clock at all.
const SLOPES: f64 = 0.5;

/// A part's change of the logarithm of its time, beyond what the processes' speeds explain.
pub(super) struct LogChange {
    pub(super) value: f64,
    /// What is not known of it: from the noise within the two processes, or from what several differ by.
    pub(super) variance: f64,
    /// The degrees of freedom of what several processes differ by; 0 if there is one on each occasion.
    degrees: usize,
    /// What turns the variance of one process into that of the change.
    per_process: f64,
}

impl LogChange {
    pub(super) fn new(LogTimes(sides): &LogTimes, speeds: &Speeds) -> Self {
        let values = |side: usize| sides[side].iter().map(|(value, _)| *value);
        let centers = [mean(values(0)), mean(values(1))];
        let processes = sides[0].len() + sides[1].len() - 2;
        // Off the mean of the occasion: the part, and the speed.
        let off = || {
            (0..2).flat_map(move |side| {
                let part = values(side).map(move |value| value - centers[side]);
                part.zip(speeds.off[side].iter().copied())
            })
        };
        let squares = |slope: f64| off().map(|(part, speed)| (part - slope * speed).powi(2)).sum();
        let counts = sides.each_ref().map(|side| side.len() as f64);
        let mut per_process = 1.0 / counts[0] + 1.0 / counts[1];
        let (mut slope, mut degrees) = (1.0, processes);
        if processes >= FEWEST_FOR_A_SLOPE && speeds.squares > 0.0 {
            degrees -= 1;
            let together: f64 = off().map(|(part, speed)| (part - speed) * speed).sum();
            let fitted: f64 = squares(1.0 + together / speeds.squares);
            let weight = speeds.squares + fitted / degrees as f64 / (SLOPES * SLOPES);
            slope = 1.0 + together / weight;
            per_process += speeds.change.powi(2) / weight;
        }
        let own = |side: usize| sides[side].iter().map(|(_, own)| own).sum::<f64>();
        let variance = match degrees {
            0 => own(0) / counts[0].powi(2) + own(1) / counts[1].powi(2),
            degrees => squares(slope) / degrees as f64 * per_process,
        };
        Self {
            value: centers[1] - centers[0] - slope * speeds.change,
            variance,
            degrees,
            per_process,
        }
    }
}

/// Tempers what several processes show of each part's variance by what the parts have in common; tells the degrees of
/// freedom of what results. `None` with one process on each occasion.
pub(super) fn temper(changes: &mut [Option<LogChange>]) -> Option<f64> {
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
