//! How people and scripts read a check.

mod annotations;
mod bisection;
mod junit;
mod markdown;
mod terminal;
mod words;

use tachy_measure::gate::{Bisection, Conclusion, GateVerdict, Status};

use crate::layout::layout;

pub use annotations::annotations;
pub use bisection::{bisection, trial};
pub use junit::junit;
pub use markdown::markdown;
pub use terminal::terminal;

/// What scripts want first, then the whole record with every process in run order.
#[derive(serde::Serialize)]
struct Json<'a, R> {
    status: Status,
    verdicts: &'a [GateVerdict],
    record: &'a R,
}

/// A check as JSON: its status, its verdicts, and the record that they follow from.
pub fn json(conclusion: &Conclusion, record: &impl serde::Serialize) -> String {
    let json = Json { status: conclusion.status(), verdicts: &conclusion.verdicts, record };
    layout(&serde_json::to_string(&json).expect("the record is plain data"))
}

/// A bisection as JSON.
pub fn bisection_json(bisection: &Bisection) -> String {
    layout(&serde_json::to_string(bisection).expect("the record is plain data"))
}
