//! Trace events in JSON, as Chrome introduced them.
//!
//! Of the "Trace Event Format", complete events (`X`) and metadata (`M`) are used; times are in microseconds.

use std::io::{self, BufWriter, Write};

use serde_json::{Value, json};

use crate::trace::{Operation, Trace};

/// Writes a trace that Perfetto's page and `chrome://tracing` open.
pub fn chrome(trace: &Trace, out: impl Write) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    let session = json!({
        "name": trace.name,
        "started_unix_ns": trace.started,
        "wall_ns": trace.wall,
        "overhead_per_span_ns": trace.overhead.per_span,
        "dropped": trace.overhead.dropped,
        "unbalanced": trace.overhead.unbalanced,
        "clock_error_ns": trace.overhead.clock_error,
    });
    writeln!(out, "{{\"displayTimeUnit\":\"ns\",\"otherData\":{session},\"traceEvents\":[")?;
    let process =
        json!({"ph": "M", "pid": 1, "name": "process_name", "args": {"name": trace.name}});
    write!(out, "{process}")?;
    for (position, thread) in trace.threads.iter().enumerate() {
        let tid = position + 1;
        let name = json!({
            "ph": "M", "pid": 1, "tid": tid, "name": "thread_name", "args": {"name": thread.name}
        });
        let order = json!({
            "ph": "M", "pid": 1, "tid": tid, "name": "thread_sort_index", "args": {"sort_index": tid}
        });
        write!(out, ",\n{name},\n{order}")?;
    }
    let descriptions: Vec<String> = trace.operations.iter().map(description).collect();
    for span in &trace.spans {
        let Some(description) = descriptions.get(span.operation as usize) else { continue };
        write!(
            out,
            ",\n{{\"ph\":\"X\",\"pid\":1,\"tid\":{},\"ts\":{},\"dur\":{},{description}}}",
            u64::from(span.thread) + 1,
            Microseconds(span.start),
            Microseconds(span.duration),
        )?;
    }
    out.write_all(b"\n]}\n")?;
    out.flush()
}

/// What all events of an operation say alike.
fn description(operation: &Operation) -> String {
    let mut arguments = serde_json::Map::new();
    for (key, text) in [("device", &operation.device), ("detail", &operation.detail)] {
        if !text.is_empty() {
            arguments.insert(key.to_owned(), Value::from(text.as_str()));
        }
    }
    if let Some(work) = &operation.work {
        let parts =
            [("flops", work.flops), ("bytes", work.bytes), ("transferred", work.transferred)];
        for (key, amount) in parts {
            arguments.insert(key.to_owned(), Value::from(amount));
        }
    }
    let category = match operation.category.as_str() {
        "" => "operation",
        category => category,
    };
    let description = json!({"name": operation.name, "cat": category, "args": arguments});
    let text = description.to_string();
    text[1..text.len() - 1].to_owned()
}

/// Nanoseconds, written as microseconds without loss.
struct Microseconds(u64);

impl std::fmt::Display for Microseconds {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}
