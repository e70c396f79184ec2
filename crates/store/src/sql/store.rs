//! Runs in tables, and tables read as runs.

use std::collections::BTreeMap;

use super::block::{checksum, read_samples, write_medians, write_samples};
use super::database::{Database, Row, Value, number, reading, writing};
use super::query;
use crate::series::{machine_identity, metric_identifier};
use crate::{
    Baseline, Benchmark, History, HistoryFilter, Run, RunHeader, RunId, Store, StoreError,
};

/// A store in a relational database.
pub(super) struct SqlStore<D> {
    database: D,
}

impl<D: Database> SqlStore<D> {
    /// A store whose layout is up to date.
    pub(super) fn new(database: D) -> Self {
        Self { database }
    }
}

/// The error of a store that holds what it cannot hold.
pub(super) fn damaged<D: Database>(database: &D, detail: impl Into<String>) -> StoreError {
    StoreError::Damaged { place: database.place().to_owned(), detail: detail.into() }
}

/// The number of a run, if it is there.
pub(super) fn run_number<D: Database>(
    database: &mut D,
    id: RunId,
) -> Result<Option<i64>, StoreError> {
    let id = id.to_string();
    number(database, "SELECT number FROM run WHERE id = $1", &[Value::Text(&id)])
}

/// What it means that a run is not found: there is none, or the index of names is damaged.
pub(super) fn missing<D: Database>(database: &mut D, id: RunId) -> StoreError {
    let id = id.to_string();
    // No index has the record, so that the table itself is looked through.
    let sql = "SELECT number FROM run WHERE id || '' = $1 AND length(record) > 0";
    match number(database, sql, &[Value::Text(&id)]) {
        Ok(None) => StoreError::NoRun(id),
        Ok(Some(_)) => damaged(database, "the index of the runs' names misses one"),
        Err(error) => error,
    }
}

fn run_checksum(id: &str, started: i64, results: i64, record: &str) -> i64 {
    let numbers = [started, results].map(i64::to_le_bytes);
    checksum(&[id.as_bytes(), numbers.as_flattened(), record.as_bytes()]).into()
}

fn result_checksum(run: RunId, place: i64, texts: [&str; 3], samples: &[u8]) -> i64 {
    let run = run.to_string();
    let [name, parameters, outcome] = texts.map(str::as_bytes);
    let place = place.to_le_bytes();
    checksum(&[run.as_bytes(), &place, name, parameters, outcome, samples]).into()
}

/// The run's own row, everything but its benchmarks: the columns `record`, `checksum`,
/// `id`, `started` and `results`.
pub(super) fn read_header(row: &dyn Row, place: &str) -> Result<RunHeader, StoreError> {
    let (record, sum, id, started) = (row.text(0)?, row.integer(1)?, row.text(2)?, row.integer(3)?);
    let damaged = |what: &str| StoreError::Damaged {
        place: place.to_owned(),
        detail: format!("the record of a run {what}"),
    };
    if run_checksum(id, started, row.integer(4)?, record) != sum {
        return Err(damaged("is not what was written"));
    }
    serde_json::from_str(record).map_err(|error| damaged(&format!("cannot be read ({error})")))
}

fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("records have string keys")
}

