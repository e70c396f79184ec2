//! Runs as Parquet: for data frames and databases that read columns.
//!
//! There is one row for each process and metric of a benchmark, with its samples as a list, not one for each sample: the
//! order of the samples is the list's, names are not repeated a thousand times, and `unnest` or `explode` makes rows of
//! samples where they are wanted. What is no sample (circumstances, failures, agreement) is kept as JSON lines in the
//! file's own notes, so that reading gives back what was written.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use ::parquet::column::reader::ColumnReader;
use ::parquet::column::writer::ColumnWriter;
use ::parquet::data_type::ByteArray;
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::parser::parse_message_type;
use tachy_stats::Samples;

use crate::json_lines::{self, Record};
use crate::series::metric_identifier;
use crate::{Benchmark, Run};

const SCHEMA: &str = "message tachy {
    required binary run (UTF8);
    required int64 started (TIMESTAMP_MILLIS);
    required binary command (UTF8);
    required binary benchmark (UTF8);
    required binary parameters (UTF8);
    required binary metric (UTF8);
    required binary unit (UTF8);
    required int64 process;
    required int64 calls_per_sample;
    required group samples (LIST) { repeated group list { required double element; } }
}";

/// The name of the note with everything that is no sample.
const NOTE: &str = "tachy:records";

/// Samples that are gathered before they are written.
const SAMPLES_OF_GROUP: usize = 1 << 20;

/// A file that is being written.
pub(crate) struct Writer<W: Write + Send> {
    file: SerializedFileWriter<W>,
    rows: Rows,
    note: Vec<u8>,
}

/// Rows, column by column.
#[derive(Default)]
struct Rows {
    texts: [Vec<ByteArray>; 6],
    numbers: [Vec<i64>; 3],
    samples: Vec<f64>,
    /// For each sample, and for each empty list: whether it is a sample.
    definitions: Vec<i16>,
    /// Likewise: whether it continues a list.
    repetitions: Vec<i16>,
}

impl<W: Write + Send> Writer<W> {
    pub(crate) fn new(out: W) -> std::io::Result<Self> {
        let schema = Arc::new(parse_message_type(SCHEMA).map_err(io)?);
        let properties = Arc::new(WriterProperties::builder().build());
        let file = SerializedFileWriter::new(out, schema, properties).map_err(io)?;
        Ok(Self { file, rows: Rows::default(), note: Vec::new() })
    }

