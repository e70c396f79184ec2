//! How many calls make a sample, and when a series of samples has warmed up: the same for engines and for functions.

use std::time::Instant;

use tachy_stats::{InvalidSample, Phase, SteadyState, SteadyStateOptions};

use crate::record::WarmUp;

/// The most calls of one sample.
pub(crate) const MOST_CALLS: u32 = 1 << 24;

/// Finds out how many calls last at least so many seconds, and how long they did last. `time` makes so many calls.
pub(crate) fn calibrate<E>(
    shortest: f64,
    mut time: impl FnMut(u32) -> Result<f64, E>,
) -> Result<(u32, f64), E> {
    let mut calls = 1;
    loop {
        let seconds = time(calls)?;
        if seconds >= shortest || calls >= MOST_CALLS {
            return Ok((calls, seconds));
        }
        // Half as much again as would do by this measure, which a cold cache may have made too long.
        let wanted = 1.5 * shortest / seconds.max(1e-9) * f64::from(calls);
        calls = (wanted.ceil() as u32).clamp(calls + 1, calls * 64);
    }
}

/// Takes samples until they are steady, or patience or the time runs out. `sample` gives the mean time of a call, in
/// seconds, and over how many calls.
pub(crate) fn warm_up<E: From<InvalidSample>>(
    seconds: f64,
    mut sample: impl FnMut() -> Result<(f64, u32), E>,
) -> Result<WarmUp, E> {
    let start = Instant::now();
    let (mean, repetitions) = sample()?;
    let first = mean * f64::from(repetitions);
    let mut calls = repetitions as usize;
    // What is so slow that the usual number of samples would take too long is judged by fewer.
    let options = SteadyStateOptions::default();
    let window = ((seconds / 2.0 / first.max(1e-9)) as usize).clamp(4, options.window);
    let limit = seconds.max(3.0 * window as f64 * first);
    let mut detector = SteadyState::new(SteadyStateOptions { window, ..options });
    let steady = loop {
        let (duration, repetitions) = sample()?;
        calls += repetitions as usize;
        match detector.observe(duration)? {
            Phase::Steady { .. } => break true,
            Phase::NeverSteady { .. } => break false,
            Phase::WarmingUp if start.elapsed().as_secs_f64() >= limit => break false,
            Phase::WarmingUp => {}
        }
    };
    Ok(WarmUp { calls, seconds: start.elapsed().as_secs_f64(), steady })
}

/// More calls than a warm-up makes when a single one takes longer than the whole warm-up should.
pub(crate) const MOST_WARM_UP_CALLS: f64 = 40.0;
