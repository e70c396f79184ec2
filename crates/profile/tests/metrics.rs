//! The collector's figures, and its files as the programs read them that they are for.

use std::io::{self, Write};
use std::time::Duration;

use prometheus_parse::{Scrape, Value};
use tachy_profile::memory::{EngineFigures, Occasion, tracker};
use tachy_profile::metrics::{
    ExportFormat, MetricsCollector, MetricsError, MetricsOptions, MetricsSnapshot, OperationContext,
};

const TRICKY: &str = "mat\"mul\\, 1\nnext";

fn context() -> OperationContext {
    OperationContext {
        operation_name: TRICKY.into(),
        batch_size: 4,
        sequence_length: Some(512),
        model_parameters: None,
        precision: "f32".into(),
        optimization_level: "O2".into(),
        parallel_execution: true,
    }
}

/// 1,000 executions of 1 to 1,000 µs, and one with a name that every format must quote.
fn collector() -> MetricsCollector {
    let collector = MetricsCollector::with_options(MetricsOptions { history: 100 });
    collector.start();
    for microseconds in 1..=1000 {
        let time = Duration::from_micros(microseconds);
        collector
            .collect("matmul", "cpu", time, &[vec![512, 256], vec![256, 1]], context())
            .unwrap();
    }
    let plain = OperationContext { batch_size: 0, ..OperationContext::default() };
    collector.collect(TRICKY, "gpu", Duration::from_secs(2), &[], plain).unwrap();
    collector
}

fn exported(collector: &MetricsCollector, format: ExportFormat) -> Vec<u8> {
    let mut out = Vec::new();
    collector.export(format, &mut out).unwrap();
    out
}

#[test]
fn aggregates_count_what_the_history_has_no_room_for() {
    let snapshot = collector().snapshot();
    assert_eq!((snapshot.operations.len(), snapshot.dropped), (100, 901));
    assert_eq!(snapshot.operations[98].duration, 1_000_000);
    let [tricky, matmul] = &snapshot.aggregates[..] else { panic!("two series") };
    assert_eq!((matmul.count, matmul.items, matmul.total), (1000, 4000, 500_500_000));
    assert_eq!(matmul.mean, 500_500.0);
    let near =
        |told: u64, right: f64| assert!((told as f64 / right - 1.0).abs() < 2e-3, "{told} {right}");
    assert_eq!((matmul.min, matmul.max), (1000, 1_000_000));
    let shares = [(0.5, 500e3), (0.9, 900e3), (0.95, 950e3), (0.99, 990e3), (0.999, 999e3)];
    for ((share, time), (expected, right)) in matmul.quantiles.iter().zip(shares) {
        assert_eq!(*share, expected);
        near(*time, right);
    }
    assert_eq!(matmul.quantiles.len(), 5);
    // One execution has no median.
    assert_eq!((tricky.count, &tricky.quantiles[..]), (1, &[][..]));
    assert!((matmul.items_per_second() - 4.0 * matmul.throughput()).abs() < 1e-6);
    assert!((matmul.throughput() - 1000.0 / 0.5005).abs() < 1e-6);
    for aggregate in [tricky, matmul] {
        let counted: u64 = aggregate.buckets.iter().map(|bucket| bucket.count).sum();
        assert_eq!(counted, aggregate.count);
    }
}

#[test]
fn it_collects_only_while_it_runs() {
    let collector = MetricsCollector::new();
    let collect =
        || collector.collect("a", "cpu", Duration::ZERO, &[], OperationContext::default());
    assert!(matches!(collect(), Err(MetricsError::NotRunning)));
    collector.start();
    assert_eq!(collect().unwrap().operation, "a");
    collector.stop();
    assert!(collect().is_err() && !collector.is_running());
    assert_eq!(collector.snapshot().aggregates[0].count, 1);
}

#[test]
fn json_gives_back_everything() {
    let collector = collector();
    let read: MetricsSnapshot =
        serde_json::from_slice(&exported(&collector, ExportFormat::Json)).unwrap();
    let snapshot = collector.snapshot();
    assert_eq!(read.operations, snapshot.operations);
    assert_eq!(read.aggregates, snapshot.aggregates);
}

