//! With the feature `off`, a function with spans is the same machine code as one without.
//!
//! `cargo test --release -p tachy-profile --features off --test compiled_out`
#![cfg(all(feature = "off", target_os = "linux"))]
#![allow(missing_docs)]

use std::hint::black_box;

use object::{Object, ObjectSection, ObjectSymbol};
use tachy_profile::record::{Session, is_recording};
use tachy_profile::span;

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn tachy_test_plain(values: *const u32, count: usize) -> u32 {
    let mut sum = 0u32;
    for index in 0..count {
        // SAFETY: the caller passes a slice's parts.
        let value = unsafe { *values.add(index) };
        sum = sum.rotate_left(5) ^ value.wrapping_mul(2_654_435_761);
    }
    sum
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn tachy_test_spans(values: *const u32, count: usize) -> u32 {
    let _whole = span!("whole");
    let mut sum = 0u32;
    for index in 0..count {
        let _step = span!("step", "Hash");
        // SAFETY: the caller passes a slice's parts.
        let value = unsafe { *values.add(index) };
        sum = sum.rotate_left(5) ^ value.wrapping_mul(2_654_435_761);
    }
    sum
}

/// The machine code of a function of this very program.
fn code<'d>(program: &object::File<'d>, name: &str) -> &'d [u8] {
    let symbol = program.symbols().find(|symbol| symbol.name() == Ok(name)).unwrap();
    let section = program.section_by_index(symbol.section_index().unwrap()).unwrap();
    section.data_range(symbol.address(), symbol.size()).unwrap().unwrap()
}

#[test]
fn spans_leave_nothing_behind() {
    let values: Vec<u32> = (0..100).collect();
    let run = |function: extern "C" fn(*const u32, usize) -> u32| {
        black_box(function)(black_box(values.as_ptr()), values.len())
    };
    assert_eq!(run(tachy_test_plain), run(tachy_test_spans));

    let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    let program = object::File::parse(program.as_slice()).unwrap();
    let [plain, spans] = ["tachy_test_plain", "tachy_test_spans"].map(|name| code(&program, name));
    assert!(plain.len() > 20);
    assert_eq!(plain, spans);
}

#[test]
fn sessions_go_on_without_spans() {
    let session = Session::start("nothing").unwrap();
    assert!(!is_recording());
    drop(span!("unseen"));
    let trace = session.stop();
    assert_eq!((trace.spans.len(), trace.overhead.dropped, trace.overhead.per_span), (0, 0, 0.0));
    assert!(trace.wall > 0);
}
