//! A comparison on operators with what follows from it: rates, shares of the peaks, who is fastest, who overtakes where.

use tachy_measure::operators::{
    Family, FamilyCrossings, OperatorComparison, OperatorPoint, Peaks, PointOutcome, crossings,
    families,
};
use tachy_measure::{Measured, Metric};
use tachy_runtime::Device;
use tachy_stats::Estimate;

use crate::energy::EnergyNotes;
use crate::figure::Figure;
use crate::sentences::wrongness;

/// A comparison on operators, ready to be told.
#[derive(Debug, Clone)]
pub struct OperatorReport<'a> {
    pub(crate) comparison: &'a OperatorComparison,
    pub(crate) peaks: Option<&'a Peaks>,
    pub(crate) families: Vec<FamilyReport<'a>>,
    pub(crate) crossings: Vec<FamilyCrossings>,
}

/// The points of one family.
#[derive(Debug, Clone)]
pub(crate) struct FamilyReport<'a> {
    pub(crate) family: Family,
    pub(crate) lines: Vec<Line<'a>>,
}

/// One size on one device.
#[derive(Debug, Clone)]
pub(crate) struct Line<'a> {
    pub(crate) size: usize,
    pub(crate) case: &'a str,
    pub(crate) device: &'a Device,
    /// The figures, or what became of it instead.
    pub(crate) figures: Result<Rates, Untimed>,
}

/// The figures of one size on one device that was timed.
#[derive(Debug, Clone)]
pub(crate) struct Rates {
    pub(crate) run: Estimate,
    pub(crate) call: Option<f64>,
    pub(crate) upload: Option<f64>,
    pub(crate) fetch: Option<f64>,
    /// The operator's operations and bytes.
    pub(crate) work: [f64; 2],
    /// Operations in a second.
    pub(crate) flops: f64,
    /// Bytes in a second.
    pub(crate) bytes: f64,
    /// The least time by the device's peaks as a share of the time.
    pub(crate) share: Option<f64>,
    /// Joules of a call, and watts meanwhile.
    pub(crate) energy: Option<f64>,
    pub(crate) power: Option<f64>,
    /// Why they are not known.
    pub(crate) no_energy: Option<String>,
    /// The relative L2 error of the outputs.
    pub(crate) error: f64,
    pub(crate) is_reference: bool,
    /// Whether no other device has a shorter run at this size.
    pub(crate) fastest: bool,
}

/// Why there are no figures.
#[derive(Debug, Clone)]
pub(crate) struct Untimed {
    /// `wrong`, `unsupported` or `failed`.
    pub(crate) state: &'static str,
    pub(crate) message: String,
}

impl<'a> OperatorReport<'a> {
    /// Works out what follows from a comparison; with peaks, shares of them.
    pub fn new(comparison: &'a OperatorComparison, peaks: Option<&'a Peaks>) -> Self {
        let families = families(comparison)
            .into_iter()
            .map(|(family, points)| FamilyReport {
                family,
                lines: points
                    .into_iter()
                    .flat_map(|(size, point)| lines(family, size, point, peaks))
                    .collect(),
            })
            .collect();
        Self { comparison, peaks, families, crossings: crossings(comparison) }
    }

    /// Whether anybody's energy is known.
    pub(crate) fn has_energy(&self) -> bool {
        let mut lines = self.families.iter().flat_map(|family| &family.lines);
        lines.any(|line| line.figures.as_ref().is_ok_and(|rates| rates.energy.is_some()))
    }

    /// What is to be said of energy.
    pub(crate) fn energy_notes(&self) -> EnergyNotes<'_> {
        let rows = self.comparison.points.iter().flat_map(|point| &point.rows);
        EnergyNotes::of(
            rows.filter_map(|row| Some((row.device.to_string(), row.outcome.measured()?))),
        )
    }

    /// Devices that failed or were wrong, each once, in the comparison's order. Who lacks an operator has not failed.
    pub fn failures(&self) -> Vec<String> {
        let failed = |device: &Device| {
            let mut rows = self.comparison.points.iter().flat_map(|point| &point.rows);
            rows.any(|row| {
                row.device == *device
                    && matches!(
                        row.outcome,
                        PointOutcome::Wrong { .. } | PointOutcome::Failed { .. }
                    )
            })
        };
        let devices = self.comparison.devices.iter().map(|described| &described.device);
        devices.filter(|device| failed(device)).map(Device::to_string).collect()
    }
}

fn lines<'a>(
    family: Family,
    size: usize,
    point: &'a OperatorPoint,
    peaks: Option<&Peaks>,
) -> Vec<Line<'a>> {
    let mut lines: Vec<Line<'a>> = point
        .rows
        .iter()
        .map(|row| Line {
            size,
            case: &point.case,
            device: &row.device,
            figures: match &row.outcome {
                PointOutcome::Measured(measured) => {
                    rates(family, point, &row.device, measured, peaks).ok_or_else(|| Untimed {
                        state: "failed",
                        message: "its runs took no time at all".to_owned(),
                    })
                }
                PointOutcome::Wrong { agreement } => {
                    Err(Untimed { state: "wrong", message: wrongness(agreement) })
                }
                PointOutcome::Unsupported { message } => {
                    Err(Untimed { state: "unsupported", message: message.clone() })
                }
                PointOutcome::Failed { stage, message } => Err(Untimed {
                    state: "failed",
                    message: format!("while {}: {}", stage.name(), message.trim()),
                }),
            },
        })
        .collect();
    let times = lines.iter().filter_map(|line| Some(line.figures.as_ref().ok()?.run.value));
    let best = times.fold(f64::INFINITY, f64::min);
    for line in &mut lines {
        if let Ok(rates) = &mut line.figures {
            rates.fastest = rates.run.value <= best;
        }
    }
    lines
}

fn rates(
    family: Family,
    point: &OperatorPoint,
    device: &Device,
    measured: &Measured,
    peaks: Option<&Peaks>,
) -> Option<Rates> {
    let value = |metric| Some(Figure::new(measured, metric)?.value());
    let run = Figure::new(measured, Metric::Run)?.estimate?;
    let least = peaks
        .and_then(|peaks| peaks.of(device))
        .and_then(|peaks| peaks.least_seconds(&point.cost(), &family.dtype.to_string()));
    let error = measured.agreement.relative_l2;
    Some(Rates {
        run,
        call: value(Metric::Call),
        upload: value(Metric::Upload),
        fetch: value(Metric::Fetch),
        work: [point.flops, point.bytes],
        flops: point.flops / run.value,
        bytes: point.bytes / run.value,
        share: least.map(|least| least / run.value),
        energy: value(Metric::Energy),
        power: value(Metric::Power),
        no_energy: measured.energy_absent.clone(),
        error,
        is_reference: point.reference.as_ref() == Some(device) && error == 0.0,
        fastest: false,
    })
}
