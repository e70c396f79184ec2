//! The files for other programs: what is in them, and that a full disk is an error and no more.

mod generated;

use std::collections::HashMap;
use std::io::{self, Write};

use proptest::prelude::*;
use serde_json::Value;
use tachy_profile::analysis::hotspots;
use tachy_profile::export;
use tachy_profile::stacks::Stacks;
use tachy_profile::trace::{Operation, Span, Thread, Trace};

type Export = fn(&Trace, &mut dyn Write) -> io::Result<()>;

const EXPORTS: &[(&str, Export)] = &[
    ("call tree", |trace, out| export::call_tree(trace, out)),
    ("folded", |trace, out| export::folded(&Stacks::of_spans(trace), out)),
    ("chrome", |trace, out| export::chrome(trace, out)),
    ("json", |trace, out| export::json(trace, out)),
    #[cfg(feature = "flamegraph")]
    ("flame graph", |trace, out| export::flame_graph(&Stacks::of_spans(trace), out)),
    #[cfg(feature = "perfetto")]
    ("perfetto", |trace, out| export::perfetto(trace, out)),
    #[cfg(feature = "pprof")]
    ("pprof", |trace, out| export::pprof(&Stacks::of_spans(trace), out)),
    #[cfg(feature = "firefox")]
    ("firefox", |trace, out| export::firefox(trace, out)),
    #[cfg(feature = "firefox")]
    ("firefox stacks", |trace, out| export::firefox_stacks(&Stacks::of_spans(trace), out)),
];

