//! Writes one trace in every format into a folder, with `expected.json`, which says what readers must find in them:
//! `cargo run --release -p tachy-profile --features exports --example exports -- FOLDER`.
//!
//! `cargo xtask trial exports` runs it, and opens the files with the formats' own readers.

#[path = "../tests/generated/mod.rs"]
mod generated;

use std::error::Error;
use std::fs::{File, create_dir_all};
use std::path::PathBuf;

use serde_json::{Value, json};
use tachy_profile::analysis::hotspots;
use tachy_profile::export;
use tachy_profile::stacks::Stacks;
use tachy_profile::trace::Trace;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("which folder?")?);
    create_dir_all(&folder)?;
    let file = |name: &str| File::create(folder.join(name));
    let trace = generated::trace(1, 5000);
    let stacks = Stacks::of_spans(&trace);

    export::call_tree(&trace, file("call-tree.txt")?)?;
    export::folded(&stacks, file("stacks.folded")?)?;
    export::flame_graph(&stacks, file("flame-graph.svg")?)?;
    export::chrome(&trace, file("chrome.json")?)?;
    export::perfetto(&trace, file("trace.perfetto-trace")?)?;
    export::firefox(&trace, file("firefox.json")?)?;
    export::firefox_stacks(&stacks, file("firefox-stacks.json")?)?;
    export::pprof(&stacks, file("profile.pb.gz")?)?;
    export::json(&trace, file("trace.json")?)?;
    serde_json::to_writer_pretty(file("expected.json")?, &expected(&trace))?;
    println!("{} spans of {} operations", trace.spans.len(), trace.operations.len());
    Ok(())
}

/// What is in the trace, recounted.
fn expected(trace: &Trace) -> Value {
    let found = hotspots(trace);
    let durations = |position: usize| -> u64 {
        let of = trace.spans.iter().filter(|span| span.operation as usize == position);
        of.map(|span| span.duration).sum()
    };
    json!({
        "spans": trace.spans.len(),
        "started": trace.started,
        "threads": found.threads.iter().map(|cover| json!({
            "name": cover.thread.name,
            "spans": cover.spans,
            "covered": cover.covered,
        })).collect::<Vec<_>>(),
        "operations": found.rows.iter().map(|row| json!({
            "name": row.operation.name,
            "calls": row.calls,
            "self": row.self_time,
            "durations": durations(row.position),
        })).collect::<Vec<_>>(),
    })
}
