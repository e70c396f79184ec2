//! Where the time of a recorded session went.

use std::collections::HashMap;

use serde::Serialize;
use tachy_profile::analysis::{
    Bottleneck as Found, CallTree, Functions, Hotspots, bottlenecks, functions, hotspots,
};
use tachy_profile::trace::{Machine, Trace};

/// Where the time of a recorded session went.
#[derive(Debug, Clone, Serialize)]
pub struct TraceAnalysis {
    /// When the session started: nanoseconds since 1970-01-01 UTC.
    pub started: u64,
    /// The machine's peaks, where they are known.
    pub machine: Option<Machine>,
    /// Its wall time, divided among operations.
    pub hotspots: Hotspots,
    /// What holds it up.
    pub bottlenecks: Vec<Found>,
    /// The functions in which the processor was found, if it was sampled.
    pub functions: Option<Functions>,
    /// The frames of its flame graph.
    #[serde(skip)]
    pub(super) flame: Flame,
    /// The spans of its timeline.
    #[serde(skip)]
    pub(super) timeline: Timeline,
}

/// Calls, merged by the path that led to them.
#[derive(Debug, Clone, Default)]
pub(super) struct Flame {
    pub frames: Vec<Frame>,
    /// Frames too narrow to be drawn.
    pub left_out: usize,
    /// Nanoseconds of all threads together.
    pub total: u64,
}

/// All calls of one operation on one path; or a thread.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub name: String,
    /// The kind of work, by which it is coloured.
    pub category: String,
    pub depth: usize,
    /// Nanoseconds from the left edge.
    pub left: u64,
    /// Nanoseconds in it and in what it called.
    pub total: u64,
    pub self_time: u64,
    pub calls: u64,
}

/// Spans by thread, as they followed each other.
#[derive(Debug, Clone, Default)]
pub(super) struct Timeline {
    pub wall: u64,
    pub lanes: Vec<Lane>,
    /// Spans too short to be drawn.
    pub left_out: usize,
}

/// The spans of one thread.
#[derive(Debug, Clone)]
pub(super) struct Lane {
    pub name: String,
    pub depth: usize,
    pub spans: Vec<Drawn>,
}

/// A span.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drawn {
    pub operation: usize,
    pub start: u64,
    pub duration: u64,
    pub depth: usize,
}

/// Frames that are drawn, at most.
const MOST_FRAMES: usize = 700;

/// Spans that are drawn, at most.
const MOST_SPANS: usize = 6_000;

/// Lanes that are drawn, at most.
const MOST_LANES: usize = 24;

/// Rows of a lane, at most; deeper spans lie in those that are drawn.
const MOST_DEPTH: usize = 10;

impl TraceAnalysis {
    pub(super) fn new(trace: &Trace) -> Self {
        let hotspots = hotspots(trace);
        Self {
            started: trace.started,
            bottlenecks: bottlenecks(&hotspots),
            functions: trace.stacks.as_ref().map(functions),
            flame: flame(trace),
            timeline: timeline(trace, &hotspots),
            machine: trace.machine.clone(),
            hotspots,
        }
    }

    /// The time at the roofline and the time taken, in seconds, of all operations whose work is known.
    pub(super) fn at_roofline(&self) -> Option<(f64, f64)> {
        let known = self
            .hotspots
            .rows
            .iter()
            .filter_map(|row| Some((row.roofline?, row.total as f64 * 1e-9)));
        let (least, taken) = known.fold((0.0, 0.0), |(least, taken), (roofline, total)| {
            (least + roofline.min(1.0) * total, taken + total)
        });
        (taken > 0.0).then_some((least, taken))
    }
}

