//! Traces survive files, and damaged files do no harm.
#![cfg(not(loom))]
#![allow(missing_docs)]

use std::io::{self, Write};

use proptest::prelude::*;
use tachy_profile::memory::{EngineFigures, MemoryReport, MemoryTracker, Occasion};
use tachy_profile::stacks::{Frame, Stack, Stacks, Value};
use tachy_profile::trace::{
    Machine, Operation, Overhead, Span, Thread, Trace, TraceFileError, Work,
};

fn any_operation() -> impl Strategy<Value = Operation> {
    let work = prop::option::of((0.0..1e12f64, 0.0..1e9f64, 0.0..1e9f64));
    ("[a-zé/]{0,9}", ".{0,3}", ".{0,3}", ".{0,3}", work).prop_map(
        |(name, category, device, detail, work)| {
            let work = work.map(|(flops, bytes, transferred)| Work { flops, bytes, transferred });
            Operation { name, category, device, detail, work }
        },
    )
}

/// Times as in a session, or anything at all.
fn any_time() -> impl Strategy<Value = u64> {
    prop_oneof![0u64..5_000, 0u64..1 << 40, any::<u64>().prop_map(|time| time / 2)]
}

fn any_depth() -> impl Strategy<Value = u32> {
    prop_oneof![9 => 0u32..5, 1 => any::<u32>()]
}

prop_compose! {
    fn any_stacks()(
        name in ".{0,9}",
        numbers in any::<[u64; 3]>(),
        values in prop::collection::vec("[a-z]{0,9}", 0..3),
        threads in prop::collection::vec(("[a-z]{0,9}", any::<u64>()), 1..4),
        frames in prop::collection::vec((".{0,9}", any::<bool>(), any::<u32>()), 1..9),
        paths in prop::collection::vec((any::<u32>(), prop::collection::vec(any::<u32>(), 0..9), any::<Vec<u64>>()), 0..9),
    ) -> Stacks {
        let [started, wall, period] = numbers;
        let stack = |(thread, path, times): (u32, Vec<u32>, Vec<u64>)| Stack {
            thread: thread % threads.len() as u32,
            frames: path.into_iter().map(|frame| frame % frames.len() as u32).collect(),
            values: (0..values.len()).map(|place| wall.rotate_left(place as u32)).collect(),
            times,
        };
        let stacks = paths.into_iter().map(stack).collect();
        let frame = |(name, span, line): (String, bool, u32)| Frame {
            file: name.clone(),
            category: String::new(),
            name,
            span,
            line,
        };
        Stacks {
            name,
            started,
            wall,
            period,
            stacks,
            values: values.iter().map(|name| Value::new(name, "count")).collect(),
            threads: threads.iter().map(|(name, id)| Thread { name: name.clone(), id: *id }).collect(),
            frames: frames.iter().cloned().map(frame).collect(),
        }
    }
}

prop_compose! {
    fn any_memory()(
        allocations in prop::collection::vec(("[a-z]{0,9}", 1u64..1 << 40), 0..9),
        engines in prop::collection::vec((".{0,9}", prop::option::of(any::<u64>())), 0..4),
    ) -> MemoryReport {
        let tracker = MemoryTracker::new();
        for (place, (purpose, bytes)) in allocations.iter().enumerate() {
            tracker.account("cpu", purpose).allocated(place as u64, *bytes);
        }
        for (device, active) in &engines {
            let figures = EngineFigures { active: *active, ..EngineFigures::default() };
            match active {
                Some(_) => tracker.engine_tells(device, ["", "it"], Occasion::Ran, figures),
                None => tracker.engine_tells_nothing(device, "It tells nothing."),
            }
        }
        tracker.report()
    }
}

prop_compose! {
    fn any_trace()(
        name in ".{0,9}",
        times in any::<(u64, u64)>(),
        overhead in (0.0..1e3f64, any::<u64>(), any::<u64>(), 0.0..1e6f64),
        operations in prop::collection::vec(any_operation(), 1..20),
        threads in prop::collection::vec(("[a-z]{0,9}", any::<u64>()), 1..4),
        spans in prop::collection::vec((any::<(u32, u32)>(), any_time(), any_time(), any_depth()), 0..200),
        sorted in any::<bool>(),
        stacks in prop::option::of(any_stacks()),
        memory in prop::option::of(any_memory()),
    ) -> Trace {
        let mut spans: Vec<Span> = spans
            .into_iter()
            .map(|((operation, thread), start, duration, depth)| Span {
                operation: operation % operations.len() as u32,
                thread: thread % threads.len() as u32,
                start,
                duration,
                depth,
            })
            .collect();
        if sorted {
            spans.sort_by_key(|span| (span.thread, span.start, u64::MAX - span.duration));
        }
        let (per_span, dropped, unbalanced, clock_error) = overhead;
        Trace {
            name,
            started: times.0,
            wall: times.1,
            operations,
            threads: threads.into_iter().map(|(name, id)| Thread { name, id }).collect(),
            spans,
            machine: sorted.then(|| Machine {
                flops: per_span,
                bandwidth: vec![(1e6, clock_error), (f64::INFINITY, per_span)],
                overhead: clock_error,
                transfer: per_span,
            }),
            stacks,
            memory,
            overhead: Overhead { per_span, dropped, unbalanced, clock_error },
        }
    }
}

