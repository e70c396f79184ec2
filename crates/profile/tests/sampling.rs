//! Samples of a program whose work is known.

#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]

use std::hint::black_box;
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use tachy_profile::analysis::functions;
use tachy_profile::record::{
    Options, SAMPLES_VARIABLE, Session, SessionError, VARIABLE, from_environment,
};
use tachy_profile::sampling::{Sample, Sampler, Samples, SamplingError};
use tachy_profile::stacks::Stacks;
use tachy_profile::trace::{Operation, Span, Thread, Trace};

/// There is one sampler in a process.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

#[inline(never)]
fn busy_inside(milliseconds: u64) -> u64 {
    let start = Instant::now();
    let mut sum = 0u64;
    while start.elapsed() < Duration::from_millis(milliseconds) {
        for number in 0..1000u64 {
            sum = black_box(sum.wrapping_mul(31).wrapping_add(number));
        }
    }
    sum
}

#[inline(never)]
fn busy_outside(milliseconds: u64) -> u64 {
    black_box(busy_inside(milliseconds)) + 1
}

fn names<'s>(stacks: &'s Stacks, path: &[u32]) -> Vec<&'s str> {
    path.iter().map(|&frame| stacks.frames[frame as usize].name.as_str()).collect()
}

#[test]
fn a_session_that_samples_has_the_stacks_in_its_trace() {
    let _one = ONE_AT_A_TIME.lock();
    let session = Options::new().samples(500).start("both").expect("a session");
    {
        let _span = tachy_profile::span!("sampled work");
        black_box(busy_outside(600));
    }
    let trace = session.stop();
    let mut file = Vec::new();
    trace.write(&mut file).expect("memory takes it");
    assert_eq!(Trace::read(&file[..]).expect("it was just written"), trace);
    let found = functions(trace.stacks.as_ref().expect("stacks"));
    assert!(found.samples > 5, "{} samples", found.samples);
    // What is on top depends on what the compiler has put into what.
    assert_eq!(found.rows[0].operation.as_deref(), Some("sampled work"));
    let outer = found.rows.iter().find(|row| row.name.contains("busy_outside")).expect("its row");
    assert!(outer.total * 10 >= found.weight * 8, "{outer:?} of {}", found.weight);

    let other = Sampler::start(100).expect("a sampler");
    let refused = Options::new().samples(500).start("taken").expect_err("one sampler at a time");
    assert!(matches!(refused, SessionError::Sampling(SamplingError::Running)), "{refused}");
    drop(other);
    drop(Session::start("the refused one left nothing behind").expect("a session"));
}

#[test]
fn the_stack_is_whole_and_in_the_open_span() {
    let _one = ONE_AT_A_TIME.lock();
    let session = Session::start("sampled").expect("a session");
    let sampler = Sampler::start(500).expect("a sampler");
    assert!(matches!(Sampler::start(500), Err(SamplingError::Running)));
    {
        let _span = tachy_profile::span!("the work");
        black_box(busy_outside(600));
    }
    let samples = sampler.stop();
    let trace = session.stop();
    assert!(samples.samples.len() > 20, "{} samples", samples.samples.len());
    let stacks = samples.fold(Some(&trace));
    let (mut inside, mut all) = (0, 0);
    for stack in &stacks.stacks {
        let names = names(&stacks, &stack.frames);
        let place = |part: &str| names.iter().position(|name| name.contains(part));
        all += stack.values[0];
        if let (Some(span), Some(outer), Some(inner)) =
            (place("the work"), place("busy_outside"), place("busy_inside"))
        {
            assert!(span < outer && outer < inner, "{names:?}");
            inside += stack.values[0];
        }
    }
    // Other tests' harness may be caught once or twice.
    assert!(inside * 10 >= all * 8, "{inside} of {all}");
    assert_eq!(stacks.weight(), all * stacks.period);
}

/// What the next test starts in a process of its own; on its own it does nothing.
#[test]
fn child_whose_signal_is_taken() {
    if std::env::var_os(VARIABLE).is_none() {
        return;
    }
    extern "C" fn taken(_signal: libc::c_int) {}
    // SAFETY: the handler does nothing, so it may run at any time.
    let before =
        unsafe { libc::signal(libc::SIGPROF, taken as extern "C" fn(_) as libc::sighandler_t) };
    assert_ne!(before, libc::SIG_ERR);
    let trace = from_environment();
    drop(tachy_profile::span!("spans go on"));
    drop(trace);
}

#[test]
fn spans_are_recorded_where_the_signal_is_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("trace");
    let output = Command::new(std::env::current_exe().expect("this test's path"))
        .args(["--exact", "child_whose_signal_is_taken", "--nocapture"])
        .env(VARIABLE, &file)
        .env(SAMPLES_VARIABLE, "250")
        .output()
        .expect("the child starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert_eq!(told.matches("SIGPROF").count(), 1, "{told}");
    let trace = Trace::open(&file).expect("the spans are there");
    assert_eq!(trace.spans.len(), 1);
    assert_eq!(trace.operations[trace.spans[0].operation as usize].name, "spans go on");
    assert!(trace.stacks.is_none());
}

#[test]
fn a_sampler_can_be_dropped_and_started_again() {
    let _one = ONE_AT_A_TIME.lock();
    drop(Sampler::start(100).expect("a sampler"));
    assert_eq!(Sampler::start(100).expect("another").stop().dropped, 0);
}

#[test]
fn a_sample_takes_the_spans_of_its_thread_and_time() {
    let operation = |name: &str| Operation {
        name: name.to_owned(),
        category: String::new(),
        device: String::new(),
        detail: String::new(),
        work: None,
    };
    let span = |operation, thread, start, duration, depth| Span {
        operation,
        thread,
        start,
        duration,
        depth,
    };
    let trace = Trace {
        started: 1000,
        wall: 100,
        operations: ["outer", "inner", "other"].map(operation).to_vec(),
        threads: [(7, "a"), (8, "b")]
            .map(|(id, name)| Thread { name: name.to_owned(), id })
            .to_vec(),
        spans: vec![span(0, 0, 10, 50, 0), span(1, 0, 20, 10, 1), span(2, 1, 0, 100, 0)],
        ..Trace::default()
    };
    let sample = |thread, time| Sample { thread, time, addresses: Vec::new() };
    let samples = Samples {
        period: 5,
        samples: vec![
            sample(7, 1070),
            sample(7, 1025),
            sample(7, 1031),
            sample(8, 1025),
            sample(9, 1025),
            sample(7, 900),
        ],
        ..Samples::default()
    };
    let stacks = samples.fold(Some(&trace));
    let mut found: Vec<(&str, Vec<&str>, u64)> = stacks
        .stacks
        .iter()
        .map(|stack| {
            let thread = stacks.threads[stack.thread as usize].name.as_str();
            (thread, names(&stacks, &stack.frames), stack.values[0])
        })
        .collect();
    found.sort();
    assert_eq!(
        found,
        [
            ("9", vec![], 1),
            ("a", vec![], 2),
            ("a", vec!["outer"], 1),
            ("a", vec!["outer", "inner"], 1),
            ("b", vec!["other"], 1),
        ]
    );
}
