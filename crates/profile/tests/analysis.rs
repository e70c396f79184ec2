//! What is said of a trace, against plain recounts of it.

mod generated;

use proptest::prelude::*;
use tachy_profile::analysis::{Bound, CallTree, Cause, bottlenecks, hotspots};
use tachy_profile::trace::{Machine, Operation, Span, Thread, Trace, Work};

/// Which span, if any, is the innermost of a thread in each nanosecond: the one that began last.
fn innermost(trace: &Trace, thread: u32) -> Vec<Option<u32>> {
    let mut owner = vec![None; trace.wall as usize];
    for span in trace.spans.iter().filter(|span| span.thread == thread) {
        let end = span.end().min(trace.wall) as usize;
        if let Some(part) = owner.get_mut(span.start as usize..end) {
            part.fill(Some(span.operation));
        }
    }
    owner
}

fn operation(name: &str, work: Option<Work>) -> Operation {
    Operation {
        name: name.to_owned(),
        category: String::new(),
        device: String::new(),
        detail: String::new(),
        work,
    }
}

fn span(operation: u32, start: u64, duration: u64, depth: u32) -> Span {
    Span { operation, thread: 0, start, duration, depth }
}

/// One thread; the session takes a microsecond.
fn small(operations: Vec<Operation>, spans: Vec<Span>) -> Trace {
    Trace {
        name: "small".to_owned(),
        wall: 1000,
        operations,
        threads: vec![Thread { name: "main".to_owned(), id: 1 }],
        spans,
        ..Trace::default()
    }
}

fn on_machine(trace: &Trace) -> Trace {
    Trace { machine: Some(machine()), ..trace.clone() }
}

