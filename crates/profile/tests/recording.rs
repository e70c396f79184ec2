//! What sessions make of the spans of a program, of any program.
#![cfg(all(not(loom), not(feature = "off")))]
#![allow(missing_docs)]

use std::sync::mpsc::channel;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tachy_profile::clock::ticks;
use tachy_profile::record::{
    OperationId, Options, Session, SessionError, end_operation, is_recording, prepare_thread,
    profile_operation, record_completed, span, start_operation,
};
use tachy_profile::span;
use tachy_profile::trace::{Operation, Trace, Work};

/// A process records one session at a time, and the tests of this file run in one process.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn start() -> Session {
    Session::start("test").unwrap()
}

/// Name and depth of all spans, thread by thread.
fn outline(trace: &Trace) -> Vec<(&str, u32)> {
    trace
        .spans
        .iter()
        .map(|span| (trace.operations[span.operation as usize].name.as_str(), span.depth))
        .collect()
}

fn assert_sound(trace: &Trace) {
    assert!(trace.spans.is_sorted_by_key(|span| (span.thread, span.start)));
    for span in &trace.spans {
        assert!(span.end() <= trace.wall);
        assert!((span.operation as usize) < trace.operations.len());
        assert!((span.thread as usize) < trace.threads.len());
    }
}

#[test]
fn scopes_nest() {
    let _alone = alone();
    let session = start();
    {
        let _outer = span!("outer", "Sum");
        for _ in 0..2 {
            let _inner = span!("inner");
            thread::sleep(Duration::from_micros(200));
        }
    }
    drop(span!("last"));
    let trace = session.stop();
    assert_sound(&trace);
    assert_eq!(outline(&trace), [("outer", 0), ("inner", 1), ("inner", 1), ("last", 0)]);
    assert_eq!(trace.operations[0], Operation::new("outer").with_category("Sum"));
    assert!(trace.spans[0].duration >= 400_000);
    assert!(trace.spans[0].end() >= trace.spans[2].end());
    assert_eq!((trace.overhead.dropped, trace.overhead.unbalanced), (0, 0));
    assert!(trace.overhead.per_span > 0.0);
    assert!(trace.wall >= trace.spans[0].duration);
    assert!(trace.started > 1_600_000_000_000_000_000);
}

#[test]
fn nothing_is_recorded_without_a_session() {
    let _alone = alone();
    drop(span!("before"));
    assert!(!is_recording());
    let outer = span!("before, and into it");
    let session = start();
    assert!(is_recording());
    drop(outer);
    let open = span!("open");
    let trace = session.stop();
    assert_eq!(outline(&trace), [("open", 0)]);
    assert_eq!(trace.overhead.unbalanced, 1);
    let session = start();
    // The end of a span of another session.
    drop(open);
    let trace = session.stop();
    assert_eq!(trace.spans, []);
    assert_eq!(trace.overhead.unbalanced, 0);
    assert_eq!(trace.threads.len(), 1);
}

#[test]
fn there_is_one_session_at_a_time() {
    let _alone = alone();
    let session = start();
    assert!(matches!(Session::start("second"), Err(SessionError::AlreadyRecording)));
    drop(span!("still recorded"));
    assert_eq!(session.stop().spans.len(), 1);
    drop(start());
    assert_eq!(start().stop().spans, []);
}

#[test]
fn registered_operations_keep_what_is_known_of_them() {
    let _alone = alone();
    let work = Work { flops: 1e9, bytes: 4e6, transferred: 0.0 };
    let operation = Operation::new("conv1")
        .with_category("Conv")
        .with_device("cpu")
        .with_detail("winograd")
        .with_work(work);
    let id = OperationId::register(operation.clone());
    assert_eq!(OperationId::register(operation.clone()), id);
    assert_ne!(OperationId::register(operation.clone().with_detail("direct")), id);
    let session = start();
    drop(span(id));
    let before = ticks();
    drop(span!("conv1"));
    record_completed(id, before, ticks());
    let trace = session.stop();
    assert_eq!(trace.operations, [operation, Operation::new("conv1")]);
    assert_eq!(outline(&trace), [("conv1", 0), ("conv1", 0), ("conv1", 1)]);
}