fn flame(trace: &Trace) -> Flame {
    let tree = CallTree::new(trace);
    let children = tree.children();
    let top = children.get(&None).map_or(&[][..], Vec::as_slice);
    let mut threads: Vec<(u32, Vec<u32>)> = Vec::new();
    for &node in top {
        let thread = tree.nodes[node as usize].thread;
        match threads.iter_mut().find(|(number, _)| *number == thread) {
            Some((_, nodes)) => nodes.push(node),
            None => threads.push((thread, vec![node])),
        }
    }
    let several = threads.len() > 1;
    let total_of =
        |nodes: &[u32]| nodes.iter().map(|&node| tree.nodes[node as usize].total).sum::<u64>();
    let mut flame = Flame { total: total_of(top), ..Flame::default() };
    let mut left = 0;
    for (thread, nodes) in &threads {
        let total = total_of(nodes);
        let depth = usize::from(several);
        if several {
            flame.frames.push(Frame {
                name: trace
                    .threads
                    .get(*thread as usize)
                    .map_or(String::new(), |thread| thread.name.clone()),
                category: String::new(),
                depth: 0,
                left,
                total,
                self_time: 0,
                calls: nodes.iter().map(|&node| tree.nodes[node as usize].calls).sum(),
            });
        }
        // Not by recursion: traces can be deep.
        let mut open: Vec<(u32, u64, usize)> = beside(nodes, left, depth, &tree);
        while let Some((node, at, depth)) = open.pop() {
            let merged = &tree.nodes[node as usize];
            let operation = trace.operations.get(merged.operation as usize);
            flame.frames.push(Frame {
                name: operation.map_or(String::new(), |operation| operation.name.clone()),
                category: operation.map_or(String::new(), |operation| operation.category.clone()),
                depth,
                left: at,
                total: merged.total,
                self_time: merged.self_time,
                calls: merged.calls,
            });
            if let Some(called) = children.get(&Some(node)) {
                open.extend(beside(called, at, depth + 1, &tree));
            }
        }
        left += total;
    }
    // What is wide enough to be seen, and of that the widest.
    let all = flame.frames.len();
    let narrowest = flame.total / 1_000;
    flame.frames.retain(|frame| frame.total > narrowest);
    flame.frames.sort_by_key(|frame| std::cmp::Reverse(frame.total));
    flame.frames.truncate(MOST_FRAMES);
    flame.frames.sort_by_key(|frame| (frame.depth, frame.left));
    flame.left_out = all - flame.frames.len();
    flame
}

/// Nodes side by side, each with where it begins.
fn beside(nodes: &[u32], mut left: u64, depth: usize, tree: &CallTree) -> Vec<(u32, u64, usize)> {
    let place = |&node: &u32| {
        let at = left;
        left += tree.nodes[node as usize].total;
        (node, at, depth)
    };
    nodes.iter().map(place).collect()
}

fn timeline(trace: &Trace, hotspots: &Hotspots) -> Timeline {
    let shown: HashMap<usize, usize> = hotspots
        .threads
        .iter()
        .take(MOST_LANES)
        .enumerate()
        .map(|(lane, cover)| (cover.position, lane))
        .collect();
    let mut lanes: Vec<Lane> = hotspots
        .threads
        .iter()
        .take(MOST_LANES)
        .map(|cover| Lane { name: cover.thread.name.clone(), depth: 1, spans: Vec::new() })
        .collect();
    let drawable = |span: &&tachy_profile::trace::Span| {
        (span.depth as usize) < MOST_DEPTH && shown.contains_key(&(span.thread as usize))
    };
    let mut durations: Vec<u64> =
        trace.spans.iter().filter(drawable).map(|span| span.duration).collect();
    let shortest = match durations.len() > MOST_SPANS {
        true => *durations.select_nth_unstable_by(MOST_SPANS - 1, |a, b| b.cmp(a)).1,
        false => 0,
    };
    let mut room = MOST_SPANS;
    for span in trace.spans.iter().filter(drawable).filter(|span| span.duration >= shortest) {
        if room == 0 {
            break;
        }
        room -= 1;
        let lane = &mut lanes[shown[&(span.thread as usize)]];
        lane.depth = lane.depth.max(span.depth as usize + 1);
        lane.spans.push(Drawn {
            operation: span.operation as usize,
            start: span.start,
            duration: span.duration,
            depth: span.depth as usize,
        });
    }
    let drawn: usize = lanes.iter().map(|lane| lane.spans.len()).sum();
    Timeline { wall: trace.wall.max(1), lanes, left_out: trace.spans.len() - drawn }
}