fn machine() -> Machine {
    Machine {
        flops: 1e11,
        bandwidth: vec![(32768.0, 1e11), (1e6, 5e10), (1e8, 1e10)],
        overhead: 2e-8,
        transfer: 1e9,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn self_times_are_those_of_the_innermost_spans(seed: u64, spans in 0usize..300) {
        let trace = generated::trace(seed, spans);
        let found = hotspots(&trace);
        let mut expected = vec![0u64; trace.operations.len()];
        let mut most_covered = 0;
        for thread in 0..trace.threads.len() as u32 {
            let owners = innermost(&trace, thread);
            owners.iter().flatten().for_each(|&operation| expected[operation as usize] += 1);
            most_covered = most_covered.max(owners.iter().flatten().count() as u64);
        }
        for row in &found.rows {
            prop_assert_eq!(row.self_time, expected[row.position]);
        }
        prop_assert_eq!(found.unattributed, trace.wall - most_covered);
        prop_assert_eq!(found.rows.iter().map(|row| row.calls).sum::<u64>(), trace.spans.len() as u64);
    }

    /// Even of damaged records: in any order, overlapping, without depth, beyond the end, of absent operations.
    #[test]
    fn times_add_up_to_the_wall(
        wall in 0u64..2000,
        spans in proptest::collection::vec((0u32..4, 0u32..3, 0u64..1500, 0u64..1500, 0u32..3), 0..80),
        huge: u64,
    ) {
        let mut trace = small(vec![operation("a", None), operation("b", None), operation("c", None)], Vec::new());
        trace.threads.push(Thread { name: "second".to_owned(), id: 2 });
        trace.wall = wall;
        trace.spans = spans
            .into_iter()
            .map(|(operation, thread, start, duration, depth)| Span { operation, thread, start, duration, depth })
            .collect();
        trace.spans.push(Span { operation: 0, thread: 1, start: huge, duration: u64::MAX, depth: 9 });
        let absent = trace.spans.iter().filter(|span| span.operation > 2 || span.thread > 1).count() as u64;
        let found = hotspots(&on_machine(&trace));
        prop_assert_eq!(found.rows.iter().map(|row| row.main).sum::<u64>() + found.unattributed, wall);
        prop_assert_eq!(found.invalid, absent);
        for row in &found.rows {
            prop_assert!(row.potential.is_none_or(|potential| (0.0..=100.0).contains(&potential)));
            prop_assert!((0.0..=1.0).contains(&row.share));
        }
        for bottleneck in bottlenecks(&found) {
            prop_assert!(bottleneck.gain.is_none_or(|gain| (0.0..=100.0).contains(&gain)));
        }
        let tree = CallTree::new(&trace);
        let own: u64 = tree.nodes.iter().map(|node| node.self_time).sum();
        let top: u64 = tree.nodes.iter().filter(|node| node.parent.is_none()).map(|node| node.total).sum();
        prop_assert_eq!(own, found.rows.iter().map(|row| row.self_time).sum::<u64>());
        prop_assert_eq!(own, top);
        prop_assert_eq!(own, found.threads.iter().map(|cover| cover.covered).sum::<u64>());
    }
}

#[test]
fn a_span_without_duration_at_the_end_of_another_lies_in_it() {
    let trace = small(
        vec![operation("outer", None), operation("inner", None)],
        vec![span(0, 0, 100, 0), span(1, 100, 0, 1)],
    );
    let tree = CallTree::new(&trace);
    assert_eq!(tree.nodes[1].parent, Some(0));
}

#[test]
fn recursion_counts_once() {
    let trace = small(
        vec![operation("again", None)],
        vec![span(0, 0, 600, 0), span(0, 100, 400, 1), span(0, 200, 100, 2), span(0, 700, 100, 0)],
    );
    let row = &hotspots(&trace).rows[0];
    assert_eq!((row.total, row.self_time, row.calls), (700, 700, 4));
}

#[test]
fn the_potential_is_what_the_roofline_would_win() {
    // 10,000 operations take 100 ns at 1e11 a second; it takes 400 of the 1,000 ns of the run.
    let work = Work { flops: 1e4, bytes: 100.0, transferred: 0.0 };
    let trace = small(vec![operation("dense", Some(work))], vec![span(0, 100, 400, 0)]);
    let found = hotspots(&on_machine(&trace));
    let row = &found.rows[0];
    assert_eq!(row.bound, Bound::Compute);
    assert!((row.roofline.unwrap() - 0.25).abs() < 1e-12);
    assert!((row.potential.unwrap() - 30.0).abs() < 1e-9);
    assert!((row.flops_per_second.unwrap() - 2.5e10).abs() < 1.0);
}

#[test]
fn every_bound_is_told_from_the_others() {
    let of = |flops, bytes, transferred, seconds| {
        Bound::of(&machine(), Some(&Work { flops, bytes, transferred }), seconds)
    };
    assert_eq!(of(1e6, 1e4, 0.0, 2e-5), Bound::Compute);
    assert_eq!(of(1e6, 1e7, 0.0, 2e-3), Bound::Memory);
    assert_eq!(of(1e6, 1e6, 1e6, 2e-3), Bound::Transfer);
    assert_eq!(of(100.0, 100.0, 0.0, 3e-8), Bound::Overhead);
    // A second for what takes a nanosecond is neither of these.
    assert_eq!(of(100.0, 100.0, 0.0, 1.0), Bound::Unknown);
    assert_eq!(Bound::of(&machine(), None, 3e-8), Bound::Overhead);
    assert_eq!(Bound::of(&machine(), None, 1e-3), Bound::Unknown);
    // The working set decides which level feeds it: 30 kB at 1e11 or 90 MB at 1e10 bytes a second.
    assert_eq!(of(6e4, 3e4, 0.0, 1e-6), Bound::Compute);
    assert_eq!(of(1.8e8, 9e7, 0.0, 1e-2), Bound::Memory);
}

#[test]
fn bottlenecks_come_by_what_they_would_win() {
    let dense = Work { flops: 1e3, bytes: 0.0, transferred: 0.0 };
    let copy = Work { flops: 0.0, bytes: 3e4, transferred: 0.0 };
    let mut spans = vec![span(0, 0, 100, 0), span(1, 100, 500, 0), span(2, 600, 250, 0)];
    spans.push(span(7, 900, 1, 0));
    let trace = small(
        vec![
            operation("gemm", Some(Work { flops: 5.0 * dense.flops, ..dense })),
            operation("copy", Some(copy)),
            operation("parse", None),
        ],
        spans,
    );
    let found = bottlenecks(&hotspots(&on_machine(&trace)));
    let causes: Vec<_> = found.iter().map(|bottleneck| bottleneck.cause).collect();
    assert_eq!(
        causes,
        [
            Cause::Roofline(Bound::Memory),
            Cause::Unattributed,
            Cause::Roofline(Bound::Compute),
            Cause::UnknownWork,
            Cause::Lost
        ]
    );
    assert_eq!(
        found[0].sentence,
        "`copy` is bound by memory and moves 60.0 GB/s, 60.0% of what the machine can. It takes 500 ns; \
         at its roofline the run would be 20.0% shorter."
    );
    assert_eq!(
        found[1].sentence,
        "15.0% of the run (150 ns of 1.00 µs) is in no span of the thread `main`: spans around what runs \
         there would say what it is."
    );
    assert_eq!(
        found[4].sentence,
        "The record is not whole: 1 span named an operation or a thread that does not exist."
    );
}

#[test]
fn the_table_reads_well() {
    let work = Work { flops: 1e4, bytes: 100.0, transferred: 0.0 };
    let trace = small(
        vec![operation("run", None), operation("dense", Some(work))],
        vec![span(0, 0, 980, 0), span(1, 100, 400, 1)],
    );
    assert_eq!(
        hotspots(&on_machine(&trace)).to_string(),
        "\
operation       self  share   total  calls  median                   rate    bound  roofline  to win
run           580 ns  58.0%  980 ns      1  980 ns                         unknown
dense         400 ns  40.0%  400 ns      1  400 ns  25.0 GFLOP/s 250 MB/s  compute     25.0%   30.0%
unattributed   20 ns   2.0%
1.00 µs of wall time, 98.0% in spans of the main thread, 2 spans recorded at about 0 ns.
"
    );
}
