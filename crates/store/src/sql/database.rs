//! What a database must be able to do.

use crate::StoreError;

/// A value that is handed to a statement.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'a> {
    Integer(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

/// A row that a statement yields; columns are counted from 0.
pub(super) trait Row {
    fn integer(&self, column: usize) -> Result<i64, StoreError>;
    fn text(&self, column: usize) -> Result<&str, StoreError>;
    fn bytes(&self, column: usize) -> Result<&[u8], StoreError>;
}

/// A connection. Statements are the same for every database: parameters are `$1`, `$2` and so on, first used in that
/// order.
pub(super) trait Database {
    /// The place, for people.
    fn place(&self) -> &str;

    /// The statements that make the layout of this version from the one before; see [`super::schema`].
    fn migration(version: usize) -> &'static str;

    /// The layout's version; 0 where nothing is there yet.
    fn version(&mut self) -> Result<i64, StoreError>;

    /// Notes the layout's version.
    fn set_version(&mut self, version: i64) -> Result<(), StoreError>;

    /// Begins a transaction that writes, as soon as no other one does.
    fn begin_writing(&mut self) -> Result<(), StoreError>;

    /// Begins a transaction that sees the store as it is now, whatever others write meanwhile.
    fn begin_reading(&mut self) -> Result<(), StoreError>;

    /// Ends the transaction and keeps what it wrote: on the disk when this returns.
    fn commit(&mut self) -> Result<(), StoreError>;

    /// Ends the transaction and forgets what it wrote.
    fn roll_back(&mut self);

    /// Runs statements without parameters.
    fn batch(&mut self, sql: &'static str) -> Result<(), StoreError>;

    /// Runs a statement and returns how many rows it changed.
    fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, StoreError>;

    /// Runs a statement and shows every row.
    fn query(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        row: &mut dyn FnMut(&dyn Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;
}

/// The first column of the only row, if there is one.
pub(super) fn number<D: Database>(
    database: &mut D,
    sql: &'static str,
    values: &[Value<'_>],
) -> Result<Option<i64>, StoreError> {
    let mut found = None;
    database.query(sql, values, &mut |row| {
        found = Some(row.integer(0)?);
        Ok(())
    })?;
    Ok(found)
}

/// Does something in a transaction that writes: wholly, or not at all.
pub(super) fn writing<D: Database, T>(
    database: &mut D,
    work: impl FnOnce(&mut D) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    database.begin_writing()?;
    let result = work(database).and_then(|value| database.commit().map(|()| value));
    if result.is_err() {
        database.roll_back();
    }
    result
}

/// Reads several things that belong to the same moment.
pub(super) fn reading<D: Database, T>(
    database: &mut D,
    work: impl FnOnce(&mut D) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    database.begin_reading()?;
    let result = work(database);
    database.roll_back();
    result
}
