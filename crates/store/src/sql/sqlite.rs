//! SQLite: the store is one file.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::database::{Database, Row, Value};
use super::schema;
use super::store::SqlStore;
use crate::{OpenOptions, Store, StoreError};

/// What marks a file as a store of Tachy: `tchy`.
const APPLICATION: i64 = 0x7463_6879;

/// Opens a store in a file.
pub(crate) fn open_sqlite(path: &Path, options: OpenOptions) -> Result<Box<dyn Store>, StoreError> {
    if options.create {
        make_folder(path)?;
    } else if !path.exists() {
        return Err(StoreError::NotThere(path.display().to_string()));
    }
    let mut database = Sqlite::connect(path, options)?;
    schema::migrate(&mut database)?;
    Ok(Box::new(SqlStore::new(database)))
}

/// Makes the folder of the store. A project's `.tachy` keeps itself out of version control.
fn make_folder(path: &Path) -> Result<(), StoreError> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else {
        return Ok(());
    };
    let make = || -> std::io::Result<()> {
        let new = !folder.exists();
        std::fs::create_dir_all(folder)?;
        if new && folder.file_name().is_some_and(|name| name == ".tachy") {
            std::fs::write(folder.join(".gitignore"), "*\n")?;
        }
        Ok(())
    };
    make().map_err(|error| StoreError::Unusable {
        place: path.display().to_string(),
        action: "opened",
        detail: format!("its folder cannot be made: {error}"),
        remedy: REMEDY,
    })
}

const REMEDY: &str = "Check the path and the rights to it, or choose another store with --store.";

struct Sqlite {
    connection: Connection,
    place: String,
    seconds: u64,
}

impl Sqlite {
    fn connect(path: &Path, options: OpenOptions) -> Result<Self, StoreError> {
        let place = path.display().to_string();
        let seconds = options.patience.as_secs();
        let fail = |error| explain(&error, &place, "opened", seconds);
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if options.create {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        }
        let connection = Connection::open_with_flags(path, flags).map_err(fail)?;
        connection.busy_timeout(options.patience).map_err(fail)?;
        connection.set_prepared_statement_cache_capacity(64);
        let mut database = Self { connection, place, seconds };
        let begun = Instant::now();
        loop {
            match database.prepare() {
                // While several make the store at once, SQLite refuses some things without waiting as it was told.
                Err(StoreError::Locked { .. }) if begun.elapsed() < options.patience => {
                    thread::sleep(Duration::from_millis(5));
                }
                result => return result.map(|()| database),
            }
        }
    }

    /// Makes sure of what the file is before anything is written, then of how it is written.
    fn prepare(&mut self) -> Result<(), StoreError> {
        let mut tables = 0;
        self.query("SELECT count(*) FROM sqlite_schema", &[], &mut |row| {
            tables = row.integer(0)?;
            Ok(())
        })?;
        // Whoever makes a store writes this mark together with the first table: where there are tables, it is there, too.
        if tables > 0 && self.pragma("application_id")? != APPLICATION {
            let reason = "it is another program's SQLite database".to_owned();
            return Err(StoreError::NotAStore { place: self.place.clone(), reason });
        }
        // Others read while one writes, and a commit is on the disk when it returns.
        self.batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cell_size_check = ON; \
             PRAGMA cache_size = -65536; PRAGMA mmap_size = 0;",
        )
    }

    fn pragma(&mut self, name: &str) -> Result<i64, StoreError> {
        self.connection
            .pragma_query_value(None, name, |row| row.get(0))
            .map_err(|error| self.explain(&error, "read"))
    }

    fn explain(&self, error: &rusqlite::Error, action: &'static str) -> StoreError {
        explain(error, &self.place, action, self.seconds)
    }
}