#[test]
fn one_name_at_two_places_is_one_operation() {
    let _alone = alone();
    let session = start();
    drop(span!("same"));
    drop(span!("same"));
    let trace = session.stop();
    assert_eq!((trace.operations.len(), trace.spans.len()), (1, 2));
}

#[test]
fn unbalanced_calls_are_counted_and_closed() {
    let _alone = alone();
    let [a, b] = ["a", "b"].map(|name| OperationId::register(Operation::new(name)));
    let session = start();
    end_operation(a);
    start_operation(a);
    start_operation(b);
    end_operation(a);
    end_operation(b);
    let outer = span!("outer");
    let inner = span!("inner");
    drop(outer);
    drop(inner);
    start_operation(b);
    let trace = session.stop();
    assert_sound(&trace);
    assert_eq!(outline(&trace), [("a", 0), ("b", 1), ("outer", 0), ("inner", 1), ("b", 0)]);
    // Two ends without a beginning, a `b` and an `inner` that an outer span closed, and the last `b`.
    assert_eq!(trace.overhead.unbalanced, 5);
    assert_eq!(trace.spans[4].end(), trace.wall);
}

#[test]
fn too_deep_spans_are_dropped_and_the_others_stay() {
    fn descend(levels: u32) {
        let _span = span!("level");
        if levels > 1 {
            descend(levels - 1);
        }
    }
    let _alone = alone();
    let session = start();
    descend(300);
    descend(2);
    let trace = session.stop();
    assert_eq!(trace.spans.len() as u64 + trace.overhead.dropped, 302);
    assert_eq!(trace.spans.iter().map(|span| span.depth).max(), Some(255));
    assert_eq!(trace.spans.iter().filter(|span| span.depth == 0).count(), 2);
    assert_eq!(trace.overhead.unbalanced, 0);
}

#[test]
fn threads_record_side_by_side() {
    const THREADS: usize = 4;
    const SPANS: usize = 5_000;
    let _alone = alone();
    let session = start();
    thread::scope(|scope| {
        for index in 0..THREADS {
            thread::Builder::new()
                .name(format!("worker {index}"))
                .spawn_scoped(scope, || {
                    for _ in 0..SPANS {
                        let _outer = span!("outer");
                        drop(span!("inner"));
                    }
                })
                .unwrap();
        }
    });
    let trace = session.stop();
    assert_sound(&trace);
    assert_eq!(trace.spans.len(), THREADS * SPANS * 2);
    assert_eq!(trace.overhead.dropped, 0);
    assert_eq!(trace.threads.len(), THREADS + 1);
    assert!(trace.threads[1..].iter().all(|thread| thread.name.starts_with("worker")));
    assert!(trace.spans.chunks(2).all(|pair| pair[0].depth == 0 && pair[1].depth == 1));
}

#[test]
fn a_thread_that_dies_inside_a_span_keeps_its_spans() {
    let _alone = alone();
    let session = start();
    thread::spawn(|| {
        drop(span!("complete"));
        std::mem::forget(span!("open"));
        let _span = span!("unwound");
        std::panic::resume_unwind(Box::new("on purpose"));
    })
    .join()
    .unwrap_err();
    thread::sleep(Duration::from_millis(2));
    let trace = session.stop();
    assert_sound(&trace);
    assert_eq!(outline(&trace), [("complete", 0), ("open", 0), ("unwound", 1)]);
    assert_eq!(trace.overhead.unbalanced, 1);
    // It ended with the thread and not with the session.
    assert!(trace.spans[1].end() + 1_000_000 < trace.wall);
}

#[test]
fn what_there_is_no_room_for_is_counted() {
    const SPANS: u64 = 50_000;
    let _alone = alone();
    let session = Options::new().memory(256 << 10).start("small").unwrap();
    for _ in 0..SPANS {
        drop(span!("many"));
    }
    let trace = session.stop();
    assert_sound(&trace);
    let kept = trace.spans.len() as u64;
    assert_eq!(kept + trace.overhead.dropped, SPANS);
    assert!((10_000..20_000).contains(&kept), "{kept}");
}

