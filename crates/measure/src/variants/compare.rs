//! The comparison of variants: a session for each model, resolution and batch size, in which all devices in all precisions
//! take turns.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;
use tachy_graph::Shape;
use tachy_runtime::{Device, DeviceInfo};

use super::record::{VariantComparison, VariantPoint, VariantRow};
use super::{Precision, Variant};
use crate::clock::Clock;
use crate::compare::{CompareError, Event, Progress, machine_speed, seconds_since_1970};
use crate::environment::Environment;
use crate::harness::Harness;
use crate::model::ModelSource;
use crate::operators::{DeviceDescription, PointOutcome};
use crate::record::{FORMAT, Settings, Stage};
use crate::scratch::ScratchFolder;
use crate::session::{Contestant, Reference, Session};
use crate::subject::Subject;
use crate::trial::Trial;

/// What to compare, and how.
#[derive(Debug, Clone)]
pub struct VariantPlan {
    /// The models.
    pub models: Vec<ModelSource>,
    /// The precisions; f32 if there are none.
    pub precisions: Vec<Precision>,
    /// The resolutions; each model's own if there are none.
    pub resolutions: Vec<usize>,
    /// The batch sizes; each model's own if there are none.
    pub batches: Vec<usize>,
    /// The devices, present ones only.
    pub devices: Vec<DeviceInfo>,
    /// Devices that are absent: they are told in the record.
    pub absent: Vec<DeviceInfo>,
    /// Devices that may give the reference outputs, the best first.
    pub references: Vec<Device>,
    /// Threads of each engine.
    pub threads: usize,
    /// Sizes of symbolic dimensions of files.
    pub dims: BTreeMap<String, usize>,
    /// Whole shapes of inputs.
    pub input_shapes: BTreeMap<String, Shape>,
    /// Files of inputs, by the input's name.
    pub input_files: BTreeMap<String, PathBuf>,
    /// Seed of inputs and orders.
    pub seed: u64,
    /// Time of measuring for each row, over all its processes.
    pub time: Duration,
    /// Processes of each row.
    pub processes: usize,
    /// How long an engine may take for one answer.
    pub timeout: Duration,
}

impl VariantPlan {
    /// The subject of each point, in f32: model by model, resolution by resolution, batch size by batch size.
    fn subjects(&self) -> Vec<Subject> {
        let all = |sizes: &[usize]| match sizes {
            [] => vec![None],
            sizes => sizes.iter().copied().map(Some).collect(),
        };
        let mut subjects = Vec::new();
        for model in &self.models {
            for resolution in all(&self.resolutions) {
                for batch in all(&self.batches) {
                    subjects.push(Subject {
                        model: model.clone(),
                        threads: self.threads,
                        dims: self.dims.clone(),
                        input_shapes: self.input_shapes.clone(),
                        input_files: self.input_files.clone(),
                        seed: self.seed,
                        variant: Some(Variant { precision: Precision::F32, batch, resolution }),
                    });
                }
            }
        }
        subjects
    }

    fn precisions(&self) -> &[Precision] {
        if self.precisions.is_empty() { &[Precision::F32] } else { &self.precisions }
    }
}

