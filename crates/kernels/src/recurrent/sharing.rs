//! How threads share the runs over sequences.

use std::ops::Range;

use super::layer::{Cell, Description, Layer};
use super::panels::MOST_SAMPLES;
use super::sequence::{Portion, Sequence};
use crate::shared::PointerMut;
use crate::team::{Barrier, Member, Team};

/// What a step takes on a machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Costs {
    /// Bytes that each level of a thread's memory holds, and bytes a second at which weights come from there.
    pub levels: Vec<(f64, f64)>,
    /// Weights multiplied in a second by one thread.
    pub multiplied: f64,
    /// Seconds from the last thread's coming to a barrier to the first one's going on, and what it adds to a step.
    pub barrier: f64,
    /// Seconds until the other threads have begun and until they are known to have ended.
    pub hand_over: f64,
}

impl Default for Costs {
    /// A first guess: a server's core with AVX-512, whose caches hold 32 KiB and 1 MiB. `examples/recurrent.rs` prints
    /// what they are on the machine at hand.
    fn default() -> Self {
        let kibibyte = 1024.0;
        Self {
            levels: vec![(24.0 * kibibyte, 200e9), (800.0 * kibibyte, 85e9), (f64::INFINITY, 35e9)],
            multiplied: 40e9,
            barrier: 0.4e-6,
            hand_over: 4e-6,
        }
    }
}

/// What is to be shared: layers of one description, one for each direction, over as many samples.
#[derive(Debug, Clone, Copy)]
pub struct Workload {
    /// What each direction computes.
    pub description: Description,
    /// Number of directions.
    pub directions: usize,
    /// Steps of the longest sequence.
    pub steps: usize,
    /// Number of sequences.
    pub samples: usize,
    /// Whether inputs are projected within the steps.
    pub plain: bool,
}

/// A way to share runs over sequences among threads.
///
/// A strand is a direction of some of the samples, which depends on no other strand. Several strands may be under way
/// at a time, each by one thread or by a few that share the hidden units: then they meet after every step, and each
/// keeps its part of the weights in its own cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sharing {
    /// Strands at the same time.
    lanes: usize,
    /// Threads that work on one strand.
    members: usize,
    /// Pieces that the samples are cut into.
    pieces: usize,
}

impl Sharing {
    /// Everything on one thread.
    pub const ALONE: Self = Self { lanes: 1, members: 1, pieces: 1 };

    /// The fastest way by the costs.
    pub fn choose(threads: usize, workload: &Workload, costs: &Costs) -> Self {
        Self::all(threads, workload)
            .into_iter()
            .min_by(|a, b| a.seconds(workload, costs).total_cmp(&b.seconds(workload, costs)))
            .unwrap_or(Self::ALONE)
    }

    /// All ways that so many threads have, the simplest first.
    pub fn all(threads: usize, workload: &Workload) -> Vec<Self> {
        let mut all = vec![Self::ALONE];
        for members in 1..=threads.min(workload.description.hidden) {
            for pieces in 1..=(threads / members).min(workload.samples) {
                let lanes = (threads / members).min(workload.directions * pieces);
                if lanes * members > 1 {
                    all.push(Self { lanes, members, pieces });
                }
            }
        }
        all
    }

    /// What a run takes, estimated.
    pub fn seconds(&self, workload: &Workload, costs: &Costs) -> f64 {
        let Description { cell, inputs, hidden, weights: kept_as, .. } = workload.description;
        let width = hidden + if workload.plain { inputs } else { 0 };
        let weights = (cell.gates() * width * hidden.div_ceil(self.members)) as f64;
        let samples = workload.samples.div_ceil(self.pieces);
        let passes = samples.div_ceil(MOST_SAMPLES);
        let bytes = kept_as.size() as f64 * weights;
        let level = costs.levels.iter().find(|(size, _)| bytes <= *size);
        let rate = level.map_or(f64::INFINITY, |(_, rate)| *rate);
        let reading = passes as f64 * bytes / rate;
        let multiplying = samples as f64 * weights / costs.multiplied;
        let mut step = reading.max(multiplying);
        if self.members > 1 {
            let halfway = cell == (Cell::Gru { linear_before_reset: false });
            step += if halfway { 2 * passes } else { 1 } as f64 * costs.barrier;
        }
        let strands = (workload.directions * self.pieces).div_ceil(self.lanes);
        let hand_over = if self.threads() > 1 { costs.hand_over } else { 0.0 };
        (strands * workload.steps) as f64 * step + hand_over
    }

