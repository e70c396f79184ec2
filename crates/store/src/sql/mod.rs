//! A store in a relational database: one schema and one set of statements, whatever the database.
//!
//! A run is one row, each of its benchmarks another (the outcome as JSON, the samples as one block of bytes), and each
//! measurement one row with the medians of its processes. Those rows are kept in the order of their series and time,
//! so that histories and checks read them one after the other and touch no samples.

mod block;
mod database;
#[cfg(feature = "postgres")]
mod postgres;
mod query;
mod schema;
#[cfg(feature = "sqlite")]
mod sqlite;
mod store;

#[cfg(feature = "postgres")]
pub(crate) use self::postgres::open_postgres;
#[cfg(feature = "sqlite")]
pub(crate) use sqlite::open_sqlite;
