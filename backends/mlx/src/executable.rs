//! A graph that MLX has compiled.

use std::rc::Rc;
use std::time::Instant;

use tachy_graph::passes::{self, Pass, PassOptions};
use tachy_graph::{Graph, Tensor, ValueId};
use tachy_profile::memory::Occasion;
use tachy_runtime::{
    CompileOptions, CompileStats, Device, Error, Executable, MemoryStats, Result, Signature,
    contain, tell_memory,
};

use crate::array::Array;
use crate::backend::NAME;
use crate::function::Function;
use crate::library;
use crate::lowering::Program;
use crate::memory;
use crate::stream::{Stream, Unit};

/// A graph on one of MLX's devices.
pub(crate) struct MlxExecutable {
    signature: Signature,
    fixed: Vec<(usize, Tensor)>,
    bound: Option<Vec<Array>>,
    results: Option<Vec<Array>>,
    // The function reads what the program holds, and both belong to the stream; so they are dropped in this order.
    engine: Engine,
    program: Rc<Program>,
    stream: Rc<Stream>,
    threads: usize,
    stats: CompileStats,
}

/// How a run is made.
enum Engine {
    /// By MLX's compiled function.
    Compiled(Function),
    /// By writing the graph anew.
    Eager,
}

// SAFETY: all arrays, the function, the program and the stream belong to this executable alone; nothing else has a
// share of them, so whoever has the executable is the only one to use them. MLX made the stream for use on any thread,
// shares its arrays by atomic counts, and keeps compiled functions for each thread apart (`Function` sees to that).
// The counts of `Rc` are touched by this executable and by the function's builder only, which it calls.
unsafe impl Send for MlxExecutable {}

impl MlxExecutable {
    pub(crate) fn new(graph: &Graph, unit: Unit, options: &CompileOptions) -> Result<Self> {
        let mut stats = CompileStats { nodes: Some(graph.nodes().len()), ..Default::default() };
        let mut phase = |name, start: Instant| stats.phases.push((name, start.elapsed()));
        let start = Instant::now();
        let simplified = simplify(graph, options.optimize)?;
        phase("optimise", start);
        let start = Instant::now();
        let stream = Rc::new(Stream::new(unit)?);
        let program = Rc::new(Program::new(simplified, Rc::clone(&stream))?);
        phase("upload", start);
        let threads = options.threads.get();
        let fixed = graph.fixed_inputs().iter().filter_map(|fixed| {
            let place = graph.inputs().iter().position(|id: &ValueId| *id == fixed.input)?;
            Some((place, fixed.value.clone()))
        });
        let mut executable = Self {
            signature: Signature::of(graph),
            fixed: fixed.collect(),
            bound: None,
            results: None,
            engine: Engine::Eager,
            program,
            stream,
            threads,
            stats: CompileStats::default(),
        };
        let start = Instant::now();
        // The first run compiles kernels. Where that fails, MLX computes without.
        let compiled = options.optimize && can_compile(unit) && executable.compile().is_ok();
        let first = executable.first_run();
        if compiled && first.is_err() {
            executable.engine = Engine::Eager;
            executable.first_run()?;
        } else {
            first?;
        }
        let is_compiled = matches!(executable.engine, Engine::Compiled(_));
        let name = match (is_compiled, options.optimize) {
            (true, _) => "compile",
            (false, true) => "first run (not compiled: no working g++)",
            (false, false) => "first run",
        };
        stats.phases.push((name, start.elapsed()));
        executable.stats = stats;
        executable.tell_memory(Occasion::Compiled);
        Ok(executable)
    }

    fn compile(&mut self) -> Result<()> {
        let program = Rc::clone(&self.program);
        let outputs = self.signature.outputs.len();
        let build = move |inputs: &[Array]| program.outputs(inputs);
        self.engine = Engine::Compiled(Function::new(self.stream.unit(), outputs, build)?);
        Ok(())
    }