#[test]
fn threads_by_the_thousand_share_the_room() {
    const THREADS: u64 = 3_000;
    const SPANS: u64 = 10;
    let _alone = alone();
    // 64 blocks: not one for each thread by far, but room for all their spans.
    let session = Options::new().memory(64 * 16_400).start("crowd").unwrap();
    for _ in 0..THREADS / 4 {
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..SPANS {
                        drop(span!("short"));
                    }
                });
            }
        });
    }
    let trace = session.stop();
    assert_sound(&trace);
    let kept = trace.spans.len() as u64;
    assert_eq!(kept + trace.overhead.dropped, THREADS * SPANS);
    // A thread takes 160 bytes for its spans and some 270 for itself.
    assert!(kept > THREADS * SPANS / 2, "{kept}");
}

#[test]
fn threads_outlive_sessions() {
    let _alone = alone();
    let (orders, received) = channel::<usize>();
    let (done, finished) = channel();
    let worker = thread::spawn(move || {
        prepare_thread();
        for spans in received {
            for _ in 0..spans {
                drop(span!("ordered"));
            }
            done.send(()).unwrap();
        }
    });
    for round in 0..200 {
        let session = Options::new().memory(1 << 20).start("round").unwrap();
        orders.send(round * 7).unwrap();
        finished.recv().unwrap();
        let trace = session.stop();
        assert_eq!((trace.spans.len(), trace.overhead.dropped), (round * 7, 0), "round {round}");
        // Between sessions, nothing is kept.
        orders.send(100).unwrap();
        finished.recv().unwrap();
    }
    drop(orders);
    worker.join().unwrap();
}

#[test]
fn a_session_can_stop_in_the_middle_of_everything() {
    let _alone = alone();
    thread::scope(|scope| {
        let (stop, stopped) = channel::<()>();
        scope.spawn(move || {
            while stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
                let _outer = span!("outer");
                drop(span!("inner"));
            }
        });
        for _ in 0..300 {
            let session = Options::new().memory(1 << 20).start("short").unwrap();
            thread::sleep(Duration::from_micros(100));
            let trace = session.stop();
            assert_sound(&trace);
            assert!(trace.spans.iter().all(|span| span.depth <= 1));
            assert!(trace.overhead.unbalanced <= 2);
        }
        drop(stop);
    });
}

#[test]
fn a_closure_is_timed_with_and_without_a_session() {
    let _alone = alone();
    let work = || {
        thread::sleep(Duration::from_millis(1));
        7
    };
    let (result, metrics) = profile_operation("sleep", "cpu", work);
    assert_eq!((result, metrics.recorded, metrics.depth), (7, false, 0));
    assert!(metrics.duration >= Duration::from_millis(1));
    let session = start();
    let outer = span!("outer");
    let (_, metrics) = profile_operation("sleep", "cpu", work);
    assert_eq!((metrics.recorded, metrics.depth), (true, 1));
    drop(outer);
    let trace = session.stop();
    assert_eq!(trace.operations[1], Operation::new("sleep").with_device("cpu"));
    assert!(trace.spans[1].duration >= metrics.duration.as_nanos() as u64);
}

#[test]
fn times_agree_with_the_system_clock() {
    let _alone = alone();
    let before = std::time::Instant::now();
    let session = start();
    let inside = std::time::Instant::now();
    thread::sleep(Duration::from_millis(20));
    let inside = inside.elapsed().as_nanos() as u64;
    let trace = session.stop();
    let around = before.elapsed().as_nanos() as u64;
    // The rate comes from two readings, each right to a microsecond or so.
    let tolerance = 20_000;
    assert!(inside <= trace.wall + tolerance, "{inside} ≤ {}", trace.wall);
    assert!(trace.wall <= around + tolerance, "{} ≤ {around}", trace.wall);
}
