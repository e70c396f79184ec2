//! What is to be said of energy: where it was measured, what it is of; where it was not, why.

use tachy_measure::{Measured, Metric};

use crate::sentences::join;

/// What the counters count.
pub(crate) const SCOPE: &str = "Energy is one call's share of what the counters of the processors' packages or of the GPU rose \
    by while it was timed, whoever else worked there.";

/// What is to be said of some devices' energy. Nothing for records that know nothing of energy.
pub(crate) struct EnergyNotes<'a> {
    known: bool,
    /// Why it is absent, and whose, once for each reason.
    absent: Vec<(&'a str, Vec<String>)>,
}

impl<'a> EnergyNotes<'a> {
    pub(crate) fn of(devices: impl Iterator<Item = (String, &'a Measured)>) -> Self {
        let (mut known, mut absent) = (false, Vec::new());
        for (device, measured) in devices {
            known |= measured.metric(Metric::Energy).is_some();
            if let Some(reason) = &measured.energy_absent {
                add(&mut absent, reason.as_str(), &device);
            }
        }
        Self { known, absent }
    }

    /// Each a sentence or more: what it is of, and why it is absent.
    pub(crate) fn whole(&self) -> Vec<String> {
        let absent = self.absent.iter().map(|(reason, names)| why_absent(names, reason));
        self.scope().into_iter().chain(absent).collect()
    }

    /// What it is of, and in one sentence that it is absent.
    pub(crate) fn short(&self) -> Vec<String> {
        let names = self.absent.iter().flat_map(|(_, names)| names);
        let whose = match self.known {
            true => format!(" of {}", join(&names.cloned().collect::<Vec<_>>())),
            false => String::new(),
        };
        let absent = (!self.absent.is_empty()).then(|| {
            format!("No energy was counted{whose}; `tachy devices` and the JSON say why.")
        });
        self.scope().into_iter().chain(absent).collect()
    }

    fn scope(&self) -> Option<String> {
        self.known.then(|| SCOPE.to_owned())
    }
}

/// Puts a device to the others of which the same is to be said.
pub(crate) fn add<T: PartialEq>(groups: &mut Vec<(T, Vec<String>)>, what: T, device: &str) {
    let name = format!("`{device}`");
    match groups.iter_mut().find(|(known, _)| *known == what) {
        Some((_, names)) if names.contains(&name) => {}
        Some((_, names)) => names.push(name),
        None => groups.push((what, vec![name])),
    }
}

/// Why the energy of some devices is absent.
pub(crate) fn why_absent(names: &[String], reason: &str) -> String {
    format!("The energy of {} is absent: {}", join(names), uncapitalised(reason))
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
