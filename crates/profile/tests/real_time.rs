//! A thread that was prepared records spans without an allocation and without a system call, from the first one on.
//!
//! The spans are recorded in a process that the kernel kills at the first system call but `write` and `exit`, with an
//! allocator that counts.
#![cfg(all(target_os = "linux", target_arch = "x86_64", not(loom), not(feature = "off")))]
#![allow(missing_docs)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use tachy_profile::clock::ticks;
use tachy_profile::record::{OperationId, Session, prepare_thread, record_completed, span};
use tachy_profile::span;
use tachy_profile::trace::Operation;

struct Counting;

static CALLS: AtomicU64 = AtomicU64::new(0);

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller answers for the memory.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        CALLS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller answers for the memory.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// More spans than several blocks hold.
const SPANS: u64 = 5_000;

/// Records spans of every kind and returns how many calls of the allocator that took.
fn record(operation: OperationId) -> u64 {
    let before = CALLS.load(Ordering::Relaxed);
    let mut last = ticks();
    for _ in 0..SPANS {
        let _outer = span!("outer");
        drop(span(operation));
        let now = ticks();
        record_completed(operation, last, now);
        last = now;
    }
    CALLS.load(Ordering::Relaxed) - before
}

/// Leaves the process no system call but `write` and the end. The strict mode would take the time-stamp counter away,
/// too.
fn confine() -> bool {
    let statement = |code: u32, k: u32, jt, jf| libc::sock_filter { code: code as u16, jt, jf, k };
    let allow =
        |number: i64| statement(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, number as u32, 0, 1);
    let verdict = |k| statement(libc::BPF_RET | libc::BPF_K, k, 0, 0);
    let mut filter = [
        // The number of the call is the first field of what the filter is given.
        statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        allow(libc::SYS_write),
        verdict(libc::SECCOMP_RET_ALLOW),
        allow(libc::SYS_exit),
        verdict(libc::SECCOMP_RET_ALLOW),
        verdict(libc::SECCOMP_RET_KILL_PROCESS),
    ];
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    // SAFETY: the kernel copies the filter, which lives until then.
    unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            && libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) == 0
    }
}

/// Records where every other system call is the end of the process; returns the calls of the allocator.
fn record_confined(operation: OperationId) -> u64 {
    let mut pipe = [0; 2];
    // SAFETY: the child does nothing but record, write and exit, for which it needs no other thread.
    unsafe {
        assert_eq!(libc::pipe(pipe.as_mut_ptr()), 0, "a pipe can be made");
        let child = libc::fork();
        assert!(child >= 0, "a process can be started");
        if child == 0 {
            if !confine() {
                libc::_exit(2);
            }
            let calls = record(operation);
            libc::write(pipe[1], (&raw const calls).cast(), size_of_val(&calls));
            // `exit_group` would be one call too many.
            libc::syscall(libc::SYS_exit, 0);
        }
        libc::close(pipe[1]);
        let mut calls = u64::MAX;
        let read = libc::read(pipe[0], (&raw mut calls).cast(), size_of_val(&calls));
        libc::close(pipe[0]);
        let mut status = 0;
        libc::waitpid(child, &raw mut status, 0);
        assert!(!libc::WIFSIGNALED(status), "killed by signal {}", libc::WTERMSIG(status));
        assert_eq!(read, size_of_val(&calls) as isize, "the process did not come to its end");
        calls
    }
}

#[test]
fn a_prepared_thread_only_computes() {
    let operation = OperationId::register(Operation::new("step"));
    prepare_thread();
    // The session starts elsewhere and later, and nobody tells this thread.
    let session = thread::spawn(|| Session::start("real time").unwrap()).join().unwrap();
    assert_eq!(record_confined(operation), 0);
    assert_eq!(record(operation), 0);
    let trace = session.stop();
    assert_eq!(trace.spans.len() as u64, 3 * SPANS);
    assert_eq!(trace.threads.len(), 2);
    assert_eq!(trace.overhead.dropped, 0);
}
