//! Which device for what? The selection guide: an answer for each aim and each use, with the measurement it rests on.

use serde::Serialize;
use tachy_measure::{Comparison, Measured, Metric, Outcome, Unit};
use tachy_stats::{ComparisonOptions, Estimate, Samples, ratio, typical};

use crate::energy::EnergyNotes;
use crate::layout::layout;
use crate::look::{Look, Tone, widest};
use crate::markdown::inline;
use crate::quantity::{count, plain, quantity};
use crate::sentences::{bracket, relative_interval, times};

/// The time between two frames of a video.
const FRAME: f64 = 1.0 / 30.0;
/// The time of a block of 512 samples at 48 kHz.
const BLOCK: f64 = 512.0 / 48_000.0;

/// The guide for one model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Guide {
    /// The model.
    pub model: String,
    /// The answers.
    pub answers: Vec<Answer>,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// The aim or the use: `latency`, `30 fps video`.
    pub aim: &'static str,
    /// The device, if the measurements name one.
    pub device: Option<String>,
    /// The measurement that it rests on, or why there is no answer, as a sentence.
    pub evidence: String,
    /// Which candidate that is, if the measurements name one.
    #[serde(skip)]
    pub(crate) winner: Option<usize>,
    /// Whether the data cannot tell it from the next.
    #[serde(skip)]
    pub(crate) tied: bool,
}

impl Answer {
    fn nobody(aim: &'static str, evidence: String) -> Self {
        Self { aim, device: None, evidence, winner: None, tied: false }
    }

    fn of(aim: &'static str, best: &Candidate, evidence: String) -> Self {
        let device = Some(best.device.clone());
        Self { aim, device, evidence, winner: Some(best.place), tied: false }
    }
}

/// A device at a batch size, perhaps in a precision.
pub(crate) struct Candidate<'a> {
    /// Its place among all candidates.
    pub(crate) place: usize,
    pub(crate) device: String,
    pub(crate) batch: usize,
    pub(crate) measured: &'a Measured,
}

impl Candidate<'_> {
    fn processes(&self, metric: Metric) -> Option<Vec<Samples>> {
        Some(self.measured.metric(metric)?.processes())
    }

    fn typical(&self, metric: Metric) -> Option<Estimate> {
        typical(&self.processes(metric)?, &ComparisonOptions::default()).ok()
    }

    /// The time that nearly all calls keep: their 99th percentile, where there are enough for one; else the longest.
    fn late(&self) -> Option<(f64, &'static str)> {
        let sorted = self.measured.metric(Metric::Call)?.pooled().sorted()?;
        let high = sorted.quantile(0.99).map(|time| (time, "99th percentile"));
        Some(high.unwrap_or((sorted.max(), "longest")))
    }
}

impl Guide {
    /// Works out the answers from comparisons of one model at one or more batch sizes.
    pub fn new(comparisons: &[(usize, &Comparison)]) -> Self {
        let timed = comparisons.iter().flat_map(|(batch, comparison)| {
            comparison.rows.iter().filter_map(|row| match &row.outcome {
                Outcome::Measured(measured) => Some((row.device.to_string(), *batch, measured)),
                Outcome::Wrong { .. } | Outcome::Failed { .. } => None,
            })
        });
        let candidates = timed.enumerate().map(|(place, (device, batch, measured))| Candidate {
            place,
            device,
            batch,
            measured,
        });
        let model = comparisons.first().map_or(String::new(), |(_, c)| c.model.name.clone());
        Self::of(model, candidates.collect())
    }

    /// Works out the answers for whatever was timed. Latencies are those of the least batch size.
    pub(crate) fn of(model: String, candidates: Vec<Candidate>) -> Self {
        let least = candidates.iter().map(|candidate| candidate.batch).min().unwrap_or(1);
        let single: Vec<&Candidate> =
            candidates.iter().filter(|candidate| candidate.batch == least).collect();
        let all: Vec<&Candidate> = candidates.iter().collect();
        let answers = vec![
            typically("latency", &single, Metric::Call, "a call"),
            throughput("throughput", &all),
            typically("memory", &single, Metric::PeakMemory, "the most memory of its process"),
            energy(&single),
            first_result(&single),
            typically("interactive, one at a time", &single, Metric::Call, "a call"),
            throughput("batch processing", &all),
            deadline("real-time audio, 512 samples at 48 kHz", &single, BLOCK),
            deadline("30 fps video", &single, FRAME),
        ];
        Self { model, answers }
    }

