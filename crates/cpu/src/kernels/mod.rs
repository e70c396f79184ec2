//! The kernels, a file for each family of operators, and the choice among them.

mod binary;
mod broadcast;
mod choose;
mod convolution;
mod conversion;
mod copy_map;
mod fourier;
mod gather;
mod geometry;
mod grid_sample;
mod indices;
mod movement;
mod normalization;
mod number;
mod places;
mod pooling;
mod recurrent;
mod resize;
mod scatter;
mod select;
mod sequences;
mod unary;
mod variadic;
mod views;
mod wide;

pub(crate) use choose::prepare;
