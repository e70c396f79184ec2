//! The backends that a program has.

use crate::backend::Backend;
use crate::device::{Availability, Device, DeviceInfo};
use crate::error::{Error, Result};

/// The backends that a program has, in the order of their registration.
#[derive(Default)]
pub struct Registry {
    backends: Vec<Box<dyn Backend>>,
}

impl Registry {
    /// No backends.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a backend. One of the same name is replaced.
    pub fn register(&mut self, backend: impl Backend + 'static) {
        self.backends.retain(|other| other.name() != backend.name());
        self.backends.push(Box::new(backend));
    }

    /// All backends.
    pub fn backends(&self) -> impl Iterator<Item = &dyn Backend> {
        self.backends.iter().map(|backend| &**backend)
    }

    /// The devices of all backends, absent ones included.
    pub fn devices(&self) -> Vec<DeviceInfo> {
        self.backends().flat_map(|backend| backend.devices()).collect()
    }

    /// The backend of a device that can be used. A backend's bare name stands for the first of its devices
    /// that can be used, so `ort` may mean `ort:cpu`; the device is returned under its full name.
    ///
    /// # Errors
    /// If there is no such device, or it is absent.
    pub fn find(&self, device: &Device) -> Result<(&dyn Backend, Device)> {
        let unknown = || Error::UnknownDevice {
            device: device.clone(),
            known: self
                .devices()
                .iter()
                .map(|info| format!("`{}`", info.device))
                .collect::<Vec<_>>()
                .join(", "),
        };
        let backend = self.backends().find(|b| b.name() == device.backend()).ok_or_else(unknown)?;
        let mut matching: Vec<DeviceInfo> = match device.unit() {
            Some(_) => backend.device_info(device).into_iter().collect(),
            None => backend.devices(),
        };
        matching.sort_by_key(|info| !info.is_available());
        let info = matching.into_iter().next().ok_or_else(unknown)?;
        match info.availability {
            Availability::Available => Ok((backend, info.device)),
            Availability::Absent { reason, remedy } => {
                Err(Error::DeviceAbsent { device: info.device, reason, remedy })
            }
        }
    }
}
