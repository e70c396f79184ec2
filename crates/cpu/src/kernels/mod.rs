//! The kernels, a file for each family of operators, and the choice among them.

mod along_axis;
mod attention;
mod binary;
mod broadcast;
mod choose;
mod conversion;
mod convolution;
mod copy_map;
mod custom;
mod einsum;
mod fourier;
mod gather;
mod geometry;
mod grid_sample;
mod indices;
mod linear;
mod movement;
mod normalization;
mod number;
mod places;
mod pooling;
mod quantization;
mod quantized_linear;
mod recurrent;
mod reduce;
mod resize;
mod scatter;
mod select;
mod sequences;
mod unary;
mod variadic;
mod views;
mod wide;

pub(crate) use choose::prepare;
