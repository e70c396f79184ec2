//! Call stacks on which the processor is found at regular times of work.
//!
//! ```no_run
//! use tachy_profile::{export, sampling::Sampler};
//!
//! let sampler = Sampler::start(250)?;
//! // … what is to be looked at …
//! let samples = sampler.stop();
//! export::folded(&samples.fold(None), std::io::stdout())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The system interrupts whichever thread works (`ITIMER_PROF`), and the interrupted thread writes its return
//! addresses to memory set aside. They are found with `framehop`, which needs neither frame pointers nor memory nor
//! a lock: the unwinders of the system may take the loader's lock, and would wait for ever on a thread that holds it.
//! Names are looked up afterwards. It works on Linux, on x86-64 and 64-bit Arm.

mod fold;
mod sampler;
mod samples;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod system;
#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
#[path = "elsewhere.rs"]
mod system;

pub use sampler::{Sampler, SamplingError};
pub use samples::{Sample, Samples};