/// What an error means for the store, and what to do.
fn explain(error: &rusqlite::Error, place: &str, action: &'static str, seconds: u64) -> StoreError {
    let place = place.to_owned();
    let detail = match error {
        rusqlite::Error::SqliteFailure(failure, message) => {
            message.clone().unwrap_or_else(|| failure.to_string())
        }
        error => error.to_string(),
    };
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            StoreError::Locked { place, seconds }
        }
        Some(ErrorCode::DatabaseCorrupt) => StoreError::Damaged { place, detail },
        Some(ErrorCode::NotADatabase) => StoreError::NotAStore {
            place,
            reason: "it is not a database of SQLite, or its first bytes are damaged".to_owned(),
        },
        Some(ErrorCode::DiskFull) => StoreError::Full { place, detail },
        // Among input and output errors, only those of writing come from a full disk or a limit on the file's size.
        Some(ErrorCode::SystemIoFailure) if action == "written" => {
            let detail = format!(
                "{detail} (a full disk, a limit on the size of files, or a fault of the disk)"
            );
            StoreError::Full { place, detail }
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => StoreError::Unusable {
            place,
            action: "written",
            detail,
            remedy: "Ask for the right to write the file and its folder, or choose another store with --store.",
        },
        Some(ErrorCode::ConstraintViolation) => StoreError::Damaged { place, detail },
        // A statement that does not fit the tables: they are not those of the layout that the file claims to have.
        Some(ErrorCode::Unknown) => StoreError::Damaged { place, detail },
        _ => StoreError::Unusable { place, action, detail, remedy: REMEDY },
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Value::Integer(value) => ValueRef::Integer(value),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// A row, and the place to name if it is damaged.
struct SqliteRow<'a> {
    row: &'a rusqlite::Row<'a>,
    place: &'a str,
}

impl SqliteRow<'_> {
    fn damaged(&self, column: usize) -> StoreError {
        StoreError::Damaged {
            place: self.place.to_owned(),
            detail: format!("column {column} of a row holds a value of another type"),
        }
    }

    fn value(&self, column: usize) -> Result<ValueRef<'_>, StoreError> {
        self.row.get_ref(column).map_err(|_| self.damaged(column))
    }
}

impl Row for SqliteRow<'_> {
    fn integer(&self, column: usize) -> Result<i64, StoreError> {
        self.value(column)?.as_i64().map_err(|_| self.damaged(column))
    }

    fn text(&self, column: usize) -> Result<&str, StoreError> {
        self.value(column)?.as_str().map_err(|_| self.damaged(column))
    }

    fn bytes(&self, column: usize) -> Result<&[u8], StoreError> {
        self.value(column)?.as_blob().map_err(|_| self.damaged(column))
    }
}

impl Database for Sqlite {
    fn place(&self) -> &str {
        &self.place
    }

    fn migration(version: usize) -> &'static str {
        schema::SQLITE[version]
    }

    fn version(&mut self) -> Result<i64, StoreError> {
        self.pragma("user_version")
    }

    fn set_version(&mut self, version: i64) -> Result<(), StoreError> {
        let set = |name, value| self.connection.pragma_update(None, name, value);
        set("application_id", APPLICATION)
            .and_then(|()| set("user_version", version))
            .map_err(|error| self.explain(&error, "written"))
    }

    fn begin_writing(&mut self) -> Result<(), StoreError> {
        self.batch("BEGIN IMMEDIATE")
    }

    fn begin_reading(&mut self) -> Result<(), StoreError> {
        self.batch("BEGIN")
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.batch("COMMIT")
    }

    fn roll_back(&mut self) {
        // After a full disk SQLite has rolled back by itself, and says so with an error.
        let _ = self.connection.execute_batch("ROLLBACK");
    }

    fn batch(&mut self, sql: &'static str) -> Result<(), StoreError> {
        self.connection.execute_batch(sql).map_err(|error| self.explain(&error, "written"))
    }

    fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        let execute = || {
            let mut statement = self.connection.prepare_cached(sql)?;
            statement.execute(rusqlite::params_from_iter(values))
        };
        execute().map(|rows| rows as u64).map_err(|error| self.explain(&error, "written"))
    }

    fn query(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        show: &mut dyn FnMut(&dyn Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let fail = |error| self.explain(&error, "read");
        let mut statement = self.connection.prepare_cached(sql).map_err(fail)?;
        let mut rows = statement.query(rusqlite::params_from_iter(values)).map_err(fail)?;
        while let Some(row) = rows.next().map_err(fail)? {
            show(&SqliteRow { row, place: &self.place })?;
        }
        Ok(())
    }
}
