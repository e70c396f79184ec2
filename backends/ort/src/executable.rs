//! A session with its inputs and outputs bound once.

use std::ptr::{self, NonNull};
use std::slice;
use std::time::Instant;

use ort::AsPointer;
use ort::memory::{AllocationDevice, Allocator, AllocatorType, MemoryInfo, MemoryType};
use ort::session::{IoBinding, Session};
use ort::value::DynTensor;
use tachy_graph::{Tensor, TensorType};
use tachy_profile::memory::Occasion;
use tachy_runtime::{
    CompileStats, Device, Error, Executable, MemoryStats, Result, Signature, StepRun, contain,
    tell_memory,
};

use crate::arena::Functions;
use crate::backend::NAME;
use crate::element;
use crate::failure::during;
use crate::library::Loaded;
use crate::provider::Provider;
use crate::record::Record;

/// A session of ONNX Runtime.
///
/// Inputs and outputs are tensors of the library's, bound once. On the processor `bind` copies into them and
/// nothing else; elsewhere it also hands them to the device. A run copies nothing that the library does not
/// copy by itself.
pub(crate) struct OrtExecutable {
    signature: Signature,
    // The binding refers to the session, so it is declared, and dropped, before it.
    binding: IoBinding,
    inputs: Vec<DynTensor>,
    session: Session,
    provider: Provider,
    progress: Progress,
    stats: CompileStats,
    /// Where the library writes when its steps ran, as long as it has not been asked.
    record: Option<Record>,
    /// What tells the figures of the session's arena.
    functions: Option<&'static Functions>,
}

#[derive(PartialEq, PartialOrd)]
enum Progress {
    New,
    Bound,
    Ran,
}

impl OrtExecutable {
    pub(crate) fn new(
        session: Session,
        library: &Loaded,
        provider: Provider,
        signature: Signature,
        stats: CompileStats,
        record: Option<Record>,
    ) -> Result<Self> {
        let host = Allocator::default();
        let bind = during("bind inputs and outputs");
        let mut binding = session.create_binding().map_err(&bind)?;
        let mut inputs = Vec::with_capacity(signature.inputs.len());
        for port in &signature.inputs {
            let element = element::to_engine(&port.name, port.ty.dtype)?;
            let tensor = DynTensor::new(&host, element, port.ty.shape.clone()).map_err(&bind)?;
            binding.bind_input(&*port.name, &tensor).map_err(&bind)?;
            inputs.push(tensor);
        }
        for port in &signature.outputs {
            // Refuses now what `fetch` could not bring.
            let element = element::to_engine(&port.name, port.ty.dtype)?;
            if let Some(device) = provider.output_memory() {
                let memory = MemoryInfo::new(device, 0, AllocatorType::Device, MemoryType::Default)
                    .map_err(&bind)?;
                binding.bind_output_to_device(&*port.name, &memory).map_err(&bind)?;
            } else {
                let tensor =
                    DynTensor::new(&host, element, port.ty.shape.clone()).map_err(&bind)?;
                binding.bind_output(&*port.name, tensor).map_err(&bind)?;
            }
        }
        let progress = Progress::New;
        let functions = library.functions;
        let executable = Self {
            signature,
            binding,
            inputs,
            session,
            provider,
            progress,
            stats,
            record,
            functions,
        };
        executable.tell_memory(Occasion::Compiled);
        Ok(executable)
    }

    fn tell_memory(&self, occasion: Occasion) {
        let device = || Device::with_unit(NAME, self.provider.unit());
        tell_memory(device, occasion, || self.memory());
    }

    /// The outputs of the last run, in order.
    ///
    /// They need not be the tensors that were bound: an output that is an input or a constant of the model is
    /// handed out in place of the bound tensor, not copied into it.
    fn results(&self) -> ort::Result<Vec<DynTensor>> {
        let allocator = self.session.allocator();
        let mut values: *mut *mut ort::sys::OrtValue = ptr::null_mut();
        let mut count = 0;
        // SAFETY: the binding and the allocator are alive; both out-pointers point to locals.
        let status = unsafe {
            (ort::api().GetBoundOutputValues)(
                self.binding.ptr(),
                allocator.ptr().cast_mut(),
                &mut values,
                &mut count,
            )
        };
        // SAFETY: the status was just returned and is not used again.
        unsafe { ort::Error::result_from_status(status) }?;
        let tensors = (0..count).filter_map(|index| {
            // SAFETY: on success `values` points to `count` values, each of which is now owned here; they are
            // tensors of the session, whose allocator is given.
            NonNull::new(unsafe { *values.add(index) })
                .map(|value| unsafe { DynTensor::from_ptr(value, Some(allocator)) })
        });
        let tensors = tensors.collect();
        if !values.is_null() {
            // SAFETY: the array, not the values, was allocated with this allocator and is not used again.
            unsafe { allocator.free(values) };
        }
        Ok(tensors)
    }
}

