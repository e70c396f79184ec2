//! The kernels, a file for each family of operators, and the choice among them.

mod choose;
mod convolution;
mod copy_map;
mod fourier;
mod gather;
mod geometry;
mod grid_sample;
mod indices;
mod movement;
mod normalization;
mod places;
mod pooling;
mod recurrent;
mod resize;
mod scatter;
mod sequences;
mod unary;
mod wide;

pub(crate) use choose::prepare;
