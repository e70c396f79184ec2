//! `zoo:NAME` or a file.

use std::path::PathBuf;

use tachy_measure::ModelSource;

use super::arguments::ModelArguments;
use super::failure::Failure;
use super::settings::Settings;

/// Where the model that the arguments name comes from. A file must be there; a zoo model must exist.
pub(super) fn source(
    arguments: &ModelArguments,
    settings: &Settings,
) -> Result<ModelSource, Failure> {
    match arguments.model.strip_prefix("zoo:") {
        Some(name) => {
            if !tachy_graph::zoo::names().iter().any(|entry| entry.name == name) {
                return Err(Failure::Input(format!(
                    "there is no model `{name}` in the zoo; `tachy zoo list` shows the models."
                )));
            }
            Ok(ModelSource::Zoo {
                name: name.to_owned(),
                seed: arguments.seed(settings),
                batch: arguments.batch.get(),
            })
        }
        None => {
            let path = PathBuf::from(&arguments.model);
            std::fs::File::open(&path).map_err(|error| {
                Failure::Input(format!("`{}` cannot be read: {error}.", path.display()))
            })?;
            Ok(ModelSource::File { path })
        }
    }
}
