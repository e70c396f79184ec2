//! Executions, one to a line (RFC 4180).

use std::io::{self, Write};

use crate::metrics::{MetricsSnapshot, OperationMetrics};

const HEADER: &str = "at,operation,device,duration_ns,shapes,operation_name,batch_size,sequence_length,model_parameters,\
    precision,optimization_level,parallel_execution\r\n";

pub(super) fn write(snapshot: &MetricsSnapshot, out: &mut impl Write) -> io::Result<()> {
    out.write_all(HEADER.as_bytes())?;
    for operation in &snapshot.operations {
        out.write_all(fields(operation).join(",").as_bytes())?;
        out.write_all(b"\r\n")?;
    }
    Ok(())
}

fn fields(metrics: &OperationMetrics) -> [String; 12] {
    let context = &metrics.context;
    let number = |number: Option<u64>| number.map_or_else(String::new, |number| number.to_string());
    [
        metrics.at.to_string(),
        quoted(&metrics.operation),
        quoted(&metrics.device),
        metrics.duration.to_string(),
        shapes(&metrics.shapes),
        quoted(&context.operation_name),
        context.batch_size.to_string(),
        number(context.sequence_length),
        number(context.model_parameters),
        quoted(&context.precision),
        quoted(&context.optimization_level),
        context.parallel_execution.to_string(),
    ]
}

/// `512x512 512x1`
pub(super) fn shapes(shapes: &[Vec<usize>]) -> String {
    let shape =
        |shape: &Vec<usize>| shape.iter().map(usize::to_string).collect::<Vec<_>>().join("x");
    shapes.iter().map(shape).collect::<Vec<_>>().join(" ")
}

fn quoted(text: &str) -> String {
    if text.contains(['"', ',', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
