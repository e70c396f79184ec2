//! What the commands that make duels have in common: arguments, seeds, Ctrl-C.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::{Args, ValueEnum};
use signal_hook::consts::SIGINT;
use signal_hook::flag;
use tachy_measure::Metric;
use tachy_measure::duel::{Options, Program};
use tachy_stats::DuelOptions;

use tachy_command::measuring::parse_seconds;

/// How the duels are made of a command that makes several.
#[derive(Debug, Args)]
pub(super) struct LotsArguments {
    /// What decides when a duel is over
    #[arg(long, value_enum, default_value_t)]
    metric: Deciding,

    /// The difference that does not matter
    #[arg(long, value_name = "SHARE", default_value = "1%", value_parser = parse_share)]
    pub margin: f64,

    /// The most pairs of each duel [default: what its time holds, at most 500]
    #[arg(long, value_name = "COUNT")]
    pairs: Option<NonZeroUsize>,

    /// The most seconds for each duel [default: about 60]
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds)]
    time: Option<f64>,

    /// Decides all lots [default: another one each time]
    #[arg(long)]
    seed: Option<u64>,
}

impl LotsArguments {
    /// The options of every duel; its two programs are set for each.
    pub(super) fn options(&self) -> Options {
        let program = || Program { line: String::new(), shell: false, folder: None };
        Options {
            metric: self.metric.metric(),
            judging: DuelOptions { margin: self.margin, ..DuelOptions::default() },
            most_pairs: self.pairs.map(NonZeroUsize::get),
            seconds: self.time,
            ..Options::new(program(), program(), self.seed.unwrap_or_else(fresh_seed))
        }
    }
}

/// The metric that decides when a duel stops.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(super) enum Deciding {
    /// The clock on the wall
    #[default]
    Time,
    /// User and system time
    ProcessorTime,
    /// The most memory ever held
    PeakMemory,
    /// Instructions in user mode, where the kernel counts them
    Instructions,
    /// Cycles in user mode, where the kernel counts them
    Cycles,
}

impl Deciding {
    pub(super) const fn metric(self) -> Metric {
        match self {
            Deciding::Time => Metric::Time,
            Deciding::ProcessorTime => Metric::ProcessorTime,
            Deciding::PeakMemory => Metric::PeakMemory,
            Deciding::Instructions => Metric::Instructions,
            Deciding::Cycles => Metric::Cycles,
        }
    }
}

/// Set by the first Ctrl-C; the second ends the program at once.
pub(super) fn stop_on_interrupt() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    // Without a handler Ctrl-C ends the program and nothing is told; that is no reason not to measure.
    let _ = flag::register_conditional_shutdown(SIGINT, 130, Arc::clone(&stop))
        .and_then(|_| flag::register(SIGINT, Arc::clone(&stop)));
    stop
}

/// A seed that is another one each time, short enough to be typed.
pub(super) fn fresh_seed() -> u64 {
    // The standard library draws its keys from the system's source of randomness.
    RandomState::new().build_hasher().finish() >> 32
}

/// A share, as `2%` or `0.02`.
pub(super) fn parse_share(text: &str) -> Result<f64, String> {
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|share| share.is_finite());
    let share = match text.strip_suffix('%') {
        Some(percent) => number(percent).map(|percent| percent / 100.0),
        None => number(text),
    };
    match share {
        Some(share) if (0.0..1.0).contains(&share) => Ok(share),
        _ => Err(format!("`{text}` is not a share below 100%, such as 2% or 0.02")),
    }
}
