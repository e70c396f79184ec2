//! `tachy check` and `tachy bisect` from end to end: small repositories of git, whose program is a shell that counts.
#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// A repository with a commit for each number of steps that its program takes.
fn repository(steps: &[u32]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "-q"]);
    for (number, steps) in steps.iter().enumerate() {
        let script = format!("# {number}\ni=0\nwhile [ $i -lt {steps} ]; do i=$((i+1)); done\n");
        fs::write(folder.path().join("work.sh"), script).unwrap();
        git(folder.path(), &["add", "work.sh"]);
        git(folder.path(), &["commit", "-qm", &format!("Commit {number}")]);
    }
    folder
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(["-c", "user.name=T", "-c", "user.email=t@localhost"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn tachy(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tachy")).current_dir(folder).args(arguments).output().unwrap()
}

/// Processor time, which other work on the machine hardly touches.
const DECIDING: [&str; 6] = ["--metric", "processor-time", "--pairs", "60", "--seed", "1"];

fn check(folder: &Path, arguments: &[&str], command: &[&str]) -> Output {
    let all = [&["check"], &DECIDING[..], arguments, &["--"], command].concat();
    tachy(folder, &all)
}

fn error(output: &Output, code: i32) -> String {
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{message}");
    message
}

#[test]
fn five_times_the_work_is_a_critical_regression_in_every_format() {
    let folder = repository(&[4_000, 20_000]);
    let output =
        check(folder.path(), &["--against", "HEAD~1", "--format", "json"], &["sh", "work.sh"]);
    let message = error(&output, 1);
    assert!(message.contains("critical"), "{message}");
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["status"], "has_critical_regressions");
    assert_eq!(json["verdicts"][0]["class"]["regression"], "critical", "{}", json["verdicts"]);
    let benchmark = &json["record"]["benchmarks"][0];
    assert!(benchmark["second"]["pairs"].as_array().is_some_and(|pairs| !pairs.is_empty()));
    // What the check did is no change of the project.
    assert_eq!(git(folder.path(), &["status", "--porcelain"]), "");
}

#[test]
fn what_is_in_no_commit_yet_is_measured_against_the_last() {
    let folder = repository(&[20_000]);
    fs::write(folder.path().join("work.sh"), "exit 0\n").unwrap();
    let store = tempfile::tempdir().unwrap();
    let store = store.path().join("store.sqlite").display().to_string();
    let arguments = ["--against", "HEAD", "--format", "markdown", "--save", "--store", &store];
    let output = check(folder.path(), &arguments, &["sh", "work.sh"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.starts_with("**All pass: the benchmark is not slower"), "{text}");
    assert!(text.contains("with uncommitted changes") && text.contains("| faster |"), "{text}");
    // What stands here is remembered under the benchmark's name.
    let output = tachy(folder.path(), &["history", "sh work.sh", "--store", &store]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("sh work.sh · time"), "{text}");
    let arguments = ["history", "sh work.sh", "--store", &store, "--format", "markdown"];
    let output = tachy(folder.path(), &arguments);
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find(|line| line.starts_with("| sh work.sh")).unwrap_or_default();
    let cells: Vec<&str> = line.split('|').map(str::trim).collect();
    assert_eq!((cells[2], cells[4], cells[6]), ("time", "1", "nothing"), "{text}");
}

#[test]
fn benchmarks_come_from_the_project_file_and_failures_are_told() {
    let folder = repository(&[1_000, 1_000]);
    let settings = "[check]\nbuild = \"cp work.sh built.sh\"\n[check.benchmarks]\n\
        count = \"sh built.sh\"\nmissing = \"sh nowhere.sh\"\n";
    fs::write(folder.path().join("tachy.toml"), settings).unwrap();
    let arguments =
        ["check", "--against", "HEAD~1", "--pairs", "2", "--format", "junit", "--seed", "1"];
    let output = tachy(folder.path(), &arguments);
    let message = error(&output, 1);
    assert!(message.contains("has failures"), "{message}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("<error message=\"its process ended early"), "{text}");
    assert!(text.contains("name=\"count\""), "{text}");
    let output = tachy(folder.path(), &["check", "--against", "HEAD", "other"]);
    let message = error(&output, 2);
    assert!(message.contains("`count`, `missing`"), "{message}");
}

#[test]
fn what_cannot_be_checked_is_refused_with_the_remedy() {
    let folder = repository(&[10]);
    let path = folder.path();
    let refusal = |arguments: &[&str], command: &[&str]| error(&check(path, arguments, command), 2);
    let message = refusal(&["--against", "nowhere"], &["sh", "work.sh"]);
    assert!(message.contains("no commit `nowhere`"), "{message}");
    let message = refusal(&["--against", "HEAD"], &["/bin/sh", "work.sh"]);
    assert!(message.contains("full path"), "{message}");
    let message = error(&tachy(path, &["check", "--against", "HEAD"]), 2);
    assert!(message.contains("[check.benchmarks]"), "{message}");
    let outside = tempfile::tempdir().unwrap();
    let output = check(outside.path(), &["--against", "HEAD"], &["sh", "work.sh"]);
    assert!(error(&output, 2).contains("git repository"));
    let broken = check(
        path,
        &["--against", "HEAD", "--build", "echo 'no such header' >&2; exit 3"],
        &["sh", "work.sh"],
    );
    let message = error(&broken, 1);
    assert!(message.contains("does not build") && message.contains("no such header"), "{message}");
}

#[test]
fn a_bisection_finds_the_commit() {
    let folder = repository(&[4_000, 4_000, 4_000, 20_000, 20_000, 20_000]);
    let arguments = [
        &["bisect", "--good", "HEAD~5", "--format", "json"],
        &DECIDING[..],
        &["--", "sh", "work.sh"],
    ];
    let output = tachy(folder.path(), &arguments.concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let trials = json["trials"].as_array().unwrap();
    let found = trials.iter().find(|trial| trial["commit"] == json["suspects"][0]).unwrap();
    assert_eq!(found["subject"], "Commit 3");
    assert_eq!(json["suspects"].as_array().unwrap().len(), 1);
    let arguments = ["bisect", "--good", "HEAD", "--bad", "HEAD~1", "--", "sh", "work.sh"];
    assert!(error(&tachy(folder.path(), &arguments), 2).contains("ancestor"));
}