fn written(trace: &Trace) -> Vec<u8> {
    let mut bytes = Vec::new();
    trace.write(&mut bytes).unwrap();
    bytes
}

proptest! {
    #[test]
    fn what_is_written_is_read(trace in any_trace()) {
        prop_assert_eq!(Trace::read(written(&trace).as_slice()).unwrap(), trace);
    }

    #[test]
    fn damage_is_found(
        trace in any_trace(),
        places in prop::collection::vec((any::<prop::sample::Index>(), 1u8..), 1..4),
    ) {
        let whole = written(&trace);
        let mut bytes = whole.clone();
        for (place, change) in places {
            bytes[place.index(whole.len())] ^= change;
        }
        prop_assume!(bytes != whole);
        prop_assert!(Trace::read(bytes.as_slice()).is_err());
    }

    #[test]
    fn a_part_of_a_file_is_no_trace(trace in any_trace(), end in any::<prop::sample::Index>()) {
        let bytes = written(&trace);
        prop_assert!(Trace::read(&bytes[..end.index(bytes.len())]).is_err());
    }

    /// Sections that say anything, with checksums that are right.
    #[test]
    fn any_content_is_read_or_refused(
        trace in any_trace(),
        kind in prop_oneof![1u8..7, any::<u8>()],
        at in any::<prop::sample::Index>(),
        content in prop::collection::vec(prop_oneof![0u8..4, any::<u8>()], 0..60),
    ) {
        let bytes = written(&trace);
        let mut starts = vec![12];
        while let Some(start) = starts.last().copied().filter(|start| *start < bytes.len()) {
            let length = u32::from_le_bytes(bytes[start + 1..start + 5].try_into().unwrap());
            starts.push(start + 9 + length as usize);
        }
        let at = starts[at.index(starts.len())];
        let length = (content.len() as u32).to_le_bytes();
        let sum = crc32fast::hash(&[&[kind], &length[..], &content].concat()).to_le_bytes();
        let forged = [&bytes[..at], &[kind], &length, &sum, &content, &bytes[at..]].concat();
        if let Ok(read) = Trace::read(forged.as_slice()) {
            // Whatever was read can be looked at, and written again.
            read.statistics();
            prop_assert!(read.spans.iter().all(|span| span.end() >= span.start));
            prop_assert_eq!(Trace::read(written(&read).as_slice()).unwrap(), read);
        }
    }
}

#[test]
fn a_header_that_lies_allocates_nothing() {
    let mut bytes = written(&Trace::default())[..12].to_vec();
    bytes.extend([1]);
    bytes.extend((64u32 << 20).to_le_bytes());
    bytes.extend([0; 4]);
    assert!(matches!(Trace::read(bytes.as_slice()), Err(TraceFileError::Truncated)));
    bytes[13..17].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(matches!(Trace::read(bytes.as_slice()), Err(TraceFileError::Damaged { .. })));
}

#[test]
fn other_files_and_versions_are_named() {
    assert!(matches!(Trace::read(&b"{}"[..]), Err(TraceFileError::NotATrace)));
    let mut bytes = written(&Trace::default());
    bytes[8] = 9;
    assert!(matches!(Trace::read(bytes.as_slice()), Err(TraceFileError::Version(9))));
}

#[test]
fn parts_that_came_later_are_passed_over() {
    let bytes = written(&Trace::default());
    let content = b"anything";
    let length = (content.len() as u32).to_le_bytes();
    let sum = crc32fast::hash(&[&[200], &length[..], content].concat()).to_le_bytes();
    let end = bytes.len() - 9 - 3;
    let more = [&bytes[..end], &[200], &length, &sum, content, &bytes[end..]].concat();
    assert_eq!(Trace::read(more.as_slice()).unwrap(), Trace::default());
}

/// A disk with room for so many bytes.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.0.min(bytes.len());
        self.0 -= room;
        if room == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(room) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_an_error_and_the_trace_stays() {
    let trace = Trace { name: "long enough".into(), ..Trace::default() };
    let length = written(&trace).len();
    for room in 0..length {
        assert_eq!(trace.write(Full(room)).unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
    trace.write(Full(length)).unwrap();
}

#[test]
fn a_file_that_cannot_be_written_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.trace");
    let trace = Trace { name: "a".into(), ..Trace::default() };
    trace.save(&path).unwrap();
    assert_eq!(Trace::open(&path).unwrap(), trace);
    assert!(trace.save(folder.path()).is_err());
    assert!(trace.save(folder.path().join("missing/run.trace")).is_err());
    let files: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files, [path]);
}
