//! What people and scripts read of a duel.

use serde_json::Value;
use tachy_measure::Metric;
use tachy_measure::duel::{
    Announcement, FORMAT, Options, Part, Program, Record, RecordedPair, Usage,
};
use tachy_report::{Look, duel};
use tachy_stats::{Noise, Plan};

use crate::support::{self, expect};

const NOT_COUNTED: &str = "the processor's counters are not to be had here";

/// A duel to make up: how much longer the candidate takes, the noise of a process, what befalls the control.
struct Invented {
    ratio: f64,
    noise: f64,
    control: f64,
    pairs: usize,
    seconds: f64,
    memory: u64,
}

impl Default for Invented {
    fn default() -> Self {
        Self { ratio: 1.0, noise: 0.004, control: 1.0, pairs: 40, seconds: 0.052, memory: 31 << 20 }
    }
}

impl Invented {
    fn record(&self) -> Record {
        let program = |line: &str| Program { line: line.to_owned(), shell: false, folder: None };
        let mut options =
            Options::new(program("./before --size 64"), program("./after --size 64"), 7);
        options.most_pairs = Some(self.pairs);
        let mut noise = support::Noise::new("duel");
        let mut usage = |ratio: f64| {
            let time = self.seconds * ratio * (1.0 + self.noise * noise.next());
            Usage {
                time,
                user: 0.9 * time,
                system: 0.06 * time,
                peak_memory: self.memory,
                instructions: None,
                cycles: None,
                exit_code: Some(0),
            }
        };
        let mut pair = |part, order| {
            let ratio = if part == Part::Duel { self.ratio } else { self.control };
            RecordedPair {
                part,
                order,
                padding: 1234,
                reference: usage(1.0),
                candidate: usage(ratio),
            }
        };
        let design = options.judging.design;
        let parts = [(Part::Pilot, 10), (Part::Duel, self.pairs), (Part::Control, self.pairs / 5)];
        let pairs: Vec<RecordedPair> = parts
            .into_iter()
            .zip(1..)
            .flat_map(|((part, count), seed)| {
                design.orders(seed).take(count).map(move |order| (part, order))
            })
            .map(|(part, order)| pair(part, order))
            .collect();
        let mut record = Record {
            format: FORMAT,
            started: 1_782_561_825,
            duration: 5.6,
            announcement: Some(self.announcement(&options)),
            options,
            environment: support::comparison(Vec::new()).environment,
            interrupted: false,
            verdicts: Vec::new(),
            absent: Vec::new(),
            least_peak_memory: Some(6 << 20),
            pairs,
        };
        record.judge(Some(NOT_COUNTED)).unwrap();
        record
    }

    fn announcement(&self, options: &Options) -> Announcement {
        let noise = Noise::normal(1.6 * self.noise);
        let plan = Plan::for_effect(options.effect, &noise, &options.judging).unwrap();
        let fits = plan.is_some_and(|plan| plan.pairs <= self.pairs);
        Announcement {
            pilot_pairs: 10,
            noise: noise.standard_deviation(),
            seconds_per_pair: 2.1 * self.seconds,
            most_pairs: self.pairs,
            plan,
            smallest_effect: match fits {
                true => None,
                false => Plan::smallest_effect(self.pairs, &noise, &options.judging).unwrap(),
            },
        }
    }
}

fn slower() -> Record {
    Invented { ratio: 1.024, ..Default::default() }.record()
}

fn faster() -> Record {
    Invented { ratio: 0.61, memory: 4 << 20, ..Default::default() }.record()
}

fn same() -> Record {
    Invented { pairs: 60, ..Default::default() }.record()
}

fn unsure() -> Record {
    Invented { noise: 0.03, pairs: 24, ..Default::default() }.record()
}

fn few() -> Record {
    Invented { pairs: 6, ..Default::default() }.record()
}

fn distrusted() -> Record {
    Invented { ratio: 1.1, control: 1.05, ..Default::default() }.record()
}

fn interrupted() -> Record {
    let mut record = Invented { pairs: 13, noise: 0.01, ..Default::default() }.record();
    record.interrupted = true;
    record.environment.load = Some(3.4);
    record
}

fn interrupted_in_the_pilot() -> Record {
    let mut record = slower();
    record.pairs.truncate(4);
    record.announcement = None;
    record.interrupted = true;
    record.judge(Some(NOT_COUNTED)).unwrap();
    record
}

fn all() -> Vec<Record> {
    vec![
        slower(),
        faster(),
        same(),
        unsure(),
        few(),
        distrusted(),
        interrupted(),
        interrupted_in_the_pilot(),
    ]
}

#[test]
fn each_verdict_has_its_evidence() {
    let text = |record: &Record, width| duel::terminal(record, Look::plain(width));
    expect("duel-slower-100.txt", &text(&slower(), 100));
    expect("duel-slower-50.txt", &text(&slower(), 50));
    expect("duel-faster-100.txt", &text(&faster(), 100));
    expect("duel-same-100.txt", &text(&same(), 100));
    expect("duel-unsure-100.txt", &text(&unsure(), 100));
    expect("duel-few-100.txt", &text(&few(), 100));
}

#[test]
fn what_went_wrong_is_said() {
    let text = |record: &Record| duel::terminal(record, Look::plain(100));
    expect("duel-distrusted-100.txt", &text(&distrusted()));
    expect("duel-interrupted-100.txt", &text(&interrupted()));
    expect("duel-pilot-100.txt", &text(&interrupted_in_the_pilot()));
}

#[test]
fn no_line_is_wider_than_the_terminal_nor_ends_in_blanks() {
    for record in all() {
        for width in [70, 80, 120] {
            for line in duel::terminal(&record, Look::plain(width)).lines() {
                assert!(line.chars().count() <= width, "{width}: {line}");
                assert_eq!(line, line.trim_end());
            }
        }
    }
}

#[test]
fn colour_adds_nothing_but_colour() {
    let record = unsure();
    let coloured = duel::terminal(&record, Look { width: 100, colour: true });
    let mut plain = String::new();
    let mut rest = coloured.as_str();
    while let Some(start) = rest.find('\u{1b}') {
        plain += &rest[..start];
        let end = rest[start..].find('m').unwrap();
        rest = &rest[start + end + 1..];
    }
    plain += rest;
    assert!(coloured.contains('\u{1b}'));
    // In colour, names are bold instead of standing between backticks.
    let squeeze =
        |text: &str| text.replace('`', "").split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(squeeze(&plain), squeeze(&duel::terminal(&record, Look::plain(100))));
}

#[test]
fn json_is_the_record_and_is_read_back() {
    for record in all() {
        let text = duel::json(&record);
        let back: Record = serde_json::from_str(&text).unwrap();
        assert_eq!(back, record);
    }
    let value: Value = serde_json::from_str(&duel::json(&slower())).unwrap();
    assert_eq!(value["options"]["reference"]["line"], "./before --size 64");
    assert_eq!(value["verdicts"][0]["judgement"]["outcome"], "slower");
    assert_eq!(value["pairs"].as_array().unwrap().len(), 10 + 40 + 8);
    assert_eq!(value["pairs"][10]["part"], "duel");
}

#[test]
fn a_metric_that_a_process_lacks_is_absent_with_the_reason() {
    let record = slower();
    assert!(record.verdict(Metric::Instructions).is_none());
    let text = duel::terminal(&record, Look::plain(100));
    assert!(text.contains("Without instructions and cycles: the processor's counters"), "{text}");
}
