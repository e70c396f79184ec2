//! The Firefox Profiler's processed profile.

use std::collections::HashMap;
use std::io::{self, BufWriter, Write};
use std::time::{Duration, UNIX_EPOCH};

use fxprof_processed_profile::{
    CategoryColor, CategoryHandle, CpuDelta, Frame, FrameFlags, FrameHandle, FrameInfo,
    MarkerFieldFlags, MarkerFieldFormat, MarkerTiming, ProcessHandle, Profile, SamplingInterval,
    StackHandle, StaticSchemaMarker, StaticSchemaMarkerField, StringHandle, ThreadHandle,
    Timestamp, WeightType,
};

use crate::nesting::{Visitor, walk};
use crate::stacks::Stacks;
use crate::trace::{Span, Thread, Trace};

/// So many samples of a trace, evenly over its wall time, stand for its spans in the profiler's call tree.
const SAMPLES: u64 = 20_000;

/// Writes a trace that <https://profiler.firefox.com> opens: every span as a marker, and samples of the open spans.
pub fn firefox(trace: &Trace, out: impl Write) -> io::Result<()> {
    let interval = (trace.wall / SAMPLES).max(1000);
    let mut profile = start(&trace.name, trace.started, interval);
    let (process, threads) = add_threads(&mut profile, &trace.name, &trace.threads, trace.wall);
    profile.set_process_end_time(process, time(trace.wall));
    let mut categories = Categories::default();
    let operations = trace
        .operations
        .iter()
        .map(|operation| Known {
            name: profile.intern_string(&operation.name),
            category: categories.of(&mut profile, &operation.category),
            detail: profile.intern_string(&operation.detail),
            device: profile.intern_string(&operation.device),
        })
        .collect();
    let mut filling =
        Filling { profile, threads, operations, thread: 0, open: Vec::new(), interval };
    walk(trace, &mut filling);
    finish(&filling.profile, out)
}

/// Writes stacks that <https://profiler.firefox.com> opens.
///
/// Bytes are shown if the last value is in bytes, and else the first value, as samples. Stacks that say when they
/// were met stand at those times; others stand one after the other.
pub fn firefox_stacks(stacks: &Stacks, out: impl Write) -> io::Result<()> {
    let bytes = stacks.values.last().is_some_and(|value| value.unit == "bytes");
    let interval = match stacks.period {
        0 => 1_000_000,
        period if bytes || period > 1_000_000_000 => 1_000_000,
        period => period,
    };
    let mut profile = start(&stacks.name, stacks.started, interval);
    let (process, threads) = add_threads(&mut profile, &stacks.name, &stacks.threads, stacks.wall);
    profile.set_process_end_time(process, time(stacks.wall));
    for &thread in &threads {
        let weight = if bytes { WeightType::Bytes } else { WeightType::Samples };
        profile.set_thread_samples_weight_type(thread, weight);
    }
    let mut categories = Categories::default();
    let frames: Vec<(StringHandle, CategoryHandle)> = stacks
        .frames
        .iter()
        .map(|frame| {
            let category =
                if frame.span && frame.category.is_empty() { "operation" } else { &frame.category };
            (profile.intern_string(&frame.name), categories.of(&mut profile, category))
        })
        .collect();
    let mut place = 0;
    for stack in &stacks.stacks {
        let Some(&thread) = threads.get(stack.thread as usize) else { continue };
        let value = if bytes { stack.values.last() } else { stack.values.first() };
        let mut weight = value.copied().unwrap_or(0);
        let known = stack.frames.iter().filter_map(|&frame| frames.get(frame as usize));
        let frames: Vec<FrameInfo> = known.map(|&(name, category)| label(name, category)).collect();
        let handle = profile.intern_stack_frames(thread, frames.into_iter());
        if !bytes && stack.times.len() as u64 == weight {
            for &moment in &stack.times {
                profile.add_sample(thread, time(moment), handle, CpuDelta::ZERO, 1);
            }
            continue;
        }
        while weight > 0 {
            // A sample's weight is a small number.
            let part = weight.min(i32::MAX as u64);
            profile.add_sample(thread, time(place * interval), handle, CpuDelta::ZERO, part as i32);
            weight -= part;
            place += 1;
        }
    }
    finish(&profile, out)
}

fn start(name: &str, started: u64, interval: u64) -> Profile {
    let reference = UNIX_EPOCH + Duration::from_nanos(started);
    let mut profile = Profile::new(name, reference.into(), SamplingInterval::from_nanos(interval));
    // The names are all there; nothing is to be looked up by address.
    profile.set_symbolicated(true);
    profile
}

fn finish(profile: &Profile, out: impl Write) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    serde_json::to_writer(&mut out, profile)?;
    out.flush()
}

