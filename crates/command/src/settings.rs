//! `tachy.toml`: defaults of a project.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::Path;

use serde::Deserialize;
use tachy_runtime::Device;
use tachy_store::Place;

use crate::failure::Failure;

const FILE: &str = "tachy.toml";

/// Defaults from `tachy.toml`; the command line goes before them.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Devices to compare.
    pub devices: Option<Vec<Device>>,
    /// Threads of each engine.
    pub threads: Option<NonZeroUsize>,
    /// Seconds of measuring for each device.
    pub time: Option<f64>,
    /// Processes of each device.
    pub processes: Option<NonZeroUsize>,
    /// Seed of inputs, weights and orders.
    pub seed: Option<u64>,
    /// Seconds that an engine may take for one answer.
    pub timeout: Option<f64>,
    /// Where runs are stored: a file, relative to the folder of `tachy.toml`, or a URL.
    pub store: Option<String>,
    /// Whether `compare`, `bench` and `cargo bench` store their runs without being asked.
    pub save: Option<bool>,
    /// What `tachy check` measures.
    pub check: CheckSettings,
}

/// The gate of a project.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CheckSettings {
    /// A line for the shell that builds a revision in its folder.
    pub build: Option<String>,
    /// Commands by the names of their benchmarks.
    pub benchmarks: BTreeMap<String, String>,
}

impl Settings {
    /// The settings of the nearest `tachy.toml`, in the current folder or above it; none if there is no such file.
    ///
    /// # Errors
    /// A file that cannot be read or says what is no setting.
    pub fn find() -> Result<Self, Failure> {
        let here = std::env::current_dir().map_err(|error| {
            Failure::Input(format!("the current folder is not there: {error}."))
        })?;
        let file = here.ancestors().map(|folder| folder.join(FILE)).find(|path| path.is_file());
        file.map_or_else(|| Ok(Self::default()), |path| Self::read(&path))
    }

    fn read(path: &Path) -> Result<Self, Failure> {
        let explain = |what: &dyn std::fmt::Display| {
            Failure::Input(format!("`{}` cannot be used: {what}", path.display()))
        };
        let text = std::fs::read_to_string(path).map_err(|error| explain(&error))?;
        let mut settings: Self = toml::from_str(&text).map_err(|error| explain(&error))?;
        if let (Some(store), Some(folder)) = (&mut settings.store, path.parent())
            && let Place::File(file) = Place::new(store)
        {
            *store = folder.join(file).to_string_lossy().into_owned();
        }
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_read() {
        let text = r#"
            devices = ["cpu", "ort:cpu"]
            threads = 2
            time = 1.5
            processes = 7
            seed = 42
            timeout = 30.0
            store = "runs.sqlite"
            save = true

            [check]
            build = "make"

            [check.benchmarks]
            "sort 1 M" = "build/sort 1000000"
        "#;
        let settings: Settings = toml::from_str(text).unwrap();
        assert_eq!(settings.devices.unwrap().len(), 2);
        assert_eq!(settings.threads, NonZeroUsize::new(2));
        assert_eq!(settings.time, Some(1.5));
        assert_eq!(settings.check.build.as_deref(), Some("make"));
        assert_eq!(settings.check.benchmarks["sort 1 M"], "build/sort 1000000");
    }

    #[test]
    fn what_is_not_a_setting_is_refused_by_name() {
        let error = toml::from_str::<Settings>("thread = 2").unwrap_err().to_string();
        assert!(error.contains("thread"), "{error}");
        assert!(toml::from_str::<Settings>("threads = 0").is_err());
        assert!(toml::from_str::<Settings>("devices = [\"a b\"]").is_err());
    }
}