    /// For a terminal: a line for each aim, its evidence below.
    pub fn terminal(&self, look: Look) -> String {
        let entry = |answer: &Answer| {
            let device = answer.device.as_deref().unwrap_or("–");
            (answer.aim.to_owned(), format!("`{device}`\n{}", answer.evidence))
        };
        let entries: Vec<(String, String)> = self.answers.iter().map(entry).collect();
        let title = look.paint(Tone::Strong, &format!("Which device for {}?\n", self.model));
        format!("{title}\n{}", look.entries(&entries, widest(&entries), Tone::Strong))
    }

    /// As a table in Markdown.
    pub fn markdown(&self) -> String {
        let mut text = "| aim | device | evidence |\n|---|---|---|\n".to_owned();
        for answer in &self.answers {
            let device = answer.device.as_ref().map_or("–".to_owned(), |d| format!("`{d}`"));
            text += &format!("| {} | {device} | {} |\n", answer.aim, inline(&answer.evidence));
        }
        plain(&text)
    }

    /// As JSON.
    pub fn json(&self) -> String {
        layout(&serde_json::to_string(self).expect("the guide is plain data"))
    }
}

fn nobody(aim: &'static str) -> Answer {
    Answer::nobody(aim, "No device was measured for it.".to_owned())
}

/// The least typical value of a metric, and by how much the next device is behind.
fn typically(aim: &'static str, candidates: &[&Candidate], metric: Metric, what: &str) -> Answer {
    let mut ranked: Vec<(&Candidate, Estimate)> = candidates
        .iter()
        .filter_map(|candidate| Some((*candidate, candidate.typical(metric)?)))
        .collect();
    ranked.sort_by(|a, b| a.1.value.total_cmp(&b.1.value));
    let Some((best, estimate)) = ranked.first() else { return nobody(aim) };
    let mut evidence = format!(
        "{} {} for {what}, batch {}, in {}",
        quantity(estimate.value, metric.unit()),
        relative_interval(estimate),
        best.batch,
        estimate.replication
    );
    let mut tied = false;
    if let Some((next, _)) = ranked.get(1) {
        let processes = next.processes(metric).zip(best.processes(metric));
        let behind = processes
            .and_then(|(next, best)| ratio(&next, &best, &ComparisonOptions::default()).ok());
        if let Some(behind) = behind {
            evidence +=
                &format!("; `{}` takes {} {}", next.device, times(&behind), bracket(&behind));
            tied = behind.interval.is_none_or(|interval| interval.contains(1.0));
            if tied {
                evidence += ", which the data cannot tell from equal";
            }
        }
    }
    Answer { tied, ..Answer::of(aim, best, plain(evidence.trim_end()) + ".") }
}

/// The least energy of a call; or why nobody's is known.
fn energy(candidates: &[&Candidate]) -> Answer {
    let aim = "energy";
    let answer = typically(aim, candidates, Metric::Energy, "a call");
    let notes = || {
        let measured = candidates.iter().map(|c| (c.device.clone(), c.measured));
        EnergyNotes::of(measured).whole().join(" ")
    };
    match (&answer.device, candidates.is_empty()) {
        (None, true) => answer,
        (None, false) => {
            let notes = notes();
            let evidence = match notes.is_empty() {
                true => "Unknown: it was not measured.".to_owned(),
                false => notes,
            };
            Answer { evidence, ..answer }
        }
        (Some(_), _) => Answer { evidence: format!("{} {}", answer.evidence, notes()), ..answer },
    }
}

/// The most items in a second, over all batch sizes.
fn throughput(aim: &'static str, candidates: &[&Candidate]) -> Answer {
    let rate = |candidate: &&&Candidate| {
        let call = candidate.typical(Metric::Call)?.value;
        (call > 0.0).then(|| candidate.batch as f64 / call)
    };
    let rates = candidates.iter().filter_map(|candidate| Some((candidate, rate(&candidate)?)));
    let Some((best, rate)) = rates.max_by(|a, b| a.1.total_cmp(&b.1)) else { return nobody(aim) };
    let mut batches: Vec<usize> = candidates.iter().map(|candidate| candidate.batch).collect();
    batches.sort_unstable();
    batches.dedup();
    let among = match batches[..] {
        [_] => "the only batch size that was measured".to_owned(),
        _ => format!("the best of batch sizes {batches:?}"),
    };
    let evidence = format!(
        "{} items a second in calls of batch {}, {among}.",
        count(rate.round() as u64),
        best.batch
    );
    Answer::of(aim, best, plain(&evidence))
}

