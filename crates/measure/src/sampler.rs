//! Taking samples of one executable.

use std::time::{Duration, Instant};

use tachy_graph::Tensor;
use tachy_runtime::{Executable, Result};

use crate::clock::TICKS_PER_SAMPLE;
use crate::protocol::SampledSeries;
use crate::record::Metric;

/// The phases that are sampled, in the order in which a set takes them.
const PHASES: [Metric; 4] = [Metric::Upload, Metric::Run, Metric::Fetch, Metric::Call];

/// An executable with its inputs and outputs, and how often each phase is repeated to make one sample.
pub(crate) struct Sampler {
    executable: Box<dyn Executable>,
    inputs: Vec<Tensor>,
    outputs: Vec<Tensor>,
    shortest_sample: f64,
    repetitions: [u32; PHASES.len()],
}

impl Sampler {
    pub(crate) fn new(
        executable: Box<dyn Executable>,
        inputs: Vec<Tensor>,
        clock_tick: f64,
    ) -> Result<Self> {
        let outputs = executable.signature().allocate_outputs()?;
        Ok(Self {
            executable,
            inputs,
            outputs,
            shortest_sample: clock_tick * TICKS_PER_SAMPLE,
            repetitions: [1; PHASES.len()],
        })
    }

    pub(crate) fn outputs(&self) -> &[Tensor] {
        &self.outputs
    }

    /// Upload, run and fetch, once.
    pub(crate) fn call(&mut self) -> Result<Duration> {
        self.repeat(Metric::Call, 1)
    }

    /// The mean time of a call, over as many calls as make one sample.
    pub(crate) fn call_sample(&mut self) -> Result<(f64, u32)> {
        let repetitions = self.repetitions[PHASES.len() - 1];
        let time = self.repeat(Metric::Call, repetitions)?;
        Ok((time.as_secs_f64() / f64::from(repetitions), repetitions))
    }

    /// Finds out how often each phase must be repeated for a sample to be long enough.
    pub(crate) fn calibrate(&mut self) -> Result<()> {
        for (place, phase) in PHASES.into_iter().enumerate() {
            let mut repetitions = 1u32;
            loop {
                let time = self.repeat(phase, repetitions)?.as_secs_f64();
                if time >= self.shortest_sample || repetitions >= 1 << 24 {
                    break;
                }
                // Half as much again as would do by this measure, which a cold cache may have made too long.
                let wanted = 1.5 * self.shortest_sample / time.max(1e-9) * f64::from(repetitions);
                repetitions = (wanted.ceil() as u32).clamp(repetitions + 1, repetitions * 64);
            }
            self.repetitions[place] = repetitions;
        }
        Ok(())
    }

    /// Sets of one sample of each phase, one after the other, until the time is up; at least one set.
    pub(crate) fn sample(&mut self, seconds: f64) -> Result<Vec<SampledSeries>> {
        let mut series = PHASES.map(|_| Vec::new());
        let start = Instant::now();
        loop {
            for (place, phase) in PHASES.into_iter().enumerate() {
                let repetitions = self.repetitions[place];
                let time = self.repeat(phase, repetitions)?;
                series[place].push(time.as_secs_f64() / f64::from(repetitions));
            }
            if start.elapsed().as_secs_f64() >= seconds {
                break;
            }
        }
        Ok(series
            .into_iter()
            .zip(PHASES)
            .zip(self.repetitions)
            .map(|((samples, metric), calls_per_sample)| SampledSeries {
                metric,
                samples,
                calls_per_sample,
            })
            .collect())
    }

    /// The time that one set takes.
    pub(crate) fn set_seconds(&mut self) -> Result<f64> {
        let start = Instant::now();
        self.sample(0.0)?;
        Ok(start.elapsed().as_secs_f64())
    }

    fn repeat(&mut self, phase: Metric, repetitions: u32) -> Result<Duration> {
        let Self { executable, inputs, outputs, .. } = self;
        let start = Instant::now();
        for _ in 0..repetitions {
            match phase {
                Metric::Upload => executable.bind(inputs)?,
                Metric::Run => executable.run()?,
                Metric::Fetch => executable.fetch(outputs)?,
                _ => {
                    executable.bind(inputs)?;
                    executable.run()?;
                    executable.fetch(outputs)?;
                }
            }
        }
        Ok(start.elapsed())
    }
}
