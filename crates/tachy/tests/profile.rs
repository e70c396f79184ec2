//! `tachy profile`: a model's runs as a trace, shown, kept, compared and written for other tools.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn tachy(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tachy"))
        .args(arguments)
        .current_dir(folder)
        .env("XDG_CACHE_HOME", folder.join("cache"))
        .output()
        .expect("the command starts")
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_trace_is_shown_kept_compared_and_written() {
    let folder = tempfile::tempdir().unwrap();
    let record = |file: &str| {
        let arguments = ["profile", "zoo:lstm-256", "--threads", "1", "--time", "0.3"];
        text(&tachy(folder.path(), &[&arguments[..], &["--save", file]].concat()))
    };
    let shown = record("a.trace");
    for words in ["LSTM", "upload", "unattributed", "calls in the trace", "without a record"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    // What the machine can do is measured once.
    let remembered = folder.path().join("cache/tachy/machine-1-threads.json");
    let first = std::fs::metadata(&remembered).unwrap().modified().unwrap();
    record("b.trace");
    assert_eq!(std::fs::metadata(&remembered).unwrap().modified().unwrap(), first);

    let show = |format: &str| {
        let output = tachy(folder.path(), &["profile", "show", "a.trace", "--format", format]);
        assert!(output.status.success(), "{format}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let document: Value = serde_json::from_slice(&show("json")).unwrap();
    let hotspots = &document["hotspots"];
    let rows = hotspots["rows"].as_array().unwrap();
    let covered: u64 = rows.iter().map(|row| row["main"].as_u64().unwrap()).sum();
    let wall = hotspots["wall"].as_u64().unwrap();
    assert_eq!(covered + hotspots["unattributed"].as_u64().unwrap(), wall);
    let lstm = rows.iter().find(|row| row["operation"]["category"] == "LSTM").unwrap();
    assert!(
        lstm["calls"].as_u64().unwrap() >= 5 && lstm["flops_per_second"].as_f64().unwrap() > 0.0
    );
    for format in ["tree", "spans", "folded", "chrome", "perfetto", "firefox", "pprof"] {
        assert!(!show(format).is_empty(), "{format}");
    }
    assert!(String::from_utf8(show("flamegraph")).unwrap().contains("<svg"));

    let same = text(&tachy(folder.path(), &["profile", "diff", "a.trace", "a.trace"]));
    assert!(same.starts_with("No operation has changed"), "{same}");
    let output = tachy(folder.path(), &["profile", "diff", "a.trace", "b.trace", "--json"]);
    let diff: Value = serde_json::from_str(&text(&output)).unwrap();
    assert_eq!(
        (diff["gone"].as_array().unwrap().len(), diff["new"].as_array().unwrap().len()),
        (0, 0)
    );
}

#[test]
fn a_command_that_records_itself_is_profiled() {
    let folder = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_tachy");
    let line = ["profile", "--format", "json", "--", program, "run", "zoo:mlp"];
    let output = tachy(folder.path(), &line);
    let shown = text(&output);
    // The command's own output comes first.
    let document: Value = serde_json::from_str(&shown[shown.find('{').unwrap()..]).unwrap();
    let rows = document["hotspots"]["rows"].as_array().unwrap();
    assert!(rows.iter().any(|row| row["operation"]["category"] == "Gemm"), "{document}");
    let output = tachy(folder.path(), &["profile", "--", "true"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("from_environment"));
}

/// What the processor was found in lies under the operations that were open, and stays with the trace.
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
#[test]
fn call_stacks_are_sampled_on_demand() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["profile", "zoo:lstm-256", "--threads", "1", "--time", "1", "--samples=500"];
    let shown =
        text(&tachy(folder.path(), &[&arguments[..], &["--save", "sampled.trace"]].concat()));
    assert!(shown.contains("samples of call stacks"), "{shown}");
    let show = ["profile", "show", "sampled.trace", "--format", "folded"];
    let folded = text(&tachy(folder.path(), &show));
    let lstm = |line: &&str| line.contains(";LSTM_") && line.contains("tachy");
    assert!(folded.lines().any(|line| lstm(&line)), "{folded}");
    let program = env!("CARGO_BIN_EXE_tachy");
    let line = ["profile", "--samples", "--format", "json", "--", program, "run", "zoo:mlp"];
    let shown = text(&tachy(folder.path(), &line));
    let document: Value = serde_json::from_str(&shown[shown.find('{').unwrap()..]).unwrap();
    assert!(document["functions"]["rows"].is_array(), "{document}");
}

#[test]
fn what_cannot_be_profiled_or_read_is_told_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let fails = |arguments: &[&str]| {
        let output = tachy(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(fails(&["profile"]).contains("<MODEL>"));
    assert!(fails(&["profile", "show", "missing.trace"]).contains("missing.trace"));
    std::fs::write(folder.path().join("other"), "no trace at all").unwrap();
    assert!(fails(&["profile", "diff", "other", "other"]).contains("`other`"));
    let nowhere = ["profile", "zoo:mlp", "--time", "0.1", "--save", "missing/folder/a.trace"];
    assert!(fails(&nowhere).contains("missing/folder/a.trace"));
}
