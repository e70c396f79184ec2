//! What is to be said of energy: where it was measured, what it is of; where it was not, why.

use tachy_measure::{Measured, Metric};

use crate::sentences::join;

/// What the counters count.
pub(crate) const SCOPE: &str = "Energy is one call's share of what the counters of the processors' packages or of the GPU rose \
    by while it was timed, whoever else worked there.";

/// Notes on these devices' energy, each a sentence or more: what it is of, and why it is absent, once for each reason.
/// Nothing for records that know nothing of energy.
pub(crate) fn notes<'a>(devices: impl Iterator<Item = (String, &'a Measured)>) -> Vec<String> {
    let mut known = false;
    let mut absent: Vec<(&str, Vec<String>)> = Vec::new();
    for (device, measured) in devices {
        known |= measured.metric(Metric::Energy).is_some();
        let Some(reason) = &measured.energy_absent else { continue };
        let name = format!("`{device}`");
        match absent.iter_mut().find(|(known, _)| known == reason) {
            Some((_, names)) if names.contains(&name) => {}
            Some((_, names)) => names.push(name),
            None => absent.push((reason, vec![name])),
        }
    }
    let absent = absent.into_iter().map(|(reason, names)| {
        format!("The energy of {} is absent: {}", join(&names), uncapitalised(reason))
    });
    known.then(|| SCOPE.to_owned()).into_iter().chain(absent).collect()
}

/// A sentence that goes on behind a colon. What begins with a name or an abbreviation keeps its letters.
fn uncapitalised(sentence: &str) -> String {
    let mut letters = sentence.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second))
            if !second.is_uppercase() && !sentence.starts_with("NVIDIA") =>
        {
            first.to_lowercase().chain(letters).collect()
        }
        _ => sentence.to_owned(),
    }
}
