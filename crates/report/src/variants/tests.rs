//! A comparison of variants as people and scripts read it.

use std::fs;
use std::path::PathBuf;

use tachy_measure::operators::{DeviceDescription, PointOutcome};
use tachy_measure::variants::{Precision, Variant, VariantComparison, VariantPoint, VariantRow};
use tachy_measure::{
    Agreement, Environment, FORMAT, Measured, Measurement, Metric, ModelSource, Series, Settings,
    Subject,
};
use tachy_runtime::Device;
use tachy_stats::Samples;

use super::VariantReport;
use crate::Look;

fn agreement(relative_l2: f64) -> Agreement {
    Agreement {
        max_absolute: relative_l2,
        max_relative: relative_l2,
        relative_l2,
        tolerance: 1e-2,
        output: "logits".to_owned(),
        fault: None,
    }
}

/// A row whose call takes so long, spends so much and is so far off.
fn measured(call: f64, joules: Option<f64>, error: f64) -> PointOutcome {
    let measurement = |metric: Metric, value: f64| {
        let series = |factor: f64| Series {
            samples: Samples::new(vec![value * factor; 3]).unwrap(),
            rounds: Vec::new(),
            calls_per_sample: 1,
        };
        let processes = vec![series(0.99), series(1.0), series(1.01)];
        Measurement { metric, unit: metric.unit(), processes }
    };
    let mut measurements = vec![
        measurement(Metric::Run, call * 0.9),
        measurement(Metric::Call, call),
        measurement(Metric::Compile, 0.1),
        measurement(Metric::FirstCall, call * 2.0),
        measurement(Metric::PeakMemory, 1.5e8 + 1e9 * call),
    ];
    if let Some(joules) = joules {
        measurements.push(measurement(Metric::Energy, joules));
        measurements.push(measurement(Metric::Power, joules / call));
    }
    PointOutcome::Measured(Measured {
        agreement: agreement(error),
        measurements,
        warm_ups: Vec::new(),
        energy_absent: joules.is_none().then(|| "There is no counter. Buy one.".to_owned()),
    })
}

/// A device of low overhead and one that is fast with batches, in two precisions, one of which the second refuses; the first
/// is wrong in f16 at the lower resolution.
fn comparison() -> VariantComparison {
    let point = |resolution: usize, batch: usize| {
        let size = (resolution * resolution * batch) as f64;
        let near = 1e-6 * size;
        // Equal to the first at a batch of 4 at 224.
        let far = 0.1 + 5e-7 * size;
        let row = |device: &str, precision, outcome| VariantRow {
            device: Device::of(device),
            precision,
            weight_bytes: Some(if precision == Precision::F32 { 46_800_000 } else { 23_400_000 }),
            outcome,
        };
        let half = match resolution {
            160 => PointOutcome::Wrong { agreement: agreement(0.31) },
            _ => measured(0.7 * near, Some(20.0 * near), 1.2e-3),
        };
        let refused =
            PointOutcome::Unsupported { message: "Conv(11) has no kernel for f16.".to_owned() };
        VariantPoint {
            model: "zoo:resnet-18".to_owned(),
            resolution: Some(resolution),
            batch: Some(batch),
            subject: Subject {
                model: ModelSource::Zoo { name: "resnet-18".to_owned(), seed: 0, batch: 1 },
                threads: 1,
                dims: Default::default(),
                input_shapes: Default::default(),
                input_files: Default::default(),
                seed: 0,
                variant: Some(Variant {
                    precision: Precision::F32,
                    batch: Some(batch),
                    resolution: Some(resolution),
                }),
            },
            parameters: Some(11_689_512),
            inputs: vec![format!("image: f32[{batch}, 3, {resolution}, {resolution}]")],
            outputs: vec![format!("logits: f32[{batch}, 1000]")],
            reference: Some(Device::of("near")),
            rows: vec![
                row("near", Precision::F32, measured(near, Some(30.0 * near), 0.0)),
                row("far", Precision::F32, measured(far, None, 3.1e-7)),
                row("near", Precision::F16, half),
                row("far", Precision::F16, refused),
            ],
        }
    };
    let sizes = [(224, 1), (224, 8), (160, 1), (160, 8)];
    VariantComparison {
        format: FORMAT,
        started: 0,
        duration: 1.0,
        settings: Settings {
            threads: 1,
            seconds: 1.0,
            processes: 3,
            seed: 0,
            inputs: "seeded generator (seed 0)".to_owned(),
        },
        environment: Environment {
            processor: "Example Processor 9000".to_owned(),
            logical_processors: 2,
            ..Environment::default()
        },
        machine_speed: None,
        devices: ["near", "far"]
            .map(|device| DeviceDescription {
                device: Device::of(device),
                description: "1.0".to_owned(),
            })
            .to_vec(),
        absent: Vec::new(),
        points: sizes.map(|(resolution, batch)| point(resolution, batch)).to_vec(),
    }
}

