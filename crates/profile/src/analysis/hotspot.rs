//! Where time went: one operation's part of a run.

use serde::{Deserialize, Serialize};

use super::Bound;
use crate::trace::{Machine, Operation};

/// One operation's part of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hotspot {
    /// Position in [`Trace::operations`](crate::trace::Trace::operations).
    pub position: usize,
    /// The operation.
    pub operation: Operation,
    /// How many spans it has.
    pub calls: u64,
    /// Nanoseconds in its spans, over all threads; of spans in spans of itself, the outer ones.
    pub total: u64,
    /// Nanoseconds in its spans and in no other that lies in them, over all threads.
    pub self_time: u64,
    /// As much of `self_time` as was on the main thread. These and the unattributed time add up to the wall.
    pub main: u64,
    /// `self_time` on the thread where it took longest, as a share of the wall: 0 to 1.
    pub share: f64,
    /// The mean span, in nanoseconds.
    pub mean: f64,
    /// The median span, in nanoseconds.
    pub median: f64,
    /// The shortest span, in nanoseconds.
    pub least: u64,
    /// The longest span, in nanoseconds.
    pub most: u64,
    /// Floating-point operations a second, if the work is known.
    pub flops_per_second: Option<f64>,
    /// Bytes a second to and from memory, if the work is known.
    pub bytes_per_second: Option<f64>,
    /// Bytes a second between devices, if there are any.
    pub transferred_per_second: Option<f64>,
    /// What keeps it from being faster.
    pub bound: Bound,
    /// The time at the roofline as a share of the time taken. Above 1, the machine's peaks are set too low.
    pub roofline: Option<f64>,
    /// The share of the whole run, in percent, that would be won if it reached its roofline: 0 to 100.
    ///
    /// For one bound by overhead that means that its work was done together with that of other calls.
    pub potential: Option<f64>,
}

/// What is gathered of an operation.
#[derive(Clone, Default)]
pub(super) struct Gathered {
    /// Nanoseconds of each span.
    pub durations: Vec<u64>,
    /// Nanoseconds in outer spans, and how many these are.
    pub total: u64,
    pub outer: u64,
    pub self_time: u64,
    /// The most on one thread: nanoseconds of its own; nanoseconds and number of outer spans.
    pub longest_self: u64,
    pub longest_total: (u64, u64),
    pub main: u64,
}

impl Gathered {
    pub fn hotspot(
        mut self,
        position: usize,
        operation: &Operation,
        wall: u64,
        machine: Option<&Machine>,
    ) -> Hotspot {
        let calls = self.durations.len() as u64;
        let sum: f64 = self.durations.iter().map(|&duration| duration as f64).sum();
        let least = self.durations.iter().copied().min().unwrap_or(0);
        let most = self.durations.iter().copied().max().unwrap_or(0);
        let median = median(&mut self.durations);
        let share = |time: f64| if wall > 0 { time / wall as f64 } else { 0.0 };

        let work = operation.work.as_ref();
        let seconds = self.total as f64 * 1e-9;
        let rate = |amount: f64| {
            (amount > 0.0 && seconds > 0.0).then(|| amount * self.outer as f64 / seconds)
        };
        let (mut bound, mut roofline, mut potential) = (Bound::Unknown, None, None);
        if let Some(machine) = machine {
            bound = Bound::of(machine, work, median * 1e-9);
            let least = work.map_or(0.0, |work| machine.least_seconds(work));
            let known = bound == Bound::Overhead || least > 0.0;
            if known && seconds > 0.0 {
                roofline = Some(least * self.outer as f64 / seconds);
                let (time, outer) = self.longest_total;
                let won = time as f64 - least * 1e9 * outer as f64;
                potential = Some((100.0 * share(won)).clamp(0.0, 100.0));
            }
        }
        Hotspot {
            position,
            operation: operation.clone(),
            calls,
            total: self.total,
            self_time: self.self_time,
            main: self.main,
            share: share(self.longest_self as f64),
            mean: if calls > 0 { sum / calls as f64 } else { 0.0 },
            median,
            least,
            most,
            flops_per_second: work.and_then(|work| rate(work.flops)),
            bytes_per_second: work.and_then(|work| rate(work.bytes)),
            transferred_per_second: work.and_then(|work| rate(work.transferred)),
            bound,
            roofline,
            potential,
        }
    }
}

/// The median; 0 of nothing. Changes the order.
fn median(values: &mut [u64]) -> f64 {
    let middle = values.len() / 2;
    if values.is_empty() {
        return 0.0;
    }
    let odd = values.len() % 2 == 1;
    let (below, &mut upper, _) = values.select_nth_unstable(middle);
    match below.iter().max() {
        Some(&lower) if !odd => (lower as f64 + upper as f64) / 2.0,
        _ => upper as f64,
    }
}
