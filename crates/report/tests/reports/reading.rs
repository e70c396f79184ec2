//! What people read: the texts of made-up comparisons, kept in `expected/`.

use crate::support::{
    alone, clear, close_race, energetic, eventful, expect, far_apart, nothing, one_process,
};
use tachy_measure::{Comparison, EnergyCounter};
use tachy_report::{Guide, Look, ModelEntry, Report, devices, models};
use tachy_runtime::{Availability, Device, DeviceInfo};

fn terminal(comparison: &Comparison, width: usize) -> String {
    Report::new(comparison).unwrap().terminal(Look::plain(width))
}

#[test]
fn clear_winners_are_ranked() {
    expect("clear-180.txt", &terminal(&clear(), 180));
    expect("clear-100.txt", &terminal(&clear(), 100));
    expect("clear-80.txt", &terminal(&clear(), 80));
}

#[test]
fn what_happened_is_told() {
    expect("eventful-100.txt", &terminal(&eventful(), 100));
    expect("eventful-80.txt", &terminal(&eventful(), 80));
}

#[test]
fn what_cannot_be_told_apart_is_not_ranked() {
    expect("close-race-100.txt", &terminal(&close_race(), 100));
    expect("one-process-100.txt", &terminal(&one_process(), 100));
}

#[test]
fn few_devices_make_a_report_too() {
    expect("alone-100.txt", &terminal(&alone(), 100));
    expect("nothing-100.txt", &terminal(&nothing(), 100));
    expect("far-apart-100.txt", &terminal(&far_apart(), 100));
}

#[test]
fn energy_is_told_and_where_it_is_not_known_why() {
    expect("energetic-100.txt", &terminal(&energetic(), 100));
    let comparison = energetic();
    let guide = Guide::new(&[(1, &comparison)]);
    let answer = guide.answers.iter().find(|answer| answer.aim == "energy").unwrap();
    assert_eq!(answer.device.as_deref(), Some("cpu"));
    assert!(answer.evidence.starts_with("2.4"), "{}", answer.evidence);
    let unknown = clear();
    let guide = Guide::new(&[(1, &unknown)]);
    let answer = guide.answers.iter().find(|answer| answer.aim == "energy").unwrap();
    assert_eq!(answer.evidence, "Unknown: it was not measured.");
}

#[test]
fn markdown() {
    expect("energetic.md", &Report::new(&energetic()).unwrap().markdown());
    expect("eventful.md", &Report::new(&eventful()).unwrap().markdown());
}

#[test]
fn no_line_is_wider_than_the_terminal_nor_ends_in_blanks() {
    for comparison in [clear(), eventful(), close_race(), one_process(), far_apart(), nothing()] {
        for width in [60, 80, 100, 120, 200] {
            for line in terminal(&comparison, width).lines() {
                assert!(line.chars().count() <= width, "{width}: {line}");
                assert_eq!(line, line.trim_end());
            }
        }
    }
}

#[test]
fn colour_adds_nothing_but_colour() {
    let comparison = eventful();
    let coloured = Report::new(&comparison).unwrap().terminal(Look { width: 100, colour: true });
    assert!(coloured.contains("\u{1b}["));
    let mut plain = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain += before;
        rest = after.split_once('m').expect("only colours are set").1;
    }
    plain += rest;
    // In colour, names are bold instead of standing between backticks, which lines may break differently for.
    let words = |text: &str| {
        text.replace('`', "").split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(words(&plain), words(&terminal(&comparison, 100)));
}

#[test]
fn messages_cannot_command_the_terminal() {
    assert!(!terminal(&eventful(), 100).contains('\u{1b}'));
    assert!(!Report::new(&eventful()).unwrap().markdown().contains('\u{1b}'));
}

#[test]
fn lists_of_other_commands() {
    let mut all = vec![DeviceInfo {
        device: Device::of("cpu"),
        description: "Tachy 0.1.0, native".to_owned(),
        availability: Availability::Available,
    }];
    all.extend(crate::support::absent());
    let counted = EnergyCounter::Counted { scope: "the processors' packages".to_owned() };
    let absent = EnergyCounter::Absent {
        reason: "This build does not read the energy counters of GPUs.".to_owned(),
        remedy: "Build Tachy with its feature `nvml`.".to_owned(),
    };
    let counters = [
        (Device::of("cpu"), counted.clone()),
        (Device::with_unit("mlx", "gpu"), absent),
        (Device::with_unit("ort", "cpu"), counted),
    ];
    expect("devices-80.txt", &devices(&all, &counters, Look::plain(80)));
    let entry = |name: &str, parameters, input: &str, about: &str| ModelEntry {
        name: name.to_owned(),
        parameters,
        inputs: vec![input.to_owned()],
        about: about.to_owned(),
    };
    let entries = [
        entry(
            "mlp",
            532_490,
            "x: f32[1, 784]",
            "Three dense layers with ReLU, for the overhead of a call.",
        ),
        entry(
            "resnet-18",
            11_689_512,
            "image: f32[1, 3, 224, 224]",
            "A residual network of 18 layers for images.",
        ),
    ];
    expect("models-80.txt", &models(&entries, Look::plain(80)));
}
