//! Executables: graphs compiled for one device.

use std::borrow::Cow;
use std::time::Duration;

use tachy_graph::Tensor;
use tachy_graph::cost::Cost;

use crate::error::Result;
use crate::memory::MemoryStats;
use crate::signature::Signature;

/// A graph compiled for one device: allocated once, run for ever.
///
/// The life of a call is [`bind`](Self::bind) → [`run`](Self::run) → [`fetch`](Self::fetch); each is measured
/// apart. `run` may be repeated on the same bound inputs.
pub trait Executable: Send {
    /// Names, element types and shapes of inputs and outputs.
    fn signature(&self) -> &Signature;

    /// Hands the inputs over to the device: the upload.
    ///
    /// # Errors
    /// If the inputs are not those of the signature.
    fn bind(&mut self, inputs: &[Tensor]) -> Result<()>;

    /// Computes; returns when the device has finished.
    ///
    /// # Errors
    /// If nothing was bound, or the engine fails.
    fn run(&mut self) -> Result<()>;

    /// Begins to compute and returns at once where the engine can overlap; by default, runs to the end.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    fn submit(&mut self) -> Result<Completion> {
        self.run().map(|()| Completion::done())
    }

    /// Puts recurrent state back to its start. Graphs without state have nothing to do.
    ///
    /// # Errors
    /// If the engine fails.
    fn reset(&mut self) -> Result<()> {
        Ok(())
    }

    /// Copies the outputs of the last run to the host.
    ///
    /// # Errors
    /// If nothing was run, or the tensors are not those of the signature.
    fn fetch(&mut self, outputs: &mut [Tensor]) -> Result<()>;

    /// Runs so many times, and tells when each step of each run began and how long it took, as the engine itself records
    /// it. Engines that do not tell give `None`, and do not run.
    ///
    /// Some engines have to know beforehand ([`CompileOptions::trace`](crate::CompileOptions)), and tell once. Recording
    /// takes time of its own, so these runs take longer than others.
    ///
    /// # Errors
    /// As [`run`](Self::run), or if the engine's record cannot be read.
    fn run_by_steps(&mut self, runs: usize) -> Result<Option<Vec<StepRun>>> {
        let _ = runs;
        Ok(None)
    }

    /// What compiling took and gave.
    fn compile_stats(&self) -> &CompileStats;

    /// Memory as the engine reports it.
    fn memory(&self) -> MemoryStats;
}

impl dyn Executable + '_ {
    /// One whole call: bind, run, and fetch into new tensors.
    ///
    /// # Errors
    /// As the three.
    pub fn call(&mut self, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        let mut outputs = self.signature().allocate_outputs()?;
        self.bind(inputs)?;
        self.run()?;
        self.fetch(&mut outputs)?;
        Ok(outputs)
    }
}

/// The end of a submitted run.
#[must_use = "a submitted run has finished only when `wait` returns"]
pub struct Completion(Option<Box<dyn FnOnce() -> Result<()> + Send>>);

impl Completion {
    /// A run that has finished already.
    pub fn done() -> Self {
        Self(None)
    }

    /// A run that has finished when `wait` returns.
    pub fn pending(wait: impl FnOnce() -> Result<()> + Send + 'static) -> Self {
        Self(Some(Box::new(wait)))
    }

    /// Waits for the run to finish.
    ///
    /// # Errors
    /// If the run failed.
    pub fn wait(self) -> Result<()> {
        self.0.map_or(Ok(()), |wait| wait())
    }
}

/// One run, step by step.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRun {
    /// How long it took.
    pub duration: Duration,
    /// By how much the steps may be off against the run's start, where the engine has a clock of its own.
    pub clock_error: Duration,
    /// The steps in the order in which they began.
    pub steps: Vec<StepTime>,
}

/// When one step of a plan ran.
#[derive(Debug, Clone, PartialEq)]
pub struct StepTime {
    /// The node that the step belongs to.
    pub node: String,
    /// The operator's name; `Layout` for a change of layout.
    pub operator: Cow<'static, str>,
    /// How it is computed, where there is more than one way: an algorithm, a shape.
    pub detail: String,
    /// The arithmetic and the memory traffic; nothing for all but the first of several steps of one node.
    pub cost: Cost,
    /// When it began, from the start of the run.
    pub start: Duration,
    /// How long it took.
    pub duration: Duration,
}

/// What compiling took and gave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CompileStats {
    /// The phases in order: "import", "optimise", "plan" …
    pub phases: Vec<(&'static str, Duration)>,
    /// Operators in the graph as it was given; `None` if the engine does not say.
    pub nodes: Option<usize>,
    /// Steps that a run takes after optimisation and fusion; `None` if the engine does not say.
    pub steps: Option<usize>,
    /// Bytes of intermediate values that the memory plan sets aside; `None` if the engine does not say.
    pub arena_bytes: Option<u64>,
    /// Bytes of intermediate values that are alive at once at the most: no plan can do with less; `None` if the engine
    /// does not say.
    pub arena_lower_bound: Option<u64>,
    /// What a device that chooses among others has chosen, and why, as a sentence.
    pub chosen: Option<String>,
}

impl CompileStats {
    /// The time of all phases.
    pub fn total(&self) -> Duration {
        self.phases.iter().map(|(_, duration)| *duration).sum()
    }
}
