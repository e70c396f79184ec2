//! What scripts read: JSON and CSV.

use crate::support::{alone, clear, energetic, eventful, expect, nothing};
use tachy_measure::{Comparison, Outcome};
use tachy_report::{Look, Report, samples_csv};

#[test]
fn the_json_reads_back_as_the_record() {
    for comparison in [clear(), energetic(), eventful(), nothing()] {
        let text = Report::new(&comparison).unwrap().json();
        let again: Comparison = serde_json::from_str(&text).unwrap();
        assert_eq!(again, comparison);
    }
}

#[test]
fn the_json_says_what_follows() {
    let comparison = eventful();
    let text = Report::new(&comparison).unwrap().json();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let first = &json["ranking"]["places"][0];
    assert_eq!(first["rank"], 1);
    assert_eq!(first["tied"], true);
    assert_eq!(json["ranking"]["pairs"].as_array().unwrap().len(), 6);
    assert_eq!(json["summary"]["devices"].as_array().unwrap().len(), 4);
    assert_eq!(json["summary"]["devices"][0]["figures"][0]["metric"], "run");
    let samples = |line: &str| line.trim_start().starts_with("\"samples\": [0");
    assert!(text.lines().filter(|line| samples(line)).all(|line| line.ends_with("],")));
}

#[test]
fn records_from_before_energy_are_read() {
    let text = Report::new(&clear()).unwrap().json();
    let old = text.replacen("\"format\": 2", "\"format\": 1", 1);
    assert_ne!(old, text);
    assert!(!old.contains("energy_absent"));
    let comparison: Comparison = serde_json::from_str(&old).unwrap();
    assert_eq!(comparison.format, 1);
    assert!(!Report::new(&comparison).unwrap().terminal(Look::plain(100)).contains("nergy"));
}

#[test]
fn every_line_of_the_csv_has_the_columns_of_the_first() {
    for comparison in [energetic(), eventful(), alone()] {
        let text = Report::new(&comparison).unwrap().csv();
        let records = parse(&text);
        expect("header.csv", text.lines().next().unwrap());
        assert!(records.iter().all(|record| record.len() == records[0].len()));
        assert_eq!(records.len(), 1 + comparison.rows.len() + comparison.absent.len());
    }
}

#[test]
fn the_csv_has_the_figures_of_the_json() {
    let comparison = eventful();
    let report = Report::new(&comparison).unwrap();
    let json: serde_json::Value = serde_json::from_str(&report.json()).unwrap();
    let records = parse(&report.csv());
    let cell = |line: usize, name: &str| {
        let column = records[0].iter().position(|title| title == name).unwrap();
        records[line][column].clone()
    };
    let typical = &json["ranking"]["places"][1]["typical"];
    for (name, figure) in
        [("run_seconds", &typical["value"]), ("run_seconds_low", &typical["interval"]["low"])]
    {
        assert_eq!(cell(2, name).parse::<f64>().unwrap(), figure.as_f64().unwrap());
    }
    assert_eq!(cell(2, "device"), "ort:cpu");
    assert_eq!(
        (cell(1, "rank"), cell(2, "rank"), cell(3, "rank")),
        ("1".into(), "1".into(), "3".into())
    );
    assert_eq!((cell(5, "state"), cell(5, "relative_l2")), ("wrong".into(), "0.312".into()));
    assert_eq!((cell(6, "state"), cell(6, "rank")), ("failed".into(), String::new()));
}

#[test]
fn every_raw_sample_is_a_line() {
    let comparison = alone();
    let records = parse(&samples_csv(&comparison));
    let Outcome::Measured(measured) = &comparison.rows[0].outcome else { panic!("it was timed") };
    let count: usize =
        measured.measurements.iter().map(|measurement| measurement.pooled().len()).sum();
    assert_eq!(records.len(), 1 + count);
    let run = measured.metric(tachy_measure::Metric::Run).unwrap();
    let found = records
        .iter()
        .find(|r| r[1] == "2" && r[3] == "run" && r[4] == "17")
        .expect("process 2 has a sample 17");
    assert_eq!(found[5].parse::<f64>().unwrap(), run.processes[2].samples.values()[17]);
    assert_eq!(found[2], run.processes[2].rounds[1].round.to_string());
    assert_eq!(found[6], "seconds");
}

/// The records of a text in RFC 4180's format.
fn parse(text: &str) -> Vec<Vec<String>> {
    let mut records = vec![vec![String::new()]];
    let mut quoted = false;
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let record = records.last_mut().unwrap();
        match c {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                record.last_mut().unwrap().push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(String::new()),
            '\r' if !quoted => {}
            '\n' if !quoted => records.push(vec![String::new()]),
            c => record.last_mut().unwrap().push(c),
        }
    }
    records.pop();
    records
}
