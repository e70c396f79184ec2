//! What the signals mean.

use serde::{Deserialize, Serialize};

use super::signals::{Capacity, Limit, Signals, Stall, SystemLevel};

/// How scarce memory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PressureLevel {
    /// There is plenty.
    None,
    /// Most of it is in use.
    Low,
    /// Caches should stop growing.
    Medium,
    /// What can be done without should be given back.
    High,
    /// The program is about to be slowed down, swapped out or killed.
    Critical,
}

/// How scarce memory is, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pressure {
    /// The worst that any signal says.
    pub level: PressureLevel,
    /// What each signal says, as a sentence, the worst first.
    pub evidence: Vec<String>,
}

const LEVELS: [PressureLevel; 4] =
    [PressureLevel::Low, PressureLevel::Medium, PressureLevel::High, PressureLevel::Critical];

/// The shares in use, in percent, from which each level holds.
const IN_USE: [u64; 4] = [70, 80, 90, 95];
/// Percent of time in which some program waited. That alone is never critical: the others worked.
const SOME_WAITED: [f64; 4] = [1.0, 10.0, 25.0, f64::INFINITY];
/// Percent of time in which all programs waited, and nothing was done.
const ALL_WAITED: [f64; 4] = [0.5, 2.0, 5.0, 20.0];

impl Signals {
    /// What the signals mean: the worst of them counts.
    pub fn pressure(&self) -> Pressure {
        let mut said = Vec::new();
        for Limit { group, limit, used } in &self.limits {
            let level = level_in_use(*used, *limit);
            said.push((
                level,
                format!("The control group `{group}` holds {used} of {limit} bytes."),
            ));
        }
        if let Some(Capacity { total, available }) = self.capacity {
            let level = level_in_use(total.saturating_sub(available), total);
            said.push((level, format!("{available} of {total} bytes are available.")));
        }
        if let Some(Stall { some, full }) = self.stall {
            let level =
                level_from(|n| some >= SOME_WAITED[n]).max(level_from(|n| full >= ALL_WAITED[n]));
            said.push((
                level,
                format!("Of the last ten seconds, some programs waited for memory {some}%, and all of them {full}%."),
            ));
        }
        if let Some(stated) = self.stated {
            said.push(match stated {
                SystemLevel::Normal => {
                    (PressureLevel::None, "The system calls its memory normal.".into())
                }
                SystemLevel::Warning => {
                    (PressureLevel::Medium, "The system warns of scarce memory.".into())
                }
                SystemLevel::Critical => {
                    (PressureLevel::Critical, "The system calls its memory critical.".into())
                }
            });
        }
        if said.is_empty() {
            said.push((
                PressureLevel::None,
                "Nothing on this machine tells how scarce memory is.".into(),
            ));
        }
        said.sort_by_key(|(level, _)| std::cmp::Reverse(*level));
        let level = said[0].0;
        let sentences = said.into_iter().map(|(_, sentence)| sentence);
        Pressure { level, evidence: sentences.chain(self.unreadable.iter().cloned()).collect() }
    }
}

fn level_from(reached: impl Fn(usize) -> bool) -> PressureLevel {
    (0..LEVELS.len()).rev().find(|n| reached(*n)).map_or(PressureLevel::None, |n| LEVELS[n])
}

fn level_in_use(used: u64, total: u64) -> PressureLevel {
    let reached = |n: usize| u128::from(used) * 100 >= u128::from(IN_USE[n]) * u128::from(total);
    // Of nothing, nothing can be said.
    if total == 0 { PressureLevel::None } else { level_from(reached) }
}

#[cfg(test)]
mod tests {
    use super::PressureLevel::*;
    use super::*;

    fn level(signals: Signals) -> PressureLevel {
        signals.pressure().level
    }

    #[test]
    fn every_boundary_of_use() {
        let cases = [
            (0, None),
            (6999, None),
            (7000, Low),
            (7999, Low),
            (8000, Medium),
            (8999, Medium),
            (9000, High),
            (9499, High),
            (9500, Critical),
            (10_000, Critical),
            (20_000, Critical),
        ];
        for (used, expected) in cases {
            let limits = vec![Limit { group: "/".into(), limit: 10_000, used }];
            assert_eq!(level(Signals { limits, ..Signals::default() }), expected, "{used}");
            let capacity =
                Some(Capacity { total: 10_000, available: 10_000_u64.saturating_sub(used) });
            assert_eq!(level(Signals { capacity, ..Signals::default() }), expected, "{used}");
        }
        let nothing = Some(Capacity { total: 0, available: 0 });
        assert_eq!(level(Signals { capacity: nothing, ..Signals::default() }), None);
        let most = Some(Capacity { total: u64::MAX, available: 0 });
        assert_eq!(level(Signals { capacity: most, ..Signals::default() }), Critical);
    }

    #[test]
    fn every_boundary_of_waiting() {
        let cases = [
            (0.0, 0.0, None),
            (0.99, 0.0, None),
            (1.0, 0.0, Low),
            (9.99, 0.0, Low),
            (10.0, 0.0, Medium),
            (24.99, 0.0, Medium),
            (25.0, 0.0, High),
            (100.0, 0.0, High),
            (0.0, 0.49, None),
            (0.0, 0.5, Low),
            (0.0, 1.99, Low),
            (0.0, 2.0, Medium),
            (0.0, 4.99, Medium),
            (0.0, 5.0, High),
            (0.0, 19.99, High),
            (0.0, 20.0, Critical),
            (f64::NAN, f64::NAN, None),
        ];
        for (some, full, expected) in cases {
            let stall = Option::Some(Stall { some, full });
            assert_eq!(level(Signals { stall, ..Signals::default() }), expected, "{some} {full}");
        }
    }

    #[test]
    fn the_systems_word_counts_and_the_worst_wins() {
        let cases = [
            (SystemLevel::Normal, None),
            (SystemLevel::Warning, Medium),
            (SystemLevel::Critical, Critical),
        ];
        for (stated, expected) in cases {
            assert_eq!(level(Signals { stated: Some(stated), ..Signals::default() }), expected);
        }
        let signals = Signals {
            capacity: Some(Capacity { total: 100, available: 90 }),
            limits: vec![Limit { group: "/a".into(), limit: 10, used: 9 }],
            stall: Some(Stall { some: 2.0, full: 0.0 }),
            stated: Option::None,
            unreadable: vec!["A file is broken.".into()],
        };
        let pressure = signals.pressure();
        assert_eq!(pressure.level, High);
        assert_eq!(pressure.evidence[0], "The control group `/a` holds 9 of 10 bytes.");
        assert_eq!(pressure.evidence.len(), 4);
        assert_eq!(Signals::default().pressure().level, None);
        assert_eq!(Signals::default().pressure().evidence.len(), 1);
    }
}