    pub(crate) fn write(&mut self, record: &Record) -> std::io::Result<()> {
        let Record::Run(run) = record else { return json_lines::write(&mut self.note, record) };
        let mut bare = Run { benchmarks: Vec::new(), ..(**run).clone() };
        for benchmark in &run.benchmarks {
            self.rows.push(run, benchmark);
            bare.benchmarks.push(Benchmark {
                outcome: benchmark.outcome.without_samples(),
                name: benchmark.name.clone(),
                parameters: benchmark.parameters.clone(),
            });
        }
        json_lines::write(&mut self.note, &Record::Run(Box::new(bare)))?;
        if self.rows.samples.len() >= SAMPLES_OF_GROUP {
            self.write_group()?;
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> std::io::Result<W> {
        self.write_group()?;
        let note = String::from_utf8(self.note).expect("JSON is UTF-8");
        self.file.append_key_value_metadata(KeyValue::new(NOTE.to_owned(), note));
        self.file.into_inner().map_err(io)
    }

    fn write_group(&mut self) -> std::io::Result<()> {
        let rows = std::mem::take(&mut self.rows);
        if rows.numbers[0].is_empty() {
            return Ok(());
        }
        let (mut texts, mut numbers) = (rows.texts.iter(), rows.numbers.iter());
        let mut write = || {
            let mut group = self.file.next_row_group()?;
            while let Some(mut column) = group.next_column()? {
                match column.untyped() {
                    ColumnWriter::ByteArrayColumnWriter(column) => {
                        column.write_batch(texts.next().map_or(&[], |v| v), None, None)?
                    }
                    ColumnWriter::Int64ColumnWriter(column) => {
                        column.write_batch(numbers.next().map_or(&[], |v| v), None, None)?
                    }
                    ColumnWriter::DoubleColumnWriter(column) => column.write_batch(
                        &rows.samples,
                        Some(&rows.definitions),
                        Some(&rows.repetitions),
                    )?,
                    _ => unreachable!("the schema has no other types"),
                };
                column.close()?;
            }
            group.close().map(|_| ())
        };
        write().map_err(io)
    }
}

impl Rows {
    fn push(&mut self, run: &Run, benchmark: &Benchmark) {
        let parameters = serde_json::to_string(&benchmark.parameters).expect("keys are strings");
        for measurement in benchmark.outcome.measurements() {
            let unit = serde_json::to_value(measurement.unit).expect("a unit is plain data");
            for (process, series) in measurement.processes.iter().enumerate() {
                let texts = [
                    run.id.to_string(),
                    run.command.clone(),
                    benchmark.name.clone(),
                    parameters.clone(),
                    metric_identifier(measurement.metric),
                    unit.as_str().unwrap_or_default().to_owned(),
                ];
                for (column, text) in self.texts.iter_mut().zip(texts) {
                    column.push(ByteArray::from(text.into_bytes()));
                }
                let numbers = [run.started as i64, process as i64, series.calls_per_sample.into()];
                for (column, number) in self.numbers.iter_mut().zip(numbers) {
                    column.push(number);
                }
                let values = series.samples.values();
                self.samples.extend(values);
                self.definitions.extend(std::iter::repeat_n(1, values.len()));
                self.repetitions.push(0);
                match values.len() {
                    0 => self.definitions.push(0),
                    count => self.repetitions.extend(std::iter::repeat_n(1, count - 1)),
                }
            }
        }
    }
}

fn io(error: ParquetError) -> std::io::Error {
    match error {
        ParquetError::External(error) => match error.downcast::<std::io::Error>() {
            Ok(error) => *error,
            Err(error) => std::io::Error::other(error),
        },
        error => std::io::Error::other(error),
    }
}

/// Reads everything that was written; or says, as a sentence, what is wrong.
pub(crate) fn read(file: File) -> Result<Vec<Record>, String> {
    let wrong = |error: ParquetError| format!("it is no valid Parquet: {error}.");
    let reader = SerializedFileReader::new(file).map_err(wrong)?;
    let notes = reader.metadata().file_metadata().key_value_metadata();
    let note = notes
        .and_then(|notes| notes.iter().find(|note| note.key == NOTE)?.value.as_deref())
        .ok_or("`tachy export` did not write it: it has no notes on the runs. Import the file that was exported.")?;
    let mut lists = lists(&reader).map_err(wrong)?.into_iter();
    let other =
        || "its rows are not those that were exported. Import the file as it was.".to_owned();
    let mut records = Vec::new();
    for record in json_lines::read(note.as_bytes()) {
        let mut record = record.map_err(|error| format!("of its notes, {error}"))?;
        if let Record::Run(run) = &mut record {
            let id = run.id.to_string();
            let measurements = run
                .benchmarks
                .iter_mut()
                .flat_map(|benchmark| benchmark.outcome.measurements_mut());
            for series in measurements.flat_map(|measurement| &mut measurement.processes) {
                let (run, values) = lists.next().ok_or_else(other)?;
                if run.data() != id.as_bytes() {
                    return Err(other());
                }
                series.samples = Samples::new(values).map_err(|error| format!("{error}."))?;
            }
        }
        records.push(record);
    }
    if lists.next().is_some() {
        return Err(other());
    }
    Ok(records)
}

/// The samples of each row beside its run.
fn lists(reader: &SerializedFileReader<File>) -> Result<Vec<(ByteArray, Vec<f64>)>, ParquetError> {
    let mut lists = Vec::new();
    for index in 0..reader.num_row_groups() {
        let group = reader.get_row_group(index)?;
        let rows = usize::try_from(group.metadata().num_rows())
            .map_err(|_| ParquetError::General("a negative number of rows".to_owned()))?;
        let columns = group.num_columns();
        let another = || ParquetError::General("a column has another type".to_owned());
        let last = columns.checked_sub(1).ok_or_else(another)?;
        let (mut runs, mut values) = (Vec::new(), Vec::new());
        let (mut definitions, mut repetitions) = (Vec::new(), Vec::new());
        let ColumnReader::ByteArrayColumnReader(mut column) = group.get_column_reader(0)? else {
            return Err(another());
        };
        column.read_records(rows, None, None, &mut runs)?;
        let ColumnReader::DoubleColumnReader(mut column) = group.get_column_reader(last)? else {
            return Err(another());
        };
        column.read_records(rows, Some(&mut definitions), Some(&mut repetitions), &mut values)?;
        let mut values = values.into_iter();
        let mut own: Vec<Vec<f64>> = Vec::new();
        for (definition, repetition) in definitions.into_iter().zip(repetitions) {
            if repetition == 0 {
                own.push(Vec::new());
            }
            if definition > 0
                && let Some(list) = own.last_mut()
            {
                list.extend(values.next());
            }
        }
        if own.len() != runs.len() {
            return Err(ParquetError::General("columns of different lengths".to_owned()));
        }
        lists.extend(runs.into_iter().zip(own));
    }
    Ok(lists)
}
