//! What is known of one device so far.

use tachy_runtime::Device;
use tachy_stats::Samples;

use crate::agreement::Agreement;
use crate::measurement::{Measurement, Metric, RoundStart, Series};
use crate::operators::PointOutcome;
use crate::process::Silence;
use crate::protocol::{PhaseEnergy, SampledSeries};
use crate::record::{Measured, Outcome, Stage, WarmUp};

/// What is known of one device so far.
pub(crate) struct Trial {
    device: Device,
    processes: usize,
    agreement: Option<Agreement>,
    measurements: Vec<Measurement>,
    warm_ups: Vec<WarmUp>,
    failure: Option<(Stage, String)>,
    /// Whether it failed because the engine lacks something.
    is_unsupported: bool,
    /// The size of the model, as it was loaded.
    model_bytes: Option<u64>,
    /// Samples of the kernel that never changes, of each process.
    machine: Vec<Samples>,
    /// The energy of blocks.
    energy: Vec<Spent>,
    /// Why a block has no figure of energy.
    no_energy: Option<String>,
}

/// The energy of one block.
struct Spent {
    process: usize,
    round: u32,
    call_joules: f64,
    watts: f64,
}

impl Spent {
    /// One sample for each block, and a series for each process that has any.
    fn measurement(blocks: &[Self], metric: Metric, value: fn(&Self) -> f64) -> Measurement {
        let series = |blocks: &[Self]| Series {
            samples: Samples::new(blocks.iter().map(value).collect()).unwrap_or_default(),
            rounds: (blocks.iter().enumerate())
                .map(|(start, block)| RoundStart { round: block.round, start })
                .collect(),
            calls_per_sample: 1,
        };
        let processes = blocks.chunk_by(|a, b| a.process == b.process).map(series).collect();
        Measurement { metric, unit: metric.unit(), processes }
    }
}

impl Trial {
    pub(crate) fn new(device: &Device) -> Self {
        Self {
            device: device.clone(),
            processes: 0,
            agreement: None,
            measurements: Vec::new(),
            warm_ups: Vec::new(),
            failure: None,
            is_unsupported: false,
            model_bytes: None,
            machine: Vec::new(),
            energy: Vec::new(),
            no_energy: None,
        }
    }

    pub(crate) fn device(&self) -> &Device {
        &self.device
    }

    /// Whether it failed or was wrong, and takes no further part.
    pub(crate) fn is_over(&self) -> bool {
        self.failure.is_some() || self.is_wrong()
    }

    fn is_wrong(&self) -> bool {
        self.agreement.as_ref().is_some_and(|agreement| !agreement.holds())
    }

    /// Why it takes no further part.
    pub(crate) fn why_over(&self) -> Option<String> {
        match &self.failure {
            Some((stage, message)) => Some(format!("it failed while {}: {message}", stage.name())),
            None if self.is_wrong() => Some("its outputs are wrong".to_owned()),
            None => None,
        }
    }

    pub(crate) fn begin_process(&mut self) {
        self.processes += 1;
    }

    /// Notes the agreement of one process's outputs; whether they are right.
    pub(crate) fn agrees(&mut self, agreement: Agreement) -> bool {
        let worst = match self.agreement.take() {
            None => agreement,
            Some(other) => other.worse(agreement),
        };
        let holds = worst.holds();
        self.agreement = Some(worst);
        holds
    }

    pub(crate) fn warmed_up(&mut self, warm_up: WarmUp) {
        self.warm_ups.push(warm_up);
    }

    pub(crate) fn fail(&mut self, stage: Stage, silence: Silence) {
        self.is_unsupported = matches!(silence, Silence::Failed { unsupported: true, .. });
        let message = silence.message();
        let message = match self.processes {
            0 | 1 => message,
            process => format!("{message} (in process {process})"),
        };
        self.failure = Some((stage, message));
    }

    /// Notes a figure that is taken once in a process.
    pub(crate) fn record_once(&mut self, metric: Metric, value: f64) {
        let Ok(samples) = Samples::new(vec![value]) else { return };
        let series = Series { samples, rounds: Vec::new(), calls_per_sample: 1 };
        self.measurement(metric).processes.push(series);
    }

    /// Notes the samples of one block.
    pub(crate) fn sampled(&mut self, round: u32, blocks: Vec<SampledSeries>) {
        let processes = self.processes;
        for block in blocks {
            let measurement = self.measurement(block.metric);
            if measurement.processes.len() < processes {
                measurement.processes.push(Series {
                    samples: Samples::default(),
                    rounds: Vec::new(),
                    calls_per_sample: block.calls_per_sample,
                });
            }
            let series = measurement.processes.last_mut().expect("one was just made");
            series.rounds.push(RoundStart { round, start: series.samples.len() });
            for value in block.samples {
                // A clock gives finite times; if one did not, there is nothing to note.
                let _ = series.samples.push(value);
            }
        }
    }