/// The least time from a model's bytes to its first outputs.
fn first_result(candidates: &[&Candidate]) -> Answer {
    let aim = "first result";
    let time = |candidate: &Candidate| {
        let (compile, call) =
            (candidate.typical(Metric::Compile)?, candidate.typical(Metric::FirstCall)?);
        Some((compile.value, call.value))
    };
    let all = candidates.iter().filter_map(|candidate| Some((candidate, time(candidate)?)));
    let best = all.min_by(|a, b| (a.1.0 + a.1.1).total_cmp(&(b.1.0 + b.1.1)));
    let Some((best, (compile, call))) = best else { return nobody(aim) };
    let evidence = format!(
        "{} to compile and {} for the first call, batch {}.",
        quantity(compile, Unit::Seconds),
        quantity(call, Unit::Seconds),
        best.batch
    );
    Answer::of(aim, best, plain(&evidence))
}

/// The device whose late calls are the earliest, if they keep the deadline.
fn deadline(aim: &'static str, candidates: &[&Candidate], limit: f64) -> Answer {
    let late = candidates.iter().filter_map(|candidate| Some((candidate, candidate.late()?)));
    let Some((best, (time, which))) = late.min_by(|a, b| a.1.0.total_cmp(&b.1.0)) else {
        return nobody(aim);
    };
    let (time_text, limit_text) = (quantity(time, Unit::Seconds), quantity(limit, Unit::Seconds));
    if time > limit {
        let evidence = format!(
            "None keeps {limit_text}: `{}` comes nearest, the {which} of its calls is {time_text}.",
            best.device
        );
        return Answer::nobody(aim, plain(&evidence));
    }
    let evidence = format!("The {which} of its calls is {time_text}, within {limit_text}.");
    Answer::of(aim, best, plain(&evidence))
}

#[cfg(test)]
mod tests {
    use tachy_measure::{
        Agreement, Environment, FORMAT, Measurement, ModelDescription, Row, Series, Settings,
    };
    use tachy_runtime::Device;

    use super::*;

    fn comparison(times: &[(&str, f64, f64)]) -> Comparison {
        let measurement = |metric: Metric, value: f64| {
            let series = |factor: f64| Series {
                samples: Samples::new(vec![value * factor; 3]).unwrap(),
                rounds: Vec::new(),
                calls_per_sample: 1,
            };
            let processes = vec![series(1.0), series(1.01), series(0.99)];
            Measurement { metric, unit: metric.unit(), processes }
        };
        let row = |&(device, call, first): &(&str, f64, f64)| Row {
            device: Device::of(device),
            description: device.to_owned(),
            outcome: Outcome::Measured(Measured {
                agreement: Agreement {
                    max_absolute: 0.0,
                    max_relative: 0.0,
                    relative_l2: 0.0,
                    tolerance: 1e-4,
                    output: "y".to_owned(),
                    fault: None,
                },
                measurements: vec![
                    measurement(Metric::Call, call),
                    measurement(Metric::Compile, first),
                    measurement(Metric::FirstCall, call),
                ],
                warm_ups: Vec::new(),
                energy_absent: None,
            }),
        };
        Comparison {
            format: FORMAT,
            started: 0,
            duration: 1.0,
            model: ModelDescription {
                name: "zoo:mlp".to_owned(),
                bytes: 1,
                parameters: None,
                inputs: Vec::new(),
                outputs: Vec::new(),
            },
            settings: Settings {
                threads: 1,
                seconds: 1.0,
                processes: 3,
                seed: 0,
                inputs: String::new(),
            },
            environment: Environment::default(),
            subject: None,
            machine_speed: None,
            reference: Device::of("near"),
            rows: times.iter().map(row).collect(),
            absent: Vec::new(),
        }
    }

    #[test]
    fn every_answer_names_who_was_measured_best_for_it() {
        let one = comparison(&[("near", 0.020, 0.1), ("far", 0.025, 2.0)]);
        let eight = comparison(&[("near", 0.160, 0.1), ("far", 0.030, 2.0)]);
        let guide = Guide::new(&[(1, &one), (8, &eight)]);
        let answer = |aim: &str| guide.answers.iter().find(|a| a.aim.starts_with(aim)).unwrap();
        let device = |aim: &str| answer(aim).device.as_deref();
        assert_eq!(device("latency"), Some("near"));
        assert_eq!(device("throughput"), Some("far"));
        assert_eq!(device("first result"), Some("near"));
        assert_eq!(device("30 fps"), Some("near"));
        assert_eq!(device("real-time audio"), None);
        assert_eq!((device("memory"), device("energy")), (None, None));
        let evidence = &answer("latency").evidence;
        assert!(
            evidence.starts_with("20.0 ms") && evidence.contains("`far` takes 1.2"),
            "{evidence}"
        );
        assert!(answer("real-time").evidence.contains("None keeps 10.7 ms"));
        assert!(answer("throughput").evidence.contains("267 items a second in calls of batch 8"));
    }
}
