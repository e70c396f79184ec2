//! Samples joined with the spans that were open when they were taken.

use std::collections::HashMap;

use super::Samples;
use crate::nesting::{Visitor, walk};
use crate::stacks::{Frame, Stack, Stacks, Value};
use crate::symbols::functions;
use crate::trace::{Span, Thread, Trace};

impl Samples {
    /// Names the functions, and merges what is alike. With a trace of the same time, each stack begins with the spans
    /// that were open on its thread.
    pub fn fold(&self, trace: Option<&Trace>) -> Stacks {
        let began = trace.map_or(self.started, |trace| trace.started);
        let mut folding = Folding {
            samples: self,
            by_thread: HashMap::new(),
            spans: vec![Vec::new(); self.samples.len()],
            began,
            waiting: Vec::new(),
            open: Vec::new(),
            trace,
        };
        let mut order: Vec<usize> = (0..self.samples.len()).collect();
        order.sort_by_key(|&position| self.samples[position].time);
        for position in order {
            let thread = self.samples[position].thread;
            folding.by_thread.entry(thread).or_default().push(position);
        }
        if let Some(trace) = trace {
            walk(trace, &mut folding);
        }
        let mut merging = Merging::default();
        if let Some(trace) = trace {
            merging.frames = trace
                .operations
                .iter()
                .map(|operation| Frame {
                    name: operation.name.clone(),
                    category: operation.category.clone(),
                    span: true,
                    ..Frame::default()
                })
                .collect();
        }
        for (sample, spans) in self.samples.iter().zip(&folding.spans) {
            let thread = merging.thread(self, trace, sample.thread);
            let mut path = spans.clone();
            let outermost = sample.addresses.len().saturating_sub(1);
            for (place, &address) in sample.addresses.iter().rev().enumerate() {
                // Names are looked up before a return address, and at the address where the thread was.
                let address = if place == outermost { address + 1 } else { address };
                path.extend_from_slice(merging.path(address));
            }
            merging.add(thread, path, sample.time.saturating_sub(began), self.period);
        }
        Stacks {
            name: trace.map_or("samples".to_owned(), |trace| trace.name.clone()),
            started: began,
            wall: trace.map_or(self.wall, |trace| trace.wall),
            period: self.period,
            values: vec![Value::new("samples", "count"), Value::new("cpu", "nanoseconds")],
            threads: merging.threads,
            frames: merging.frames,
            stacks: merging.stacks,
        }
    }
}

/// Finds the spans that were open at each sample.
struct Folding<'a> {
    samples: &'a Samples,
    trace: Option<&'a Trace>,
    began: u64,
    /// The samples of each thread, by time.
    by_thread: HashMap<u64, Vec<usize>>,
    /// The operations open at each sample, outermost first.
    spans: Vec<Vec<u32>>,
    /// The samples of the thread that is walked over which are yet to come, the next one last.
    waiting: Vec<usize>,
    open: Vec<u32>,
}

impl Visitor for Folding<'_> {
    fn thread(&mut self, thread: u32) {
        self.open.clear();
        let id = self.trace.and_then(|trace| trace.threads.get(thread as usize)).map(|it| it.id);
        self.waiting = id.and_then(|id| self.by_thread.get(&id)).cloned().unwrap_or_default();
        self.waiting.reverse();
    }

    fn enter(&mut self, span: &Span) {
        self.open.push(span.operation);
    }

    fn own(&mut self, from: u64, to: u64) {
        while let Some(&sample) = self.waiting.last() {
            let time = self.samples.samples[sample].time;
            if time >= self.began.saturating_add(to) {
                break;
            }
            if time >= self.began.saturating_add(from) {
                self.spans[sample] = self.open.clone();
            }
            self.waiting.pop();
        }
    }

    fn leave(&mut self, _span: &Span, _time: u64, _self_time: u64) {
        self.open.pop();
    }
}

#[derive(Default)]
struct Merging {
    threads: Vec<Thread>,
    frames: Vec<Frame>,
    stacks: Vec<Stack>,
    thread_positions: HashMap<u64, u32>,
    frame_positions: HashMap<Frame, u32>,
    /// The frames at an address, outermost first.
    paths: HashMap<usize, Vec<u32>>,
    stack_positions: HashMap<(u32, Vec<u32>), usize>,
}

impl Merging {
    fn thread(&mut self, samples: &Samples, trace: Option<&Trace>, id: u64) -> u32 {
        *self.thread_positions.entry(id).or_insert_with(|| {
            let recorded = trace.and_then(|trace| trace.threads.iter().find(|it| it.id == id));
            let name = match (recorded, samples.threads.get(&id)) {
                (Some(thread), _) => thread.name.clone(),
                (None, Some(name)) => name.clone(),
                (None, None) => id.to_string(),
            };
            self.threads.push(Thread { name, id });
            self.threads.len() as u32 - 1
        })
    }

    fn path(&mut self, address: usize) -> &[u32] {
        let Self { frames, frame_positions, paths, .. } = self;
        paths.entry(address).or_insert_with(|| {
            let found = functions(address).into_iter().rev();
            found
                .map(|frame| {
                    *frame_positions.entry(frame.clone()).or_insert_with(|| {
                        frames.push(frame);
                        frames.len() as u32 - 1
                    })
                })
                .collect()
        })
    }

    fn add(&mut self, thread: u32, path: Vec<u32>, time: u64, period: u64) {
        let position = *self.stack_positions.entry((thread, path.clone())).or_insert_with(|| {
            self.stacks.push(Stack { thread, frames: path, values: vec![0, 0], times: Vec::new() });
            self.stacks.len() - 1
        });
        let stack = &mut self.stacks[position];
        stack.values[0] += 1;
        stack.values[1] += period;
        stack.times.push(time);
    }
}
