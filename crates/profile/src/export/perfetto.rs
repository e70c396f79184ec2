//! Perfetto's trace, as protobuf.
//!
//! The messages are those of Perfetto's `protos/perfetto/trace`, with the fields that spans need. A file is a
//! sequence of packets, so it is written one packet at a time.

use std::collections::HashMap;
use std::io::{self, BufWriter, Write};

use prost::Message;

use crate::nesting::{Visitor, walk};
use crate::trace::{Span, Trace};

#[derive(Message)]
struct PacketFile {
    #[prost(message, repeated, tag = "1")]
    packet: Vec<Packet>,
}

#[derive(Message)]
struct Packet {
    #[prost(message, optional, tag = "6")]
    clock_snapshot: Option<ClockSnapshot>,
    #[prost(uint64, optional, tag = "8")]
    timestamp: Option<u64>,
    #[prost(uint32, optional, tag = "10")]
    trusted_packet_sequence_id: Option<u32>,
    #[prost(message, optional, tag = "11")]
    track_event: Option<TrackEvent>,
    #[prost(message, optional, tag = "12")]
    interned_data: Option<InternedData>,
    #[prost(uint32, optional, tag = "13")]
    sequence_flags: Option<u32>,
    #[prost(message, optional, tag = "60")]
    track_descriptor: Option<TrackDescriptor>,
}

#[derive(Message)]
struct ClockSnapshot {
    #[prost(message, repeated, tag = "1")]
    clocks: Vec<Clock>,
}

#[derive(Message)]
struct Clock {
    #[prost(uint32, optional, tag = "1")]
    clock_id: Option<u32>,
    #[prost(uint64, optional, tag = "2")]
    timestamp: Option<u64>,
}

#[derive(Message)]
struct TrackDescriptor {
    #[prost(uint64, optional, tag = "1")]
    uuid: Option<u64>,
    #[prost(message, optional, tag = "3")]
    process: Option<ProcessDescriptor>,
    #[prost(message, optional, tag = "4")]
    thread: Option<ThreadDescriptor>,
    #[prost(uint64, optional, tag = "5")]
    parent_uuid: Option<u64>,
}

#[derive(Message)]
struct ProcessDescriptor {
    #[prost(int32, optional, tag = "1")]
    pid: Option<i32>,
    #[prost(string, optional, tag = "6")]
    process_name: Option<String>,
}

#[derive(Message)]
struct ThreadDescriptor {
    #[prost(int32, optional, tag = "1")]
    pid: Option<i32>,
    #[prost(int64, optional, tag = "2")]
    tid: Option<i64>,
    #[prost(string, optional, tag = "5")]
    thread_name: Option<String>,
}

#[derive(Message)]
struct TrackEvent {
    #[prost(uint64, repeated, packed = "false", tag = "3")]
    category_iids: Vec<u64>,
    #[prost(message, repeated, tag = "4")]
    debug_annotations: Vec<DebugAnnotation>,
    #[prost(int32, optional, tag = "9")]
    kind: Option<i32>,
    #[prost(uint64, optional, tag = "10")]
    name_iid: Option<u64>,
    #[prost(uint64, optional, tag = "11")]
    track_uuid: Option<u64>,
}

#[derive(Clone, Message)]
struct DebugAnnotation {
    #[prost(uint64, optional, tag = "1")]
    name_iid: Option<u64>,
    #[prost(double, optional, tag = "5")]
    double_value: Option<f64>,
    #[prost(string, optional, tag = "6")]
    string_value: Option<String>,
}

#[derive(Message)]
struct InternedData {
    #[prost(message, repeated, tag = "1")]
    event_categories: Vec<InternedString>,
    #[prost(message, repeated, tag = "2")]
    event_names: Vec<InternedString>,
    #[prost(message, repeated, tag = "3")]
    debug_annotation_names: Vec<InternedString>,
}

/// `EventCategory`, `EventName` and `DebugAnnotationName` have the same fields.
#[derive(Message)]
struct InternedString {
    #[prost(uint64, optional, tag = "1")]
    iid: Option<u64>,
    #[prost(string, optional, tag = "2")]
    name: Option<String>,
}

const SLICE_BEGIN: i32 = 1;
const SLICE_END: i32 = 2;
/// `SEQ_INCREMENTAL_STATE_CLEARED` and `SEQ_NEEDS_INCREMENTAL_STATE`.
const CLEARED: u32 = 1;
const NEEDED: u32 = 2;
const REALTIME: u32 = 1;
const BOOTTIME: u32 = 6;
const SEQUENCE: u32 = 1;
const PROCESS: i32 = 1;
const PROCESS_TRACK: u64 = 1;
const ANNOTATIONS: [&str; 5] = ["device", "detail", "flops", "bytes", "transferred"];

/// Writes a trace that Perfetto's page and its trace processor open.
pub fn perfetto(trace: &Trace, out: impl Write) -> io::Result<()> {
    let mut packets = Packets::new(trace, BufWriter::new(out));
    packets.describe();
    walk(trace, &mut packets);
    packets.result?;
    packets.out.flush()
}

struct Packets<'t, W> {
    trace: &'t Trace,
    out: W,
    /// The first error; nothing is written after it.
    result: io::Result<()>,
    thread: u32,
    /// Of each operation: its category, and what is said of it.
    categories: Vec<u64>,
    annotations: Vec<Vec<DebugAnnotation>>,
}

