//! From which size on each device is faster than another.

use serde::{Deserialize, Serialize};
use tachy_graph::DType;
use tachy_graph::catalogue::{CatalogueOperator, Layout};
use tachy_runtime::Device;
use tachy_stats::{ComparisonOptions, Crossovers, Curve, CurvePoint, Samples, crossovers};

use super::record::{DeviceDescription, OperatorComparison, OperatorPoint, PointOutcome};
use crate::measurement::Metric;

/// Cases that differ only in their size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Family {
    /// The operator.
    pub operator: CatalogueOperator,
    /// The element type.
    pub dtype: DType,
    /// The layout.
    pub layout: Layout,
}

impl std::fmt::Display for Family {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.operator, self.dtype)?;
        match self.layout {
            Layout::Contiguous => Ok(()),
            Layout::Strided => write!(f, " {}", self.layout),
        }
    }
}

/// Whether a call's transfers count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transfers {
    /// The run alone: inputs are on the device already, and outputs stay there.
    Without,
    /// Upload, run and fetch.
    With,
}

impl Transfers {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Without, Self::With];

    /// What is timed then.
    pub const fn metric(self) -> Metric {
        match self {
            Transfers::Without => Metric::Run,
            Transfers::With => Metric::Call,
        }
    }

    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Transfers::Without => "without transfers",
            Transfers::With => "with transfers",
        }
    }
}

/// The crossovers of one family, with or without transfers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FamilyCrossings {
    /// The family: `matmul f32`.
    pub family: String,
    /// Whether transfers count.
    pub transfers: Transfers,
    /// Each two devices that were timed at a common size.
    pub pairs: Vec<PairCrossings>,
}

/// Where one of two devices overtakes the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairCrossings {
    /// The first device.
    pub first: Device,
    /// The second.
    pub second: Device,
    /// Who is faster where.
    #[serde(flatten)]
    pub crossovers: Crossovers,
}

/// The families of a comparison, each with its points by size. Cases of a later version are left out.
pub fn families(comparison: &OperatorComparison) -> Vec<(Family, Vec<(usize, &OperatorPoint)>)> {
    let mut families: Vec<(Family, Vec<(usize, &OperatorPoint)>)> = Vec::new();
    for point in &comparison.points {
        let Ok(case) = point.case() else { continue };
        let family = Family { operator: case.operator, dtype: case.dtype, layout: case.layout };
        let entry = (case.size.get(), point);
        match families.iter_mut().find(|(known, _)| *known == family) {
            Some((_, points)) => points.push(entry),
            None => families.push((family, vec![entry])),
        }
    }
    for (_, points) in &mut families {
        points.sort_by_key(|(size, _)| *size);
    }
    families
}

/// The crossovers of every family, without transfers and with them.
pub fn crossings(comparison: &OperatorComparison) -> Vec<FamilyCrossings> {
    let mut all = Vec::new();
    for (family, points) in families(comparison) {
        let points: Vec<AtSize> = points
            .into_iter()
            .map(|(size, point)| {
                let rows = point.rows.iter().map(|row| (&row.device, &row.outcome)).collect();
                AtSize { size, rows }
            })
            .collect();
        for transfers in Transfers::ALL {
            let pairs = pairs(&comparison.devices, &points, transfers);
            all.push(FamilyCrossings { family: family.to_string(), transfers, pairs });
        }
    }
    all
}

/// What became of each device at one size.
pub(crate) struct AtSize<'a> {
    pub size: usize,
    pub rows: Vec<(&'a Device, &'a PointOutcome)>,
}

/// The crossovers of each two devices that were timed at a common size.
pub(crate) fn pairs(
    devices: &[DeviceDescription],
    points: &[AtSize<'_>],
    transfers: Transfers,
) -> Vec<PairCrossings> {
    let curves: Vec<(&Device, Curve)> = devices
        .iter()
        .filter_map(|described| {
            let curve = curve(points, &described.device, transfers.metric())?;
            Some((&described.device, curve))
        })
        .collect();
    let mut pairs = Vec::new();
    for (place, (first, curve)) in curves.iter().enumerate() {
        for (second, other) in &curves[place + 1..] {
            // Devices that have no size in common have no crossovers either.
            if let Ok(crossovers) = crossovers(curve, other, &ComparisonOptions::default()) {
                let (first, second) = ((*first).clone(), (*second).clone());
                pairs.push(PairCrossings { first, second, crossovers });
            }
        }
    }
    pairs
}

/// The medians of a device's processes over the sizes at which it was timed in all of them.
fn curve(points: &[AtSize<'_>], device: &Device, metric: Metric) -> Option<Curve> {
    let at = |point: &AtSize| {
        let (_, outcome) = point.rows.iter().find(|(of, _)| *of == device)?;
        let median = |samples: &Samples| Some(samples.sorted()?.median());
        let processes = outcome.metric(metric)?.processes();
        let times = processes.iter().map(median).collect::<Option<Vec<f64>>>()?;
        Some(CurvePoint { size: point.size as f64, times })
    };
    let points: Vec<CurvePoint> = points.iter().filter_map(at).collect();
    if points.is_empty() { None } else { Curve::new(points).ok() }
}
