//! PostgreSQL: the store is in a database on a server that a team shares.

use std::collections::HashMap;

use postgres::error::SqlState;
use postgres::types::ToSql;
use postgres::{Client, NoTls, Statement};

use super::database::{Database, Row, Value};
use super::schema;
use super::store::SqlStore;
use crate::{OpenOptions, Place, Store, StoreError};

/// Opens a store on a server.
pub(crate) fn open_postgres(
    place: &Place,
    url: &str,
    options: OpenOptions,
) -> Result<Box<dyn Store>, StoreError> {
    let mut database = Postgres::connect(place, url, options)?;
    schema::migrate(&mut database)?;
    Ok(Box::new(SqlStore::new(database)))
}

const REMEDY: &str = "Check the URL, that the server is up and that this user may use the database; connections are \
                      not encrypted, so a server that demands it needs a tunnel.";

struct Postgres {
    client: Client,
    statements: HashMap<&'static str, Statement>,
    place: String,
    seconds: u64,
}

impl Postgres {
    fn connect(place: &Place, url: &str, options: OpenOptions) -> Result<Self, StoreError> {
        let place = place.to_string();
        let unusable = |error: postgres::Error| StoreError::Unusable {
            place: place.clone(),
            action: "opened",
            detail: full(&error),
            remedy: REMEDY,
        };
        let mut config: postgres::Config = url.parse().map_err(unusable)?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(options.patience.max(std::time::Duration::from_secs(1)));
        }
        let client = config.connect(NoTls).map_err(unusable)?;
        let seconds = options.patience.as_secs();
        let mut database = Self { client, statements: HashMap::new(), place, seconds };
        let patience = options.patience.as_millis().clamp(1, i32::MAX as u128);
        database
            .client
            .batch_execute(&format!("SET lock_timeout = {patience}"))
            .map_err(|error| database.explain(&error, "opened"))?;
        Ok(database)
    }

    fn explain(&self, error: &postgres::Error, action: &'static str) -> StoreError {
        let place = self.place.clone();
        let detail = full(error);
        match error.code() {
            Some(&SqlState::LOCK_NOT_AVAILABLE | &SqlState::T_R_DEADLOCK_DETECTED) => {
                StoreError::Locked { place, seconds: self.seconds }
            }
            Some(&SqlState::DISK_FULL) => StoreError::Full { place, detail },
            Some(
                &SqlState::DATA_CORRUPTED
                | &SqlState::INDEX_CORRUPTED
                | &SqlState::UNDEFINED_TABLE
                | &SqlState::UNDEFINED_COLUMN,
            ) => StoreError::Damaged { place, detail },
            _ => StoreError::Unusable { place, action, detail, remedy: REMEDY },
        }
    }

    fn prepared(&mut self, sql: &'static str) -> Result<Statement, StoreError> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql).map_err(|error| self.explain(&error, "read"))?;
        self.statements.insert(sql, statement.clone());
        Ok(statement)
    }
}

/// The error with what caused it; the outer message alone is often `db error`.
fn full(error: &postgres::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

fn parameters<'a>(values: &'a [Value<'a>]) -> Vec<Box<dyn ToSql + Sync + 'a>> {
    let parameter = |value: &'a Value<'a>| -> Box<dyn ToSql + Sync + 'a> {
        match value {
            Value::Integer(value) => Box::new(*value),
            Value::Text(text) => Box::new(*text),
            Value::Bytes(bytes) => Box::new(*bytes),
        }
    };
    values.iter().map(parameter).collect()
}

fn references<'a>(parameters: &'a [Box<dyn ToSql + Sync + 'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    parameters.iter().map(AsRef::as_ref).collect()
}

struct PostgresRow<'a> {
    row: &'a postgres::Row,
    place: &'a str,
}

impl PostgresRow<'_> {
    fn value<'a, T: postgres::types::FromSql<'a>>(
        &'a self,
        column: usize,
    ) -> Result<T, StoreError> {
        self.row.try_get(column).map_err(|error| StoreError::Damaged {
            place: self.place.to_owned(),
            detail: full(&error),
        })
    }
}

impl Row for PostgresRow<'_> {
    fn integer(&self, column: usize) -> Result<i64, StoreError> {
        self.value(column)
    }

    fn text(&self, column: usize) -> Result<&str, StoreError> {
        self.value(column)
    }

    fn bytes(&self, column: usize) -> Result<&[u8], StoreError> {
        self.value(column)
    }
}

impl Database for Postgres {
    fn place(&self) -> &str {
        &self.place
    }

    fn migration(version: usize) -> &'static str {
        schema::POSTGRES[version]
    }

    fn version(&mut self) -> Result<i64, StoreError> {
        let fail = |database: &Self, error| database.explain(&error, "read");
        let known = self
            .client
            .query_one("SELECT to_regclass('tachy_layout') IS NOT NULL", &[])
            .and_then(|row| row.try_get::<_, bool>(0));
        match known {
            Ok(false) => return Ok(0),
            Ok(true) => {}
            Err(error) => return Err(fail(self, error)),
        }
        let rows = self.client.query("SELECT version FROM tachy_layout", &[]);
        match rows.and_then(|rows| rows.first().map(|row| row.try_get(0)).transpose()) {
            Ok(version) => Ok(version.unwrap_or(0)),
            Err(error) => Err(fail(self, error)),
        }
    }

    fn set_version(&mut self, version: i64) -> Result<(), StoreError> {
        self.batch("DELETE FROM tachy_layout")?;
        self.execute("INSERT INTO tachy_layout (version) VALUES ($1)", &[Value::Integer(version)])?;
        Ok(())
    }

    /// One writer at a time, in the whole store: rows that many runs share are then never waited for in a circle. The
    /// table of the layout's version is there for everybody to hold on to.
    fn begin_writing(&mut self) -> Result<(), StoreError> {
        self.batch(
            "BEGIN; SELECT pg_advisory_xact_lock(8386105380345963641); \
             CREATE TABLE IF NOT EXISTS tachy_layout (version BIGINT NOT NULL)",
        )
    }

    fn begin_reading(&mut self) -> Result<(), StoreError> {
        self.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.batch("COMMIT")
    }

    fn roll_back(&mut self) {
        // Without a connection there is nothing to roll back.
        let _ = self.client.batch_execute("ROLLBACK");
    }

    fn batch(&mut self, sql: &'static str) -> Result<(), StoreError> {
        self.client.batch_execute(sql).map_err(|error| self.explain(&error, "written"))
    }

    fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        let statement = self.prepared(sql)?;
        let parameters = parameters(values);
        self.client
            .execute(&statement, &references(&parameters))
            .map_err(|error| self.explain(&error, "written"))
    }

    fn query(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        show: &mut dyn FnMut(&dyn Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let statement = self.prepared(sql)?;
        let parameters = parameters(values);
        let rows = self
            .client
            .query(&statement, &references(&parameters))
            .map_err(|error| self.explain(&error, "read"))?;
        for row in &rows {
            show(&PostgresRow { row, place: &self.place })?;
        }
        Ok(())
    }
}
