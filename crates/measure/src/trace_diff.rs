//! Two traces of one program, operation by operation.

use std::collections::HashMap;

use serde::Serialize;
use tachy_profile::analysis::self_times;
use tachy_profile::trace::{Operation, Trace};
use tachy_stats::{Outcome, Samples, Shift, quick, shifts};

/// Of the operations that are called changed, the share that is expected to be wrong at the most.
const FALSE_DISCOVERIES: f64 = 0.01;

/// How two traces of one program differ.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TraceDiff {
    /// What the two recorded.
    pub names: [String; 2],
    /// How long the two were, in seconds.
    pub wall: [f64; 2],
    /// What the typical operation's time has become of itself.
    pub common: f64,
    /// How much operations differ between the two that did not change, as a share: one deviation.
    pub spread: f64,
    /// The operations of both: those that changed first, by the time that this makes; then the others, by how far they
    /// stand out.
    pub operations: Vec<OperationDiff>,
    /// Those that the first has alone.
    pub gone: Vec<Operation>,
    /// Those that the second has alone.
    pub new: Vec<Operation>,
}

/// An operation in both traces.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OperationDiff {
    /// What it is, as the second trace has it.
    pub operation: Operation,
    /// How it was computed in the first trace, if that was another way.
    pub before: Option<String>,
    /// How often it ran.
    pub calls: [usize; 2],
    /// The time of its own that one in ten calls stays below, in seconds.
    pub quick: [f64; 2],
    /// How it has changed; `None` if it ran too rarely to say.
    pub shift: Option<Shift>,
    /// Seconds of the second trace that are due to the change beyond what all operations share.
    pub cost: f64,
}

impl OperationDiff {
    /// Faster or slower than the others have become, or unsure.
    pub fn outcome(&self) -> Outcome {
        self.shift.map_or(Outcome::Unsure, |shift| shift.outcome)
    }
}

impl TraceDiff {
    /// Compares two traces. Operations belong together if they have the same name, category and device; of several, the
    /// first with the first.
    pub fn new(first: &Trace, second: &Trace) -> Self {
        let mut known: HashMap<(Key<'_>, usize), usize> = HashMap::new();
        let mut count = HashMap::new();
        for (place, operation) in first.operations.iter().enumerate() {
            known.insert(numbered(operation, &mut count), place);
        }
        count.clear();
        let times = [self_times(first), self_times(second)];
        let (mut places, mut new) = (Vec::new(), Vec::new());
        for (place, operation) in second.operations.iter().enumerate() {
            match known.remove(&numbered(operation, &mut count)) {
                Some(before) => places.push([before, place]),
                None => new.push(operation.clone()),
            }
        }
        let mut gone: Vec<usize> = known.into_values().collect();
        gone.sort_unstable();
        let samples: Vec<[Samples; 2]> = (places.iter())
            .map(|[before, after]| [samples(&times[0][*before]), samples(&times[1][*after])])
            .collect();
        let pairs: Vec<(&Samples, &Samples)> =
            samples.iter().map(|[before, after]| (before, after)).collect();
        let shifts = shifts(&pairs, FALSE_DISCOVERIES);
        let mut operations: Vec<OperationDiff> = (places.iter().zip(&samples).zip(shifts.parts))
            .map(|(([before, after], samples), shift)| {
                let old = &first.operations[*before].detail;
                let operation = second.operations[*after].clone();
                let total: f64 = samples[1].values().iter().sum();
                OperationDiff {
                    before: (*old != operation.detail).then(|| old.clone()),
                    operation,
                    calls: samples.each_ref().map(Samples::len),
                    quick: samples.each_ref().map(|samples| quick(samples).unwrap_or(0.0)),
                    cost: shift.map_or(0.0, |shift| total * (1.0 - 1.0 / shift.beyond)),
                    shift,
                }
            })
            .collect();
        let found = |diff: &OperationDiff| diff.outcome() != Outcome::Unsure;
        let off = |diff: &OperationDiff| diff.shift.map_or(0.0, |shift| shift.deviations.abs());
        operations.sort_by(|a, b| {
            let cost = || b.cost.abs().total_cmp(&a.cost.abs());
            found(b).cmp(&found(a)).then_with(|| match found(a) {
                true => cost(),
                false => off(b).total_cmp(&off(a)),
            })
        });
        Self {
            names: [first.name.clone(), second.name.clone()],
            wall: [first.wall, second.wall].map(|wall| wall as f64 * 1e-9),
            common: shifts.common,
            spread: shifts.spread,
            operations,
            gone: gone.into_iter().map(|place| first.operations[place].clone()).collect(),
            new,
        }
    }
}

type Key<'a> = [&'a str; 3];

