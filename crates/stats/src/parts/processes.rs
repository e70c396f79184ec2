//! What the processes of two occasions show of a part, and what all parts of a process share.

use super::quick::log_quick;
use super::{PartSamples, mean, median};

/// The logarithms of a part's quick times, one for each process of the two occasions, each with its variance from the
/// noise within the process.
pub(super) struct LogTimes(pub(super) [Vec<(f64, f64)>; 2]);

impl LogTimes {
    /// `None` if the part was hardly measured in one of the processes.
    pub(super) fn new(part: &PartSamples<'_>) -> Option<Self> {
        let logs = |samples: &[&crate::Samples]| -> Option<Vec<(f64, f64)>> {
            (!samples.is_empty()).then(|| samples.iter().map(|it| log_quick(it)).collect())?
        };
        Some(Self([logs(&part[0])?, logs(&part[1])?]))
    }
}

/// The speed of each process: its clock, and neighbours that stay.
pub(super) struct Speeds {
    /// The logarithm of what the times of all its parts share, off the mean of its occasion.
    pub(super) off: [Vec<f64>; 2],
    /// The sum of their squares.
    pub(super) squares: f64,
    /// What the second occasion's processes share, on average, less what the first one's do.
    pub(super) change: f64,
}

impl Speeds {
    /// The median over the parts of how far each lies off its own mean over the processes.
    pub(super) fn of<'a>(parts: impl Iterator<Item = &'a LogTimes>) -> Self {
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
        let mut off = off.map(|side| side.into_iter().filter_map(median).collect::<Vec<_>>());
        let [first, second] = off.each_ref().map(|side| mean(side.iter().copied()));
        for (side, center) in off.iter_mut().zip([first, second]) {
            side.iter_mut().for_each(|speed| *speed -= center);
        }
        let squares = off.iter().flatten().map(|off| off * off).sum();
        let change = if second.is_finite() { second - first } else { 0.0 };
        Self { off, squares, change }
    }
}
