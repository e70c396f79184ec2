//! What was allocated where.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::frames::plumbing;
use super::record::{Counts, Sites};
use crate::stacks::{Frame, Stack, Stacks, Value};
use crate::symbols::functions;
use crate::trace::Thread;
use crate::words;

/// What was allocated where while it was recorded.
///
/// If only one allocation in [`period`](Self::period) was recorded, all numbers are of those alone: multiplied by
/// the period they estimate the whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HeapReport {
    /// When it began: nanoseconds since 1970-01-01 UTC.
    pub started: u64,
    /// How long it was, in nanoseconds.
    pub wall: u64,
    /// One allocation in so many was recorded.
    pub period: u64,
    /// Allocations; one that grew or shrank counts again.
    pub allocations: u64,
    /// Bytes of all allocations.
    pub bytes: u64,
    /// Allocations not freed at the end.
    pub live: u64,
    /// Bytes not freed at the end.
    pub live_bytes: u64,
    /// The most bytes that were live at once.
    pub peak_bytes: u64,
    /// The sites, those with most live bytes first.
    pub sites: Vec<Site>,
}

/// A place that allocates: a call stack.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Site {
    /// The functions, innermost first, without those between the program and the allocator.
    pub frames: Vec<Frame>,
    /// Allocations; one that grew or shrank counts again.
    pub allocations: u64,
    /// Bytes of all its allocations.
    pub bytes: u64,
    /// Allocations not freed at the end.
    pub live: u64,
    /// Bytes not freed at the end.
    pub live_bytes: u64,
    /// The most bytes that were live at once.
    pub peak_bytes: u64,
}

impl Site {
    /// The function that allocates, with its file and line if they are known.
    pub fn name(&self) -> String {
        match self.frames.first() {
            None => "(unknown)".to_owned(),
            Some(frame) if frame.file.is_empty() => frame.name.clone(),
            Some(frame) => format!("{} ({}:{})", frame.name, frame.file, frame.line),
        }
    }
}

impl HeapReport {
    pub(super) fn new(started: u64, wall: u64, period: u64, sites: Sites) -> Self {
        let mut known: HashMap<usize, Vec<Frame>> = HashMap::new();
        // What differs only in the way from the program to the allocator is one site.
        let mut merged: HashMap<Vec<Frame>, Counts> = HashMap::new();
        for (addresses, counts) in &sites.list {
            let mut frames = Vec::new();
            for &address in addresses.iter().take_while(|&&address| address != 0) {
                let here = known.entry(address).or_insert_with(|| functions(address));
                frames.extend(here.iter().cloned());
            }
            frames.drain(..plumbing(&frames));
            let sum = merged.entry(frames).or_default();
            sum.allocations += counts.allocations;
            sum.bytes += counts.bytes;
            sum.live += counts.live;
            sum.live_bytes += counts.live_bytes;
            // Of those that are one after the other this is too much, and never too little.
            sum.peak_bytes += counts.peak_bytes;
        }
        let mut sites_with_names: Vec<Site> = merged
            .into_iter()
            .map(|(frames, counts)| Site {
                frames,
                allocations: counts.allocations,
                bytes: counts.bytes,
                live: counts.live,
                live_bytes: counts.live_bytes,
                peak_bytes: counts.peak_bytes,
            })
            .collect();
        sites_with_names.sort_by_key(|site| Reverse((site.live_bytes, site.bytes)));
        let Counts { allocations, bytes, live, live_bytes, peak_bytes } = sites.total;
        Self {
            started,
            wall,
            period,
            allocations,
            bytes,
            live,
            live_bytes,
            peak_bytes,
            sites: sites_with_names,
        }
    }

    /// The sites, those that allocate most often first.
    pub fn by_count(&self) -> Vec<&Site> {
        let mut sites: Vec<&Site> = self.sites.iter().collect();
        sites.sort_by_key(|site| Reverse(site.allocations));
        sites
    }

    /// The sites that keep what they allocate, those with most of it first: candidates for leaks.
    pub fn kept(&self) -> Vec<&Site> {
        let mut sites: Vec<&Site> = self.sites.iter().filter(|site| site.live > 0).collect();
        sites.sort_by_key(|site| Reverse((site.live, site.live_bytes)));
        sites
    }

    /// The sites as stacks, for flame graphs, pprof and the Firefox Profiler.
    pub fn stacks(&self) -> Stacks {
        let mut positions: HashMap<&Frame, u32> = HashMap::new();
        let mut frames = Vec::new();
        let mut stacks = Vec::new();
        for site in &self.sites {
            let path = site.frames.iter().rev().map(|frame| {
                *positions.entry(frame).or_insert_with(|| {
                    frames.push(frame.clone());
                    frames.len() as u32 - 1
                })
            });
            stacks.push(Stack {
                thread: 0,
                frames: path.collect(),
                values: vec![site.allocations, site.bytes, site.live, site.live_bytes],
                times: Vec::new(),
            });
        }
        Stacks {
            name: "heap".to_owned(),
            started: self.started,
            wall: self.wall,
            period: self.period,
            // The names that pprof's own tools know.
            values: vec![
                Value::new("alloc_objects", "count"),
                Value::new("alloc_space", "bytes"),
                Value::new("inuse_objects", "count"),
                Value::new("inuse_space", "bytes"),
            ],
            threads: vec![Thread { name: "heap".to_owned(), id: 0 }],
            frames,
            stacks,
        }
    }
}

/// How many sites the text shows.
const SHOWN: usize = 20;

/// The sites with most live bytes, and a line that sums up.
impl fmt::Display for HeapReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "{:>10}  {:>10}  {:>10}  {:>11}  {:>10}  site",
            "live", "in", "peak", "allocations", "bytes"
        )?;
        for site in self.sites.iter().take(SHOWN) {
            writeln!(
                formatter,
                "{:>10}  {:>10}  {:>10}  {:>11}  {:>10}  {}",
                words::bytes(site.live_bytes as f64),
                site.live,
                words::bytes(site.peak_bytes as f64),
                site.allocations,
                words::bytes(site.bytes as f64),
                site.name(),
            )?;
        }
        if self.sites.len() > SHOWN {
            writeln!(
                formatter,
                "and {} more",
                words::count((self.sites.len() - SHOWN) as u64, "site")
            )?;
        }
        let part = match self.period {
            0 | 1 => String::new(),
            period => format!(", of which one in {period} was recorded"),
        };
        writeln!(
            formatter,
            "{} of {}{part}; {} of {} still live at the end; at most {} at once.",
            words::count(self.allocations, "allocation"),
            words::bytes(self.bytes as f64),
            words::count(self.live, "allocation"),
            words::bytes(self.live_bytes as f64),
            words::bytes(self.peak_bytes as f64),
        )
    }
}
