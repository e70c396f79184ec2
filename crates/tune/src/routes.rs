//! What was measured, as far as a choice needs it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tachy_graph::catalogue::Recognized;
use tachy_measure::Metric;
use tachy_measure::operators::{Family, OperatorComparison, families};
use tachy_runtime::{Device, DeviceInfo};

/// How far beyond the work that was measured a time is still told: by this factor.
const BEYOND: f64 = 4.0;

/// What was measured, by the condition of the machine.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Routes {
    conditions: BTreeMap<String, Known>,
    /// The engines that were measured, with their versions: another version is another engine.
    engines: BTreeMap<String, String>,
}

/// What was measured under one condition.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Known {
    /// By the operators' families, threads and devices: a whole call's seconds over the operator's work in operations,
    /// ascending. Empty for a device that was tried and cannot do it.
    operators: BTreeMap<String, BTreeMap<String, Vec<(f64, f64)>>>,
    /// By the graphs' fingerprints and devices: a whole call's seconds; nothing for a device that cannot do it.
    graphs: BTreeMap<String, BTreeMap<String, Option<f64>>>,
}

fn key(family: &Family, threads: usize) -> String {
    format!("{family}, threads: {threads}")
}

impl Routes {
    /// Takes over what a comparison on operators measured. A point that is known already is replaced.
    pub fn learn(&mut self, condition: &str, comparison: &OperatorComparison) {
        let threads = comparison.settings.threads;
        for described in &comparison.devices {
            self.meet(&described.device, &described.description);
        }
        let known = self.conditions.entry(condition.to_owned()).or_default();
        for (family, points) in families(comparison) {
            let devices = known.operators.entry(key(&family, threads)).or_default();
            for (_, point) in points {
                for row in &point.rows {
                    let curve = devices.entry(row.device.to_string()).or_default();
                    let call = row.outcome.metric(Metric::Call);
                    let typical = call.and_then(|call| {
                        let medians = call.processes.iter().map(|series| series.samples.sorted());
                        let logs = medians.map(|sorted| Some(sorted?.median().ln()));
                        let logs: Vec<f64> = logs.collect::<Option<_>>()?;
                        Some((logs.iter().sum::<f64>() / logs.len() as f64).exp())
                    });
                    let Some(seconds) = typical.filter(|seconds| *seconds > 0.0) else { continue };
                    curve.retain(|(work, _)| *work != point.flops);
                    curve.push((point.flops, seconds));
                    curve.sort_by(|a, b| a.0.total_cmp(&b.0));
                }
            }
        }
    }

    /// Takes over how long a whole call of a graph takes on each device that was tried.
    pub(crate) fn learn_graph(
        &mut self,
        condition: &str,
        fingerprint: &str,
        tried: &[DeviceInfo],
        times: &[(Device, f64)],
    ) {
        for info in tried {
            self.meet(&info.device, &info.description);
        }
        let known = self.conditions.entry(condition.to_owned()).or_default();
        let time = |device: &Device| times.iter().find(|(other, _)| other == device);
        let times = tried.iter().map(|info| {
            let seconds = time(&info.device).map(|(_, seconds)| *seconds);
            (info.device.to_string(), seconds.filter(|seconds| seconds.is_finite()))
        });
        known.graphs.insert(fingerprint.to_owned(), times.collect());
    }

    /// Forgets what was measured of a device whose engine was another.
    fn meet(&mut self, device: &Device, description: &str) {
        let name = device.to_string();
        let before = self.engines.insert(name.clone(), description.to_owned());
        if before.is_some_and(|before| before != description) {
            for known in self.conditions.values_mut() {
                for devices in known.operators.values_mut() {
                    devices.remove(&name);
                }
                for devices in known.graphs.values_mut() {
                    devices.remove(&name);
                }
            }
        }
    }

    /// The seconds of a whole call on each of these devices, the fastest first; nothing unless all of them are known, for a
    /// device that was never measured might be the fastest. Those that were measured and could not do it are left out.
    pub(crate) fn of_operator(
        &self,
        condition: &str,
        graph: &Recognized,
        threads: usize,
        devices: &[DeviceInfo],
    ) -> Option<Vec<(Device, f64)>> {
        let family = Family { operator: graph.operator, dtype: graph.dtype, layout: graph.layout };
        let curves = self.conditions.get(condition)?.operators.get(&key(&family, threads))?;
        let mut times = Vec::new();
        for info in devices {
            let curve = curves.get(&info.device.to_string()).filter(|_| self.is_met(info))?;
            if !curve.is_empty() {
                times.push((info.device.clone(), seconds(curve, graph.cost.flops)?));
            }
        }
        times.sort_by(|a, b| a.1.total_cmp(&b.1));
        (!times.is_empty()).then_some(times)
    }

    /// As [`of_operator`](Self::of_operator), of a graph by its fingerprint.
    pub(crate) fn of_graph(
        &self,
        condition: &str,
        fingerprint: &str,
        devices: &[DeviceInfo],
    ) -> Option<Vec<(Device, f64)>> {
        let known = self.conditions.get(condition)?.graphs.get(fingerprint)?;
        let mut times = Vec::new();
        for info in devices {
            let seconds = known.get(&info.device.to_string()).filter(|_| self.is_met(info))?;
            times.extend(seconds.map(|seconds| (info.device.clone(), seconds)));
        }
        times.sort_by(|a, b| a.1.total_cmp(&b.1));
        (!times.is_empty()).then_some(times)
    }

    fn is_met(&self, info: &DeviceInfo) -> bool {
        self.engines.get(&info.device.to_string()) == Some(&info.description)
    }
}

/// The time for some work by what was measured around it, linear where both are logarithms; `None` too far beyond.
fn seconds(curve: &[(f64, f64)], work: f64) -> Option<f64> {
    let (first, last) = (curve.first()?, curve.last()?);
    if work < first.0 / BEYOND || work > last.0 * BEYOND {
        return None;
    }
    let above = curve.partition_point(|(known, _)| *known < work).clamp(1, curve.len().max(2) - 1);
    let (Some(a), Some(b)) = (curve.get(above - 1), curve.get(above)) else {
        return Some(first.1);
    };
    let share = (work / a.0).ln() / (b.0 / a.0).ln();
    // Beyond the ends a time follows its last slope, but less work never takes longer, nor more work less.
    let slope = (b.1 / a.1).ln();
    let slope = if (0.0..=1.0).contains(&share) { slope } else { slope.max(0.0) };
    Some(match share {
        share if share > 1.0 => (b.1.ln() + (share - 1.0) * slope).exp(),
        share => (a.1.ln() + share * slope).exp(),
    })
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn times_are_interpolated_in_logarithms() {
        let curve = [(1e3, 1e-6), (1e5, 1e-4), (1e7, 1e-3)];
        let near = |work: f64, expected: f64| {
            let found = seconds(&curve, work).unwrap();
            assert!((found / expected - 1.0).abs() < 1e-9, "{work}: {found}");
        };
        near(1e3, 1e-6);
        near(1e4, 1e-5);
        near(1e6, 1e-4 * 10f64.sqrt());
        near(1e7, 1e-3);
        near(4e7, 1e-3 * 2.0);
        near(5e2, 0.5e-6);
        assert_eq!(seconds(&curve, 5e7), None);
        assert_eq!(seconds(&curve, 1e2), None);
        assert_eq!(seconds(&[(1e3, 7.0)], 2e3), Some(7.0));
    }
}
