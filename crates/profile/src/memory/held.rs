//! Who holds how much, in one line each, whoever told it.

use serde::{Deserialize, Serialize};

use super::MemoryReport;

/// What is held for one purpose on one device, in bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// The device.
    pub device: String,
    /// What for.
    pub purpose: String,
    /// Who says so: `allocations` that the tracker was told of, or an engine that keeps sums of its own; of an engine that keeps
    /// none, why there is no figure.
    pub source: String,
    /// Held at last; `None` if it is not told, which is not to say that it is nothing.
    pub held: Option<u64>,
    /// The most that was held at once; `None` if it is not told.
    pub peak: Option<u64>,
    /// Taken from the system, in use or not; `None` if it is not told.
    pub reserved: Option<u64>,
}

/// What the source of a tracker's own sums is called.
const ALLOCATIONS: &str = "allocations";

impl MemoryReport {
    /// What is held for each purpose on each device: first what follows from the events that the tracker was told, then the
    /// latest figures of each engine that keeps sums of its own. The two may count the same bytes.
    pub fn holdings(&self) -> Vec<Holding> {
        let purposes = self.devices.iter().flat_map(|device| {
            device.purposes.iter().map(|purpose| Holding {
                device: device.device.clone(),
                purpose: purpose.purpose.clone(),
                source: ALLOCATIONS.to_owned(),
                held: Some(purpose.figures.current),
                peak: Some(purpose.figures.peak),
                reserved: None,
            })
        });
        let engines = self.engines.iter().map(|engine| {
            let latest = engine.readings.iter().max_by_key(|reading| reading.at);
            let figures = latest.map(|reading| reading.figures).unwrap_or_default();
            Holding {
                device: engine.device.clone(),
                purpose: engine.purpose.clone(),
                source: engine.source.clone(),
                held: figures.active,
                peak: figures.peak,
                reserved: figures.reserved,
            }
        });
        purposes.chain(engines).collect()
    }

    /// Whether nobody told anything.
    pub fn is_empty(&self) -> bool {
        self.devices.is_empty() && self.engines.is_empty() && self.faults.total() == 0
    }
}
