//! A bisection for a terminal.

use tachy_measure::gate::{Bisection, Trial};
use tachy_stats::Outcome;

use super::words::short;
use crate::look::{Look, Tone};
use crate::quantity::plain;
use crate::sentences::evidence;

/// What was found, and every commit that was tried.
pub fn bisection(bisection: &Bisection, look: Look) -> String {
    let (tone, text) = match bisection.suspects.as_slice() {
        [] => (
            Tone::Caution,
            format!(
                "`{}` is not slower than `{}` as far as can be told, so there is no commit to find.",
                short(&bisection.bad),
                short(&bisection.good)
            ),
        ),
        [one] => (Tone::Bad, format!("`{}` is the first slow commit.", named(bisection, one))),
        [several @ .., last] => (
            Tone::Caution,
            format!(
                "The first slow commit is `{}` or one of the {} before it that could not be judged.",
                named(bisection, last),
                several.len()
            ),
        ),
    };
    let mut lines = look.wrap("", &look.sentence(tone, &text)) + "\n\n";
    for trial in &bisection.trials {
        lines += &self::trial(trial, look);
    }
    plain(&lines)
}

/// A commit that was tried, on a line or two.
pub fn trial(trial: &Trial, look: Look) -> String {
    let (sign, tone, text) = match (&trial.judgement, &trial.failure) {
        (Some(judgement), _) => {
            let (sign, tone) = match judgement.outcome {
                Outcome::Slower => ("✗", Tone::Bad),
                Outcome::Same | Outcome::Faster => ("✓", Tone::Good),
                Outcome::Unsure => ("?", Tone::Caution),
            };
            (sign, tone, format!("{}, ratio {}", judgement.outcome, evidence(&judgement.ratio)))
        }
        (None, Some(failure)) => ("?", Tone::Caution, format!("left out: {failure}")),
        (None, None) => ("?", Tone::Caution, "left out: the metric was not measured".to_owned()),
    };
    let first = format!("{} ", look.paint(tone, sign));
    let line = format!("`{}` {}: {text}", short(&trial.commit), trial.subject);
    plain(&look.wrap(&first, &look.sentence(Tone::Plain, &line))) + "\n"
}

/// The commit with its message, if it was tried.
fn named(bisection: &Bisection, commit: &str) -> String {
    let tried = bisection.trials.iter().find(|trial| trial.commit == commit);
    tried.map_or_else(
        || short(commit).to_owned(),
        |trial| format!("{} {}", short(commit), trial.subject),
    )
}
