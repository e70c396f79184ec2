//! Devices: places where a backend can run.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The name of a device: a backend, and which of its devices if it has several: `cpu`, `ort:cuda`, `tract`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Device {
    backend: String,
    unit: Option<String>,
}

impl Device {
    /// The only device of a backend.
    pub fn of(backend: &str) -> Self {
        Self { backend: backend.to_owned(), unit: None }
    }

    /// One of several devices of a backend.
    pub fn with_unit(backend: &str, unit: &str) -> Self {
        Self { backend: backend.to_owned(), unit: Some(unit.to_owned()) }
    }

    /// The backend's name.
    pub fn backend(&self) -> &str {
        &self.backend
    }

    /// Which of the backend's devices, if it has several.
    pub fn unit(&self) -> Option<&str> {
        self.unit.as_deref()
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.unit {
            None => f.pad(&self.backend),
            Some(unit) => f.pad(&format!("{}:{unit}", self.backend)),
        }
    }
}

impl From<Device> for String {
    fn from(device: Device) -> Self {
        device.to_string()
    }
}

/// The text cannot be the name of a device.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{0}` is not the name of a device; a name is a backend (`cpu`) or a backend and one of its devices (`ort:cpu`)"
)]
pub struct InvalidDeviceName(pub String);

impl FromStr for Device {
    type Err = InvalidDeviceName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_word = |word: &str| {
            !word.is_empty()
                && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        match text.split_once(':') {
            None if is_word(text) => Ok(Self::of(text)),
            Some((backend, unit)) if is_word(backend) && is_word(unit) => {
                Ok(Self::with_unit(backend, unit))
            }
            _ => Err(InvalidDeviceName(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Device {
    type Error = InvalidDeviceName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// A device as `tachy devices` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceInfo {
    /// The name.
    pub device: Device,
    /// The engine and its version, and what it runs on: "ONNX Runtime 1.31.1, CPU".
    pub description: String,
    /// Whether it can be used.
    pub availability: Availability,
}

impl DeviceInfo {
    /// Whether the device can be used.
    pub fn is_available(&self) -> bool {
        self.availability == Availability::Available
    }
}

/// Whether a device can be used and, if not, why and what would change that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Availability {
    /// It can be used.
    Available,
    /// It cannot.
    Absent {
        /// Why not, as a sentence.
        reason: String,
        /// What would bring it, as a sentence.
        remedy: String,
    },
}
