//! The files that other programs read.

mod csv;
mod otlp;
#[cfg(feature = "parquet")]
mod parquet;
mod prometheus;

use std::io::{BufWriter, Write};

use super::{MetricsError, MetricsSnapshot};

/// A format that other programs read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExportFormat {
    /// Everything: [`MetricsSnapshot`] as JSON.
    Json,
    /// The executions, one to a line.
    Csv,
    /// Aggregates and the machine in Prometheus' text format 0.0.4, as `/metrics` serves it.
    Prometheus,
    /// Aggregates and the machine as OTLP/HTTP takes it in JSON, with the names of OpenTelemetry's conventions.
    Otlp,
    /// The executions in columns.
    #[cfg(feature = "parquet")]
    Parquet,
}

pub(super) fn write(
    snapshot: &MetricsSnapshot,
    format: ExportFormat,
    out: &mut (dyn Write + Send),
) -> Result<(), MetricsError> {
    let mut out = BufWriter::new(out);
    match format {
        ExportFormat::Json => {
            serde_json::to_writer_pretty(&mut out, snapshot).map_err(std::io::Error::from)?
        }
        ExportFormat::Csv => csv::write(snapshot, &mut out)?,
        ExportFormat::Prometheus => prometheus::write(snapshot, &mut out)?,
        ExportFormat::Otlp => serde_json::to_writer(&mut out, &otlp::request(snapshot))
            .map_err(std::io::Error::from)?,
        #[cfg(feature = "parquet")]
        ExportFormat::Parquet => parquet::write(snapshot, &mut out)?,
    }
    out.flush()?;
    Ok(())
}