#[test]
fn csv_quotes_what_must_be_quoted() {
    let text = String::from_utf8(exported(&collector(), ExportFormat::Csv)).unwrap();
    let (head, rows) = text.split_once("\r\n").unwrap();
    assert_eq!(head.split(',').count(), 12);
    let (first, _) = rows.split_once("true\r\n").unwrap();
    let quoted = "\"mat\"\"mul\\, 1\nnext\"";
    let (_, fields) = first.split_once(',').unwrap();
    assert_eq!(fields, format!("matmul,cpu,902000,512x256 256x1,{quoted},4,512,,f32,O2,"));
    assert!(rows.ends_with(&format!("{quoted},gpu,2000000000,,,0,,,,,false\r\n")));
}

#[test]
fn prometheus_reads_it() {
    let collector = collector();
    let text = String::from_utf8(exported(&collector, ExportFormat::Prometheus)).unwrap();
    let scrape = Scrape::parse(text.lines().map(|line| Ok(line.to_owned()))).unwrap();
    let of = |metric: &str, device: &str| {
        let found = |sample: &&prometheus_parse::Sample| {
            sample.metric == metric && sample.labels.get("device") == Some(device)
        };
        scrape.samples.iter().find(found).unwrap_or_else(|| panic!("{metric} {device}"))
    };
    let name = "tachy_operation_duration_seconds";
    let Value::Summary(shares) = &of(name, "cpu").value else { panic!("a summary") };
    let shares: Vec<f64> = shares.iter().map(|share| share.quantile).collect();
    assert_eq!(shares, [0.5, 0.9, 0.95, 0.99, 0.999]);
    assert_eq!(of("tachy_operation_items_total", "cpu").value, Value::Counter(4000.0));
    assert!(matches!(of(&format!("{name}_sum"), "gpu").value, Value::Untyped(2.0)));
    // As the format has it; the parser that is used here leaves the escapes in.
    assert!(text.contains(r#"{operation="mat\"mul\\, 1\nnext",device="gpu"}"#));
    assert!(text.lines().all(|line| line.starts_with("# ") || line.starts_with("tachy_")));
}

#[test]
fn otlp_keeps_the_rules_of_its_json() {
    let request: serde_json::Value =
        serde_json::from_slice(&exported(&collector(), ExportFormat::Otlp)).unwrap();
    let metrics = request["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array().unwrap();
    assert_eq!(metrics[0]["name"], "tachy.operation.duration");
    for point in metrics[0]["histogram"]["dataPoints"].as_array().unwrap() {
        let number = |value: &serde_json::Value| value.as_str().unwrap().parse::<u64>().unwrap();
        let counts: Vec<u64> =
            point["bucketCounts"].as_array().unwrap().iter().map(number).collect();
        let bounds: Vec<f64> = point["explicitBounds"]
            .as_array()
            .unwrap()
            .iter()
            .map(|b| b.as_f64().unwrap())
            .collect();
        assert_eq!(counts.len(), bounds.len() + 1);
        assert!(bounds.is_sorted_by(|a, b| a < b));
        assert_eq!(counts.iter().sum::<u64>(), number(&point["count"]));
        assert!(number(&point["startTimeUnixNano"]) <= number(&point["timeUnixNano"]));
        assert_eq!(point["attributes"][0]["key"], "tachy.operation.name");
    }
    assert_eq!(metrics[1]["sum"]["isMonotonic"], true);
    assert_eq!(metrics[1]["sum"]["aggregationTemporality"], 2);
    assert_eq!(metrics[1]["sum"]["dataPoints"][1]["asInt"], "4000");
}

#[test]
fn what_engines_tell_of_their_memory_is_among_the_metrics() {
    let figures = EngineFigures { active: Some(512), peak: Some(4096), reserved: None };
    let told = ["arrays", "an \"allocator\""];
    tracker().engine_tells("engine:gpu", told, Occasion::Ran, figures);
    tracker().engine_tells_nothing("silent", "`silent` tells no figures of its memory.");
    let collector = collector();
    let memory = collector.snapshot().memory;
    let of = |device: &str| memory.iter().find(|holding| holding.device == device).unwrap();
    assert_eq!((of("engine:gpu").held, of("silent").held), (Some(512), None));

    let text = String::from_utf8(exported(&collector, ExportFormat::Prometheus)).unwrap();
    let labels = r#"{device="engine:gpu",purpose="arrays",source="an \"allocator\""}"#;
    assert!(text.contains(&format!("\ntachy_memory_held_bytes{labels} 512\n")), "{text}");
    assert!(text.contains(&format!("\ntachy_memory_peak_bytes{labels} 4096\n")), "{text}");
    assert!(!text.contains("reserved_bytes") && !text.contains("silent"), "{text}");

    let request: serde_json::Value =
        serde_json::from_slice(&exported(&collector, ExportFormat::Otlp)).unwrap();
    let metrics = request["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array().unwrap();
    let held = metrics.iter().find(|metric| metric["name"] == "tachy.memory.held").unwrap();
    let point = &held["gauge"]["dataPoints"][0];
    assert_eq!(point["asInt"], "512");
    assert_eq!(point["attributes"][0]["value"]["stringValue"], "engine:gpu");
}

/// A disk that is full after so many bytes.
struct FullAfter(usize);

impl Write for FullAfter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let written = bytes.len().min(self.0);
        self.0 -= written;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_an_error_and_loses_nothing() {
    let collector = collector();
    let before = collector.snapshot();
    let formats = [
        ExportFormat::Json,
        ExportFormat::Csv,
        ExportFormat::Prometheus,
        ExportFormat::Otlp,
        #[cfg(feature = "parquet")]
        ExportFormat::Parquet,
    ];
    for format in formats {
        let whole = exported(&collector, format).len();
        for room in [0, 1, whole / 2] {
            let error = collector.export(format, &mut FullAfter(room)).unwrap_err();
            let MetricsError::Write(cause) = &error else { panic!("{error}") };
            assert_eq!(cause.kind(), io::ErrorKind::StorageFull, "{format:?} {room}");
        }
    }
    let after = collector.snapshot();
    assert_eq!((after.operations, after.aggregates), (before.operations, before.aggregates));
    collector.collect("b", "cpu", Duration::ZERO, &[], context()).unwrap();
}

#[test]
fn series_without_end_end_in_other() {
    let collector = MetricsCollector::new();
    collector.start();
    for number in 0..1100 {
        let name = format!("operation {number}");
        collector.collect(&name, "cpu", Duration::from_nanos(7), &[], context()).unwrap();
    }
    let aggregates = collector.snapshot().aggregates;
    assert_eq!(aggregates.len(), 1001);
    assert_eq!(aggregates.iter().map(|one| one.count).sum::<u64>(), 1100);
}

/// What the machine tells is plausible, and what it does not tell has a reason.
#[test]
fn the_machine_tells_figures_or_reasons() {
    let collector = MetricsCollector::new();
    collector.start();
    std::thread::sleep(Duration::from_millis(300));
    let reading = serde_json::to_value(collector.system()).unwrap();
    for (name, figure) in reading.as_object().unwrap() {
        match (figure["known"].as_f64(), figure["absent"].as_str()) {
            (Some(known), None) => assert!(known.is_finite() && known >= 0.0, "{name}: {known}"),
            (None, Some(reason)) => assert!(reason.len() > 20, "{name}: {reason}"),
            _ => panic!("{name}: {figure}"),
        }
    }
    #[cfg(feature = "system")]
    assert!(reading["process_memory"]["known"].as_u64() > Some(100_000));
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_gives_back_the_executions() {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;

    let collector = collector();
    let mut file = tempfile::tempfile().unwrap();
    collector.export(ExportFormat::Parquet, &mut file).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
    let operations = collector.snapshot().operations;
    assert_eq!(rows.len(), operations.len());
    for (row, operation) in rows.iter().zip(operations) {
        let fields: std::collections::HashMap<&String, &Field> = row.get_column_iter().collect();
        let field = |name: &str| fields[&name.to_owned()].clone();
        assert_eq!(field("operation"), Field::Str(operation.operation));
        assert_eq!(field("duration_ns"), Field::Long(operation.duration as i64));
        assert_eq!(field("parallel_execution"), Field::Bool(operation.context.parallel_execution));
        let length =
            operation.context.sequence_length.map_or(Field::Null, |n| Field::Long(n as i64));
        assert_eq!(field("sequence_length"), length);
        assert_eq!(field("model_parameters"), Field::Null);
    }
}
