//! What engines tell of their own memory: sums that they keep, without the single allocations.

use serde::{Deserialize, Serialize};

/// More engines with purposes than any process has; what comes after is not told.
const MOST_ENGINES: usize = 256;

/// What an engine tells of its own memory on one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineMemory {
    /// The device.
    pub device: String,
    /// What the memory is for, as finely as the engine tells it.
    pub purpose: String,
    /// Who counted, and of what: `MLX's allocator, for the whole process`. With no readings, why there are none.
    pub source: String,
    /// The latest figures of each occasion, in the order of a call. Empty if the engine tells none, which is not to say
    /// that it holds nothing.
    pub readings: Vec<EngineReading>,
}

/// An engine's figures at one time, in bytes; `None` where it has no such figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineReading {
    /// What had been done when the engine was asked.
    pub occasion: Occasion,
    /// When it was asked: nanoseconds since the tracker was made.
    pub at: u64,
    /// The figures.
    #[serde(flatten)]
    pub figures: EngineFigures,
}

/// The sums that an engine keeps, in bytes; `None` where it keeps no such sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineFigures {
    /// In use.
    pub active: Option<u64>,
    /// The most that was in use at once.
    pub peak: Option<u64>,
    /// Taken from the system, in use or not.
    pub reserved: Option<u64>,
}

impl EngineFigures {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What had been done when an engine was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// A model was compiled.
    Compiled,
    /// Inputs were bound.
    Bound,
    /// A run had ended.
    Ran,
}

impl Occasion {
    /// The word for tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Compiled => "compiled",
            Self::Bound => "bound",
            Self::Ran => "ran",
        }
    }
}

/// What engines have told, times in ticks.
#[derive(Debug, Default)]
pub(super) struct Engines(pub Vec<EngineMemory>);

impl Engines {
    /// Takes note of a reading, in place of the one before on that occasion; none says that the engine has no figures, and
    /// counts until there are some on that device.
    pub(super) fn tell(
        &mut self,
        [device, purpose, source]: [&str; 3],
        reading: Option<EngineReading>,
    ) {
        let has_figures = |told: &EngineMemory| told.device == device && !told.readings.is_empty();
        match reading {
            None if self.0.iter().any(has_figures) => return,
            None => {}
            Some(_) => self.0.retain(|told| told.device != device || !told.readings.is_empty()),
        }
        let same = |told: &EngineMemory| {
            told.device == device && told.purpose == purpose && told.source == source
        };
        let place = match self.0.iter().position(same) {
            Some(place) => place,
            None if self.0.len() >= MOST_ENGINES => return,
            None => {
                self.0.push(EngineMemory {
                    device: device.to_owned(),
                    purpose: purpose.to_owned(),
                    source: source.to_owned(),
                    readings: Vec::new(),
                });
                self.0.len() - 1
            }
        };
        let Some(reading) = reading else { return };
        let readings = &mut self.0[place].readings;
        match readings.binary_search_by_key(&reading.occasion, |known| known.occasion) {
            Ok(known) => readings[known] = reading,
            Err(between) => readings.insert(between, reading),
        }
    }
}