/// Compares a text with the file that holds what it should be; with `UPDATE_EXPECTED=1`, writes the file instead.
fn expect(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/expected").join(name);
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(&path, text).unwrap();
        return;
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(text == expected, "{name} has changed.\n--- expected\n{expected}\n--- found\n{text}");
}

#[test]
fn people_read_every_row_and_who_is_best_for_what() {
    let comparison = comparison();
    let report = VariantReport::new(&comparison);
    expect("variants-100.txt", &report.terminal(Look::plain(100)));
    expect("variants.md", &report.markdown());
    assert_eq!(report.failures(), ["near"], "who refuses a precision has not failed");
}

#[test]
fn energy_and_throughput_are_those_of_an_item() {
    let comparison = comparison();
    let report = VariantReport::new(&comparison);
    let mut timed = report.timed();
    let (_, first) = timed.next().unwrap();
    let eight = timed.find(|(line, _)| line.point.batch == Some(8)).unwrap().1;
    // The calls take as long for each item, and spend as much.
    assert!((first.rate / eight.rate - 1.0).abs() < 1e-12);
    assert!((first.energy.unwrap() / eight.energy.unwrap() - 1.0).abs() < 1e-12);
    let seconds = 1e-6 * 224.0 * 224.0;
    assert!(
        (first.rate * seconds - 1.0).abs() < 1e-3 && (first.power.unwrap() - 30.0).abs() < 0.01
    );
}

#[test]
fn a_device_overtakes_from_a_batch_size_on() {
    let comparison = comparison();
    let report = VariantReport::new(&comparison);
    let sentences = report.crossing_sentences("zoo:resnet-18 at 224", false);
    let [without, with] = &sentences[..] else { panic!("{sentences:?}") };
    assert!(
        without
            .starts_with("Batch, f32, without transfers: `near` is faster than `far` below, from ")
    );
    assert!(with.contains("on `far`"));
    let mut one_size = comparison.clone();
    one_size.points.retain(|point| point.batch == Some(1));
    assert!(VariantReport::new(&one_size).crossings.is_empty());
}

#[test]
fn scripts_get_every_row() {
    let comparison = comparison();
    let report = VariantReport::new(&comparison);
    let read: VariantComparison = serde_json::from_str(&report.json()).unwrap();
    assert_eq!(read, comparison);
    let json: serde_json::Value = serde_json::from_str(&report.json()).unwrap();
    assert_eq!(json["figures"].as_array().unwrap().len(), 10);
    assert_eq!(json["guides"].as_array().unwrap().len(), 2);
    let csv = report.csv();
    let columns: Vec<usize> = csv.lines().map(|line| line.split(',').count()).collect();
    // What is wrong says so with commas of its own, in quotes.
    assert!(columns.iter().all(|count| *count >= 25), "{columns:?}");
    assert!(csv.contains("zoo:resnet-18,224,1,f16,far,1,Example Processor 9000,refused,"), "{csv}");
    // In each of 3 processes 3 samples of every metric: 5 metrics in 10 rows, and energy and power in 6 of them.
    assert_eq!(report.samples_csv().lines().count(), 1 + 9 * (5 * 10 + 2 * 6));
}

#[test]
fn the_page_draws_latency_against_error_and_over_batches() {
    let comparison = comparison();
    let page = VariantReport::new(&comparison).html();
    assert_eq!(page.matches("<svg viewBox").count(), 4, "two pictures for each resolution");
    assert!(page.contains("Error over the time of a call, batch 1"));
    assert!(page.contains("<title>near in f16, batch 1: "));
    assert!(page.contains("Which for what?"));
    assert!(page.contains("<td class=\"declined\">refused</td>"));
}
