//! A graph made ready for the processor.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use tachy_graph::passes::{PassOptions, optimize};
use tachy_graph::{Graph, Tensor};
use tachy_runtime::{
    CompileOptions, CompileStats, Error, Executable, MemoryStats, Result, Signature, StepRun,
};

use crate::backend::NAME;
use crate::folding::ByKernels;
use crate::program::Program;
use crate::workers::Workers;

/// A graph made ready: optimised, its steps prepared, every value's memory planned and allocated.
pub(crate) struct CpuExecutable {
    signature: Signature,
    program: Program,
    /// Inputs that decided shapes: their place among the inputs, and the value they must have.
    fixed_inputs: Vec<(usize, Tensor)>,
    workers: Workers,
    progress: Progress,
    stats: CompileStats,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Progress {
    Compiled,
    Bound,
    Run,
}

impl CpuExecutable {
    /// Makes a graph ready. One that is handed over is let go of as soon as it has been optimised.
    pub(crate) fn new(graph: Cow<'_, Graph>, options: &CompileOptions) -> Result<Self> {
        let mut phases = Vec::new();
        let workers = Workers::new(options.threads)?;
        let signature = Signature::of(&graph);
        let fixed_inputs = graph
            .fixed_inputs()
            .iter()
            .filter_map(|fixed| {
                let place = graph.inputs().iter().position(|input| *input == fixed.input)?;
                Some((place, fixed.value.clone()))
            })
            .collect();
        let nodes = graph.nodes().len();
        let ready = match options.optimize {
            false => graph,
            true => {
                let start = Instant::now();
                let evaluate = ByKernels::new();
                let passes = PassOptions::default().with_evaluate(&evaluate);
                let optimised = optimize(&graph, &passes).map_err(|error| Error::Engine {
                    backend: NAME,
                    action: "optimise the graph",
                    message: error.to_string(),
                })?;
                phases.push(("optimise", start.elapsed()));
                Cow::Owned(optimised)
            }
        };
        let program = Program::new(&ready, options.threads.get(), !options.optimize)?;
        phases.extend_from_slice(program.phases());
        let stats = CompileStats {
            phases,
            nodes: Some(nodes),
            steps: Some(program.steps()),
            arena_bytes: Some(program.arena_bytes()),
            arena_lower_bound: Some(program.arena_lower_bound()),
            ..Default::default()
        };
        Ok(Self { signature, program, fixed_inputs, workers, progress: Progress::Compiled, stats })
    }

    /// Counts time spent before the graph was given, such as its import.
    pub(crate) fn add_phase(&mut self, name: &'static str, duration: Duration) {
        self.stats.phases.insert(0, (name, duration));
    }
}

impl Executable for CpuExecutable {
    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn bind(&mut self, inputs: &[Tensor]) -> Result<()> {
        self.signature.check_inputs(inputs)?;
        for (place, value) in &self.fixed_inputs {
            if inputs[*place] != *value {
                let name = self.signature.inputs[*place].name.clone();
                return Err(Error::FixedInput { name });
            }
        }
        for (index, tensor) in inputs.iter().enumerate() {
            self.program.input(index).copy_from_slice(tensor.bytes());
        }
        self.progress = self.progress.max(Progress::Bound);
        Ok(())
    }

    fn run(&mut self) -> Result<()> {
        if self.progress < Progress::Bound {
            return Err(Error::OutOfOrder("the inputs must be bound before a run."));
        }
        self.program.run(&self.workers)?;
        self.progress = Progress::Run;
        Ok(())
    }

    fn fetch(&mut self, outputs: &mut [Tensor]) -> Result<()> {
        if self.progress < Progress::Run {
            return Err(Error::OutOfOrder("there are no outputs before the first run."));
        }
        self.signature.check_outputs(outputs)?;
        for (index, tensor) in outputs.iter_mut().enumerate() {
            tensor.bytes_mut().copy_from_slice(self.program.output(index));
        }
        Ok(())
    }

    fn run_by_steps(&mut self, runs: usize) -> Result<Option<Vec<StepRun>>> {
        if self.progress < Progress::Bound {
            return Err(Error::OutOfOrder("the inputs must be bound before a run."));
        }
        let runs: Result<_> = (0..runs).map(|_| self.program.run_by_steps(&self.workers)).collect();
        self.progress = Progress::Run;
        runs.map(Some)
    }

    fn compile_stats(&self) -> &CompileStats {
        &self.stats
    }

    fn memory(&self) -> MemoryStats {
        let bytes = self.program.bytes();
        MemoryStats {
            active: Some(bytes),
            peak: Some(bytes),
            reserved: Some(bytes),
            purpose: "program",
            source: "the program's plan",
        }
    }
}
