//! From a place to a store.

use std::time::Duration;

use crate::{Place, Store, StoreError};

/// How a store is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenOptions {
    /// How long to wait for another program that holds the store.
    pub patience: Duration,
    /// Whether to make the store if it is not there.
    pub create: bool,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { patience: Duration::from_secs(30), create: true }
    }
}

/// Opens a store, and makes it if it is not there. An older layout is brought up to date.
///
/// # Errors
/// If it cannot be opened, is no store, is damaged, or is newer than this version of Tachy.
pub fn open(place: &Place) -> Result<Box<dyn Store>, StoreError> {
    open_with(place, OpenOptions::default())
}

/// Opens a store in a particular way.
///
/// # Errors
/// As [`open`].
pub fn open_with(place: &Place, options: OpenOptions) -> Result<Box<dyn Store>, StoreError> {
    match place {
        #[cfg(feature = "sqlite")]
        Place::File(path) => crate::sql::open_sqlite(path, options),
        #[cfg(feature = "postgres")]
        Place::Server(url) => crate::sql::open_postgres(place, url, options),
        #[allow(unreachable_patterns, reason = "depends on the features")]
        Place::File(_) => {
            Err(StoreError::NotBuilt { what: format!("the store `{place}`"), feature: "sqlite" })
        }
        #[allow(unreachable_patterns, reason = "depends on the features")]
        Place::Server(_) => {
            let _ = options;
            Err(StoreError::NotBuilt { what: format!("the store `{place}`"), feature: "postgres" })
        }
    }
}
