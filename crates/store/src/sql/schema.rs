//! The layout of the tables, version by version.

use super::database::{Database, writing};
use crate::StoreError;

/// The layout that this version of Tachy writes.
pub(super) const VERSION: i64 = 1;

/// The first layout; what differs between databases is handed in.
macro_rules! first_layout {
    ($number:literal, $bytes:literal, $clustered:literal) => {
        concat!(
            "CREATE TABLE machine (
                number ",
            $number,
            ",
                identity TEXT NOT NULL UNIQUE
            );
            CREATE TABLE run (
                number ",
            $number,
            ",
                id TEXT NOT NULL UNIQUE,
                started BIGINT NOT NULL,
                machine BIGINT NOT NULL REFERENCES machine,
                record TEXT NOT NULL,
                results BIGINT NOT NULL,
                checksum BIGINT NOT NULL
            );
            CREATE INDEX run_by_time ON run (started, id);
            CREATE TABLE benchmark (
                number ",
            $number,
            ",
                name TEXT NOT NULL,
                parameters TEXT NOT NULL,
                UNIQUE (name, parameters)
            );
            CREATE TABLE series (
                number ",
            $number,
            ",
                benchmark BIGINT NOT NULL REFERENCES benchmark,
                machine BIGINT NOT NULL REFERENCES machine,
                metric TEXT NOT NULL,
                points BIGINT NOT NULL DEFAULT 0,
                UNIQUE (benchmark, machine, metric)
            );
            CREATE TABLE result (
                run BIGINT NOT NULL REFERENCES run,
                place BIGINT NOT NULL,
                benchmark BIGINT NOT NULL REFERENCES benchmark,
                outcome TEXT NOT NULL,
                samples ",
            $bytes,
            " NOT NULL,
                checksum BIGINT NOT NULL,
                PRIMARY KEY (run, place)
            );
            CREATE TABLE measurement (
                series BIGINT NOT NULL REFERENCES series,
                started BIGINT NOT NULL,
                run BIGINT NOT NULL REFERENCES run,
                medians ",
            $bytes,
            " NOT NULL,
                PRIMARY KEY (series, started, run)
            )",
            $clustered,
            ";
            CREATE TABLE baseline (
                name TEXT PRIMARY KEY,
                run BIGINT NOT NULL REFERENCES run,
                saved BIGINT NOT NULL
            );"
        )
    };
}

/// What makes each layout from the one before, for SQLite.
#[cfg(feature = "sqlite")]
pub(super) const SQLITE: [&str; VERSION as usize] =
    [first_layout!("INTEGER PRIMARY KEY", "BLOB", " WITHOUT ROWID")];

/// What makes each layout from the one before, for PostgreSQL.
#[cfg(feature = "postgres")]
pub(super) const POSTGRES: [&str; VERSION as usize] =
    [first_layout!("BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "BYTEA", "")];

/// Brings the layout up to date: all steps in one transaction.
pub(super) fn migrate<D: Database>(database: &mut D) -> Result<(), StoreError> {
    let known = |database: &mut D| match database.version()? {
        found if found > VERSION => {
            let place = database.place().to_owned();
            Err(StoreError::Newer { place, found, known: VERSION })
        }
        found => Ok(found),
    };
    if known(database)? == VERSION {
        return Ok(());
    }
    writing(database, |database| {
        // Another program may have done it while this one waited.
        for version in known(database)?..VERSION {
            database.batch(D::migration(version as usize))?;
            database.set_version(version + 1)?;
        }
        Ok(())
    })
}
