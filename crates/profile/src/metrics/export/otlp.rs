//! OpenTelemetry's metrics as OTLP/HTTP takes them in JSON (OTLP 1.x: 64-bit integers are strings, enumerations
//! numbers).
//!
//! Names are those of the semantic conventions where there are any: `system.cpu.utilization`,
//! `process.cpu.utilization`, `system.memory.usage`, `system.memory.limit`, `process.memory.usage`,
//! `system.cpu.frequency`, `hw.temperature`, `hw.power`. For executions of operations there are none.

use serde::Serialize;

use crate::memory::Holding;
use crate::metrics::{Aggregate, MetricsSnapshot};

/// Since the start, not since the last export.
const CUMULATIVE: u8 = 2;

/// `ExportMetricsServiceRequest`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request {
    resource_metrics: [ResourceMetrics; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceMetrics {
    resource: Resource,
    scope_metrics: [ScopeMetrics; 1],
}

#[derive(Serialize)]
struct Resource {
    attributes: Vec<Attribute>,
}

#[derive(Serialize)]
struct ScopeMetrics {
    scope: Scope,
    metrics: Vec<Metric>,
}

#[derive(Serialize)]
struct Scope {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Attribute {
    key: &'static str,
    value: Value,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Value {
    StringValue(String),
    IntValue(String),
}

#[derive(Serialize)]
struct Metric {
    name: &'static str,
    description: &'static str,
    unit: &'static str,
    #[serde(flatten)]
    data: Data,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Data {
    Gauge(Points<Number>),
    #[serde(rename_all = "camelCase")]
    Sum {
        data_points: Vec<Number>,
        aggregation_temporality: u8,
        is_monotonic: bool,
    },
    #[serde(rename_all = "camelCase")]
    Histogram {
        data_points: Vec<Distribution>,
        aggregation_temporality: u8,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Points<P> {
    data_points: Vec<P>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Number {
    attributes: Vec<Attribute>,
    start_time_unix_nano: String,
    time_unix_nano: String,
    #[serde(flatten)]
    value: Figure,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Figure {
    AsDouble(f64),
    AsInt(String),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Distribution {
    attributes: Vec<Attribute>,
    start_time_unix_nano: String,
    time_unix_nano: String,
    count: String,
    sum: f64,
    min: f64,
    max: f64,
    bucket_counts: Vec<String>,
    explicit_bounds: Vec<f64>,
}

pub(super) fn request(snapshot: &MetricsSnapshot) -> Request {
    let text = |key, value: String| Attribute { key, value: Value::StringValue(value) };
    let process = Value::IntValue(std::process::id().to_string());
    Request {
        resource_metrics: [ResourceMetrics {
            resource: Resource {
                attributes: vec![
                    // The conventions' own word for a service that nobody named.
                    text("service.name", "unknown_service:tachy".into()),
                    Attribute { key: "process.pid", value: process },
                    text("os.type", std::env::consts::OS.into()),
                    text("host.arch", host_architecture().into()),
                ],
            },
            scope_metrics: [ScopeMetrics {
                scope: Scope { name: "tachy-profile", version: env!("CARGO_PKG_VERSION") },
                metrics: metrics(snapshot),
            }],
        }],
    }
}

/// The conventions' names.
fn host_architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// One figure of what is held.
type HeldBytes = fn(&Holding) -> Option<u64>;

fn metrics(snapshot: &MetricsSnapshot) -> Vec<Metric> {
    let point = |attributes, value| Number {
        attributes,
        start_time_unix_nano: snapshot.started.to_string(),
        time_unix_nano: snapshot.taken.to_string(),
        value,
    };
    let mut metrics = vec![
        Metric {
            name: "tachy.operation.duration",
            description: "How long one execution takes.",
            unit: "s",
            data: Data::Histogram {
                data_points: snapshot
                    .aggregates
                    .iter()
                    .map(|one| distribution(snapshot, one))
                    .collect(),
                aggregation_temporality: CUMULATIVE,
            },
        },
        Metric {
            name: "tachy.operation.items",
            description: "Items of all batches.",
            unit: "{item}",
            data: Data::Sum {
                data_points: snapshot
                    .aggregates
                    .iter()
                    .map(|one| point(attributes(one), Figure::AsInt(one.items.to_string())))
                    .collect(),
                aggregation_temporality: CUMULATIVE,
                is_monotonic: true,
            },
        },
    ];
    let system = &snapshot.system;
    let gauges = [
        (
            "system.cpu.utilization",
            "The share of the processors' time in use.",
            "1",
            system.processor_use.known(),
            vec![],
        ),
        (
            "process.cpu.utilization",
            "The share of the processors' time that the process uses.",
            "1",
            system.process_use.known(),
            vec![],
        ),
        (
            "system.cpu.frequency",
            "The mean frequency of the processors.",
            "Hz",
            system.frequency.known(),
            vec![],
        ),
        (
            "hw.temperature",
            "The temperature of the hottest sensor.",
            "Cel",
            system.temperature.known(),
            vec![("hw.type", "temperature"), ("hw.id", "hottest")],
        ),
        (
            "hw.power",
            "The mean power of the processors.",
            "W",
            system.power.known(),
            vec![("hw.type", "cpu"), ("hw.id", "all")],
        ),
    ];
    let text = |(key, value): (&'static str, &str)| Attribute {
        key,
        value: Value::StringValue(value.into()),
    };
    for (name, description, unit, figure, attributes) in gauges {
        let Some(figure) = figure else { continue };
        let attributes = attributes.into_iter().map(text).collect();
        let data_points = vec![point(attributes, Figure::AsDouble(figure))];
        metrics.push(Metric { name, description, unit, data: Data::Gauge(Points { data_points }) });
    }
    let sums = [
        (
            "system.memory.usage",
            "Memory in use on the machine.",
            &system.memory_used,
            vec![("system.memory.state", "used")],
        ),
        ("system.memory.limit", "Memory of the machine.", &system.memory_total, vec![]),
        (
            "process.memory.usage",
            "Memory that the process has in use.",
            &system.process_memory,
            vec![],
        ),
    ];
    for (name, description, figure, attributes) in sums {
        let Some(figure) = figure.known() else { continue };
        let attributes = attributes.into_iter().map(text).collect();
        let data_points = vec![point(attributes, Figure::AsInt(figure.to_string()))];
        let data =
            Data::Sum { data_points, aggregation_temporality: CUMULATIVE, is_monotonic: false };
        metrics.push(Metric { name, description, unit: "By", data });
    }
    let memory: [(&str, &str, HeldBytes); 3] = [
        ("tachy.memory.held", "Memory held for a purpose on a device.", |it| it.held),
        ("tachy.memory.peak", "The most memory that was held at once.", |it| it.peak),
        ("tachy.memory.reserved", "Memory taken from the system, in use or not.", |it| it.reserved),
    ];
    for (name, description, figure) in memory {
        let of = |holding: &Holding| {
            let Holding { device, purpose, source, .. } = holding;
            let labels = [
                ("tachy.device.name", &**device),
                ("tachy.memory.purpose", purpose),
                ("tachy.memory.source", source),
            ];
            let bytes = Figure::AsInt(figure(holding)?.to_string());
            Some(point(labels.into_iter().map(text).collect(), bytes))
        };
        let data_points: Vec<_> = snapshot.memory.iter().filter_map(of).collect();
        if !data_points.is_empty() {
            let data = Data::Gauge(Points { data_points });
            metrics.push(Metric { name, description, unit: "By", data });
        }
    }
    metrics
}

fn attributes(aggregate: &Aggregate) -> Vec<Attribute> {
    let text = |key, value: &str| Attribute { key, value: Value::StringValue(value.to_owned()) };
    vec![
        text("tachy.operation.name", &aggregate.operation),
        text("tachy.device.name", &aggregate.device),
    ]
}

fn distribution(snapshot: &MetricsSnapshot, aggregate: &Aggregate) -> Distribution {
    let seconds = |nanoseconds: u64| nanoseconds as f64 / 1e9;
    Distribution {
        attributes: attributes(aggregate),
        start_time_unix_nano: snapshot.started.to_string(),
        time_unix_nano: snapshot.taken.to_string(),
        count: aggregate.count.to_string(),
        sum: seconds(aggregate.total),
        min: seconds(aggregate.min),
        max: seconds(aggregate.max),
        bucket_counts: aggregate.buckets.iter().map(|bucket| bucket.count.to_string()).collect(),
        explicit_bounds: aggregate
            .buckets
            .iter()
            .filter_map(|bucket| bucket.to)
            .map(seconds)
            .collect(),
    }
}
