//! Benchmarks of people's own Rust code, run by plain `cargo bench`.
//!
//! ```toml
//! [dev-dependencies]
//! tachy = { package = "tachy-bench", version = "0.1" }
//!
//! [[bench]]
//! name = "sorting"
//! harness = false
//! ```
//!
//! ```no_run
//! // benches/sorting.rs
//! use tachy_bench as tachy; // Not needed where the dependency is called `tachy`.
//! # use tachy_bench as _;
//! use tachy::Bencher;
//!
//! tachy::bench_main!();
//!
//! // Counts what benchmarks allocate; leave it out if that does not matter.
//! #[global_allocator]
//! static ALLOCATOR: tachy::AllocationCounter = tachy::AllocationCounter::system();
//!
//! #[tachy::bench(crate = tachy_bench, args = [1000, 100_000], items = n)]
//! fn stable(bencher: Bencher, n: usize) {
//!     bencher
//!         .with_inputs(|| (0..n).rev().collect::<Vec<usize>>())
//!         .bench_refs(|numbers| numbers.sort());
//! }
//! ```
//!
//! The library `tachy` re-exports all of this; this crate alone brings no inference engine and builds in less time.
//!
//! Every benchmark runs in several processes, in an order drawn by lot; each warms up until it is steady. The record is
//! stored as those of `tachy bench` are. [`macro@bench`] says what the attribute can do, [`Bencher`] how to keep
//! preparations out of the time.
#![deny(unsafe_code)]

mod allocation;
mod arguments;
mod bencher;
mod once;
mod program;
mod registry;
mod suite;

pub use allocation::AllocationCounter;
pub use bencher::{Bencher, BencherWithInputs};
pub use tachy_bench_macros::bench;

/// What the macros refer to. Not for people.
#[doc(hidden)]
pub mod __bench {
    pub use inventory;

    pub use crate::bencher::{Bencher, count};
    pub use crate::program::main;
    pub use crate::registry::{Entry, Variant, name};
}

/// The `main` of a file of benchmarks.
#[macro_export]
macro_rules! bench_main {
    () => {
        fn main() -> ::std::process::ExitCode {
            $crate::__bench::main()
        }
    };
}