    /// A run on zeros, or on the values that inputs must have, of which nothing stays.
    fn first_run(&mut self) -> Result<()> {
        let mut inputs = Vec::with_capacity(self.signature.inputs.len());
        for (place, port) in self.signature.inputs.iter().enumerate() {
            let fixed = self.fixed.iter().find(|(fixed, _)| *fixed == place);
            inputs.push(match fixed {
                Some((_, value)) => value.clone(),
                None => Tensor::zeros(port.ty.dtype, &port.ty.shape)?,
            });
        }
        let ran = self.bind(&inputs).and_then(|()| self.run());
        self.bound = None;
        self.results = None;
        ran
    }

    fn tell_memory(&self, occasion: Occasion) {
        let device = || Device::with_unit(NAME, self.stream.unit().name());
        tell_memory(device, occasion, || self.memory());
    }

    pub(crate) fn add_phase(&mut self, name: &'static str, duration: std::time::Duration) {
        self.stats.phases.insert(0, (name, duration));
    }
}

/// Whether MLX can fuse operations for the device: for Linux's processors it calls a compiler.
pub(crate) fn can_compile(unit: Unit) -> bool {
    if unit == Unit::Gpu {
        return true;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join("g++").is_file())
}

/// The graph in fewer and larger steps, as far as MLX has them.
fn simplify(graph: &Graph, optimize: bool) -> Result<Graph> {
    let failed =
        |error: passes::PassError| crate::failure::failed("simplify the graph", error.to_string());
    let graph = passes::unfused(graph).map_err(failed)?;
    if !optimize {
        return Ok(graph);
    }
    let mut options = PassOptions::default()
        .without(Pass::HalfPrecision)
        .without(Pass::Epilogues)
        .without(Pass::Pointwise);
    options.allow_nan = true;
    passes::optimize(&graph, &options).map_err(failed)
}

impl Executable for MlxExecutable {
    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn bind(&mut self, inputs: &[Tensor]) -> Result<()> {
        self.signature.check_inputs(inputs)?;
        if let Some((place, _)) = self.fixed.iter().find(|(place, value)| inputs[*place] != *value)
        {
            let name = self.signature.inputs[*place].name.clone();
            return Err(Error::FixedInput { name });
        }
        self.results = None;
        self.bound = Some(self.stream.upload_all(inputs)?);
        self.tell_memory(Occasion::Bound);
        Ok(())
    }

    fn run(&mut self) -> Result<()> {
        let Some(bound) = &self.bound else {
            return Err(Error::OutOfOrder("`run` needs inputs; call `bind` first."));
        };
        if let Ok(library) = library::loaded() {
            library.blas.use_threads(self.threads);
        }
        // The memory of the last results serves for the new ones.
        self.results = None;
        let results = contain(NAME, "run the model", || {
            let outputs = match &mut self.engine {
                Engine::Compiled(function) => function.call(bound)?,
                Engine::Eager => self.program.outputs(bound)?,
            };
            self.stream.eval(&outputs)?;
            Ok(outputs)
        });
        self.results = Some(results?);
        self.tell_memory(Occasion::Ran);
        Ok(())
    }

    fn fetch(&mut self, outputs: &mut [Tensor]) -> Result<()> {
        self.signature.check_outputs(outputs)?;
        let Some(results) = &self.results else {
            return Err(Error::OutOfOrder("`fetch` needs results; call `run` first."));
        };
        for (array, output) in results.iter().zip(outputs) {
            self.stream.bring_home(array)?;
            array.read(output.bytes_mut())?;
        }
        Ok(())
    }

    fn compile_stats(&self) -> &CompileStats {
        &self.stats
    }

    fn memory(&self) -> MemoryStats {
        match memory::figures() {
            Ok(figures) => MemoryStats {
                active: Some(figures.active),
                peak: Some(figures.peak),
                reserved: Some(figures.active + figures.cache),
                purpose: "arrays",
                source: "MLX's allocator, for the whole process",
            },
            Err(_) => MemoryStats::default(),
        }
    }
}
