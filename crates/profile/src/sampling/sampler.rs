//! Starting and ending to sample.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use thiserror::Error;

use super::{Samples, system};

/// Samples the process until it is stopped or dropped.
#[derive(Debug)]
#[must_use = "it samples as long as it lives"]
pub struct Sampler {
    period: u64,
    began: Instant,
    started: u64,
    running: bool,
}

/// Why nothing can be sampled.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SamplingError {
    /// Another sampler is at work.
    #[error("the process is being sampled already: stop the other sampler first")]
    Running,
    /// The program, or another profiler in it, has a use of its own for the signal.
    #[error("the signal SIGPROF is taken by other code in this process, so it cannot be sampled")]
    SignalTaken,
    /// The system has no means for it.
    #[error("call stacks cannot be sampled on this system; Linux on x86-64 or 64-bit Arm can")]
    Unsupported,
    /// The system refused.
    #[error("the system refused to sample: {0}")]
    System(#[from] std::io::Error),
}

impl Sampler {
    /// Samples so many times a second of work (of all threads together), 1 to 1,000.
    ///
    /// Many systems keep to their own tick, 100 to 1,000 times a second, if that is slower. There is one sampler in a
    /// process at a time. Code of libraries that are loaded later ends the stacks that it is on, and no library may
    /// be unloaded meanwhile.
    pub fn start(frequency: u32) -> Result<Self, SamplingError> {
        let period = 1_000_000_000 / u64::from(frequency.clamp(1, 1000));
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let began = Instant::now();
        system::start(period)?;
        Ok(Self { period, began, started: since_epoch.as_nanos() as u64, running: true })
    }

    /// Ends it, and returns what was found.
    pub fn stop(mut self) -> Samples {
        self.end()
    }

    fn end(&mut self) -> Samples {
        let mut samples = Samples {
            started: self.started,
            wall: self.began.elapsed().as_nanos() as u64,
            period: self.period,
            ..Samples::default()
        };
        if std::mem::take(&mut self.running) {
            system::stop(&mut samples);
        }
        samples
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        let _unused = self.end();
    }
}
