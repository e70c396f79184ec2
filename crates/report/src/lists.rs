//! Lists for a terminal: the devices of this machine, the models of the zoo.

use tachy_measure::EnergyCounter;
use tachy_runtime::{Availability, Device, DeviceInfo};

use crate::energy::{add, why_absent};
use crate::look::{Look, Tone, widest};
use crate::quantity::count;
use crate::sentences::join;
use crate::terminal::quiet;

/// A line of [`models`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelEntry {
    /// The name to ask for.
    pub name: String,
    /// Elements of all weights.
    pub parameters: u64,
    /// Inputs, as `name: f32[1, 3, 224, 224]`.
    pub inputs: Vec<String>,
    /// What it is, in a sentence.
    pub about: String,
}

/// Why one device is absent, or all devices of a backend: then the name is `BACKEND:*`.
pub(crate) struct Absence<'a> {
    pub name: String,
    pub reason: &'a str,
    pub remedy: &'a str,
}

/// The absent devices, in order. Where all devices of a backend are absent for one reason, it is told once.
pub(crate) fn absences(devices: &[DeviceInfo]) -> Vec<Absence<'_>> {
    let mut absences: Vec<Absence<'_>> = Vec::new();
    let mut last = None;
    for info in devices {
        let Availability::Absent { reason, remedy } = &info.availability else { continue };
        let backend = info.device.backend();
        if last.replace((backend, reason, remedy)) == Some((backend, reason, remedy)) {
            let absence = absences.last_mut().expect("there was one before");
            absence.name = format!("{backend}:*");
        } else {
            absences.push(Absence { name: info.device.to_string(), reason, remedy });
        }
    }
    absences
}

/// The absent devices as entries of a list: the name, and the reason with the remedy.
pub(crate) fn absences_told(devices: &[DeviceInfo]) -> Vec<(String, String)> {
    let told = absences(devices).into_iter();
    told.map(|absence| (absence.name, format!("{} {}", absence.reason, absence.remedy))).collect()
}

/// The devices that can be used, with their engines; the absent ones, with the reason and the remedy; and whose energy is
/// counted, or why not.
pub fn devices(devices: &[DeviceInfo], counters: &[(Device, EnergyCounter)], look: Look) -> String {
    let (mut available, mut absent) = (Vec::new(), Vec::new());
    for info in devices {
        let name = info.device.to_string();
        match &info.availability {
            Availability::Available => available.push((name, info.description.clone())),
            Availability::Absent { .. } => {}
        }
    }
    for absence in absences(devices) {
        absent.push((absence.name, format!("{}\n{}", absence.reason, absence.remedy)));
    }
    let wide = widest(&available).max(widest(&absent));
    let mut blocks = Vec::new();
    for (title, entries, tone) in
        [("Available", available, Tone::Good), ("Absent", absent, Tone::Strong)]
    {
        if !entries.is_empty() {
            let title = look.paint(Tone::Quiet, title);
            blocks.push(format!("{title}\n{}", look.entries(&entries, wide, tone)));
        }
    }
    let counters = counted(counters);
    if !counters.is_empty() {
        blocks.push(counters.iter().map(|text| quiet(look, text)).collect());
    }
    blocks.join("\n")
}

/// Whose energy is counted by what, and whose is not and why: a sentence or more for each counter and each reason.
fn counted(counters: &[(Device, EnergyCounter)]) -> Vec<String> {
    let mut groups = Vec::new();
    for (device, counter) in counters {
        add(&mut groups, counter, &device.to_string());
    }
    let sentence = |(counter, names): (&EnergyCounter, Vec<String>)| match counter {
        EnergyCounter::Counted { scope } => {
            format!("The energy of {} is counted by {scope}.", join(&names))
        }
        EnergyCounter::Absent { reason, remedy } => {
            why_absent(&names, &format!("{reason} {remedy}"))
        }
    };
    groups.into_iter().map(sentence).collect()
}

/// The models of the zoo: what each is, its weights and its inputs.
pub fn models(entries: &[ModelEntry], look: Look) -> String {
    let entries: Vec<(String, String)> = entries
        .iter()
        .map(|entry| {
            let facts =
                format!("{} parameters · {}", count(entry.parameters), entry.inputs.join(", "));
            (entry.name.clone(), format!("{}\n{facts}", entry.about))
        })
        .collect();
    look.entries(&entries, widest(&entries), Tone::Strong)
}
