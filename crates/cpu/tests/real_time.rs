//! A run makes no allocation, no release, no system call and, on one thread, no locked operation, from the first one
//! on.
//!
//! Every model of the zoo, and some of 16 bits, is prepared, then run in a process of its own that the kernel kills at
//! the first system call but `write` (seccomp's strict mode), with an allocator that counts. `cargo test --release -p
//! tachy-cpu --test real_time -- RUNS [MODEL …]` makes as many runs of each model as are asked for; a handful by
//! default.
//!
//! With `locks` instead of a number, one run of each model is executed instruction by instruction, and those that lock
//! the bus are counted: every lock, reference count and other atomic change begins with one.
#![allow(missing_docs)]

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[path = "real_time/locked_instructions.rs"]
mod locked_instructions;
mod narrow_models;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

use half::{bf16, f16};
use narrow_models::{throughout, with_casts};
use tachy_cpu::CpuBackend;
use tachy_graph::zoo::{self, ZooOptions};
use tachy_graph::{Graph, Tensor};
use tachy_runtime::{Backend, CompileOptions, Device, Executable};

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static RELEASES: AtomicU64 = AtomicU64::new(0);

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller answers for the memory.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        RELEASES.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller answers for the memory.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn counts() -> (u64, u64) {
    (ALLOCATIONS.load(Ordering::Relaxed), RELEASES.load(Ordering::Relaxed))
}

/// A model that is bound and has never run.
fn ready(graph: &Graph) -> Box<dyn Executable> {
    let mut executable =
        CpuBackend.compile(graph, &Device::of("cpu"), &CompileOptions::default()).unwrap();
    let inputs: Vec<Tensor> = executable
        .signature()
        .inputs
        .iter()
        .map(|port| {
            let count = port.ty.shape.iter().product();
            let wide = Tensor::new(&port.ty.shape, &vec![0.5f32; count]).unwrap();
            wide.cast(port.ty.dtype, Default::default()).unwrap()
        })
        .collect();
    executable.bind(&inputs).unwrap();
    executable
}

/// Runs, and says how many allocations and releases there were.
fn run(executable: &mut dyn Executable, runs: u64) -> (u64, u64) {
    let before = counts();
    for _ in 0..runs {
        executable.run().unwrap();
    }
    let after = counts();
    (after.0 - before.0, after.1 - before.1)
}

/// Runs where every system call but `write` is the end of the process.
#[cfg(target_os = "linux")]
fn run_confined(executable: &mut dyn Executable, runs: u64) -> (u64, u64) {
    let mut pipe = [0; 2];
    // SAFETY: this process has one thread. The child does nothing but run, write and exit.
    unsafe {
        assert_eq!(libc::pipe(pipe.as_mut_ptr()), 0, "a pipe can be made");
        let child = libc::fork();
        assert!(child >= 0, "a process can be started");
        if child == 0 {
            if libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_STRICT) != 0 {
                libc::_exit(2);
            }
            let counts = run(executable, runs);
            let message = [counts.0, counts.1];
            libc::write(pipe[1], message.as_ptr().cast(), size_of_val(&message));
            // `exit_group` would be one call too many.
            libc::syscall(libc::SYS_exit, 0);
        }
        libc::close(pipe[1]);
        let mut message = [u64::MAX; 2];
        let read = libc::read(pipe[0], message.as_mut_ptr().cast(), size_of_val(&message));
        libc::close(pipe[0]);
        let mut status = 0;
        libc::waitpid(child, &raw mut status, 0);
        assert!(
            !libc::WIFSIGNALED(status),
            "the kernel killed the process with signal {}: a run made a system call",
            libc::WTERMSIG(status)
        );
        assert_eq!(read, size_of_val(&message) as isize, "the process did not come to its end");
        (message[0], message[1])
    }
}

#[cfg(not(target_os = "linux"))]
fn run_confined(executable: &mut dyn Executable, runs: u64) -> (u64, u64) {
    run(executable, runs)
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let what = arguments.next().unwrap_or_else(|| "3".to_owned());
    let models: Vec<String> = arguments.collect();
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    if what == "locks" {
        let found = locked_instructions::count(|| {
            ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
            RELEASES.swap(1, Ordering::Relaxed);
        });
        assert_eq!(found.locked, 2, "an addition and an exchange are found");
    }
    let zoo = zoo::names().iter().map(|entry| {
        let build = || zoo::build(entry.name, &ZooOptions::default()).unwrap();
        (entry.name, Box::new(build) as Build)
    });
    for (name, build) in zoo.chain(narrow()) {
        if !models.is_empty() && !models.iter().any(|model| model == name) {
            continue;
        }
        let mut executable = ready(&build());
        match what.parse() {
            Ok(runs) => {
                let (allocations, releases) = run_confined(&mut *executable, runs);
                println!(
                    "{name}: {runs} runs, {allocations} allocations, {releases} releases, no system call"
                );
                assert_eq!((allocations, releases), (0, 0), "{name} allocates in its runs");
            }
            Err(_) => count_locks(name, &mut *executable),
        }
    }
}

/// Makes a model.
type Build = Box<dyn Fn() -> Graph>;

/// Models of 16 bits: those whose weights alone are narrow, and those that are narrow throughout.
fn narrow() -> [(&'static str, Build); 4] {
    [
        ("weights-f16", Box::new(|| with_casts(f16::from_f32))),
        ("weights-bf16", Box::new(|| with_casts(bf16::from_f32))),
        ("all-f16", Box::new(|| throughout(f16::from_f32))),
        ("all-bf16", Box::new(|| throughout(bf16::from_f32))),
    ]
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn count_locks(name: &str, executable: &mut dyn Executable) {
    let count = locked_instructions::count(|| executable.run().unwrap());
    println!("{name}: {} instructions in a run, {} of them locked", count.all, count.locked);
    assert_eq!(count.locked, 0, "{name} locks in its runs");
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
fn count_locks(_: &str, _: &mut dyn Executable) {
    println!("locked instructions can be counted on Linux, x86-64, alone");
}
