//! The zoo: models that come with Tachy, built by the builder from a seed.
//!
//! Architectures are the published ones; weights are random, scaled so that signals neither die nor explode, and the
//! same for a seed on every machine.

mod catalogue;
mod denoiser;
mod layers;
mod lstm;
mod mlp;
mod mobilenet;
mod resnet;
mod signal;
mod transformer;
mod weights;

pub use catalogue::{ZooEntry, ZooError, ZooOptions, build, names};
pub(crate) use weights::Weights;
