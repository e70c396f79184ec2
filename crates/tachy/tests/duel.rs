//! `tachy duel` from end to end, with commands that every Unix has.
#![cfg(unix)]

use std::fs;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

fn tachy(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tachy"));
    command.arg("duel").args(arguments);
    command
}

fn duel(arguments: &[&str]) -> Output {
    tachy(arguments).output().unwrap()
}

/// The record of a duel that must succeed.
fn record(arguments: &[&str]) -> Value {
    let output = tachy(arguments).args(["--format", "json"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The message of a duel that must be refused.
fn refusal(arguments: &[&str]) -> String {
    let output = duel(arguments);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(output.stdout.is_empty(), "nothing was found out");
    message
}

fn list<'a>(record: &'a Value, path: &str) -> &'a Vec<Value> {
    record.pointer(path).and_then(Value::as_array).unwrap()
}

/// A shell that counts so far.
fn counting(steps: u32) -> String {
    format!("sh -c 'i=0; while [ $i -lt {steps} ]; do i=$((i+1)); done'")
}

/// Processor time, and five times the work: whatever else the machine does, nine lots fall alike.
#[test]
fn more_work_is_found() {
    let record = record(&[
        &counting(4_000),
        &counting(20_000),
        "--metric",
        "processor-time",
        "--pairs",
        "30",
        "--seed",
        "7",
    ]);
    let verdicts = list(&record, "/verdicts");
    let deciding = verdicts.iter().find(|verdict| verdict["metric"] == "processor_time").unwrap();
    assert_eq!(deciding["judgement"]["outcome"], "slower", "{deciding}");
    let ratio = deciding["judgement"]["ratio"]["value"].as_f64().unwrap();
    assert!((2.0..9.0).contains(&ratio), "five times the work, and a start: {ratio}");
    assert!(record["announcement"]["noise"].is_number());

    let pairs = list(&record, "/pairs");
    let of = |part: &str| pairs.iter().filter(|pair| pair["part"] == part).count();
    assert_eq!(of("pilot"), 10);
    assert!((9..=30).contains(&of("duel")));
    for order in ["candidate-first", "reference-first"] {
        assert!(pairs.iter().any(|pair| pair["order"] == order), "the lot never fell on {order}");
    }
    assert!(pairs.iter().any(|pair| pair["padding"] != pairs[0]["padding"]));
    for pair in pairs {
        for side in ["reference", "candidate"] {
            assert!(pair[side]["time"].as_f64().unwrap() > 0.0);
            assert!(pair[side]["peak_memory"].as_u64().unwrap() > 100_000);
        }
    }
}

#[test]
fn the_plan_is_said_before_and_again_in_the_report() {
    let output = duel(&["true", "true", "--pairs", "12", "--seed", "1"]);
    assert!(output.status.success());
    let (before, report) =
        (String::from_utf8(output.stderr).unwrap(), String::from_utf8(output.stdout).unwrap());
    assert!(before.contains("pairs"), "{before}");
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (before, report) = (words(&before), words(&report));
    assert!(report.contains(&format!("Said before: {before}")), "{before}\n---\n{report}");
    assert!(report.contains("Control: A against itself") || report.contains("The control, A"));
    assert!(report.contains("seed 1"));
}

#[test]
fn the_same_seed_draws_the_same_lots() {
    let lots = || -> Vec<(Value, Value)> {
        let record = record(&["true", "true", "--pilot", "0", "--pairs", "6", "--seed", "5"]);
        let pairs = list(&record, "/pairs");
        pairs.iter().map(|pair| (pair["order"].clone(), pair["padding"].clone())).collect()
    };
    assert_eq!(lots(), lots());
}

#[test]
fn blocks_hold_both_orders() {
    let record =
        record(&["true", "true", "--lots", "abba", "--pilot", "0", "--pairs", "8", "--seed", "3"]);
    let pairs: Vec<&Value> =
        list(&record, "/pairs").iter().filter(|pair| pair["part"] == "duel").collect();
    assert_eq!(pairs.len(), 8);
    assert!(pairs.chunks(2).all(|block| block[0]["order"] != block[1]["order"]));
}

#[test]
fn what_is_around_the_commands_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("input.txt"), "hello").unwrap();
    let command = r#"sh -c 'test "$(cat)" = hello && test "$NAME" = "a b" && test -f made'"#;
    let options = [
        command,
        command,
        "--setup",
        "touch made",
        "--prepare",
        "printf a >> prepared",
        "--prepare",
        "printf b >> prepared",
        "--cleanup",
        "mv made cleaned",
        "--input",
        path("input.txt").to_str().unwrap(),
        "--env",
        "NAME=a b",
        "--cwd",
        folder.path().to_str().unwrap(),
        "--pilot",
        "0",
        "--pairs",
        "2",
        "--warmup",
        "0",
    ]
    .map(str::to_owned);
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let record = record(&options);
    let prepared = fs::read_to_string(path("prepared")).unwrap();
    let control = list(&record, "/pairs").iter().filter(|pair| pair["part"] == "control").count();
    assert_eq!(prepared.matches('b').count(), 2);
    assert_eq!(prepared.matches('a').count(), 2 + 2 * control);
    assert!(path("cleaned").exists());
}

