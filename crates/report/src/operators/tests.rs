//! A comparison on operators as people and scripts read it.

use tachy_measure::operators::{
    DeviceDescription, DevicePeaks, OperatorComparison, OperatorPoint, OperatorSettings, Peaks,
    PointOutcome, PointRow, Rate,
};
use tachy_measure::{Agreement, Environment, FORMAT, Measured, Measurement, Metric, Series};
use tachy_runtime::Device;
use tachy_stats::Samples;

use super::OperatorReport;
use crate::Look;

/// A device of low overhead and one of high rate, and one that lacks the operator.
fn comparison() -> OperatorComparison {
    let measured = |run: f64, call: f64| {
        let measurement = |metric: Metric, value: f64| {
            let series = |factor: f64| Series {
                samples: Samples::new(vec![value * factor; 3]).unwrap(),
                rounds: Vec::new(),
                calls_per_sample: 1,
            };
            let processes = vec![series(0.99), series(1.0), series(1.01)];
            Measurement { metric, unit: metric.unit(), processes }
        };
        PointOutcome::Measured(Measured {
            agreement: Agreement {
                max_absolute: 0.0,
                max_relative: 0.0,
                relative_l2: 0.0,
                tolerance: 1e-4,
                output: "y".to_owned(),
                fault: None,
            },
            measurements: vec![measurement(Metric::Run, run), measurement(Metric::Call, call)],
            warm_ups: Vec::new(),
            energy_absent: None,
        })
    };
    let lacks = || PointOutcome::Unsupported { message: "bare lacks MatMul.".to_owned() };
    let points = [16.0f64, 64.0, 256.0].map(|size| {
        let flops = 2.0 * size.powi(3);
        let row = |device: &str, outcome| PointRow { device: Device::of(device), outcome };
        // The runs are equal at 100, the calls at 400.
        let (near, far) = (1e-8 * size.powi(2), 1e-6 * size);
        OperatorPoint {
            case: format!("matmul:{size}:f32"),
            flops,
            bytes: 12.0 * size * size,
            reference: Some(Device::of("near")),
            rows: vec![
                row("near", measured(near, near)),
                row("far", measured(far, 4.0 * far)),
                row("bare", lacks()),
            ],
        }
    });
    OperatorComparison {
        format: FORMAT,
        started: 0,
        duration: 1.0,
        settings: OperatorSettings { threads: 1, seconds: 1.0, processes: 3, seed: 0 },
        environment: Environment::default(),
        machine_speed: None,
        devices: ["near", "far", "bare"]
            .map(|device| DeviceDescription {
                device: Device::of(device),
                description: "1.0".to_owned(),
            })
            .to_vec(),
        absent: Vec::new(),
        points: points.to_vec(),
    }
}

#[test]
fn the_table_tells_who_is_faster_where_and_who_lacks_what() {
    let comparison = comparison();
    let known = |per_second: f64| Rate::Known { per_second, case: "matmul:1024:f32".to_owned() };
    let peaks = Peaks {
        devices: vec![DevicePeaks {
            device: Device::of("near"),
            description: "1.0".to_owned(),
            bandwidth: known(1e12),
            products: [("f32".to_owned(), known(1.024e11))].into(),
            overhead: None,
        }],
    };
    let report = OperatorReport::new(&comparison, Some(&peaks));
    let text = report.terminal(Look::plain(120));
    for expected in [
        "matmul f32: [n, n] · [n, n]",
        "without transfers: `near` is faster than `far` below, from 100 (95% ",
        "bare  matmul:16:f32 … matmul:256:f32 (3 cases): unsupported: bare lacks MatMul.",
    ] {
        assert!(text.contains(expected), "{expected} is not in\n{text}");
    }
    // At 256, 33.5 MFLOP in 655 µs are 51.2 GFLOP/s, half of the peak.
    let line = text.lines().find(|line| line.contains("256") && line.contains("near")).unwrap();
    assert!(line.contains("655 µs") && line.contains("51.2") && line.contains("50%"), "{line}");
    assert!(!text.contains("with transfers: `near` is faster than `far` below"), "{text}");
    assert!(report.failures().is_empty(), "who lacks an operator has not failed");
}

#[test]
fn scripts_get_every_case() {
    let comparison = comparison();
    let report = OperatorReport::new(&comparison, None);
    let read: OperatorComparison = serde_json::from_str(&report.json()).unwrap();
    assert_eq!(read, comparison);
    let csv = report.csv();
    let columns: Vec<usize> = csv.lines().map(|line| line.split(',').count()).collect();
    assert_eq!(columns, [25; 10]);
    assert!(csv.contains("matmul,256,f32,contiguous,far,1,,timed,,0.000255"), "{csv}");
    assert_eq!(report.samples_csv().lines().count(), 1 + 3 * 2 * 2 * 3 * 3);
    let markdown = report.markdown();
    assert!(markdown.contains("| 16 | `bare` | unsupported |"), "{markdown}");
    let svg = report.svg();
    assert_eq!(svg.matches("<polyline").count(), 4);
    assert_eq!(svg.matches("r=\"5\"").count(), 1, "one crossover is marked");
    assert!(report.html().contains("<svg viewBox"));
}
