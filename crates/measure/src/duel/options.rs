//! What is asked of a duel.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tachy_stats::DuelOptions;

use super::program::Program;
use crate::measurement::Metric;

/// A duel to make.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Options {
    /// The command that the other is compared with; it also fights itself, as the control.
    pub reference: Program,
    /// The command that is judged.
    pub candidate: Program,
    /// A line for the shell, run once before everything.
    pub setup: Option<String>,
    /// Lines for the shell, run before each process and not timed: none, one for both commands, or one for the
    /// reference and one for the candidate.
    pub prepare: Vec<String>,
    /// A line for the shell, run once after everything.
    pub cleanup: Option<String>,
    /// The file that becomes the standard input of every process; empty without one.
    pub input: Option<PathBuf>,
    /// The folder that every process starts in.
    pub folder: Option<PathBuf>,
    /// Environment variables of every process, beside those inherited.
    pub variables: Vec<(String, String)>,
    /// Whether a process that fails counts like any other.
    pub ignore_failure: bool,
    /// How often each command runs before anything is timed.
    pub warm_ups: usize,
    /// The metric that decides when to stop; all others are judged with the same pairs.
    pub metric: Metric,
    /// The slow-down, as a share, whose detection is announced.
    pub effect: f64,
    /// What counts as a difference, and how often the verdict may err.
    pub judging: DuelOptions,
    /// The most pairs.
    pub most_pairs: Option<usize>,
    /// The time for everything, in seconds.
    pub seconds: Option<f64>,
    /// Pairs of the reference against itself before the first that counts: they show the noise. With 0,
    /// nothing is announced.
    pub pilot_pairs: usize,
    /// One pair of the control comes with so many pairs of the duel, at a place drawn by lot; 0 for none.
    pub pairs_per_control: usize,
    /// Decides all lots.
    pub seed: u64,
}

impl Options {
    /// A duel of two commands, all else as usual.
    pub fn new(reference: Program, candidate: Program, seed: u64) -> Self {
        Self {
            reference,
            candidate,
            setup: None,
            prepare: Vec::new(),
            cleanup: None,
            input: None,
            folder: None,
            variables: Vec::new(),
            ignore_failure: false,
            warm_ups: 1,
            metric: Metric::Time,
            effect: 0.02,
            judging: DuelOptions::default(),
            most_pairs: None,
            seconds: None,
            pilot_pairs: 10,
            pairs_per_control: 5,
            seed,
        }
    }
}