#[test]
fn a_command_that_prints_a_lot_is_timed_in_silence() {
    let much = "sh -c 'head -c 20000000 /dev/zero; head -c 20000000 /dev/zero >&2'";
    let output = duel(&[much, much, "--pilot", "0", "--pairs", "2"]);
    assert!(output.status.success());
    assert!(output.stdout.len() < 10_000 && output.stderr.len() < 10_000);
}

#[test]
fn a_command_that_fails_is_refused_with_its_last_words() {
    let failing = "sh -c 'echo the disk is on fire >&2; exit 3'";
    let message = refusal(&["true", failing]);
    for part in ["the disk is on fire", "exit status: 3", "--ignore-failure", "sh -c"] {
        assert!(message.contains(part), "{message}");
    }
    let options = ["true", failing, "--ignore-failure", "--pilot", "0", "--pairs", "2"];
    let record = record(&options);
    assert_eq!(record["pairs"][0]["candidate"]["exit_code"], 3);
    let message = refusal(&["true", "sh -c 'kill -9 $$'"]);
    assert!(message.contains("signal 9"), "{message}");
    let message = refusal(&["true", "true", "--prepare", "echo no >&2; false"]);
    assert!(message.contains("--prepare") && message.contains("no"), "{message}");
}

#[test]
fn what_cannot_be_run_is_refused_with_a_remedy() {
    let message = refusal(&["true", "no-such-program-here"]);
    assert!(message.contains("`no-such-program-here`") && message.contains("PATH"), "{message}");
    assert!(refusal(&["true", "no-such-program | wc"]).contains("--shell"));
    assert!(refusal(&["true", "echo 'a"]).contains("quote"));
    assert!(refusal(&["", "true"]).contains("empty"));
    assert!(refusal(&["true", "true", "--input", "no-such-file"]).contains("no-such-file"));
    assert!(refusal(&["true", "true", "--cwd", "no-such-folder"]).contains("no-such-folder"));
    assert!(refusal(&["true", "true", "--margin", "200%"]).contains("share"));
    assert!(refusal(&["true", "true", "--effect", "0%"]).contains("effect"));
}

#[test]
fn an_interruption_tells_what_is_known_so_far() {
    // So long that the few pairs until the interruption can decide nothing.
    let child = tachy(&["sleep 0.2", "sleep 0.2", "--pilot", "0", "--pairs", "5000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupt.success());
    let output = child.wait_with_output().unwrap();
    let report = String::from_utf8(output.stdout).unwrap();
    // On a machine that is very slow to start it, nothing is known yet; it says so.
    if output.status.code() == Some(130) {
        assert!(report.contains("Interrupted: this is what is known so far."), "{report}");
    } else {
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(message.contains("nothing is known yet"), "{:?} {message}", output.status);
    }
}
