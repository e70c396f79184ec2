//! Arguments that several commands share.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tachy_graph::Shape;

use super::settings::Settings;

/// How a model is loaded.
#[derive(Debug, Clone, Args)]
pub(super) struct ModelArguments {
    /// The model: an ONNX file, `zoo:NAME` for one that comes with Tachy, or `op:OPERATOR:SIZE[:DTYPE[:LAYOUT]]` for one
    /// operator
    pub model: String,

    /// Size of a symbolic dimension
    #[arg(long = "dim", value_name = "NAME=SIZE", value_parser = parse_dim)]
    pub dims: Vec<(String, usize)>,

    /// Whole shape of an input
    #[arg(long = "shape", value_name = "INPUT=1,3,224,224", value_parser = parse_shape)]
    pub shapes: Vec<(String, Shape)>,

    /// File of an input (.npy, .npz, .pb, .safetensors); the others are random
    #[arg(long = "input", value_name = "INPUT=FILE", value_parser = parse_file)]
    pub inputs: Vec<(String, PathBuf)>,

    /// Threads of each engine [default: the processors of this machine]
    #[arg(long, value_name = "COUNT")]
    pub threads: Option<NonZeroUsize>,

    /// Seed of random inputs, and of the weights of `zoo:` models [default: 0]
    #[arg(long)]
    pub seed: Option<u64>,

    /// Batch size of a `zoo:` model [default: 1]; of any model, and several, in `tachy compare`
    #[arg(long, value_name = "SIZE", value_delimiter = ',')]
    pub batch: Vec<NonZeroUsize>,
}

impl ModelArguments {
    pub(super) fn threads(&self, settings: &Settings) -> NonZeroUsize {
        self.threads
            .or(settings.threads)
            .unwrap_or_else(|| std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN))
    }

    pub(super) fn seed(&self, settings: &Settings) -> u64 {
        self.seed.or(settings.seed).unwrap_or(0)
    }

    pub(super) fn dims(&self) -> BTreeMap<String, usize> {
        self.dims.iter().cloned().collect()
    }

    pub(super) fn shapes(&self) -> BTreeMap<String, Shape> {
        self.shapes.iter().cloned().collect()
    }

    pub(super) fn input_files(&self) -> BTreeMap<String, PathBuf> {
        self.inputs.iter().cloned().collect()
    }
}

/// Formats of what a command prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Format {
    /// A table for people
    #[default]
    Text,
    /// JSON, with every sample
    Json,
    /// One line for each device, values separated by commas
    Csv,
    /// One line for each sample, values separated by commas
    Samples,
    /// A table in Markdown
    Markdown,
}

fn split<'a>(text: &'a str, form: &str) -> Result<(&'a str, &'a str), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => Ok((name, value)),
        _ => Err(format!("it has the form {form}")),
    }
}

pub(super) fn parse_dim(text: &str) -> Result<(String, usize), String> {
    let (name, size) = split(text, "NAME=SIZE, such as batch=8")?;
    let size = size.parse().map_err(|_| format!("`{size}` is not a size"))?;
    Ok((name.to_owned(), size))
}

fn parse_shape(text: &str) -> Result<(String, Shape), String> {
    let (name, sizes) = split(text, "INPUT=SIZES, such as image=1,3,224,224")?;
    let sizes = sizes
        .split(',')
        .map(|size| size.trim().parse().map_err(|_| format!("`{size}` is not a size")))
        .collect::<Result<_, _>>()?;
    Ok((name.to_owned(), sizes))
}

pub(super) fn parse_file(text: &str) -> Result<(String, PathBuf), String> {
    let (name, file) = split(text, "NAME=FILE, such as image=cat.npy")?;
    Ok((name.to_owned(), PathBuf::from(file)))
}