/// Compares devices on models in several precisions, resolutions and batch sizes.
///
/// Every engine gets the same graph: Tachy builds it for the resolution and the batch size and converts it to the precision.
/// What is computed is compared with the outputs of the same model in f32, at the same resolution and batch size. All
/// devices in all precisions take turns as in [`compare`](crate::compare()); resolutions and batch sizes follow each other.
///
/// # Errors
/// If there is no device, or a model cannot be built at a resolution or a batch size; all are tried before anything is
/// measured. An engine that fails, refuses a precision or computes the wrong answer is a row of the result, not an error.
pub fn compare(
    plan: &VariantPlan,
    worker: impl Fn() -> Command,
    mut observe: impl FnMut(Event<'_>),
) -> Result<VariantComparison, CompareError> {
    if plan.devices.is_empty() {
        return Err(CompareError::NoDevice);
    }
    let (start, started) = (Instant::now(), seconds_since_1970());
    let environment = Environment::of_this_machine(Clock::measure());
    let scratch = ScratchFolder::new().map_err(CompareError::Scratch)?;
    let subjects = plan.subjects();
    let precisions = plan.precisions();
    let steps = subjects.len() * precisions.len() * plan.devices.len() * plan.processes * 2;
    let mut session = Session {
        harness: Harness {
            worker: &worker,
            scratch: &scratch,
            share: plan.time.as_secs_f64() / plan.processes as f64,
            least_warm_up: 1.0,
            timeout: plan.timeout,
        },
        processes: plan.processes,
        random: StdRng::seed_from_u64(plan.seed),
        round: 0,
        progress: Progress { done: 0, of: steps },
    };
    // All references first: what cannot be built is told before anything is measured.
    let mut points = Vec::new();
    for subject in subjects {
        let reference = match session.reference(&plan.references, &subject, &mut observe) {
            Ok(reference) => Ok(reference),
            Err(CompareError::NoReference { failures, .. }) => Err(failures),
            Err(error) => return Err(error),
        };
        points.push((subject, reference));
    }
    let (mut machine, mut compared) = (Vec::new(), Vec::new());
    for (subject, reference) in points {
        let name = describe(&subject);
        observe(Event::Case(&name));
        let variants: Vec<(Precision, Subject)> = precisions
            .iter()
            .map(|&precision| (precision, of_precision(&subject, precision)))
            .collect();
        let mut rows = Vec::new();
        match &reference {
            Ok(reference) => {
                let contestants: Vec<Contestant> = variants
                    .iter()
                    .flat_map(|(_, subject)| {
                        let devices = plan.devices.iter();
                        devices.map(move |info| Contestant { device: &info.device, subject })
                    })
                    .collect();
                let trials = session.compete(&contestants, reference, &mut observe);
                machine.extend(trials.iter().flat_map(Trial::machine_series));
                rows.extend(variant_rows(trials, &variants, plan.devices.len()));
            }
            Err(failures) => {
                let message = format!("no engine could compute the reference:\n{failures}");
                for (precision, _) in &variants {
                    rows.extend(plan.devices.iter().map(|info| VariantRow {
                        device: info.device.clone(),
                        precision: *precision,
                        weight_bytes: None,
                        outcome: PointOutcome::Failed {
                            stage: Stage::Compile,
                            message: message.clone(),
                        },
                    }));
                }
            }
        }
        compared.push(point(subject, reference.ok(), rows));
    }
    let describe = |info: &DeviceInfo| DeviceDescription {
        device: info.device.clone(),
        description: info.description.clone(),
    };
    Ok(VariantComparison {
        format: FORMAT,
        started,
        duration: start.elapsed().as_secs_f64(),
        settings: Settings {
            threads: plan.threads,
            seconds: plan.time.as_secs_f64(),
            processes: plan.processes,
            seed: plan.seed,
            inputs: compared.first().map_or(String::new(), |point| point.subject.inputs()),
        },
        environment,
        machine_speed: machine_speed(machine),
        devices: plan.devices.iter().map(describe).collect(),
        absent: plan.absent.clone(),
        points: compared,
    })
}

fn of_precision(subject: &Subject, precision: Precision) -> Subject {
    let variant = subject.variant.map(|variant| Variant { precision, ..variant });
    Subject { variant, ..subject.clone() }
}

/// `zoo:resnet-18 at 160, batch 8`.
fn describe(subject: &Subject) -> String {
    let mut text = subject.model.to_string();
    if let Some(variant) = &subject.variant {
        text += &variant.resolution.map_or(String::new(), |size| format!(" at {size}"));
        text += &variant.batch.map_or(String::new(), |size| format!(", batch {size}"));
    }
    text
}

fn variant_rows(
    trials: Vec<Trial>,
    variants: &[(Precision, Subject)],
    devices: usize,
) -> Vec<VariantRow> {
    let precisions =
        variants.iter().flat_map(|(precision, _)| std::iter::repeat_n(*precision, devices));
    let mut rows: Vec<VariantRow> = trials
        .into_iter()
        .zip(precisions)
        .map(|(trial, precision)| VariantRow {
            device: trial.device().clone(),
            precision,
            weight_bytes: trial.model_bytes(),
            outcome: refusal(precision, trial.finish_point()),
        })
        .collect();
    // The weights are the same whoever was asked to compute with them.
    for place in 0..rows.len() {
        let precision = rows[place].precision;
        if rows[place].weight_bytes.is_none() {
            let mut others = rows.iter().filter(|row| row.precision == precision);
            rows[place].weight_bytes = others.find_map(|row| row.weight_bytes);
        }
    }
    rows
}

/// A device that cannot compile the converted graph refuses the precision; engines say so in ways of their own.
fn refusal(precision: Precision, outcome: PointOutcome) -> PointOutcome {
    match outcome {
        PointOutcome::Failed { stage: Stage::Compile, message } if precision != Precision::F32 => {
            PointOutcome::Unsupported { message }
        }
        outcome => outcome,
    }
}

fn point(subject: Subject, reference: Option<Reference>, rows: Vec<VariantRow>) -> VariantPoint {
    let variant = subject.variant;
    let (device, loaded) = match reference {
        Some(reference) => (Some(reference.device), Some(reference.loaded)),
        None => (None, None),
    };
    let own_batch = match &subject.model {
        ModelSource::Zoo { batch, .. } => Some(*batch),
        ModelSource::File { .. } | ModelSource::Operator { .. } => None,
    };
    VariantPoint {
        model: subject.model.to_string(),
        resolution: variant.and_then(|variant| variant.resolution),
        batch: variant.and_then(|variant| variant.batch).or(own_batch),
        parameters: loaded.as_ref().and_then(|loaded| loaded.parameters),
        inputs: loaded.as_ref().map_or(Vec::new(), |loaded| loaded.inputs.clone()),
        outputs: loaded.map_or(Vec::new(), |loaded| loaded.outputs),
        subject,
        reference: device,
        rows,
    }
}