impl Executable for OrtExecutable {
    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn bind(&mut self, inputs: &[Tensor]) -> Result<()> {
        self.signature.check_inputs(inputs)?;
        for (own, given) in self.inputs.iter_mut().zip(inputs) {
            bytes_mut(own).copy_from_slice(given.bytes());
        }
        if self.provider != Provider::Cpu {
            // The device has its own copy of the bound values, made when they were bound.
            let bind = during("upload the inputs");
            for (port, own) in self.signature.inputs.iter().zip(&self.inputs) {
                self.binding.bind_input(&*port.name, own).map_err(&bind)?;
            }
            self.binding.synchronize_inputs().map_err(&bind)?;
        }
        self.progress = Progress::Bound;
        self.tell_memory(Occasion::Bound);
        Ok(())
    }

    fn run(&mut self) -> Result<()> {
        if self.progress < Progress::Bound {
            return Err(Error::OutOfOrder("`run` needs inputs; call `bind` first."));
        }
        // The binding's own `run_binding` wraps every output anew in each run, which costs a microsecond for
        // each: more than some whole models take.
        // SAFETY: session and binding are alive and belong together; `&mut self` keeps other runs out.
        let status = unsafe {
            (ort::api().RunWithBinding)(
                self.session.ptr().cast_mut(),
                ptr::null(),
                self.binding.ptr(),
            )
        };
        // SAFETY: the status was just returned and is not used again.
        unsafe { ort::Error::result_from_status(status) }.map_err(during("run the model"))?;
        self.progress = Progress::Ran;
        self.tell_memory(Occasion::Ran);
        Ok(())
    }

    fn fetch(&mut self, outputs: &mut [Tensor]) -> Result<()> {
        self.signature.check_outputs(outputs)?;
        if self.progress < Progress::Ran {
            return Err(Error::OutOfOrder("`fetch` needs results; call `run` first."));
        }
        contain(NAME, "fetch the outputs", || {
            let failed = during("fetch the outputs");
            let results = self.results().map_err(&failed)?;
            if results.len() != outputs.len() {
                let (expected, found) = (outputs.len(), results.len());
                return Err(Error::Count { role: "output", expected, found });
            }
            for ((port, result), output) in self.signature.outputs.iter().zip(results).zip(outputs)
            {
                let shape: Vec<usize> = result.shape().iter().map(|size| *size as usize).collect();
                let element = element::to_engine(&port.name, output.dtype())?;
                if *result.data_type() != element || shape != output.shape() {
                    return Err(Error::Type {
                        role: "output",
                        name: port.name.clone(),
                        expected: TensorType::new(port.ty.dtype, shape),
                        found: output.ty().clone(),
                    });
                }
                let on_host = if result.memory_info().is_cpu_accessible() {
                    result
                } else {
                    result.to(AllocationDevice::CPU, 0).map_err(&failed)?
                };
                output.bytes_mut().copy_from_slice(bytes(&on_host));
            }
            Ok(())
        })
    }

    /// The library tells once: what it has recorded is written when the record ends.
    fn run_by_steps(&mut self, runs: usize) -> Result<Option<Vec<StepRun>>> {
        let Some(record) = self.record.take() else {
            return Err(Error::OutOfOrder(
                "ONNX Runtime tells the steps of its runs once, and only if `trace` was set when the model was loaded.",
            ));
        };
        let mut durations = Vec::with_capacity(runs);
        for _ in 0..runs {
            let start = Instant::now();
            self.run()?;
            durations.push(start.elapsed());
        }
        let path = self.session.end_profiling().map_err(during("end the record of the steps"))?;
        record.read(&path, &durations).map(Some)
    }

    fn compile_stats(&self) -> &CompileStats {
        &self.stats
    }

    fn memory(&self) -> MemoryStats {
        match self.functions {
            Some(functions) => functions.arena(&self.session, self.provider),
            None => MemoryStats::default(),
        }
    }
}

/// The elements of a tensor in host memory.
fn bytes(tensor: &DynTensor) -> &[u8] {
    match tensor.size() {
        None | Some(0) => &[],
        // SAFETY: the tensor is in host memory and holds so many initialised bytes, at least one, while it is
        // borrowed.
        Some(size) => unsafe { slice::from_raw_parts(tensor.data_ptr().cast(), size) },
    }
}

fn bytes_mut(tensor: &mut DynTensor) -> &mut [u8] {
    match tensor.size() {
        None | Some(0) => &mut [],
        // SAFETY: as above; the borrow is exclusive, and the library reads the tensor only during a run.
        Some(size) => unsafe { slice::from_raw_parts_mut(tensor.data_ptr_mut().cast(), size) },
    }
}
