//! Benchmarks of operators from a program of one's own.

use std::io::BufReader;

use tachy_command::child;
use tachy_tune::{BenchmarkConfig, Benchmarker};

/// A benchmarker on all engines, whose child processes are this program again.
///
/// The program must call [`serve_if_worker`] before it does anything else.
pub fn benchmarker(config: BenchmarkConfig) -> Benchmarker {
    Benchmarker::new(crate::registry(), child::command, config)
}

/// Where this process is a child process of a [`benchmarker`], does what it is asked until that ends, and then ends the
/// process. Otherwise does nothing.
pub fn serve_if_worker() {
    if std::env::args().nth(1).as_deref() != Some(child::WORKER) {
        return;
    }
    let served = child::replies().and_then(|replies| {
        let requests = BufReader::new(std::io::stdin().lock());
        tachy_measure::serve(&crate::registry(), requests, replies)
    });
    std::process::exit(i32::from(served.is_err()));
}