    /// The parts that the layers are to be made in.
    pub fn parts(&self) -> usize {
        self.members
    }

    /// Strands that are under way at the same time.
    pub fn strands(&self) -> usize {
        self.lanes
    }

    /// Threads that take part.
    pub fn threads(&self) -> usize {
        self.lanes * self.members
    }

    /// Elements of scratch memory that a run of layers over so many samples needs.
    pub fn scratch_len(&self, layers: &[&Layer], samples: usize) -> usize {
        self.lanes * self.lane_len(layers.iter().copied(), samples)
    }

    fn lane_len<'l>(&self, layers: impl Iterator<Item = &'l Layer>, samples: usize) -> usize {
        let samples = samples.div_ceil(self.pieces);
        // A cache line between lanes is shared by nobody.
        layers.map(|layer| layer.scratch_len(samples)).max().unwrap_or(0).next_multiple_of(32)
    }

    /// Runs each layer over its sequences, which have as many samples each. If the team is at work already, everything
    /// is done on this thread.
    ///
    /// # Safety
    /// The inputs must be readable and the states and outputs writable, and nothing else may use them meanwhile. What
    /// one layer writes no other may use.
    ///
    /// # Panics
    /// If the scratch memory is too short, or as [`Layer::run`] does.
    pub unsafe fn run(&self, team: &Team, runs: &[(&Layer, Sequence<'_>)], scratch: &mut [f32]) {
        if self.threads() == 1 {
            // Small cells take less time than the divisions below.
            for (layer, sequence) in runs {
                // SAFETY: the caller promises the sequence.
                unsafe { layer.run(sequence, scratch) }
            }
            return;
        }
        let samples = runs.first().map_or(0, |(_, sequence)| sequence.samples);
        let layers = || runs.iter().map(|(layer, _)| *layer);
        let lane_len = self.lane_len(layers(), samples);
        assert!(
            scratch.len() >= self.lanes * lane_len,
            "as much scratch memory as scratch_len says"
        );
        for (layer, sequence) in runs {
            let fits = layer.description.hidden == runs[0].0.description.hidden
                && layer.parts() == runs[0].0.parts()
                && sequence.samples == samples;
            assert!(fits, "as many hidden units, parts and samples in each layer");
            layer.check(sequence);
        }
        let all = PointerMut(scratch.as_mut_ptr());
        let work = |member: &Member<'_>| {
            let all = &all;
            let alone = member.members() < self.threads();
            if !alone && member.index() >= self.threads() {
                return;
            }
            let (lane, lanes) =
                if alone { (0, 1) } else { (member.index() / self.members, self.lanes) };
            let first = lane * self.members;
            let mut barrier = match alone {
                true => Barrier::alone(),
                false => member.barrier(first..first + self.members),
            };
            for strand in (lane..runs.len() * self.pieces).step_by(lanes) {
                let (layer, sequence) = &runs[strand / self.pieces];
                let piece = strand % self.pieces;
                let part = if alone { None } else { Some(member.index() - first) };
                let portion = Portion {
                    samples: share(samples, piece, self.pieces),
                    parts: part
                        .map_or(0..layer.parts(), |part| share(layer.parts(), part, self.members)),
                };
                let scratch = all.0.wrapping_add(lane * lane_len);
                // SAFETY: the caller promises the sequences, which have been checked; a strand's memory is used by
                // those at its barrier alone, and strands have samples or layers of their own.
                unsafe { layer.run_portion(sequence, portion, &mut barrier, scratch) }
            }
        };
        if self.threads() > team.threads() {
            work(&Member::alone());
        } else {
            team.run_together(work);
        }
    }
}

impl std::fmt::Display for Sharing {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.threads(), self.members) {
            (1, _) => write!(formatter, "one thread"),
            (threads, 1) => write!(formatter, "{threads} threads apart"),
            (threads, members) if threads == members => {
                write!(formatter, "{threads} threads together")
            }
            (_, members) => write!(formatter, "{} × {members} threads together", self.lanes),
        }
    }
}

/// The piece with this number of a range that is cut into pieces as even as can be.
fn share(total: usize, piece: usize, pieces: usize) -> Range<usize> {
    piece * total / pieces..(piece + 1) * total / pieces
}
