//! `tachy check --baseline` from end to end.
#![cfg(unix)]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn tachy(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tachy"))
        .current_dir(folder)
        .env("TACHY_STORE", folder.join("store.sqlite"))
        .args(arguments)
        .output()
        .unwrap()
}

fn succeeds(folder: &Path, arguments: &[&str]) -> String {
    let output = tachy(folder, arguments);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {message}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = tachy(folder, arguments);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{message}");
    message
}

#[test]
fn what_a_baseline_measured_is_measured_again_and_judged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let bench = ["bench", "zoo:mlp", "--threads", "1", "--time", "0.2", "--processes", "5"];
    succeeds(path, &[&bench[..], &["--save"]].concat());
    succeeds(path, &["baseline", "save", "release/mlp"]);

    // Nothing becomes twice as slow by chance, in every process, twice.
    let lenient = ["--threshold", "99%", "--format", "json"];
    let check = ["check", "--baseline", "release"];
    let json: Value =
        serde_json::from_str(&succeeds(path, &[&check[..], &lenient[..]].concat())).unwrap();
    assert_eq!(json["status"], "all_pass");
    let metrics: Vec<&str> = (json["verdicts"].as_array().unwrap().iter())
        .map(|verdict| verdict["metric"].as_str().unwrap())
        .collect();
    assert_eq!(metrics, ["run", "compile", "first_call", "peak_memory"]);
    let again = &json["record"]["comparisons"][0]["candidate"];
    assert_eq!(again["benchmarks"][0]["parameters"]["device"], "cpu");
    assert!(again["id"] != json["record"]["comparisons"][0]["reference"]["id"]);

    // A stored run against itself is the same, whatever the machine does.
    let text = succeeds(path, &["check", "--baseline", "release/mlp", "--run", "latest"]);
    assert!(text.starts_with("All pass: "), "{text}");
    assert!(text.contains("baseline `release/mlp`") && text.contains("1.00×"), "{text}");
}

#[test]
fn what_cannot_be_checked_is_refused_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    assert!(refused(path, &["check"]).contains("--against"));
    succeeds(path, &["bench", "zoo:mlp", "--time", "0.05", "--processes", "2", "--save"]);
    succeeds(path, &["baseline", "save", "one"]);
    assert!(refused(path, &["check", "--baseline", "two"]).contains("`one`"));
    let message = refused(path, &["check", "--baseline", "one", "resnet"]);
    assert!(message.contains("tachy baseline show one"), "{message}");
    let other =
        r#"[{"name":"x","parameters":{},"outcome":{"state":"measured","measurements":[]}}]"#;
    let line = format!(
        r#"{{"run":{{"id":"01a1fe42-c880-724b-9a46-380a2b912962","started":1,"command":"cargo-bench","environment":{{}},"benchmarks":{other}}}}}"#
    );
    std::fs::write(path.join("other.jsonl"), line + "\n").unwrap();
    succeeds(path, &["import", "other.jsonl"]);
    succeeds(path, &["baseline", "save", "other", "--run", "01a1fe42-c880"]);
    let message = refused(path, &["check", "--baseline", "other"]);
    assert!(message.contains("`cargo-bench`") && message.contains("--run latest"), "{message}");
    let message = refused(path, &["check", "--baseline", "other", "--run", "latest"]);
    assert!(message.contains("another machine"), "{message}");
}
