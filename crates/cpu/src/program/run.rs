//! A program that can run.
#![allow(unsafe_code)]

use std::time::{Duration, Instant};

use tachy_graph::{Graph, Tensor};
use tachy_kernels::AlignedVec;
use tachy_profile::record::{OperationId, is_recording};
use tachy_runtime::{Error, Result, StepRun, StepTime};

use super::buffer::Home;
use super::holdings::Holdings;
use super::lowering::{Lowering, Step};
use super::memory;
use super::routine::Call;
use crate::denormals::FlushDenormals;
use crate::workers::Workers;

/// Steps over one arena.
pub(crate) struct Program {
    pub(super) steps: Vec<Step>,
    /// Every step's operands, as addresses.
    operands: Vec<Vec<*mut u8>>,
    inputs: Vec<(*mut u8, usize)>,
    outputs: Vec<(*const u8, usize)>,
    arena: AlignedVec,
    /// What the steps read beside the arena.
    constants: Vec<Tensor>,
    scratch: AlignedVec,
    lower_bound: u64,
    flush: bool,
    phases: Vec<(&'static str, Duration)>,
    /// What the steps are called in traces, from the first run on that a session records.
    pub(super) operations: Vec<OperationId>,
    _holdings: Holdings,
}

// SAFETY: the addresses lead into the arena and the constants, which the program owns.
unsafe impl Send for Program {}

impl Program {
    /// A graph as a program; `plain` computes every node by itself, row-major, with the kernel that is right before it
    /// is fast.
    ///
    /// # Errors
    /// If there is no kernel for a node, or no memory.
    pub(crate) fn new(graph: &Graph, threads: usize, plain: bool) -> Result<Self> {
        let mut phases = Vec::new();
        let mut last = Instant::now();
        let mut phase = |name| {
            let now = Instant::now();
            phases.push((name, now - std::mem::replace(&mut last, now)));
        };
        let lowered = Lowering::run(graph, threads, plain)?;
        phase("lower and pack");
        let places = memory::place(&lowered)?;
        phase("plan");
        let bytes = usize::try_from(places.bytes).map_err(|_| too_large(places.bytes))?;
        let mut arena =
            AlignedVec::try_zeros(bytes.div_ceil(4)).ok_or_else(|| too_large(places.bytes))?;
        touch(&mut arena);
        let start: *mut u8 = arena.as_mut_ptr().cast();
        let mut constants = Vec::new();
        let addresses: Vec<*mut u8> = lowered
            .buffers
            .iter()
            .zip(&places.offsets)
            .map(|(buffer, offset)| match (&buffer.home, offset) {
                (Home::Constant(tensor), _) => {
                    constants.push(tensor.clone());
                    tensor.bytes().as_ptr().cast_mut()
                }
                (Home::Arena { .. }, offset) => {
                    start.wrapping_add(offset.expect("the arena's buffers have places") as usize)
                }
            })
            .collect();
        let address = |id: &super::BufferId| addresses[id.0];
        let extent = |id: &super::BufferId| (address(id), lowered.buffers[id.0].bytes());
        let operands = lowered
            .steps
            .iter()
            .map(|step| {
                let addresses = step.operands.iter();
                addresses.map(|id| id.as_ref().map_or(std::ptr::null_mut(), address)).collect()
            })
            .collect();
        let inputs = lowered.inputs.iter().map(extent).collect();
        let outputs =
            lowered.outputs.iter().map(extent).map(|(at, n)| (at.cast_const(), n)).collect();
        let scratch = lowered.steps.iter().map(|step| step.routine.scratch()).max().unwrap_or(0);
        let mut scratch_memory =
            AlignedVec::try_zeros(scratch).ok_or_else(|| too_large(scratch as u64 * 4))?;
        touch(&mut scratch_memory);
        let held = |bytes: usize| bytes as u64;
        let weights = lowered.steps.iter().map(|step| step.routine.weight_bytes()).sum();
        let holdings = Holdings::new(&[
            ("packed weights", held(weights)),
            ("arena", held(size_of_val(&*arena))),
            ("scratch", held(size_of_val(&*scratch_memory))),
            ("constants", held(constants.iter().map(|tensor| tensor.bytes().len()).sum())),
        ]);
        phase("allocate");
        Ok(Self {
            steps: lowered.steps,
            operands,
            inputs,
            outputs,
            arena,
            constants,
            scratch: scratch_memory,
            lower_bound: places.lower_bound,
            flush: !plain,
            phases,
            operations: Vec::new(),
            _holdings: holdings,
        })
    }

