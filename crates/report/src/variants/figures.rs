//! A comparison of variants with what follows from it: latency, throughput, energy, who is best for what.

use tachy_measure::operators::{FamilyCrossings, PointOutcome};
use tachy_measure::variants::{VariantComparison, VariantPoint, VariantRow, crossings};
use tachy_measure::{Measured, Metric};
use tachy_stats::Estimate;

use crate::energy::EnergyNotes;
use crate::figure::Figure;
use crate::guide::{Candidate, Guide};
use crate::sentences::wrongness;

/// A comparison of variants, ready to be told.
#[derive(Debug, Clone)]
pub struct VariantReport<'a> {
    pub(crate) comparison: &'a VariantComparison,
    pub(crate) families: Vec<FamilyReport<'a>>,
    pub(crate) crossings: Vec<FamilyCrossings>,
}

/// The rows of one model at one resolution.
#[derive(Debug, Clone)]
pub(crate) struct FamilyReport<'a> {
    /// `zoo:resnet-18 at 160`.
    pub(crate) name: String,
    pub(crate) lines: Vec<Line<'a>>,
    /// Which of the rows for what.
    pub(crate) guide: Guide,
}

/// One row.
#[derive(Debug, Clone)]
pub(crate) struct Line<'a> {
    pub(crate) point: &'a VariantPoint,
    pub(crate) row: &'a VariantRow,
    /// The figures, or what became of it instead.
    pub(crate) figures: Result<Figures, Untimed>,
    /// What it is the best of its family for.
    pub(crate) best: Vec<String>,
}

/// The figures of a row that was timed.
#[derive(Debug, Clone)]
pub(crate) struct Figures {
    /// A call: upload, run and fetch.
    pub(crate) latency: Estimate,
    pub(crate) run: Option<f64>,
    /// Items in a second.
    pub(crate) rate: f64,
    /// The most memory of the process, in bytes.
    pub(crate) memory: Option<f64>,
    /// Joules of one item, and watts meanwhile.
    pub(crate) energy: Option<f64>,
    pub(crate) power: Option<f64>,
    /// Why they are not known.
    pub(crate) no_energy: Option<String>,
    /// The relative L2 error against the reference in f32.
    pub(crate) error: f64,
    pub(crate) is_reference: bool,
}

/// Why there are no figures.
#[derive(Debug, Clone)]
pub(crate) struct Untimed {
    /// `wrong`, `refused` or `failed`.
    pub(crate) state: &'static str,
    pub(crate) message: String,
}

/// The guide's aims that rows are marked with, and the words for them. What is left out has the same winner as another.
const MARKS: [(&str, &str); 7] = [
    ("latency", "latency"),
    ("throughput", "throughput"),
    ("memory", "memory"),
    ("energy", "energy"),
    ("first result", "first result"),
    ("real-time audio", "audio"),
    ("30 fps video", "video"),
];

impl<'a> VariantReport<'a> {
    /// Works out what follows from a comparison.
    pub fn new(comparison: &'a VariantComparison) -> Self {
        let mut families: Vec<(String, Vec<Line<'a>>)> = Vec::new();
        for point in &comparison.points {
            let lines = point.rows.iter().map(|row| line(point, row));
            let name = point.family();
            match families.iter_mut().find(|(known, _)| *known == name) {
                Some((_, all)) => all.extend(lines),
                None => families.push((name, lines.collect())),
            }
        }
        let families = families.into_iter().map(|(name, lines)| family(name, lines)).collect();
        Self { comparison, families, crossings: crossings(comparison) }
    }

    /// Devices that failed or were wrong, each once, in the comparison's order. Who refuses a precision has not failed.
    pub fn failures(&self) -> Vec<String> {
        let failed = |device: &&tachy_runtime::Device| {
            let mut rows = self.comparison.points.iter().flat_map(|point| &point.rows);
            rows.any(|row| {
                row.device == **device
                    && matches!(
                        row.outcome,
                        PointOutcome::Wrong { .. } | PointOutcome::Failed { .. }
                    )
            })
        };
        let devices = self.comparison.devices.iter().map(|described| &described.device);
        devices.filter(failed).map(|device| device.to_string()).collect()
    }

    /// The guides: which row to take for what, for each model at each resolution.
    pub fn guides(&self) -> Vec<&Guide> {
        self.families.iter().map(|family| &family.guide).collect()
    }

    pub(crate) fn lines(&self) -> impl Iterator<Item = &Line<'a>> {
        self.families.iter().flat_map(|family| &family.lines)
    }

