//! What may be typed after `cargo xtask`.

use clap::{Parser, Subcommand};

use crate::gate;
use crate::test;
use crate::trial::Trial;

/// Sets up, checks and tests the project.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
pub struct Arguments {
    #[command(subcommand)]
    pub task: Task,
}

#[derive(Subcommand)]
pub enum Task {
    /// Runs every test, with the engines and the test material that Python brings
    ///
    /// The first run creates a Python environment (about 400 MB) and the test material (about 1.5 GB) under the
    /// target folder; later runs find them there. Without Python, or without a network to fill the environment, the
    /// tests that need neither still run, and the last lines say what was left out.
    ///
    /// The tests find what they need through these variables, and values set beforehand are taken up:
    /// TACHY_TEST_DATA (the folder of the test material), TACHY_PYTHON (the interpreter of the environment, if it has
    /// the pinned packages), ORT_DYLIB_PATH and OPENVINO_LIB_PATH (the shared libraries of ONNX Runtime and
    /// OpenVINO), MLX_ROOT (the folder of MLX's package).
    Test(test::Options),
    /// Checks the format, Clippy's findings and the documentation; warnings are errors
    Lint {
        /// Checks the engine tract, too, which takes minutes more
        #[arg(long)]
        tract: bool,
    },
    /// Tests the kernels with AddressSanitizer; building them so takes many minutes
    Sanitize,
    /// Tells whether the kernels have become slower than those of another revision
    Gate(gate::Options),
    /// What continuous integration runs: lint, test and gate, without the engine tract
    Ci,
    /// Writes the test material: the node tests of the `onnx` package and its light models, re-seeded
    Data,
    /// Puts what the project claims of its own measurements to the test on this machine
    #[command(subcommand)]
    Trial(Trial),
    /// Creates what the project needs from outside the Rust world
    #[command(subcommand)]
    Setup(Setup),
}

#[derive(Subcommand)]
pub enum Setup {
    /// Creates the Python environment and prints the variables that let the engines be found
    Python,
    /// Puts MLX into the Python environment: its library for CUDA where there is an NVIDIA GPU, else that for processors
    Mlx,
}
