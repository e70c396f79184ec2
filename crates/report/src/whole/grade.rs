//! Grades: what they mean, and what each rests on.

use serde::Serialize;

use crate::quantity::{error, quantity, significant};
use tachy_measure::Unit;

/// How something stands. The rule of each [`Aspect`] says what leads to which grade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Grade {
    /// Nothing to do.
    A,
    /// Good enough; there is something to gain.
    B,
    /// Needs work, or is not known well enough.
    C,
    /// Must not stay so.
    D,
}

impl Grade {
    /// `A` to `D`.
    pub const fn letter(self) -> &'static str {
        match self {
            Grade::A => "A",
            Grade::B => "B",
            Grade::C => "C",
            Grade::D => "D",
        }
    }

    /// What it means, in words.
    pub const fn meaning(self) -> &'static str {
        match self {
            Grade::A => "nothing to do",
            Grade::B => "good enough, something to gain",
            Grade::C => "needs work, or is not known well enough",
            Grade::D => "must not stay so",
        }
    }

    /// The grade of a value by the most that A, B and C allow.
    pub(super) fn at_most(value: f64, limits: [f64; 3]) -> Self {
        match limits.iter().position(|limit| value <= *limit) {
            Some(0) => Grade::A,
            Some(1) => Grade::B,
            Some(2) => Grade::C,
            _ => Grade::D,
        }
    }

    /// The grade of a value by the least that A, B and C need.
    pub(super) fn at_least(value: f64, limits: [f64; 3]) -> Self {
        Self::at_most(-value, limits.map(|limit| -limit))
    }
}

/// What is graded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Aspect {
    /// Whether what was timed computes the right answer.
    Correctness,
    /// How well the times are known.
    Certainty,
    /// Whether something became slower.
    Change,
    /// How near operations come to what the machine can do.
    Efficiency,
    /// How much of the time is explained by operations.
    Explained,
    /// How memory is used.
    Memory,
}

impl Aspect {
    /// The name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Aspect::Correctness => "Correctness",
            Aspect::Certainty => "Certainty",
            Aspect::Change => "Change",
            Aspect::Efficiency => "Efficiency",
            Aspect::Explained => "Explained",
            Aspect::Memory => "Memory",
        }
    }

    /// What leads to which grade.
    pub const fn rule(self) -> &'static str {
        match self {
            Aspect::Correctness => {
                "A: every benchmark that was compared with a reference agrees with it within its tolerance, and none \
                 failed. C: one failed. D: one is wrong. Benchmarks without a reference do not count."
            }
            Aspect::Certainty => {
                "The median half-width of the 95% intervals of all times that were measured in two processes or more. \
                 A: 1% at most. B: 3%. C: 10%. D: more. C at best where half of the times or more come from a \
                 single process, which says nothing about the next one; and B at best where a warm-up in ten or more \
                 never became steady."
            }
            Aspect::Change => {
                "The gravest of all verdicts on duels, checks and later runs, and of the latest step or drift of each \
                 series. A: nothing became slower or larger. B: less than 15%, or a verdict is unsure. C: less than \
                 50%. D: 50% and more."
            }
            Aspect::Efficiency => {
                "The time that the operations of known work would take at the roofline, as a share of the time that \
                 they took. A: 50% and more. B: 25%. C: 10%. D: less."
            }
            Aspect::Explained => {
                "The share of the wall time that no span explains. A: 2% at most. B: 5%. C: 15%. D: more."
            }
            Aspect::Memory => {
                "A: no leak candidate, pressure low at most, and no saving of a tenth or more of the peak, the requests or \
                 the transfers. B: medium pressure, or such a saving. C: leak candidates, or high pressure. D: critical \
                 pressure."
            }
        }
    }
}

/// A number that a grade or a sentence rests on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Number {
    /// What it is.
    pub name: String,
    /// Its value.
    pub value: f64,
    /// In which unit.
    pub unit: NumberUnit,
}

/// The unit of a [`Number`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberUnit {
    /// A count of things.
    Count,
    /// A share of one.
    Share,
    /// A ratio.
    Ratio,
    /// A relative error.
    Error,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// Joules.
    Joules,
    /// Watts.
    Watts,
}

impl Number {
    /// A count of things.
    pub(super) fn count(name: &str, value: usize) -> Self {
        Self { name: name.to_owned(), value: value as f64, unit: NumberUnit::Count }
    }

    /// A share of one.
    pub(super) fn share(name: &str, value: f64) -> Self {
        Self { name: name.to_owned(), value, unit: NumberUnit::Share }
    }

    /// A ratio.
    pub(super) fn ratio(name: &str, value: f64) -> Self {
        Self { name: name.to_owned(), value, unit: NumberUnit::Ratio }
    }

    /// A relative error.
    pub(super) fn error(name: &str, value: f64) -> Self {
        Self { name: name.to_owned(), value, unit: NumberUnit::Error }
    }

    /// A quantity that was measured.
    pub(super) fn quantity(name: &str, value: f64, unit: Unit) -> Self {
        let unit = match unit {
            Unit::Seconds => NumberUnit::Seconds,
            Unit::Bytes => NumberUnit::Bytes,
            Unit::Count => NumberUnit::Count,
            Unit::Joules => NumberUnit::Joules,
            Unit::Watts => NumberUnit::Watts,
        };
        Self { name: name.to_owned(), value, unit }
    }

    /// The value for people.
    pub fn text(&self) -> String {
        match self.unit {
            NumberUnit::Count if self.value.fract() == 0.0 && self.value < 1e5 => {
                format!("{}", self.value)
            }
            NumberUnit::Count => quantity(self.value, Unit::Count),
            NumberUnit::Share => format!("{}%", significant_share(self.value)),
            NumberUnit::Ratio => format!("{}×", significant(self.value)),
            NumberUnit::Error => error(self.value),
            NumberUnit::Seconds => quantity(self.value, Unit::Seconds),
            NumberUnit::Bytes => quantity(self.value, Unit::Bytes),
            NumberUnit::Joules => quantity(self.value, Unit::Joules),
            NumberUnit::Watts => quantity(self.value, Unit::Watts),
        }
    }
}

/// A share in percent, with two digits after the point below ten.
fn significant_share(share: f64) -> String {
    let percent = share * 100.0;
    match percent.abs() {
        0.0 => "0".to_owned(),
        ..10.0 => format!("{percent:.2}"),
        _ => format!("{percent:.1}"),
    }
}

/// How one aspect stands, and why.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GradedAspect {
    /// What is graded.
    pub aspect: Aspect,
    /// The grade; `None` where there is no evidence.
    pub grade: Option<Grade>,
    /// Why, in a sentence.
    pub because: String,
    /// The rule.
    pub rule: &'static str,
    /// The numbers that it rests on.
    pub numbers: Vec<Number>,
}
