//! Executions in columns.

use std::io::{self, Write};
use std::sync::Arc;

use ::parquet::column::writer::ColumnWriter;
use ::parquet::data_type::ByteArray;
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::parser::parse_message_type;

use super::csv::shapes;
use crate::metrics::{MetricsSnapshot, OperationMetrics};

const SCHEMA: &str = "message operations {
    required int64 at (TIMESTAMP(NANOS,true));
    required binary operation (UTF8);
    required binary device (UTF8);
    required int64 duration_ns;
    required binary shapes (UTF8);
    required binary operation_name (UTF8);
    required int64 batch_size;
    optional int64 sequence_length;
    optional int64 model_parameters;
    required binary precision (UTF8);
    required binary optimization_level (UTF8);
    required boolean parallel_execution;
}";

/// The values of one column.
enum Column {
    Numbers(Vec<i64>),
    Texts(Vec<ByteArray>),
    Truths(Vec<bool>),
    /// Beside each value, whether there is one.
    Optional(Vec<i64>, Vec<i16>),
}

pub(super) fn write(snapshot: &MetricsSnapshot, out: &mut (impl Write + Send)) -> io::Result<()> {
    write_file(&snapshot.operations, out).map_err(|error| match error {
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(error) => io::Error::other(error),
        },
        error => io::Error::other(error),
    })
}

fn write_file(
    operations: &[OperationMetrics],
    out: &mut (impl Write + Send),
) -> Result<(), ParquetError> {
    let schema = Arc::new(parse_message_type(SCHEMA)?);
    let properties = Arc::new(WriterProperties::builder().build());
    let mut file = SerializedFileWriter::new(out, schema, properties)?;
    let mut group = file.next_row_group()?;
    let mut columns = columns(operations).into_iter();
    while let Some(mut column) = group.next_column()? {
        match (column.untyped(), columns.next()) {
            (ColumnWriter::Int64ColumnWriter(column), Some(Column::Numbers(values))) => {
                column.write_batch(&values, None, None)?
            }
            (ColumnWriter::Int64ColumnWriter(column), Some(Column::Optional(values, present))) => {
                column.write_batch(&values, Some(&present), None)?
            }
            (ColumnWriter::ByteArrayColumnWriter(column), Some(Column::Texts(values))) => {
                column.write_batch(&values, None, None)?
            }
            (ColumnWriter::BoolColumnWriter(column), Some(Column::Truths(values))) => {
                column.write_batch(&values, None, None)?
            }
            _ => unreachable!("the columns are those of the schema"),
        };
        column.close()?;
    }
    group.close()?;
    file.close()?;
    Ok(())
}

/// In the order of the schema.
fn columns(operations: &[OperationMetrics]) -> [Column; 12] {
    let texts = |text: &dyn Fn(&OperationMetrics) -> String| {
        Column::Texts(
            operations.iter().map(|one| ByteArray::from(text(one).into_bytes())).collect(),
        )
    };
    // The format has no unsigned numbers of this width that every reader takes.
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let numbers = |of: &dyn Fn(&OperationMetrics) -> u64| {
        Column::Numbers(operations.iter().map(|one| number(of(one))).collect())
    };
    let optional = |of: &dyn Fn(&OperationMetrics) -> Option<u64>| {
        let present = operations.iter().map(|one| i16::from(of(one).is_some())).collect();
        Column::Optional(operations.iter().filter_map(of).map(number).collect(), present)
    };
    [
        numbers(&|one| one.at),
        texts(&|one| one.operation.clone()),
        texts(&|one| one.device.clone()),
        numbers(&|one| one.duration),
        texts(&|one| shapes(&one.shapes)),
        texts(&|one| one.context.operation_name.clone()),
        numbers(&|one| one.context.batch_size),
        optional(&|one| one.context.sequence_length),
        optional(&|one| one.context.model_parameters),
        texts(&|one| one.context.precision.clone()),
        texts(&|one| one.context.optimization_level.clone()),
        Column::Truths(operations.iter().map(|one| one.context.parallel_execution).collect()),
    ]
}
