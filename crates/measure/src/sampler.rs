//! Taking samples of one executable.

use std::time::{Duration, Instant};

use tachy_graph::Tensor;
use tachy_runtime::{Executable, Result};

use crate::clock::{Clock, TICKS_PER_SAMPLE};
use crate::measurement::Metric;
use crate::protocol::SampledSeries;
use crate::warm_up::calibrate;

/// An executable with its inputs and outputs, and how many calls make one sample.
pub(crate) struct Sampler {
    executable: Box<dyn Executable>,
    inputs: Vec<Tensor>,
    outputs: Vec<Tensor>,
    clock: Clock,
    calls: u32,
    /// Whether a call is so short that reading the clock within it would change what is read.
    brief: bool,
}

/// A call that takes less than so many readings of the clock is brief: three readings within it would be a good 1% of it,
/// and because the processor finishes what it has begun before it reads the clock, more than can be taken off.
const READINGS_PER_CALL: f64 = 300.0;

impl Sampler {
    pub(crate) fn new(
        executable: Box<dyn Executable>,
        inputs: Vec<Tensor>,
        clock: Clock,
    ) -> Result<Self> {
        let outputs = executable.signature().allocate_outputs()?;
        Ok(Self { executable, inputs, outputs, clock, calls: 1, brief: false })
    }

    pub(crate) fn outputs(&self) -> &[Tensor] {
        &self.outputs
    }

    /// Upload, run and fetch, once.
    pub(crate) fn call(&mut self) -> Result<Duration> {
        self.whole_calls(1)
    }

    /// The mean time of a call, in seconds, and over how many calls.
    pub(crate) fn call_sample(&mut self) -> Result<(f64, u32)> {
        let time = self.whole_calls(self.calls)?;
        Ok((time.as_secs_f64() / f64::from(self.calls), self.calls))
    }

    /// Finds out how many calls make a sample that is long enough for the clock.
    pub(crate) fn calibrate(&mut self) -> Result<()> {
        let shortest = self.clock.tick * TICKS_PER_SAMPLE;
        let (calls, time) =
            calibrate(shortest, |calls| self.whole_calls(calls).map(|time| time.as_secs_f64()))?;
        self.calls = calls;
        self.brief = time / f64::from(calls) < READINGS_PER_CALL * self.clock.reading;
        Ok(())
    }

    /// Sets of samples, one after the other, until the time is up; at least one set. A set is one sample of
    /// upload, run and fetch, and one of the call, timed from outside.
    pub(crate) fn sample(&mut self, seconds: f64) -> Result<Vec<SampledSeries>> {
        let metrics = [Metric::Upload, Metric::Run, Metric::Fetch, Metric::Call];
        let mut series = metrics.map(|_| Vec::new());
        let start = Instant::now();
        loop {
            let [upload, run, fetch] = self.parts()?;
            let whole = self.call_sample()?.0;
            for (samples, value) in series.iter_mut().zip([upload, run, fetch, whole]) {
                samples.push(value);
            }
            if start.elapsed().as_secs_f64() >= seconds {
                break;
            }
        }
        Ok(metrics
            .into_iter()
            .zip(series)
            .map(|(metric, samples)| SampledSeries {
                metric,
                samples,
                calls_per_sample: self.calls,
            })
            .collect())
    }

    /// The time that one set takes, in seconds.
    pub(crate) fn set_seconds(&mut self) -> Result<f64> {
        let start = Instant::now();
        self.sample(0.0)?;
        Ok(start.elapsed().as_secs_f64())
    }

    /// The time of so many calls, timed from outside.
    fn whole_calls(&mut self, calls: u32) -> Result<Duration> {
        let Self { executable, inputs, outputs, .. } = self;
        let start = Instant::now();
        for _ in 0..calls {
            executable.bind(inputs)?;
            executable.run()?;
            executable.fetch(outputs)?;
        }
        Ok(start.elapsed())
    }

    /// The mean times of upload, run and fetch, in seconds.
    fn parts(&mut self) -> Result<[f64; 3]> {
        if self.brief { self.added_parts(self.calls) } else { self.parted_calls(self.calls) }
    }

    /// The run alone so many times in a row, with no reading of the clock in between; then with the upload before it, then
    /// with the fetch after it as well: upload and fetch are what they add. Alone they would be cheaper, because nothing
    /// would wait for what they have written.
    fn added_parts(&mut self, calls: u32) -> Result<[f64; 3]> {
        let Self { executable, inputs, .. } = self;
        let run = mean_seconds(calls, || executable.run())?;
        let upload_and_run = mean_seconds(calls, || {
            executable.bind(inputs)?;
            executable.run()
        })?;
        let all = self.whole_calls(calls)?.as_secs_f64() / f64::from(calls);
        Ok([(upload_and_run - run).max(0.0), run, (all - upload_and_run).max(0.0)])
    }

    /// All parts one after the other, so many times. Every part holds one reading of the clock, which is taken off.
    fn parted_calls(&mut self, calls: u32) -> Result<[f64; 3]> {
        let Self { executable, inputs, outputs, clock, .. } = self;
        let mut sums = [Duration::ZERO; 3];
        let mut last = Instant::now();
        for _ in 0..calls {
            executable.bind(inputs)?;
            let bound = Instant::now();
            executable.run()?;
            let ran = Instant::now();
            executable.fetch(outputs)?;
            let fetched = Instant::now();
            for (sum, part) in sums.iter_mut().zip([bound - last, ran - bound, fetched - ran]) {
                *sum += part;
            }
            last = fetched;
        }
        let mean = |sum: Duration| sum.as_secs_f64() / f64::from(calls);
        Ok(sums.map(|sum| (mean(sum) - clock.reading).max(0.0)))
    }
}

/// The mean time of something done so many times in a row.
fn mean_seconds(calls: u32, mut part: impl FnMut() -> Result<()>) -> Result<f64> {
    let start = Instant::now();
    for _ in 0..calls {
        part()?;
    }
    Ok(start.elapsed().as_secs_f64() / f64::from(calls))
}
