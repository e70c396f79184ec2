//! `tachy zoo`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use tachy_graph::{onnx, zoo};
use tachy_report::ModelEntry;
use tachy_runtime::Signature;

use super::failure::Failure;
use super::output;

/// The models that come with Tachy.
#[derive(Debug, Args)]
pub(super) struct Zoo {
    #[command(subcommand)]
    command: ZooCommand,
}

#[derive(Debug, Subcommand)]
enum ZooCommand {
    /// List the models
    List(List),
    /// Write a model as an ONNX file
    Export(Export),
}

/// List the models.
#[derive(Debug, Args)]
struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Write a model as an ONNX file.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tachy zoo export resnet-18 --batch 8 --output resnet-18.onnx")]
struct Export {
    /// The model's name
    name: String,

    /// The file [default: NAME.onnx]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Seed of the weights
    #[arg(long, default_value_t = 0)]
    seed: u64,

    /// Batch size
    #[arg(long, value_name = "SIZE", default_value = "1")]
    batch: std::num::NonZeroUsize,
}

impl Zoo {
    pub(super) fn execute(self) -> Result<(), Failure> {
        match self.command {
            ZooCommand::List(list) => list.execute(),
            ZooCommand::Export(export) => export.execute(),
        }
    }
}

impl List {
    fn execute(self) -> Result<(), Failure> {
        let entries = zoo::names()
            .iter()
            .map(|entry| {
                let graph =
                    zoo::build(entry.name, &zoo::ZooOptions::default()).map_err(Failure::input)?;
                let signature = Signature::of(&graph);
                Ok(ModelEntry {
                    name: entry.name.to_owned(),
                    parameters: graph.parameter_count() as u64,
                    inputs: signature
                        .inputs
                        .iter()
                        .map(|port| format!("{}: {}", port.name, port.ty))
                        .collect(),
                    about: entry.description.to_owned(),
                })
            })
            .collect::<Result<Vec<_>, Failure>>()?;
        let text = if self.json {
            let entries: Vec<_> = entries
                .iter()
                .map(|entry| {
                    serde_json::json!({
                        "name": entry.name,
                        "parameters": entry.parameters,
                        "inputs": entry.inputs,
                        "about": entry.about,
                    })
                })
                .collect();
            serde_json::to_string_pretty(&entries).expect("the list is plain data") + "\n"
        } else {
            tachy_report::models(&entries, output::look(None))
        };
        output::write(&text, None)
    }
}

impl Export {
    fn execute(self) -> Result<(), Failure> {
        let options =
            zoo::ZooOptions { seed: self.seed, batch: self.batch.get(), resolution: None };
        let graph = zoo::build(&self.name, &options).map_err(Failure::input)?;
        let model =
            onnx::export(&graph, &onnx::ExportOptions::default()).map_err(Failure::input)?;
        let path = self.output.unwrap_or_else(|| PathBuf::from(format!("{}.onnx", self.name)));
        std::fs::write(&path, &model).map_err(|error| {
            Failure::Input(format!("`{}` cannot be written: {error}.", path.display()))
        })?;
        let message = format!("{} ({} bytes) is written.\n", path.display(), model.len());
        output::write(&message, None)
    }
}