impl<'t, W: Write> Packets<'t, W> {
    fn new(trace: &'t Trace, out: W) -> Self {
        Self {
            trace,
            out,
            result: Ok(()),
            thread: 0,
            categories: Vec::new(),
            annotations: Vec::new(),
        }
    }

    fn write(&mut self, packet: Packet) {
        if self.result.is_ok() {
            let bytes = PacketFile { packet: vec![packet] }.encode_to_vec();
            self.result = self.out.write_all(&bytes);
        }
    }

    /// The clocks, the tracks, and the strings that events name by number.
    fn describe(&mut self) {
        let trace = self.trace;
        let clock = |clock_id| Clock { clock_id: Some(clock_id), timestamp: Some(trace.started) };
        self.write(Packet {
            clock_snapshot: Some(ClockSnapshot { clocks: vec![clock(REALTIME), clock(BOOTTIME)] }),
            trusted_packet_sequence_id: Some(SEQUENCE),
            ..Packet::default()
        });
        self.write(Packet {
            track_descriptor: Some(TrackDescriptor {
                uuid: Some(PROCESS_TRACK),
                process: Some(ProcessDescriptor {
                    pid: Some(PROCESS),
                    process_name: Some(trace.name.clone()),
                }),
                ..TrackDescriptor::default()
            }),
            trusted_packet_sequence_id: Some(SEQUENCE),
            ..Packet::default()
        });
        for (position, thread) in trace.threads.iter().enumerate() {
            self.write(Packet {
                track_descriptor: Some(TrackDescriptor {
                    uuid: Some(thread_track(position as u32)),
                    parent_uuid: Some(PROCESS_TRACK),
                    thread: Some(ThreadDescriptor {
                        pid: Some(PROCESS),
                        // Numbers of its own: those of the system may be missing, or of another machine.
                        tid: Some(position as i64 + 100),
                        thread_name: Some(thread.name.clone()),
                    }),
                    ..TrackDescriptor::default()
                }),
                trusted_packet_sequence_id: Some(SEQUENCE),
                ..Packet::default()
            });
        }
        let mut categories: HashMap<&str, u64> = HashMap::new();
        let mut interned = InternedData::default();
        for (position, operation) in trace.operations.iter().enumerate() {
            let category = match operation.category.as_str() {
                "" => "operation",
                category => category,
            };
            let next = categories.len() as u64 + 1;
            let iid = *categories.entry(category).or_insert(next);
            if iid == next {
                interned.event_categories.push(interned_string(iid, category));
            }
            self.categories.push(iid);
            interned.event_names.push(interned_string(position as u64 + 1, &operation.name));

            let mut annotations = Vec::new();
            let texts = [&operation.device, &operation.detail];
            for (text, name_iid) in texts.into_iter().zip(1..).filter(|(text, _)| !text.is_empty())
            {
                annotations.push(DebugAnnotation {
                    name_iid: Some(name_iid),
                    string_value: Some(text.clone()),
                    double_value: None,
                });
            }
            if let Some(work) = operation.work {
                for (amount, name_iid) in
                    [work.flops, work.bytes, work.transferred].into_iter().zip(3..)
                {
                    annotations.push(DebugAnnotation {
                        name_iid: Some(name_iid),
                        double_value: Some(amount),
                        string_value: None,
                    });
                }
            }
            self.annotations.push(annotations);
        }
        interned.debug_annotation_names =
            (1..).zip(ANNOTATIONS).map(|(iid, name)| interned_string(iid, name)).collect();
        self.write(Packet {
            interned_data: Some(interned),
            trusted_packet_sequence_id: Some(SEQUENCE),
            sequence_flags: Some(CLEARED),
            ..Packet::default()
        });
    }

    fn event(&mut self, time: u64, event: TrackEvent) {
        self.write(Packet {
            timestamp: Some(self.trace.started.saturating_add(time)),
            track_event: Some(event),
            trusted_packet_sequence_id: Some(SEQUENCE),
            sequence_flags: Some(NEEDED),
            ..Packet::default()
        });
    }
}

impl<W: Write> Visitor for Packets<'_, W> {
    fn thread(&mut self, thread: u32) {
        self.thread = thread;
    }

    fn enter(&mut self, span: &Span) {
        let operation = span.operation as usize;
        let event = TrackEvent {
            category_iids: vec![self.categories[operation]],
            debug_annotations: self.annotations[operation].clone(),
            kind: Some(SLICE_BEGIN),
            name_iid: Some(operation as u64 + 1),
            track_uuid: Some(thread_track(self.thread)),
        };
        self.event(span.start.min(self.trace.wall), event);
    }

    fn leave(&mut self, _span: &Span, time: u64, _self_time: u64) {
        let event = TrackEvent {
            kind: Some(SLICE_END),
            track_uuid: Some(thread_track(self.thread)),
            ..TrackEvent::default()
        };
        self.event(time, event);
    }
}

fn thread_track(position: u32) -> u64 {
    PROCESS_TRACK + 1 + u64::from(position)
}

fn interned_string(iid: u64, name: &str) -> InternedString {
    InternedString { iid: Some(iid), name: Some(name.to_owned()) }
}
