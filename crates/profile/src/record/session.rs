//! A time in which a process records its spans.

use std::time::SystemTime;

use super::assemble::{Times, assemble};
use super::operations::Site;
use super::registry::{Main, registry, this_thread, with_recorder};
use super::scope;
use crate::clock::{Calibration, Reading, ticks};
use crate::memory::listener;
#[cfg(feature = "sampling")]
use crate::sampling::{Sampler, SamplingError};
use crate::trace::{Overhead, Trace};

/// How a session records.
#[derive(Clone, Debug)]
pub struct Options {
    memory: usize,
    prefault: bool,
    #[cfg(feature = "sampling")]
    samples: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            memory: 64 << 20,
            prefault: false,
            #[cfg(feature = "sampling")]
            samples: None,
        }
    }
}

impl Options {
    /// 64 MiB, which are four million spans, provided by the system when they are first written to.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many bytes all threads together may fill before spans are dropped: 16 a span, a gigabyte at most. Every
    /// thread takes 16 KiB at a time, the first of them when it comes; besides that it needs 5 KiB of its own.
    pub fn memory(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    /// Whether to have the system provide all of that memory at the start, so that no thread ever waits for it.
    pub fn prefault(mut self, prefault: bool) -> Self {
        self.prefault = prefault;
        self
    }

    /// Samples the processor's call stacks so many times a second of work, 1 to 1,000: they are in
    /// [`Trace::stacks`], folded with the spans. See [`Sampler`].
    #[cfg(feature = "sampling")]
    pub fn samples(mut self, frequency: u32) -> Self {
        self.samples = Some(frequency);
        self
    }

    /// Starts a session; the calling thread becomes its main thread, the first one of the trace.
    pub fn start(self, name: impl Into<String>) -> Result<Session, SessionError> {
        let main = this_thread().ok_or(SessionError::ThreadEnds)?;
        let number =
            registry().open(self.memory, self.prefault).ok_or(SessionError::AlreadyRecording)?;
        let per_span = if cfg!(feature = "off") { 0.0 } else { measure_cost(number) };
        #[cfg(feature = "sampling")]
        let sampler = match self.samples.map(Sampler::start).transpose() {
            Ok(sampler) => sampler,
            Err(error) => {
                registry().close(number, &main);
                return Err(error.into());
            }
        };
        let since_epoch = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        let first = Reading::now();
        let session = Session {
            name: name.into(),
            number,
            main,
            per_span,
            first,
            since_epoch: since_epoch.as_nanos() as u64,
            started: ticks(),
            #[cfg(feature = "sampling")]
            sampler,
        };
        registry().begin(number);
        Ok(session)
    }
}

/// Why a session did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// There is one already.
    #[error(
        "Another session is recording in this process. Stop it first: a process records one session at a time."
    )]
    AlreadyRecording,
    /// The calling thread is about to be gone.
    #[error("This thread is ending and cannot start a session. Start it from another thread.")]
    ThreadEnds,
    /// The processor cannot be sampled.
    #[cfg(feature = "sampling")]
    #[error(transparent)]
    Sampling(#[from] SamplingError),
}

/// A time in which a process records its spans. There is one at a time; [`stop`](Self::stop) gives the trace, and
/// dropping the session throws it away.
#[derive(Debug)]
#[must_use = "a session that is dropped at once records nothing"]
pub struct Session {
    name: String,
    number: u32,
    main: Main,
    per_span: f64,
    first: Reading,
    since_epoch: u64,
    started: u64,
    #[cfg(feature = "sampling")]
    sampler: Option<Sampler>,
}

impl Session {
    /// Starts a session with the usual options; the calling thread becomes its main thread, the first one of the trace.
    pub fn start(name: impl Into<String>) -> Result<Self, SessionError> {
        Options::new().start(name)
    }

    /// The raw ticks at the session's start, from which its spans count.
    pub fn started(&self) -> u64 {
        self.started
    }

    /// Ends the session. What is open still ends now, and counts as unbalanced. If memory is tracked, what the process's
    /// tracker saw until now is in [`Trace::memory`].
    pub fn stop(mut self) -> Trace {
        let stopped = ticks();
        #[cfg(feature = "sampling")]
        let samples = self.sampler.take().map(Sampler::stop);
        let harvest = registry().close(self.number, &self.main);
        let mut trace = Trace {
            name: std::mem::take(&mut self.name),
            started: self.since_epoch,
            overhead: Overhead { per_span: self.per_span, ..Overhead::default() },
            ..Trace::default()
        };
        let calibration = Calibration::new(self.first, Reading::now());
        assemble(&mut trace, harvest, &Times { started: self.started, stopped, calibration });
        let memory = listener().map(|tracker| tracker.report());
        trace.memory = memory.filter(|report| !report.is_empty());
        #[cfg(feature = "sampling")]
        if let Some(samples) = samples {
            trace.stacks = Some(samples.fold(Some(&trace)));
        }
        trace
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Nothing happens here after `stop`: the number is never used again.
        registry().close(self.number, &self.main);
    }
}

/// Nanoseconds that a span takes for being recorded: the median of several batches of empty ones, which are thrown
/// away.
fn measure_cost(session: u32) -> f64 {
    static EMPTY: Site = Site::new("(empty)", "");
    const BATCHES: usize = 9;
    const SPANS: u64 = 32;
    let start = Reading::now();
    let mut batches = [0; BATCHES];
    for batch in &mut batches {
        let before = ticks();
        for _ in 0..SPANS {
            drop(scope::enter(session, EMPTY.id()));
        }
        *batch = ticks().saturating_sub(before);
    }
    let calibration = Calibration::new(start, Reading::now());
    with_recorder(session, |recorder| recorder.forget());
    batches.sort_unstable();
    // In whole nanoseconds for the batch, not for the span.
    calibration.duration(batches[BATCHES / 2]) as f64 / SPANS as f64
}
