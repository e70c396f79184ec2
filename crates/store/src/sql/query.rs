//! Histories and checks: medians alone, in the order in which the database keeps them.

use std::collections::HashMap;
use std::sync::Arc;

use tachy_measure::Metric;

use super::block::read_medians;
use super::database::{Database, Row, Value};
use super::store::{damaged, read_header};
use crate::series::metric_of_identifier;
use crate::{History, HistoryFilter, Point, REFERENCE, RunHeader, SeriesKey, StoreError};

/// A series with its number, and when it was measured last.
struct KnownSeries {
    number: i64,
    key: SeriesKey,
    last: i64,
    points: i64,
}

/// The columns number, name, parameters, identity, metric, the last time and the number of points.
fn read_series(row: &dyn Row) -> Result<Option<KnownSeries>, StoreError> {
    let Ok(parameters) = serde_json::from_str(row.text(2)?) else { return Ok(None) };
    let Some(metric) = metric_of_identifier(row.text(4)?) else { return Ok(None) };
    Ok(Some(KnownSeries {
        number: row.integer(0)?,
        key: SeriesKey {
            benchmark: row.text(1)?.to_owned(),
            parameters,
            metric,
            machine: row.text(3)?.to_owned(),
        },
        last: row.integer(5)?,
        points: row.integer(6)?,
    }))
}

fn matches(key: &SeriesKey, filter: &HistoryFilter) -> bool {
    let of_metric = filter.metrics.is_empty() || filter.metrics.contains(&key.metric);
    let has = |word: &String| {
        key.benchmark.contains(word.as_str())
            || key.parameters.iter().any(|(name, value)| format!("{name}={value}").contains(word))
    };
    of_metric && filter.words.iter().all(has)
}

const OF_SERIES: &str = "a series is not what was written";
const OF_MEDIANS: &str = "the medians of a measurement are not what was written";

pub(super) fn history<D: Database>(
    database: &mut D,
    filter: &HistoryFilter,
) -> Result<Vec<History>, StoreError> {
    let mut chosen = Vec::new();
    let mut broken = false;
    database.query(
        "SELECT series.number, benchmark.name, benchmark.parameters, machine.identity, \
         series.metric, coalesce((SELECT max(started) FROM measurement \
         WHERE measurement.series = series.number), 0), series.points \
         FROM series LEFT JOIN benchmark ON benchmark.number = series.benchmark \
         LEFT JOIN machine ON machine.number = series.machine",
        &[],
        &mut |row| {
            match read_series(row)? {
                Some(series) if matches(&series.key, filter) => chosen.push(series),
                Some(_) => {}
                None => broken = true,
            }
            Ok(())
        },
    )?;
    if broken {
        return Err(damaged(database, OF_SERIES));
    }
    chosen.sort_by(|a, b| b.last.cmp(&a.last).then_with(|| a.key.cmp(&b.key)));
    chosen.truncate(filter.series);
    let runs = headers(database)?;
    let mut references = HashMap::new();
    let mut histories = Vec::new();
    for series in chosen {
        let of_series = latest_of(database, &series, filter.points)?;
        let key = series.key;
        if !references.contains_key(&key.machine) {
            let times = reference(database, &key.machine)?;
            references.insert(key.machine.clone(), times);
        }
        let times = &references[&key.machine];
        let mut points = Vec::new();
        for (run, medians) in of_series {
            let header = runs.get(&run).ok_or_else(|| damaged(database, OF_MEDIANS))?;
            let reference = times.get(&run).copied();
            points.push(Point { run: header.clone(), medians, reference });
        }
        histories.push(History { key, points });
    }
    Ok(histories)
}

/// All runs without their benchmarks, by number.
fn headers<D: Database>(database: &mut D) -> Result<HashMap<i64, Arc<RunHeader>>, StoreError> {
    let place = database.place().to_owned();
    let mut runs = HashMap::new();
    database.query(
        "SELECT record, checksum, id, started, results, number FROM run",
        &[],
        &mut |row| {
            runs.insert(row.integer(5)?, Arc::new(read_header(row, &place)?));
            Ok(())
        },
    )?;
    Ok(runs)
}

/// The median time of the reference kernel in each run on a machine.
fn reference<D: Database>(
    database: &mut D,
    machine: &str,
) -> Result<HashMap<i64, f64>, StoreError> {
    let mut kernels = Vec::new();
    database.query(
        "SELECT series.number, series.metric, series.points FROM series \
         JOIN benchmark ON benchmark.number = series.benchmark \
         JOIN machine ON machine.number = series.machine \
         WHERE benchmark.name = $1 AND machine.identity = $2",
        &[Value::Text(REFERENCE), Value::Text(machine)],
        &mut |row| {
            if metric_of_identifier(row.text(1)?) == Some(Metric::Time) {
                kernels.push((row.integer(0)?, row.integer(2)?));
            }
            Ok(())
        },
    )?;
    let mut times = HashMap::new();
    for (number, points) in kernels {
        for (run, mut medians) in measurements(database, number, points, usize::MAX)? {
            medians.sort_by(f64::total_cmp);
            if let Some(median) = medians.get(medians.len() / 2).filter(|median| **median > 0.0) {
                times.insert(run, *median);
            }
        }
    }
    Ok(times)
}

/// The latest measurements of a series, the earliest first: the run's number and the medians of its processes.
fn latest_of<D: Database>(
    database: &mut D,
    series: &KnownSeries,
    most: usize,
) -> Result<Vec<(i64, Vec<f64>)>, StoreError> {
    measurements(database, series.number, series.points, most)
}

fn measurements<D: Database>(
    database: &mut D,
    series: i64,
    points: i64,
    most: usize,
) -> Result<Vec<(i64, Vec<f64>)>, StoreError> {
    let mut found = Vec::new();
    let mut broken = false;
    database.query(
        "SELECT started, run, medians FROM measurement WHERE series = $1 \
         ORDER BY started DESC, run DESC LIMIT $2",
        &[Value::Integer(series), Value::Integer(i64::try_from(most).unwrap_or(i64::MAX))],
        &mut |row| {
            let (started, run) = (row.integer(0)?, row.integer(1)?);
            match read_medians(row.bytes(2)?, series, started, run) {
                Some(medians) => found.push((run, medians)),
                None => broken = true,
            }
            Ok(())
        },
    )?;
    let whole = found.len() as i64 == points.min(i64::try_from(most).unwrap_or(i64::MAX));
    if broken || !whole {
        return Err(damaged(database, OF_MEDIANS));
    }
    found.reverse();
    Ok(found)
}
