//! How bad a change is.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How bad a change for the worse is, by its share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Below 15%.
    Minor,
    /// From 15% to below 30%.
    Moderate,
    /// From 30% to below 50%.
    Major,
    /// 50% and more.
    Critical,
}

impl Severity {
    /// The severity of a ratio of new to old; `None` where nothing grew.
    pub fn of_ratio(ratio: f64) -> Option<Self> {
        // The slack keeps 1.15, which is no binary number, from falling short of 15%.
        let share = ratio - 1.0 + 1e-9;
        match share {
            _ if ratio.is_nan() || ratio <= 1.0 => None,
            _ if share < 0.15 => Some(Severity::Minor),
            _ if share < 0.30 => Some(Severity::Moderate),
            _ if share < 0.50 => Some(Severity::Major),
            _ => Some(Severity::Critical),
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Minor => "minor",
            Severity::Moderate => "moderate",
            Severity::Major => "major",
            Severity::Critical => "critical",
        })
    }
}
