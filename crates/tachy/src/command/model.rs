//! `zoo:NAME`, `op:CASE` or a file.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use tachy_graph::catalogue::OperatorCase;
use tachy_measure::ModelSource;

use super::arguments::ModelArguments;
use super::failure::Failure;
use super::settings::Settings;

/// Where the model that the arguments name comes from. A file must be there; a zoo model or a case of the catalogue must
/// exist.
pub(super) fn source(
    arguments: &ModelArguments,
    settings: &Settings,
) -> Result<ModelSource, Failure> {
    if let Some(name) = arguments.model.strip_prefix("op:") {
        let case: OperatorCase = name.parse().map_err(Failure::input)?;
        return Ok(ModelSource::Operator {
            case: case.to_string(),
            seed: arguments.seed(settings),
        });
    }
    match arguments.model.strip_prefix("zoo:") {
        Some(name) => {
            if !tachy_graph::zoo::names().iter().any(|entry| entry.name == name) {
                return Err(Failure::Input(format!(
                    "there is no model `{name}` in the zoo; `tachy zoo list` shows the models."
                )));
            }
            let batch = match arguments.batch[..] {
                [] => NonZeroUsize::MIN,
                [batch] => batch,
                _ => {
                    return Err(Failure::Input(
                        "give one batch size; several are for `tachy compare`.".to_owned(),
                    ));
                }
            };
            Ok(ModelSource::Zoo {
                name: name.to_owned(),
                seed: arguments.seed(settings),
                batch: batch.get(),
            })
        }
        None => {
            if !arguments.batch.is_empty() {
                return Err(Failure::Input(
                    "`--batch` is for `zoo:` models and for `tachy compare`; `--dim NAME=SIZE` sets the batch of a file \
                     that leaves it open."
                        .to_owned(),
                ));
            }
            let path = PathBuf::from(&arguments.model);
            std::fs::File::open(&path).map_err(|error| {
                Failure::Input(format!("`{}` cannot be read: {error}.", path.display()))
            })?;
            Ok(ModelSource::File { path })
        }
    }
}
