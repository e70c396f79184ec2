//! Traces of one program on two occasions, operation by operation.

use std::collections::HashMap;

use serde::Serialize;
use tachy_profile::analysis::self_times;
use tachy_profile::trace::{Operation, Trace};
use tachy_stats::{Outcome, PartSamples, Samples, Shift, quick, shifts};

/// Of the operations that are called changed, the share that is expected to be wrong at the most.
const FALSE_DISCOVERIES: f64 = 0.01;

/// How the traces of one program differ on two occasions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TraceDiff {
    /// What they recorded.
    pub names: [String; 2],
    /// How many processes were recorded on each occasion.
    pub processes: [usize; 2],
    /// How long the traces of each occasion are in all, in seconds.
    pub wall: [f64; 2],
    /// What the typical operation's time has become of itself.
    pub common: f64,
    /// By how much operations differ between the occasions that did not change, beside what their processes do: one
    /// deviation, as a share.
    pub spread: f64,
    /// The operations of both: those that changed first, by the time that this makes; then the others, by how far they
    /// stand out.
    pub operations: Vec<OperationDiff>,
    /// Those that the first has alone.
    pub gone: Vec<Operation>,
    /// Those that the second has alone.
    pub new: Vec<Operation>,
}

/// An operation of both occasions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OperationDiff {
    /// What it is, as the second occasion has it.
    pub operation: Operation,
    /// How it was computed on the first, if that was another way.
    pub before: Option<String>,
    /// How often it ran.
    pub calls: [usize; 2],
    /// The time of its own that one in ten calls stays below, in seconds.
    pub quick: [f64; 2],
    /// How it has changed; `None` if it ran too rarely to say.
    pub shift: Option<Shift>,
    /// Seconds of the second occasion's traces that are due to the change beyond what all operations share.
    pub cost: f64,
}

impl OperationDiff {
    /// Faster or slower than the others have become, or unsure.
    pub fn outcome(&self) -> Outcome {
        self.shift.map_or(Outcome::Unsure, |shift| shift.outcome)
    }
}

impl TraceDiff {
    /// Compares the traces of two occasions, each of one process or of several. Operations belong together if they have
    /// the same name, category and device; of several in one trace, the first with the first.
    pub fn new(first: &[Trace], second: &[Trace]) -> Self {
        let sides = [first, second];
        let mut rows: Vec<Row> = Vec::new();
        let mut known: HashMap<(Key<'_>, usize), usize> = HashMap::new();
        for (side, traces) in sides.into_iter().enumerate() {
            for (process, trace) in traces.iter().enumerate() {
                let mut count = HashMap::new();
                for (place, operation) in trace.operations.iter().enumerate() {
                    let row = *known.entry(numbered(operation, &mut count)).or_insert_with(|| {
                        rows.push(Row::new(sides));
                        rows.len() - 1
                    });
                    rows[row].places[side][process] = Some(place);
                }
            }
        }
        let times = sides.map(|side| side.iter().map(self_times).collect::<Vec<_>>());
        let operation = |row: &Row, side: usize| {
            let mut places = row.places[side].iter().enumerate();
            places.find_map(|(process, place)| Some(&sides[side][process].operations[(*place)?]))
        };
        let alone = |side: usize| {
            let rows = rows.iter().filter(move |row| !row.is_on(1 - side));
            rows.filter_map(|row| operation(row, side).cloned()).collect()
        };
        let both: Vec<&Row> = rows.iter().filter(|row| row.is_on(0) && row.is_on(1)).collect();
        let of_rows: Vec<[Vec<Samples>; 2]> = both.iter().map(|row| row.samples(&times)).collect();
        let parts: Vec<PartSamples<'_>> =
            of_rows.iter().map(|it| it.each_ref().map(|side| side.iter().collect())).collect();
        let shifts = shifts(&parts, FALSE_DISCOVERIES);
        let mut operations: Vec<OperationDiff> = (both.iter().zip(&of_rows).zip(shifts.parts))
            .filter_map(|((row, samples), shift)| {
                let (old, operation) = (operation(row, 0)?, operation(row, 1)?.clone());
                let total: f64 = samples[1].iter().flat_map(Samples::values).sum();
                Some(OperationDiff {
                    before: (old.detail != operation.detail).then(|| old.detail.clone()),
                    operation,
                    calls: samples.each_ref().map(|side| side.iter().map(Samples::len).sum()),
                    quick: samples.each_ref().map(|side| quick_of_all(side)),
                    cost: shift.map_or(0.0, |shift| total * (1.0 - 1.0 / shift.beyond)),
                    shift,
                })
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
            names: sides.map(|side| side.first().map_or_else(String::new, |it| it.name.clone())),
            processes: sides.map(<[Trace]>::len),
            wall: sides.map(|side| side.iter().map(|trace| trace.wall as f64 * 1e-9).sum()),
            common: shifts.common,
            spread: shifts.spread,
            operations,
            gone: alone(0),
            new: alone(1),
        }
    }
}

/// An operation, and its place in each trace that has it.
struct Row {
    places: [Vec<Option<usize>>; 2],
}

impl Row {
    fn new(sides: [&[Trace]; 2]) -> Self {
        Self { places: sides.map(|side| vec![None; side.len()]) }
    }

    fn is_on(&self, side: usize) -> bool {
        self.places[side].iter().any(Option::is_some)
    }

    /// The times of its own in each process; none where the trace does not have it, which is then not judged.
    fn samples(&self, times: &[Vec<Vec<Vec<u64>>>; 2]) -> [Vec<Samples>; 2] {
        [0, 1].map(|side| {
            let processes = self.places[side].iter().zip(&times[side]);
            let of_process = |(place, times): (&Option<usize>, &Vec<Vec<u64>>)| {
                samples(place.map_or(&[], |place| &times[place]))
            };
            processes.map(of_process).collect()
        })
    }
}

/// The median of what the processes show.
fn quick_of_all(processes: &[Samples]) -> f64 {
    let mut quick: Vec<f64> = processes.iter().filter_map(quick).collect();
    quick.sort_unstable_by(f64::total_cmp);
    quick.get(quick.len() / 2).copied().unwrap_or(0.0)
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
        let diff = TraceDiff::new(&[trace(&before)], &[trace(&after)]);
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
        let diff = TraceDiff::new(&[before], &[after]);
        assert_eq!(diff.gone.iter().map(|gone| &*gone.name).collect::<Vec<_>>(), ["old"]);
        assert_eq!(diff.new.iter().map(|new| &*new.name).collect::<Vec<_>>(), ["new"]);
        assert_eq!(diff.operations.len(), 3);
        assert!(diff.operations.iter().all(|diff| diff.outcome() == Outcome::Unsure));
        let ratio = |diff: &OperationDiff| (diff.quick[1] / diff.quick[0] - 1.0).abs() < 0.05;
        assert!(diff.operations.iter().all(ratio));
    }
}