    /// The lines that were timed.
    pub(crate) fn timed(&self) -> impl Iterator<Item = (&Line<'a>, &Figures)> {
        self.lines().filter_map(|line| Some((line, line.figures.as_ref().ok()?)))
    }

    /// Whether anybody's energy is known.
    pub(crate) fn has_energy(&self) -> bool {
        self.timed().any(|(_, figures)| figures.energy.is_some())
    }

    /// What is to be said of energy.
    pub(crate) fn energy_notes(&self) -> EnergyNotes<'_> {
        EnergyNotes::of(
            self.lines().filter_map(|line| {
                Some((line.row.device.to_string(), line.row.outcome.measured()?))
            }),
        )
    }
}

fn family(name: String, mut lines: Vec<Line<'_>>) -> FamilyReport<'_> {
    let precisions = {
        let mut precisions: Vec<_> = lines.iter().map(|line| line.row.precision).collect();
        precisions.sort_unstable();
        precisions.dedup();
        precisions.len()
    };
    let candidates: Vec<Candidate> = lines
        .iter()
        .enumerate()
        .filter_map(|(place, line)| {
            line.figures.as_ref().ok()?;
            let device = match precisions {
                0 | 1 => line.row.device.to_string(),
                _ => format!("{} in {}", line.row.device, line.row.precision),
            };
            let measured = line.row.outcome.measured()?;
            Some(Candidate { place, device, batch: line.point.items(), measured })
        })
        .collect();
    let guide = Guide::of(name.clone(), candidates);
    for answer in &guide.answers {
        let mark = MARKS.iter().find(|(aim, _)| answer.aim.starts_with(aim));
        let (Some((_, word)), Some(winner)) = (mark, answer.winner) else { continue };
        let word = if answer.tied { format!("{word}≈") } else { (*word).to_owned() };
        lines[winner].best.push(word);
    }
    FamilyReport { name, lines, guide }
}

fn line<'a>(point: &'a VariantPoint, row: &'a VariantRow) -> Line<'a> {
    let figures = match &row.outcome {
        PointOutcome::Measured(measured) => figures(point, row, measured).ok_or_else(|| Untimed {
            state: "failed",
            message: "its calls took no time at all".to_owned(),
        }),
        PointOutcome::Wrong { agreement } => {
            Err(Untimed { state: "wrong", message: wrongness(agreement) })
        }
        PointOutcome::Unsupported { message } => {
            Err(Untimed { state: "refused", message: format!("because {}", message.trim()) })
        }
        PointOutcome::Failed { stage, message } => Err(Untimed {
            state: "failed",
            message: format!("while {}: {}", stage.name(), message.trim()),
        }),
    };
    Line { point, row, figures, best: Vec::new() }
}

fn figures(point: &VariantPoint, row: &VariantRow, measured: &Measured) -> Option<Figures> {
    let value = |metric| Some(Figure::new(measured, metric)?.value());
    let latency = Figure::new(measured, Metric::Call)?.estimate?;
    let items = point.items() as f64;
    let error = measured.agreement.relative_l2;
    Some(Figures {
        latency,
        run: value(Metric::Run),
        rate: items / latency.value,
        memory: value(Metric::PeakMemory),
        energy: value(Metric::Energy).map(|joules| joules / items),
        power: value(Metric::Power),
        no_energy: measured.energy_absent.clone(),
        error,
        is_reference: point.reference.as_ref() == Some(&row.device) && error == 0.0,
    })
}
