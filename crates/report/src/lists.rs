//! Lists for a terminal: the devices of this machine, the models of the zoo.

use tachy_runtime::{Availability, DeviceInfo};

use crate::look::{Look, Tone, widest};
use crate::quantity::count;

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

/// The devices that can be used, with their engines, and the absent ones, with the reason and the remedy.
pub fn devices(devices: &[DeviceInfo], look: Look) -> String {
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
    blocks.join("\n")
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
