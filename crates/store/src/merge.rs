//! Several stores made one.

use crate::{Store, StoreError};

/// What a merge did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Merged {
    /// Runs that are new.
    pub added: usize,
    /// Runs that were there already.
    pub known: usize,
    /// Baselines that are new, or newer than those of the same name.
    pub baselines: usize,
}

/// Copies every run and baseline of a store into another. Runs that are there already are left alone, so that doing it
/// twice does no more than doing it once; of two baselines of one name the later one stays.
///
/// # Errors
/// If one cannot be read or the other cannot be written. What was copied before stays.
pub fn merge(from: &mut dyn Store, into: &mut dyn Store) -> Result<Merged, StoreError> {
    let mut merged = Merged::default();
    for id in from.ids()? {
        let known = match into.find(&id.to_string()) {
            Ok(_) => true,
            Err(StoreError::NoRun(_) | StoreError::Empty(_)) => false,
            Err(error) => return Err(error),
        };
        match !known && into.save(&from.run(id)?)? {
            true => merged.added += 1,
            false => merged.known += 1,
        }
    }
    let present = into.baselines()?;
    for baseline in from.baselines()? {
        let newer = |other: &&crate::Baseline| {
            other.name == baseline.name
                && (other.saved, other.run) >= (baseline.saved, baseline.run)
        };
        if !present.iter().any(|other| newer(&other)) {
            into.save_baseline(&baseline)?;
            merged.baselines += 1;
        }
    }
    Ok(merged)
}