/// The number of a row that is the same for many runs; it is made if it is not there.
fn number_of<D: Database>(
    database: &mut D,
    select: &'static str,
    insert: &'static str,
    values: &[Value<'_>],
) -> Result<i64, StoreError> {
    if let Some(number) = number(database, select, values)? {
        return Ok(number);
    }
    number(database, insert, values)?
        .ok_or_else(|| damaged(database, "a row that was written is not there"))
}

fn insert_run<D: Database>(database: &mut D, run: &Run) -> Result<bool, StoreError> {
    if run_number(database, run.id)?.is_some() {
        return Ok(false);
    }
    let identity = machine_identity(&run.environment);
    let machine = number_of(
        database,
        "SELECT number FROM machine WHERE identity = $1",
        "INSERT INTO machine (identity) VALUES ($1) RETURNING number",
        &[Value::Text(&identity)],
    )?;
    let started = run.started as i64;
    let record = json(&RunHeader {
        id: run.id,
        started: run.started,
        command: run.command.clone(),
        environment: run.environment.clone(),
        labels: run.labels.clone(),
    });
    let results = run.benchmarks.len() as i64;
    let id = run.id.to_string();
    let number = number(
        database,
        "INSERT INTO run (id, started, machine, record, results, checksum) \
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING number",
        &[
            Value::Text(&id),
            Value::Integer(started),
            Value::Integer(machine),
            Value::Text(&record),
            Value::Integer(results),
            Value::Integer(run_checksum(&id, started, results, &record)),
        ],
    )?
    .ok_or_else(|| damaged(database, "a run that was written is not there"))?;
    for (place, benchmark) in run.benchmarks.iter().enumerate() {
        let known = insert_result(database, (run.id, number), place as i64, benchmark)?;
        for measurement in benchmark.outcome.measurements() {
            let metric = metric_identifier(measurement.metric);
            let series = number_of(
                database,
                "SELECT number FROM series WHERE benchmark = $1 AND machine = $2 AND metric = $3",
                "INSERT INTO series (benchmark, machine, metric) VALUES ($1, $2, $3) RETURNING number",
                &[Value::Integer(known), Value::Integer(machine), Value::Text(&metric)],
            )?;
            let sorted = measurement.processes.iter().filter_map(|series| series.samples.sorted());
            let medians: Vec<f64> = sorted.map(|sorted| sorted.median()).collect();
            let medians = write_medians(&medians, series, started, number);
            database.execute(
                "INSERT INTO measurement (series, started, run, medians) VALUES ($1, $2, $3, $4)",
                &[
                    Value::Integer(series),
                    Value::Integer(started),
                    Value::Integer(number),
                    Value::Bytes(&medians),
                ],
            )?;
            database.execute(
                "UPDATE series SET points = points + 1 WHERE number = $1",
                &[Value::Integer(series)],
            )?;
        }
    }
    Ok(true)
}

/// Writes what came of a benchmark; returns the benchmark's number.
fn insert_result<D: Database>(
    database: &mut D,
    (id, run): (RunId, i64),
    place: i64,
    benchmark: &Benchmark,
) -> Result<i64, StoreError> {
    let parameters = json(&benchmark.parameters);
    let known = number_of(
        database,
        "SELECT number FROM benchmark WHERE name = $1 AND parameters = $2",
        "INSERT INTO benchmark (name, parameters) VALUES ($1, $2) RETURNING number",
        &[Value::Text(&benchmark.name), Value::Text(&parameters)],
    )?;
    let outcome = json(&benchmark.outcome.without_samples());
    let samples = write_samples(&benchmark.outcome);
    let texts = [&*benchmark.name, &parameters, &outcome];
    database.execute(
        "INSERT INTO result (run, place, benchmark, outcome, samples, checksum) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            Value::Integer(run),
            Value::Integer(place),
            Value::Integer(known),
            Value::Text(&outcome),
            Value::Bytes(&samples),
            Value::Integer(result_checksum(id, place, texts, &samples)),
        ],
    )?;
    Ok(known)
}

/// The columns `name`, `parameters`, `outcome`, `samples`, `checksum` and `place`; `None` if they are not what was
/// written.
fn read_benchmark(row: &dyn Row, run: RunId) -> Result<Option<Benchmark>, StoreError> {
    let (name, parameters, outcome) = (row.text(0)?, row.text(1)?, row.text(2)?);
    let samples = row.bytes(3)?;
    let sum = result_checksum(run, row.integer(5)?, [name, parameters, outcome], samples);
    if sum != row.integer(4)? {
        return Ok(None);
    }
    let parse = || {
        let parameters: BTreeMap<String, String> = serde_json::from_str(parameters).ok()?;
        let mut outcome = serde_json::from_str(outcome).ok()?;
        read_samples(samples, &mut outcome)?;
        Some(Benchmark { name: name.to_owned(), parameters, outcome })
    };
    Ok(parse())
}

fn read_run<D: Database>(database: &mut D, id: RunId) -> Result<Run, StoreError> {
    let Some(number) = run_number(database, id)? else { return Err(missing(database, id)) };
    let place = database.place().to_owned();
    let mut header = None;
    database.query(
        "SELECT record, checksum, id, started, results FROM run WHERE number = $1",
        &[Value::Integer(number)],
        &mut |row| {
            header = Some((read_header(row, &place)?, row.integer(4)?));
            Ok(())
        },
    )?;
    let broken = |what: &str| StoreError::Damaged {
        place: place.clone(),
        detail: format!("{what} of the run {id} is not what was written"),
    };
    let (header, results) =
        header.filter(|(header, _)| header.id == id).ok_or_else(|| broken("the record"))?;
    let mut benchmarks = Vec::new();
    database.query(
        "SELECT benchmark.name, benchmark.parameters, result.outcome, result.samples, \
         result.checksum, result.place FROM result JOIN benchmark ON benchmark.number = result.benchmark \
         WHERE result.run = $1 ORDER BY result.place",
        &[Value::Integer(number)],
        &mut |row| {
            let benchmark = read_benchmark(row, id)?;
            benchmarks.push(benchmark.ok_or_else(|| broken("a benchmark"))?);
            Ok(())
        },
    )?;
    if benchmarks.len() as i64 != results {
        return Err(broken("the number of benchmarks"));
    }
    let RunHeader { id, started, command, environment, labels } = header;
    Ok(Run { id, started, command, environment, labels, benchmarks })
}

