//! Collects a few executions and writes them in every format into a folder.
//!
//! `cargo run -p tachy-profile --features parquet,system --example metrics -- FOLDER`

use std::fs::File;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;

use tachy_profile::metrics::{ExportFormat, MetricsCollector, OperationContext};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("name a folder to write to")?);
    std::fs::create_dir_all(&folder)?;
    let collector = MetricsCollector::new();
    collector.start();
    let context = OperationContext {
        operation_name: "sum of squares".into(),
        batch_size: 1,
        precision: "f32".into(),
        ..OperationContext::default()
    };
    for length in (1..=1000).map(|thousands| thousands * 1000) {
        let start = Instant::now();
        black_box((0..length).map(|x| (x as f32).powi(2)).sum::<f32>());
        collector.collect("sum", "cpu", start.elapsed(), &[vec![length]], context.clone())?;
    }
    let files = [
        ("metrics.json", ExportFormat::Json),
        ("metrics.csv", ExportFormat::Csv),
        ("metrics.prom", ExportFormat::Prometheus),
        ("metrics.otlp.json", ExportFormat::Otlp),
        #[cfg(feature = "parquet")]
        ("metrics.parquet", ExportFormat::Parquet),
    ];
    for (name, format) in files {
        let path = folder.join(name);
        collector.export(format, &mut File::create(&path)?)?;
        println!("{}: {} bytes", path.display(), path.metadata()?.len());
    }
    println!("{:#?}", collector.system());
    Ok(())
}
