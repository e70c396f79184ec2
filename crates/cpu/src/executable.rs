//! A graph made ready for the processor.

use std::time::Instant;

use tachy_graph::{Graph, Operator, Source, Tensor, TensorView, TensorViewMut, ValueId};
use tachy_runtime::{
    CompileOptions, CompileStats, Error, Executable, MemoryStats, Result, Signature,
};

use crate::backend::NAME;
use crate::kernel::{Kernel, Operand, Operands};
use crate::kernels;
use crate::workers::Workers;

/// One node made ready.
struct Step {
    node: String,
    operator: &'static str,
    kernel: Box<dyn Kernel>,
    inputs: Vec<Option<ValueId>>,
    outputs: Vec<ValueId>,
}

/// A graph made ready: kernels chosen, every value's memory allocated.
pub(crate) struct CpuExecutable {
    signature: Signature,
    steps: Vec<Step>,
    /// Every value, by its id. One that a step is writing is taken out.
    values: Vec<Option<Tensor>>,
    inputs: Vec<ValueId>,
    outputs: Vec<ValueId>,
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
    pub(crate) fn new(graph: &Graph, options: &CompileOptions) -> Result<Self> {
        let start = Instant::now();
        let steps = graph
            .nodes()
            .iter()
            .map(|node| {
                let operand = |id: &ValueId| {
                    let value = graph.value(*id);
                    Operand { ty: &value.ty, constant: value.constant() }
                };
                let inputs: Vec<_> =
                    node.inputs.iter().map(|id| id.as_ref().map(operand)).collect();
                let outputs: Vec<_> = node.outputs.iter().map(|id| &graph.value(*id).ty).collect();
                let operands = Operands { inputs: &inputs, outputs: &outputs };
                let kernel = kernels::prepare(&node.op, operands).map_err(|unsupported| {
                    Error::UnsupportedOperator {
                        backend: NAME,
                        operator: node.op.name().to_owned(),
                        node: node.name.clone(),
                        detail: unsupported.0,
                    }
                })?;
                Ok(Step {
                    node: node.name.clone(),
                    operator: node.op.name(),
                    kernel,
                    inputs: node.inputs.clone(),
                    outputs: node.outputs.clone(),
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let mut arena_bytes = 0;
        let values = graph
            .values()
            .iter()
            .map(|value| match &value.source {
                Source::Constant(tensor) => Ok(Some(tensor.clone())),
                _ => {
                    let tensor = Tensor::zeros(value.ty.dtype, &value.ty.shape)?;
                    arena_bytes += tensor.bytes().len() as u64;
                    Ok(Some(tensor))
                }
            })
            .collect::<Result<Vec<_>>>()?;
        let fixed_inputs = graph
            .fixed_inputs()
            .iter()
            .filter_map(|fixed| {
                let place = graph.inputs().iter().position(|input| *input == fixed.input)?;
                Some((place, fixed.value.clone()))
            })
            .collect();
        let workers = Workers::new(options.threads)?;
        let stats = CompileStats {
            phases: vec![("prepare", start.elapsed())],
            nodes: Some(graph.nodes().len()),
            steps: Some(steps.len()),
            arena_bytes: Some(arena_bytes),
        };
        Ok(Self {
            signature: Signature::of(graph),
            steps,
            values,
            inputs: graph.inputs().to_vec(),
            outputs: graph.outputs().to_vec(),
            fixed_inputs,
            workers,
            progress: Progress::Compiled,
            stats,
        })
    }

    /// Counts time spent before the graph was given, such as its import.
    pub(crate) fn add_phase(&mut self, name: &'static str, duration: std::time::Duration) {
        self.stats.phases.insert(0, (name, duration));
    }

    fn value(&self, id: ValueId) -> &Tensor {
        self.values[id.index()].as_ref().expect("only a running step takes values out")
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
        for (id, tensor) in self.inputs.iter().zip(inputs) {
            let slot = self.values[id.index()].as_mut().expect("no step is running");
            slot.bytes_mut().copy_from_slice(tensor.bytes());
        }
        self.progress = self.progress.max(Progress::Bound);
        Ok(())
    }

    fn run(&mut self) -> Result<()> {
        if self.progress < Progress::Bound {
            return Err(Error::OutOfOrder("the inputs must be bound before a run."));
        }
        let Self { steps, values, workers, .. } = self;
        workers
            .install(|| steps.iter_mut().try_for_each(|step| run_step(step, values, workers)))?;
        self.progress = Progress::Run;
        Ok(())
    }

    fn fetch(&mut self, outputs: &mut [Tensor]) -> Result<()> {
        if self.progress < Progress::Run {
            return Err(Error::OutOfOrder("there are no outputs before the first run."));
        }
        self.signature.check_outputs(outputs)?;
        for (id, tensor) in self.outputs.iter().zip(outputs) {
            tensor.bytes_mut().copy_from_slice(self.value(*id).bytes());
        }
        Ok(())
    }

    fn compile_stats(&self) -> &CompileStats {
        &self.stats
    }

    fn memory(&self) -> MemoryStats {
        let bytes = self.values.iter().flatten().map(|tensor| tensor.bytes().len() as u64).sum();
        MemoryStats { active: Some(bytes), peak: Some(bytes), reserved: Some(bytes) }
    }
}

fn run_step(step: &mut Step, values: &mut [Option<Tensor>], workers: &Workers) -> Result<()> {
    let mut outputs: Vec<Tensor> = step
        .outputs
        .iter()
        .map(|id| values[id.index()].take().expect("a value has one writer"))
        .collect();
    let inputs: Vec<Option<TensorView<'_>>> = step
        .inputs
        .iter()
        .map(|id| id.and_then(|id| values[id.index()].as_ref()).map(Tensor::view))
        .collect();
    let mut views: Vec<TensorViewMut<'_>> = outputs.iter_mut().map(Tensor::view_mut).collect();
    let result = step.kernel.run(workers, &inputs, &mut views);
    for (id, tensor) in step.outputs.iter().zip(outputs) {
        values[id.index()] = Some(tensor);
    }
    result.map_err(|error| Error::Data {
        node: step.node.clone(),
        operator: step.operator,
        detail: error.0,
    })
}