    /// Notes the energy of one block.
    pub(crate) fn spent(&mut self, round: u32, energy: PhaseEnergy) {
        match energy {
            PhaseEnergy::Absent { reason } => self.no_energy = Some(reason),
            PhaseEnergy::Known { call_joules, watts } => {
                self.energy.push(Spent { process: self.processes, round, call_joules, watts });
            }
        }
    }

    /// Notes samples of the kernel that never changes, taken in the current process.
    pub(crate) fn machine_speed(&mut self, samples: &[f64]) {
        self.machine.resize_with(self.processes, Samples::default);
        if let Some(series) = self.machine.last_mut() {
            for value in samples {
                let _ = series.push(*value);
            }
        }
    }

    /// The kernel's samples of each process that has any.
    pub(crate) fn machine_series(&self) -> impl Iterator<Item = Series> {
        self.machine.iter().filter(|samples| !samples.is_empty()).map(|samples| Series {
            samples: samples.clone(),
            rounds: Vec::new(),
            calls_per_sample: 1,
        })
    }

    fn measurement(&mut self, metric: Metric) -> &mut Measurement {
        let place =
            self.measurements.iter().position(|m| m.metric == metric).unwrap_or_else(|| {
                let processes = Vec::new();
                self.measurements.push(Measurement { metric, unit: metric.unit(), processes });
                self.measurements.len() - 1
            });
        &mut self.measurements[place]
    }

    pub(crate) fn loaded(&mut self, model_bytes: u64) {
        self.model_bytes = Some(model_bytes);
    }

    pub(crate) fn model_bytes(&self) -> Option<u64> {
        self.model_bytes
    }

    /// The outcome, where what the engine lacks is no failure.
    pub(crate) fn finish_point(self) -> PointOutcome {
        let is_unsupported = self.is_unsupported;
        match self.finish() {
            Outcome::Measured(measured) => PointOutcome::Measured(measured),
            Outcome::Wrong { agreement } => PointOutcome::Wrong { agreement },
            Outcome::Failed { message, .. } if is_unsupported => {
                PointOutcome::Unsupported { message }
            }
            Outcome::Failed { stage, message } => PointOutcome::Failed { stage, message },
        }
    }

    pub(crate) fn finish(mut self) -> Outcome {
        let is_known = !self.energy.is_empty();
        if is_known {
            let of = |metric, value| Spent::measurement(&self.energy, metric, value);
            let measurements = [
                of(Metric::Energy, |spent| spent.call_joules),
                of(Metric::Power, |spent| spent.watts),
            ];
            self.measurements.extend(measurements);
        }
        match (self.failure, self.agreement) {
            (Some((stage, message)), _) => Outcome::Failed { stage, message },
            (None, Some(agreement)) if !agreement.holds() => Outcome::Wrong { agreement },
            (None, Some(agreement)) => Outcome::Measured(Measured {
                agreement,
                measurements: self.measurements,
                warm_ups: self.warm_ups,
                energy_absent: self.no_energy.filter(|_| !is_known),
            }),
            (None, None) => {
                Outcome::Failed { stage: Stage::Start, message: "it was never started".to_owned() }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial() -> Trial {
        let mut trial = Trial::new(&Device::of("cpu"));
        trial.agrees(crate::agreement::agreement(&[], &[], &[]));
        trial.agreement.as_mut().unwrap().fault = None;
        trial.agreement.as_mut().unwrap().relative_l2 = 0.0;
        trial
    }

    fn measured(trial: Trial) -> Measured {
        match trial.finish() {
            Outcome::Measured(measured) => measured,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn energy_is_kept_by_process_and_round_wherever_there_is_any() {
        let mut trial = trial();
        let short = || PhaseEnergy::Absent { reason: "too short".to_owned() };
        trial.begin_process();
        trial.spent(0, short());
        trial.begin_process();
        trial.spent(4, PhaseEnergy::Known { call_joules: 2.0, watts: 8.0 });
        trial.spent(5, short());
        trial.spent(6, PhaseEnergy::Known { call_joules: 3.0, watts: 9.0 });
        let measured = measured(trial);
        assert_eq!(measured.energy_absent, None);
        let energy = measured.metric(Metric::Energy).unwrap();
        assert_eq!(energy.processes.len(), 1);
        assert_eq!(energy.processes[0].samples.values(), [2.0, 3.0]);
        let rounds = [RoundStart { round: 4, start: 0 }, RoundStart { round: 6, start: 1 }];
        assert_eq!(energy.processes[0].rounds, rounds);
        assert_eq!(measured.metric(Metric::Power).unwrap().pooled().values(), [8.0, 9.0]);
    }

    #[test]
    fn without_any_energy_the_reason_is_kept() {
        let mut trial = trial();
        trial.begin_process();
        trial.spent(0, PhaseEnergy::Absent { reason: "no counter".to_owned() });
        let measured = measured(trial);
        assert_eq!(measured.energy_absent.as_deref(), Some("no counter"));
        assert!(measured.metric(Metric::Energy).is_none());
    }
}