impl<D: Database> Store for SqlStore<D> {
    fn place(&self) -> &str {
        self.database.place()
    }

    fn save(&mut self, run: &Run) -> Result<bool, StoreError> {
        run.check()?;
        writing(&mut self.database, |database| insert_run(database, run))
    }

    fn run(&mut self, id: RunId) -> Result<Run, StoreError> {
        reading(&mut self.database, |database| read_run(database, id))
    }

    fn runs(&mut self, most: usize) -> Result<Vec<RunHeader>, StoreError> {
        let place = self.database.place().to_owned();
        let mut runs = Vec::new();
        self.database.query(
            "SELECT record, checksum, id, started, results FROM run ORDER BY started DESC, id DESC LIMIT $1",
            &[Value::Integer(i64::try_from(most).unwrap_or(i64::MAX))],
            &mut |row| {
                runs.push(read_header(row, &place)?);
                Ok(())
            },
        )?;
        Ok(runs)
    }

    fn ids(&mut self) -> Result<Vec<RunId>, StoreError> {
        let mut ids = Vec::new();
        self.database.query("SELECT id FROM run ORDER BY started, id", &[], &mut |row| {
            // A name that is damaged is none; whoever counts the runs notices.
            ids.extend(row.text(0)?.parse::<RunId>().ok());
            Ok(())
        })?;
        Ok(ids)
    }

    fn find(&mut self, name: &str) -> Result<RunId, StoreError> {
        let mut found: Vec<String> = Vec::new();
        let mut collect = |row: &dyn Row| {
            found.push(row.text(0)?.to_owned());
            Ok(())
        };
        if name == "latest" {
            self.database.query(
                "SELECT id FROM run ORDER BY started DESC, id DESC LIMIT 1",
                &[],
                &mut collect,
            )?;
            if found.is_empty() {
                return Err(StoreError::Empty(self.place().to_owned()));
            }
        } else {
            let prefix = name.to_ascii_lowercase();
            self.database.query(
                "SELECT id FROM run WHERE id >= $1 AND id < $2",
                &[Value::Text(&prefix), Value::Text(&format!("{prefix}~"))],
                &mut collect,
            )?;
        }
        match &found[..] {
            [] => Err(StoreError::NoRun(name.to_owned())),
            [id] => id.parse().map_err(|_| damaged(&self.database, "the name of a run is none")),
            several => Err(StoreError::Ambiguous { prefix: name.to_owned(), count: several.len() }),
        }
    }

    fn save_baseline(&mut self, baseline: &Baseline) -> Result<(), StoreError> {
        writing(&mut self.database, |database| {
            let run = run_number(database, baseline.run)?
                .ok_or_else(|| StoreError::NoRun(baseline.run.to_string()))?;
            database.execute(
                "INSERT INTO baseline (name, run, saved) VALUES ($1, $2, $3) \
                 ON CONFLICT (name) DO UPDATE SET run = excluded.run, saved = excluded.saved",
                &[
                    Value::Text(&baseline.name),
                    Value::Integer(run),
                    Value::Integer(i64::try_from(baseline.saved).unwrap_or(i64::MAX)),
                ],
            )?;
            Ok(())
        })
    }

    fn baselines(&mut self) -> Result<Vec<Baseline>, StoreError> {
        let place = self.database.place().to_owned();
        let mut baselines = Vec::new();
        self.database.query(
            "SELECT baseline.name, run.id, baseline.saved \
             FROM baseline JOIN run ON run.number = baseline.run ORDER BY baseline.name",
            &[],
            &mut |row| {
                let damaged = || StoreError::Damaged {
                    place: place.clone(),
                    detail: "a baseline names no run".to_owned(),
                };
                baselines.push(Baseline {
                    name: row.text(0)?.to_owned(),
                    run: row.text(1)?.parse().map_err(|_| damaged())?,
                    saved: row.integer(2)?.unsigned_abs(),
                });
                Ok(())
            },
        )?;
        Ok(baselines)
    }

    fn remove_baseline(&mut self, name: &str) -> Result<(), StoreError> {
        let removed = writing(&mut self.database, |database| {
            database.execute("DELETE FROM baseline WHERE name = $1", &[Value::Text(name)])
        })?;
        match removed {
            0 => self.baseline(name).map(|_| ()),
            _ => Ok(()),
        }
    }

    fn history(&mut self, filter: &HistoryFilter) -> Result<Vec<History>, StoreError> {
        reading(&mut self.database, |database| query::history(database, filter))
    }
}
