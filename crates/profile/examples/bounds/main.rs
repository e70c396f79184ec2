//! Whether what bounds a kernel is told rightly: six kernels run, on a machine whose peaks are measured first.
//!
//! `cargo run --release -p tachy-profile --example bounds`
//!
//! What is true is found without any peak: each kernel also runs with less arithmetic, with its data in the nearest
//! cache, with fewer and larger calls, or with less to transfer. What shortens it most is what bounds it.

mod kernels;
mod peaks;

use std::process::ExitCode;
use std::time::Instant;

use kernels::{Kernel, Scratch, kernels};
use tachy_profile::analysis::{Bound, bottlenecks, hotspots};
use tachy_profile::trace::{Machine, Operation, Span, Thread, Trace};

fn main() -> ExitCode {
    let machine = peaks::measure();
    print_machine(&machine);
    let kernels = kernels();
    let mut scratch = Scratch::default();
    let trace = Trace { machine: Some(machine), ..record(&kernels, &mut scratch) };
    let found = hotspots(&trace);
    println!("{found}");
    for bottleneck in bottlenecks(&found) {
        println!("- {}", bottleneck.sentence);
    }

    println!("\n{:<24} {:<10} {:<10} shortened to", "kernel", "told", "true");
    let mut right = 0;
    for (position, kernel) in kernels.iter().enumerate() {
        let row = found.rows.iter().find(|row| row.position == position);
        let told = row.map_or(Bound::Unknown, |row| row.bound);
        let (truth, evidence) = kernel.truth(&mut scratch);
        println!(
            "{:<24} {told:<10} {truth:<10} {evidence}{}",
            kernel.name,
            if told == truth { "" } else { "  WRONG" }
        );
        right += usize::from(told == truth);
    }
    println!("{right} of {} kernels are told rightly.", kernels.len());
    if right == kernels.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn print_machine(machine: &Machine) {
    println!("peak of one thread: {:.1} GFLOP/s", machine.flops * 1e-9);
    for (bytes, rate) in &machine.bandwidth {
        println!("  memory, up to {:>9.0} KiB: {:>6.1} GB/s", bytes / 1024.0, rate * 1e-9);
    }
    println!("  transfer: {:.1} GB/s", machine.transfer * 1e-9);
    println!("  an empty operation: {:.1} ns\n", machine.overhead * 1e9);
}

/// Runs every kernel in turn, several times over, with a span around each call.
fn record(kernels: &[Kernel], scratch: &mut Scratch) -> Trace {
    let mut spans = Vec::new();
    for kernel in kernels {
        kernel.run(&kernel.shape, scratch);
    }
    let start = Instant::now();
    let now = || start.elapsed().as_nanos() as u64;
    for _ in 0..5 {
        for (operation, kernel) in (0..).zip(kernels) {
            for _ in 0..kernel.calls {
                let begin = now();
                kernel.run(&kernel.shape, scratch);
                let duration = now() - begin;
                spans.push(Span { operation, thread: 0, start: begin, duration, depth: 0 });
            }
        }
    }
    let operations = kernels.iter().map(|kernel| Operation {
        name: kernel.name.to_owned(),
        category: String::new(),
        device: "cpu".to_owned(),
        detail: String::new(),
        work: Some(kernel.shape.work()),
    });
    Trace {
        name: "six kernels".to_owned(),
        wall: now(),
        operations: operations.collect(),
        threads: vec![Thread { name: "main".to_owned(), id: 1 }],
        spans,
        ..Trace::default()
    }
}