fn time(nanoseconds: u64) -> Timestamp {
    Timestamp::from_nanos_since_reference(nanoseconds)
}

fn label(name: StringHandle, category: CategoryHandle) -> FrameInfo {
    FrameInfo {
        frame: Frame::Label(name),
        category_pair: category.into(),
        flags: FrameFlags::empty(),
    }
}

fn add_threads(
    profile: &mut Profile,
    name: &str,
    threads: &[Thread],
    wall: u64,
) -> (ProcessHandle, Vec<ThreadHandle>) {
    let process = profile.add_process(name, 1, time(0));
    let handles = threads.iter().map(|thread| {
        // A main thread would be named after the process.
        let id = u32::try_from(thread.id).unwrap_or(0);
        let handle = profile.add_thread(process, id, time(0), false);
        profile.set_thread_name(handle, &thread.name);
        profile.set_thread_end_time(handle, time(wall));
        profile.set_thread_show_markers_in_timeline(handle, true);
        profile.add_initial_visible_thread(handle);
        handle
    });
    let handles = handles.collect();
    (process, handles)
}

/// The profiler's categories, which colour its graphs.
#[derive(Default)]
struct Categories {
    known: HashMap<String, CategoryHandle>,
}

impl Categories {
    fn of(&mut self, profile: &mut Profile, name: &str) -> CategoryHandle {
        const COLORS: [CategoryColor; 7] = [
            CategoryColor::Blue,
            CategoryColor::Orange,
            CategoryColor::Green,
            CategoryColor::Purple,
            CategoryColor::Yellow,
            CategoryColor::Brown,
            CategoryColor::Magenta,
        ];
        if name.is_empty() {
            return CategoryHandle::OTHER;
        }
        if let Some(&handle) = self.known.get(name) {
            return handle;
        }
        let color = COLORS[self.known.len() % COLORS.len()];
        let handle = profile.add_category(name, color);
        self.known.insert(name.to_owned(), handle);
        handle
    }
}

#[derive(Clone, Copy)]
struct Known {
    name: StringHandle,
    category: CategoryHandle,
    detail: StringHandle,
    device: StringHandle,
}

impl StaticSchemaMarker for Known {
    const UNIQUE_MARKER_TYPE_NAME: &'static str = "Span";
    const CHART_LABEL: Option<&'static str> = Some("{marker.name}");
    const TABLE_LABEL: Option<&'static str> =
        Some("{marker.name} {marker.data.detail} {marker.data.device}");
    const FIELDS: &'static [StaticSchemaMarkerField] = &[
        StaticSchemaMarkerField {
            key: "detail",
            label: "Detail",
            format: MarkerFieldFormat::String,
            flags: MarkerFieldFlags::SEARCHABLE,
        },
        StaticSchemaMarkerField {
            key: "device",
            label: "Device",
            format: MarkerFieldFormat::String,
            flags: MarkerFieldFlags::SEARCHABLE,
        },
    ];

    fn name(&self, _profile: &mut Profile) -> StringHandle {
        self.name
    }

    fn category(&self, _profile: &mut Profile) -> CategoryHandle {
        self.category
    }

    fn string_field_value(&self, field: u32) -> StringHandle {
        if field == 0 { self.detail } else { self.device }
    }

    fn number_field_value(&self, _field: u32) -> f64 {
        0.0
    }
}

struct Filling {
    profile: Profile,
    threads: Vec<ThreadHandle>,
    operations: Vec<Known>,
    thread: usize,
    open: Vec<StackHandle>,
    interval: u64,
}

impl Visitor for Filling {
    fn thread(&mut self, thread: u32) {
        self.thread = thread as usize;
    }

    fn enter(&mut self, span: &Span) {
        let thread = self.threads[self.thread];
        let operation = self.operations[span.operation as usize];
        let end = span.start.saturating_add(span.duration);
        let timing = MarkerTiming::Interval(time(span.start), time(end));
        self.profile.add_marker(thread, timing, operation);
        let frame: FrameHandle =
            self.profile.intern_frame(thread, label(operation.name, operation.category));
        let parent = self.open.last().copied();
        self.open.push(self.profile.intern_stack(thread, parent, frame));
    }

    fn own(&mut self, from: u64, to: u64) {
        let thread = self.threads[self.thread];
        // Samples stand at the multiples of the interval.
        let mut next = from.checked_next_multiple_of(self.interval);
        while let Some(moment) = next.filter(|&moment| moment < to) {
            let stack = self.open.last().copied();
            self.profile.add_sample(thread, time(moment), stack, CpuDelta::ZERO, 1);
            next = moment.checked_add(self.interval);
        }
    }

    fn leave(&mut self, _span: &Span, _time: u64, _self_time: u64) {
        self.open.pop();
    }
}
