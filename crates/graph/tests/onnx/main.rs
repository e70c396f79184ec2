//! ONNX models: export and import are inverse to each other, shapes are followed, and what is wrong is said.

mod arithmetic;
mod attention;
mod catalogue;
mod convolution;
mod describe;
mod elementwise;
mod folding;
mod malformed;
mod movement;
mod programs;
mod recurrent;
mod round_trip;
mod wire;
