//! The list of models, and the way to them.

use thiserror::Error;

use super::weights::Weights;
use super::{denoiser, lstm, mlp, mobilenet, resnet, transformer};
use crate::builder::GraphBuilder;
use crate::graph::{Graph, GraphError};

/// One model of the zoo.
#[derive(Debug, Clone, Copy)]
pub struct ZooEntry {
    /// The name to build it by.
    pub name: &'static str,
    /// What it is, in one line.
    pub description: &'static str,
    /// Whether it sees images, whose resolution may be chosen.
    pub has_resolution: bool,
    assemble: fn(&mut Assembly) -> Result<(), GraphError>,
}

/// What a model is built with.
pub(super) struct Assembly {
    pub builder: GraphBuilder,
    pub weights: Weights,
    pub batch: usize,
    /// Rows and columns of images.
    pub resolution: usize,
}

/// What may be chosen of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZooOptions {
    /// The seed of the weights.
    pub seed: u64,
    /// The batch size.
    pub batch: usize,
    /// Rows and columns of images, for models that see images; `None` for the usual ones.
    pub resolution: Option<usize>,
}

/// The rows and columns of images, unless others are asked for.
const USUAL_RESOLUTION: usize = 224;

impl Default for ZooOptions {
    /// Seed 0, batch 1, the usual resolution.
    fn default() -> Self {
        Self { seed: 0, batch: 1, resolution: None }
    }
}

/// A model that cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ZooError {
    /// There is no model of this name.
    #[error("there is no model `{name}` in the zoo; the models are {known}.")]
    UnknownModel {
        /// The name asked for.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// The model sees no images.
    #[error(
        "`{name}` sees no images, so it has no resolution; the models that have one are {known}."
    )]
    NoResolution {
        /// The model's name.
        name: String,
        /// The models that have a resolution.
        known: String,
    },
    /// The batch size or the resolution makes the graph impossible.
    #[error(transparent)]
    Graph(#[from] GraphError),
}

const fn entry(
    name: &'static str,
    description: &'static str,
    assemble: fn(&mut Assembly) -> Result<(), GraphError>,
) -> ZooEntry {
    ZooEntry { name, description, has_resolution: false, assemble }
}

impl ZooEntry {
    const fn of_images(self) -> Self {
        Self { has_resolution: true, ..self }
    }
}

const MODELS: &[ZooEntry] = &[
    entry(
        "mlp",
        "Multilayer perceptron, 64-64-8: so small that an engine's overhead is all there is",
        mlp::assemble,
    ),
    entry(
        "mobilenet-v3-small",
        "Image classifier, 224×224, 2.5 M parameters: depthwise convolutions and squeeze-and-excite",
        mobilenet::assemble,
    )
    .of_images(),
    entry(
        "resnet-18",
        "Image classifier, 224×224, 11.7 M parameters: dense convolutions of 3×3",
        resnet::assemble,
    )
    .of_images(),
    entry(
        "lstm-256",
        "Recurrent layer of 256 units over 128 steps: one small matrix product after the other",
        lstm::assemble,
    ),
    entry(
        "conv1d-denoiser",
        "One-dimensional U-Net on 256 ms of speech at 16 kHz, with skip connections",
        denoiser::assemble,
    ),
    entry(
        "transformer-block",
        "One encoder block, 128 tokens × 256, 4 heads: matrix products, softmax and layer normalisation",
        transformer::assemble,
    ),
];

/// The models, in the order of their lists.
pub fn names() -> &'static [ZooEntry] {
    MODELS
}

/// Builds a model.
///
/// # Errors
/// If there is none of this name, it has no resolution and one is asked for, or the sizes make no valid tensors.
pub fn build(name: &str, options: &ZooOptions) -> Result<Graph, ZooError> {
    let list = |wanted: fn(&&ZooEntry) -> bool| {
        let known = MODELS.iter().filter(wanted).map(|entry| format!("`{}`", entry.name));
        known.collect::<Vec<_>>().join(", ")
    };
    let entry = MODELS
        .iter()
        .find(|entry| entry.name == name)
        .ok_or_else(|| ZooError::UnknownModel { name: name.to_owned(), known: list(|_| true) })?;
    if options.resolution.is_some() && !entry.has_resolution {
        let known = list(|entry| entry.has_resolution);
        return Err(ZooError::NoResolution { name: name.to_owned(), known });
    }
    let mut assembly = Assembly {
        builder: GraphBuilder::new(name),
        weights: Weights::new(options.seed),
        batch: options.batch,
        resolution: options.resolution.unwrap_or(USUAL_RESOLUTION),
    };
    (entry.assemble)(&mut assembly)?;
    Ok(assembly.builder.build()?)
}
