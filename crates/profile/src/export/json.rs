//! A trace in plain JSON.

use std::io::{self, BufWriter, Write};

use serde_json::json;

use crate::trace::Trace;

/// The name of the format and its version, which changes when fields lose their meaning.
const FORMAT: &str = "tachy-trace/1";

/// Writes all of a trace, for programs of one's own; `docs/profiling-exports.md` describes the fields.
pub fn json(trace: &Trace, out: impl Write) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    let head = json!({
        "format": FORMAT,
        "name": trace.name,
        "started": trace.started,
        "wall": trace.wall,
        "overhead": {
            "per_span": trace.overhead.per_span,
            "dropped": trace.overhead.dropped,
            "unbalanced": trace.overhead.unbalanced,
            "clock_error": trace.overhead.clock_error,
        },
        "threads": trace.threads,
        "operations": trace.operations,
        "columns": ["operation", "thread", "start", "duration", "depth"],
    })
    .to_string();
    write!(out, "{},\"spans\":[", &head[..head.len() - 1])?;
    for (position, span) in trace.spans.iter().enumerate() {
        let comma = if position > 0 { "," } else { "" };
        write!(
            out,
            "{comma}\n[{},{},{},{},{}]",
            span.operation, span.thread, span.start, span.duration, span.depth
        )?;
    }
    out.write_all(b"\n]}\n")?;
    out.flush()
}
