//! What was measured: one line for each metric of each benchmark of each run.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use tachy_measure::{Measurement, Metric, Unit, WarmUp};
use tachy_stats::{ComparisonOptions, Estimate, Resampling, Summary, typical};
use tachy_store::{Benchmark, Outcome, REFERENCE, Run};

use crate::csv::identifier;

/// How many quantiles are kept of each distribution, at most: each stands for one twentieth of the samples.
pub(super) const QUANTILES: usize = 20;

/// Intervals of measurements of a single process that are worked out; it takes a thousand times as long as for several.
const MOST_WITHIN_ONE: usize = 200;

/// One metric of one benchmark of one run.
#[derive(Debug, Clone, Serialize)]
pub struct Figure {
    /// The place of its run among [`PerformanceAnalysis::runs`](super::PerformanceAnalysis::runs).
    pub run: usize,
    /// The benchmark's name.
    pub benchmark: String,
    /// Its parameters.
    pub parameters: BTreeMap<String, String>,
    /// What was measured.
    #[serde(serialize_with = "as_identifier")]
    pub metric: Metric,
    /// The unit of the values.
    pub unit: Unit,
    /// The typical value, the geometric mean of the processes' medians, with its 95% interval.
    pub typical: Option<Estimate>,
    /// All samples of all processes together.
    pub pooled: Summary,
    /// How many processes there were.
    pub processes: usize,
    /// How many of them never became steady before they were measured.
    pub restless: usize,
    /// The relative L2 error of the outputs, where they were compared with a reference.
    pub relative_l2: Option<f64>,
    /// Quantiles at equal steps, or the samples where they are fewer, for pictures; in ascending order.
    #[serde(skip)]
    pub(super) quantiles: Vec<f64>,
    /// The place of the benchmark in its run, and of the measurement in the benchmark.
    #[serde(skip)]
    pub(super) at: (usize, usize),
}

fn as_identifier<S: Serializer>(metric: &Metric, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&identifier(*metric))
}

/// A benchmark that was not timed.
#[derive(Debug, Clone, Serialize)]
pub struct Untimed {
    /// The place of its run.
    pub run: usize,
    /// The benchmark with its parameters.
    pub benchmark: String,
    /// Whether its outputs were wrong; otherwise it failed.
    pub wrong: bool,
    /// What happened, in a sentence.
    pub message: String,
}

impl Figure {
    /// The best single value.
    pub fn value(&self) -> f64 {
        self.typical.map_or(self.pooled.median, |estimate| estimate.value)
    }

    /// Half the width of the interval, relative to the value.
    pub(super) fn half_width(&self) -> Option<f64> {
        let estimate = self.typical?;
        let interval = estimate.interval?;
        Some((interval.high - interval.low) / 2.0 / estimate.value)
    }

    /// The benchmark with its parameters, for people.
    pub fn subject(&self) -> String {
        subject(&self.benchmark, &self.parameters)
    }
}

/// A benchmark with the parameters that tell it from others.
pub(super) fn subject(name: &str, parameters: &BTreeMap<String, String>) -> String {
    let mut text = name.to_owned();
    for (parameter, value) in parameters {
        match &**parameter {
            "device" => text += &format!(" on {value}"),
            // They are the model's own.
            "inputs" => {}
            _ => text += &format!(" {parameter}={value}"),
        }
    }
    text
}

/// The benchmarks of a run that are somebody's, and not the kernel that tells the machine's speed; each with its place.
pub(super) fn benchmarks(run: &Run) -> impl Iterator<Item = (usize, &Benchmark)> {
    run.benchmarks.iter().enumerate().filter(|(_, benchmark)| benchmark.name != REFERENCE)
}

/// The figures of all runs, and what could not be timed.
pub(super) fn figures(runs: &[Run]) -> (Vec<Figure>, Vec<Untimed>) {
    let (mut figures, mut untimed) = (Vec::new(), Vec::new());
    let mut within_one = MOST_WITHIN_ONE;
    for (place, run) in runs.iter().enumerate() {
        for (number, benchmark) in benchmarks(run) {
            let refuse = |wrong, message| Untimed {
                run: place,
                benchmark: subject(&benchmark.name, &benchmark.parameters),
                wrong,
                message,
            };
            let (agreement, measurements, warm_ups) = match &benchmark.outcome {
                Outcome::Measured { agreement, measurements, warm_ups } => {
                    (agreement.as_ref(), measurements, warm_ups)
                }
                Outcome::Wrong { agreement } => {
                    untimed.push(refuse(true, crate::sentences::wrongness(agreement)));
                    continue;
                }
                Outcome::Failed { stage, message } => {
                    let message = message.trim_end();
                    let message = match stage {
                        Some(stage) => format!("While {}: {message}", stage.name()),
                        None => message.to_owned(),
                    };
                    untimed.push(refuse(false, message));
                    continue;
                }
            };
            for (which, measurement) in measurements.iter().enumerate() {
                let Some(figure) = figure(measurement, benchmark, warm_ups, &mut within_one) else {
                    continue;
                };
                figures.push(Figure {
                    run: place,
                    relative_l2: agreement.map(|agreement| agreement.relative_l2),
                    at: (number, which),
                    ..figure
                });
            }
        }
    }
    (figures, untimed)
}

fn figure(
    measurement: &Measurement,
    benchmark: &Benchmark,
    warm_ups: &[WarmUp],
    within_one: &mut usize,
) -> Option<Figure> {
    let pooled = measurement.pooled();
    let sorted = pooled.sorted()?;
    let processes =
        measurement.processes.iter().filter(|series| !series.samples.is_empty()).count();
    let wanted = processes > 1 || *within_one > 0;
    *within_one -= usize::from(processes == 1 && *within_one > 0);
    let options = ComparisonOptions {
        resampling: Resampling { resamples: 500, ..Resampling::default() },
        ..ComparisonOptions::default()
    };
    let typical = match wanted {
        true => typical(&measurement.processes(), &options).ok(),
        false => None,
    };
    let values = sorted.values();
    let dots = values.len().min(QUANTILES);
    let quantile = |place: usize| {
        // The middle of each twentieth, by the inverse of the empirical distribution; few samples are told as they are.
        let at = (place as f64 + 0.5) / dots as f64 * values.len() as f64;
        values[(at as usize).min(values.len() - 1)]
    };
    Some(Figure {
        run: 0,
        benchmark: benchmark.name.clone(),
        parameters: benchmark.parameters.clone(),
        metric: measurement.metric,
        unit: measurement.unit,
        typical,
        pooled: pooled.summary()?,
        processes,
        restless: warm_ups.iter().filter(|warm_up| !warm_up.steady).count(),
        relative_l2: None,
        quantiles: (0..dots).map(quantile).collect(),
        at: (0, 0),
    })
}

/// The measurement that a figure is of.
pub(super) fn measurement_of<'a>(runs: &'a [Run], figure: &Figure) -> Option<&'a Measurement> {
    let (benchmark, measurement) = figure.at;
    runs.get(figure.run)?.benchmarks.get(benchmark)?.outcome.measurements().get(measurement)
}
