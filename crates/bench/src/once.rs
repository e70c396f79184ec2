//! Running every benchmark once, as `cargo test` does: whether they work, not how fast they are.

use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tachy_command::failure::Failure;
use tachy_command::output;
use tachy_measure::function::{Case, Meter};

use crate::bencher::Bencher;
use crate::registry;

/// Runs each once.
///
/// # Errors
/// If one panics or measures nothing.
pub(crate) fn run(cases: &[Case]) -> Result<(), Failure> {
    let mut text = String::new();
    let mut failed = Vec::new();
    for case in cases {
        let mut meter = Meter::once();
        let outcome =
            catch_unwind(AssertUnwindSafe(|| registry::run(&case.id, Bencher::new(&mut meter))));
        let works = matches!(outcome, Ok(Ok(()))) && meter.was_used();
        let _ = writeln!(text, "{} {}", if works { "ok    " } else { "FAILED" }, case.id);
        if !works {
            failed.push(format!("`{}`", case.id));
        }
    }
    let _ = writeln!(text, "Each ran once; `cargo bench` measures.");
    output::write(&text, None)?;
    match failed.as_slice() {
        [] => Ok(()),
        failed => Err(Failure::Check(format!("{} failed.", failed.join(", ")))),
    }
}