    /// What making it took.
    pub(crate) fn phases(&self) -> &[(&'static str, Duration)] {
        &self.phases
    }

    /// The number of steps.
    pub(crate) fn steps(&self) -> usize {
        self.steps.len()
    }

    /// Bytes of the arena.
    pub(crate) fn arena_bytes(&self) -> u64 {
        size_of_val(&*self.arena) as u64
    }

    /// Bytes that are alive at once at the most: no arena can be smaller.
    pub(crate) fn arena_lower_bound(&self) -> u64 {
        self.lower_bound
    }

    /// Bytes that the program holds: arena, scratch, constants and packed weights.
    pub(crate) fn bytes(&self) -> u64 {
        let constants: usize = self.constants.iter().map(|tensor| tensor.bytes().len()).sum();
        let weights: usize = self.steps.iter().map(|step| step.routine.weight_bytes()).sum();
        self.arena_bytes() + (self.scratch.len() * 4 + constants + weights) as u64
    }

    /// The bytes of an input.
    pub(crate) fn input(&mut self, index: usize) -> &mut [u8] {
        let (start, length) = self.inputs[index];
        // SAFETY: the input has its place in the arena, which is borrowed with the program.
        unsafe { std::slice::from_raw_parts_mut(start, length) }
    }

    /// The bytes of an output.
    pub(crate) fn output(&self, index: usize) -> &[u8] {
        let (start, length) = self.outputs[index];
        // SAFETY: the output has its place in the arena or is a constant; both are borrowed with the program.
        unsafe { std::slice::from_raw_parts(start, length) }
    }

    /// Runs all steps.
    ///
    /// # Errors
    /// If a step's data is none that its operator takes.
    pub(crate) fn run(&mut self, workers: &Workers) -> Result<()> {
        let _mode = self.flush.then(FlushDenormals::new);
        if is_recording() {
            return self.run_recorded(workers);
        }
        (0..self.steps.len()).try_for_each(|index| self.run_step(index, workers))
    }

    /// Runs all steps and measures each.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub(crate) fn run_by_steps(&mut self, workers: &Workers) -> Result<StepRun> {
        let mut times = Vec::with_capacity(self.steps.len());
        let begin = Instant::now();
        {
            let _mode = self.flush.then(FlushDenormals::new);
            for index in 0..self.steps.len() {
                let start = Instant::now();
                self.run_step(index, workers)?;
                times.push((start - begin, start.elapsed()));
            }
        }
        let duration = begin.elapsed();
        let steps = self.steps.iter().zip(times).map(|(step, (start, duration))| StepTime {
            node: step.node.clone(),
            operator: step.operator.into(),
            detail: step.routine.detail(),
            cost: step.cost,
            start,
            duration,
        });
        Ok(StepRun { duration, clock_error: Duration::ZERO, steps: steps.collect() })
    }

    #[inline]
    pub(super) fn run_step(&mut self, index: usize, workers: &Workers) -> Result<()> {
        let step = &mut self.steps[index];
        let call = Call { workers, scratch: &mut self.scratch, operands: &self.operands[index] };
        // SAFETY: the operands have the types and layouts that the routine was made for, and the plan lets no two of
        // them overlap that are not meant to.
        let result = unsafe { step.routine.run(call) };
        result.map_err(|error| Error::Data {
            node: step.node.clone(),
            operator: step.operator,
            detail: error.0,
        })
    }
}

/// Writes to all memory now, so that no run has to wait for the system to find a page. The compiler must not see that
/// nothing changes.
fn touch(memory: &mut AlignedVec) {
    std::hint::black_box(memory).fill(0.0);
}

fn too_large(bytes: u64) -> Error {
    Error::from(tachy_graph::TensorError::OutOfMemory {
        bytes: usize::try_from(bytes).unwrap_or(usize::MAX),
    })
}
