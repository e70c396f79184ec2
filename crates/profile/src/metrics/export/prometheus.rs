//! Prometheus' text format, version 0.0.4.

use std::io::{self, Write};

use crate::memory::Holding;
use crate::metrics::{Aggregate, MetricsSnapshot, Reading};

pub(super) fn write(snapshot: &MetricsSnapshot, out: &mut impl Write) -> io::Result<()> {
    let name = "tachy_operation_duration_seconds";
    head(out, name, "summary", "How long one execution takes.")?;
    for aggregate in &snapshot.aggregates {
        let labels = labels(aggregate);
        for (share, time) in &aggregate.quantiles {
            writeln!(out, "{name}{{{labels},quantile=\"{share}\"}} {}", seconds(*time))?;
        }
        writeln!(out, "{name}_sum{{{labels}}} {}", seconds(aggregate.total))?;
        writeln!(out, "{name}_count{{{labels}}} {}", aggregate.count)?;
    }
    let name = "tachy_operation_items_total";
    head(out, name, "counter", "Items of all batches.")?;
    for aggregate in &snapshot.aggregates {
        writeln!(out, "{name}{{{}}} {}", labels(aggregate), aggregate.items)?;
    }
    for (name, help, figure) in MEMORY {
        let known = |holding| Some((holding, figure(holding)?));
        let mut known = snapshot.memory.iter().filter_map(known).peekable();
        if known.peek().is_some() {
            head(out, name, "gauge", help)?;
        }
        for (Holding { device, purpose, source, .. }, bytes) in known {
            let [device, purpose, source] = [device, purpose, source].map(|text| escaped(text));
            writeln!(
                out,
                "{name}{{device=\"{device}\",purpose=\"{purpose}\",source=\"{source}\"}} {bytes}"
            )?;
        }
    }
    let system = &snapshot.system;
    let bytes = |reading: &Reading<u64>| reading.known().map(|bytes| bytes as f64);
    let gauges = [
        (
            "tachy_system_cpu_utilization_ratio",
            "The share of the processors' time in use.",
            system.processor_use.known(),
        ),
        (
            "tachy_process_cpu_utilization_ratio",
            "The share of the processors' time that the process uses.",
            system.process_use.known(),
        ),
        (
            "tachy_system_memory_used_bytes",
            "Memory in use on the machine.",
            bytes(&system.memory_used),
        ),
        ("tachy_system_memory_total_bytes", "Memory of the machine.", bytes(&system.memory_total)),
        (
            "tachy_process_memory_bytes",
            "Memory that the process has in use.",
            bytes(&system.process_memory),
        ),
        (
            "tachy_cpu_frequency_hertz",
            "The mean frequency of the processors.",
            system.frequency.known(),
        ),
        (
            "tachy_temperature_celsius",
            "The temperature of the hottest sensor.",
            system.temperature.known(),
        ),
        ("tachy_power_watts", "The mean power of the processors.", system.power.known()),
    ];
    for (name, help, figure) in gauges {
        if let Some(figure) = figure {
            head(out, name, "gauge", help)?;
            writeln!(out, "{name} {figure}")?;
        }
    }
    Ok(())
}

type Figure = fn(&Holding) -> Option<u64>;

/// Each with what it tells, and the figure.
const MEMORY: [(&str, &str, Figure); 3] = [
    ("tachy_memory_held_bytes", "Memory held for a purpose on a device.", |it| it.held),
    ("tachy_memory_peak_bytes", "The most memory that was held at once.", |it| it.peak),
    ("tachy_memory_reserved_bytes", "Memory taken from the system, in use or not.", |it| {
        it.reserved
    }),
];

fn escaped(text: &str) -> String {
    text.replace('\\', r"\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn head(out: &mut impl Write, name: &str, kind: &str, help: &str) -> io::Result<()> {
    writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}")
}

fn labels(aggregate: &Aggregate) -> String {
    format!(
        "operation=\"{}\",device=\"{}\"",
        escaped(&aggregate.operation),
        escaped(&aggregate.device)
    )
}

fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}