/// A disk with room for so many bytes.
struct Disk {
    room: usize,
    written: usize,
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let part = bytes.len().min(self.room - self.written);
        if part == 0 && !bytes.is_empty() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.written += part;
        Ok(part)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_an_error() {
    let trace = generated::trace(7, 2000);
    for (name, write) in EXPORTS {
        let mut endless = Disk { room: usize::MAX, written: 0 };
        write(&trace, &mut endless).unwrap_or_else(|error| panic!("{name}: {error}"));
        let size = endless.written;
        assert!(size > 0, "{name} wrote nothing");
        for room in [0, 1, size / 3, size / 2, size - 1] {
            let error = write(&trace, &mut Disk { room, written: 0 }).expect_err(name);
            assert_eq!(error.kind(), io::ErrorKind::StorageFull, "{name}: {error}");
        }
        write(&trace, &mut Disk { room: size, written: 0 }).expect("it is as large as before");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// A damaged record is written as far as it goes.
    #[test]
    fn nothing_in_a_trace_is_too_much(
        wall: u64,
        started: u64,
        spans in proptest::collection::vec((0u32..4, 0u32..3, any::<u64>(), any::<u64>(), any::<u32>()), 0..20),
        name: String,
        flops: f64,
    ) {
        let mut trace = generated::trace(1, 10);
        trace.wall = wall;
        trace.started = started;
        trace.name = name.clone();
        trace.operations[0].name = name.clone();
        trace.operations[0].category = name;
        if let Some(work) = &mut trace.operations[0].work {
            work.flops = flops;
        }
        trace.spans.extend(spans.into_iter().map(|(operation, thread, start, duration, depth)| {
            Span { operation, thread, start, duration, depth }
        }));
        for (name, write) in EXPORTS {
            if let Err(error) = write(&trace, &mut io::sink()) {
                prop_assert!(*name == "flame graph" && error.kind() == io::ErrorKind::InvalidData, "{name}: {error}");
            }
        }
    }

    #[test]
    fn folded_stacks_weigh_what_the_spans_take(seed: u64, spans in 1usize..500) {
        let trace = generated::trace(seed, spans);
        let mut text = Vec::new();
        export::folded(&Stacks::of_spans(&trace), &mut text).expect("memory takes it");
        let text = String::from_utf8(text).expect("text");
        let mut by_thread: HashMap<&str, u64> = HashMap::new();
        for line in text.lines() {
            let (path, weight) = line.rsplit_once(' ').expect("a weight");
            let thread = path.split(';').next().expect("a thread");
            *by_thread.entry(thread).or_default() += weight.parse::<u64>().expect("a number");
        }
        for cover in &hotspots(&trace).threads {
            let name = cover.thread.name.as_str();
            prop_assert_eq!(by_thread.get(name).copied().unwrap_or(0), cover.covered);
        }
    }
}

#[test]
fn chrome_events_and_plain_json_are_the_spans() {
    let trace = generated::trace(3, 500);
    let parse = |write: Export| -> Value {
        let mut bytes = Vec::new();
        write(&trace, &mut bytes).expect("memory takes it");
        serde_json::from_slice(&bytes).expect("JSON")
    };
    let chrome = parse(|trace, out| export::chrome(trace, out));
    let events: Vec<&Value> = chrome["traceEvents"]
        .as_array()
        .expect("events")
        .iter()
        .filter(|event| event["ph"] == "X")
        .collect();
    let plain = parse(|trace, out| export::json(trace, out));
    assert_eq!(plain["format"], "tachy-trace/1");
    assert_eq!(events.len(), trace.spans.len());
    for ((span, event), row) in
        trace.spans.iter().zip(events).zip(plain["spans"].as_array().expect("spans"))
    {
        assert_eq!(event["name"], trace.operations[span.operation as usize].name.as_str());
        assert_eq!(event["tid"], span.thread + 1);
        let nanoseconds = |field: &str| (event[field].as_f64().expect("time") * 1e3).round() as u64;
        assert_eq!(nanoseconds("ts"), span.start);
        assert_eq!(nanoseconds("dur"), span.duration);
        let Span { operation, thread, start, duration, depth } = *span;
        let expected: [u64; 5] = [operation.into(), thread.into(), start, duration, depth.into()];
        assert_eq!(row, &Value::from(expected.to_vec()));
    }
}

#[test]
fn the_call_tree_reads_well() {
    let operation = |name: &str| Operation {
        name: name.to_owned(),
        category: String::new(),
        device: String::new(),
        detail: String::new(),
        work: None,
    };
    let span =
        |operation, start, duration, depth| Span { operation, thread: 0, start, duration, depth };
    let trace = Trace {
        name: "mlp".to_owned(),
        wall: 1_000_000,
        operations: ["run", "gemm", "softmax"].map(operation).to_vec(),
        threads: vec![Thread { name: "main".to_owned(), id: 1 }],
        spans: vec![
            span(0, 10_000, 480_000, 0),
            span(1, 20_000, 300_000, 1),
            span(2, 400_000, 50_000, 1),
            span(0, 500_000, 480_000, 0),
            span(1, 510_000, 310_000, 1),
            span(2, 900_000, 60_000, 1),
        ],
        ..Trace::default()
    };
    let mut text = Vec::new();
    export::call_tree(&trace, &mut text).expect("memory takes it");
    assert_eq!(
        String::from_utf8(text).expect("text"),
        "\
mlp: 1.00 ms

thread main
     total   share        self       calls
    960 µs   96.0%      240 µs           2  run
    610 µs   61.0%      610 µs           2    gemm
    110 µs   11.0%      110 µs           2    softmax
   40.0 µs    4.0%                          unattributed
"
    );
}

#[cfg(feature = "firefox")]
#[test]
fn firefox_has_every_span_as_a_marker() {
    let trace = generated::trace(5, 500);
    let mut bytes = Vec::new();
    export::firefox(&trace, &mut bytes).expect("memory takes it");
    let profile: Value = serde_json::from_slice(&bytes).expect("JSON");
    let mut markers = 0;
    for thread in profile["threads"].as_array().expect("threads") {
        markers += thread["markers"]["length"].as_u64().expect("a length") as usize;
    }
    assert_eq!(markers, trace.spans.len());
}