/// The operation's name, category and device, and how many had the same before it.
fn numbered<'a>(operation: &'a Operation, count: &mut HashMap<Key<'a>, usize>) -> (Key<'a>, usize) {
    let key = [&*operation.name, &*operation.category, &*operation.device];
    let count = count.entry(key).or_default();
    *count += 1;
    (key, *count)
}

/// A span shorter than the clock can tell took half of what it can tell.
fn samples(nanoseconds: &[u64]) -> Samples {
    let seconds = nanoseconds.iter().map(|time| (*time as f64).max(0.5) * 1e-9);
    Samples::new(seconds.collect()).expect("times are positive")
}

#[cfg(test)]
mod tests {
    use tachy_profile::trace::{Span, Thread};

    use super::*;

    /// A trace of runs of operations of so many microseconds, inside a span for each run.
    fn trace(operations: &[(&str, &str, f64)]) -> Trace {
        let mut trace =
            Trace { threads: vec![Thread { name: "main".to_owned(), id: 1 }], ..Trace::default() };
        let mut all = vec![("run", "", 0.0)];
        all.extend_from_slice(operations);
        for (name, detail, _) in &all {
            trace.operations.push(Operation {
                name: (*name).to_owned(),
                category: String::new(),
                device: "cpu".to_owned(),
                detail: (*detail).to_owned(),
                work: None,
            });
        }
        for run in 0..40_u64 {
            let start = trace.wall;
            let outer = trace.spans.len();
            trace.spans.push(Span { operation: 0, thread: 0, start, duration: 0, depth: 0 });
            for (place, (.., micros)) in operations.iter().enumerate() {
                let noise = 1.0 + 0.01 * ((run * 7 + place as u64 * 3) % 5) as f64;
                let duration = (micros * 1000.0 * noise) as u64;
                trace.spans.push(Span {
                    operation: place as u32 + 1,
                    thread: 0,
                    start: trace.wall,
                    duration,
                    depth: 1,
                });
                trace.wall += duration;
            }
            trace.wall += (operations[0].2 * 2.5) as u64;
            trace.spans[outer].duration = trace.wall - start;
        }
        trace
    }

    #[test]
    fn what_became_slower_comes_first_and_what_became_of_the_machine_is_told_apart() {
        let names = ["a", "b", "c", "d", "e", "f"];
        let before: Vec<_> = names.iter().map(|name| (*name, "", 20.0)).collect();
        let mut after: Vec<_> = names.iter().map(|name| (*name, "", 22.0)).collect();
        after[3] = ("d", "another way", 26.0);
        let diff = TraceDiff::new(&trace(&before), &trace(&after));
        assert!((diff.common - 1.1).abs() < 0.005, "{}", diff.common);
        let first = &diff.operations[0];
        assert_eq!((&*first.operation.name, first.outcome()), ("d", Outcome::Slower));
        assert_eq!((first.before.as_deref(), first.calls), (Some(""), [40, 40]));
        // 40 calls of 4 microseconds more.
        assert!((first.cost / 160e-6 - 1.0).abs() < 0.1, "{}", first.cost);
        let others = diff.operations[1..].iter();
        assert!(others.map(OperationDiff::outcome).all(|outcome| outcome == Outcome::Unsure));
    }

    #[test]
    fn what_one_trace_has_alone_is_listed_and_namesakes_stay_apart() {
        let before = trace(&[("x", "", 10.0), ("x", "", 20.0), ("old", "", 10.0)]);
        let after = trace(&[("x", "", 10.0), ("new", "", 10.0), ("x", "", 20.0)]);
        let diff = TraceDiff::new(&before, &after);
        assert_eq!(diff.gone.iter().map(|gone| &*gone.name).collect::<Vec<_>>(), ["old"]);
        assert_eq!(diff.new.iter().map(|new| &*new.name).collect::<Vec<_>>(), ["new"]);
        assert_eq!(diff.operations.len(), 3);
        assert!(diff.operations.iter().all(|diff| diff.outcome() == Outcome::Unsure));
        let ratio = |diff: &OperationDiff| (diff.quick[1] / diff.quick[0] - 1.0).abs() < 0.05;
        assert!(diff.operations.iter().all(ratio));
    }
}
