//! A compiled model with its input tensors set once.

use openvino::{CompiledModel, InferRequest, Shape, Tensor as OvTensor};
use tachy_graph::{Tensor, TensorType};
use tachy_profile::memory::Occasion;
use tachy_runtime::{
    CompileStats, Device, Error, Executable, MemoryStats, Result, Signature, contain, tell_memory,
};

use crate::backend::NAME;
use crate::element;
use crate::failure::during;

/// A model that OpenVINO has compiled, and one request to run it.
///
/// The input tensors are made and set once; `bind` copies into them and nothing else. Outputs stay in the
/// request's own tensors until they are fetched.
pub(crate) struct OpenVinoExecutable {
    signature: Signature,
    // The order in which they are dropped: tensors and request before the model that they belong to.
    inputs: Vec<OvTensor>,
    request: InferRequest,
    _model: CompiledModel,
    progress: Progress,
    stats: CompileStats,
}

#[derive(PartialEq, PartialOrd)]
enum Progress {
    New,
    Bound,
    Ran,
}

impl OpenVinoExecutable {
    pub(crate) fn new(
        mut model: CompiledModel,
        device: impl FnOnce() -> Device,
        signature: Signature,
        stats: CompileStats,
    ) -> Result<Self> {
        let failed = during("make an inference request");
        let found = model.get_output_size().map_err(&failed)?;
        if found != signature.outputs.len() {
            let expected = signature.outputs.len();
            return Err(Error::Count { role: "output", expected, found });
        }
        let mut request = model.create_infer_request().map_err(&failed)?;
        let mut inputs = Vec::with_capacity(signature.inputs.len());
        for port in &signature.inputs {
            let element = element::to_engine(&port.name, port.ty.dtype)?;
            let sizes: Vec<i64> = port.ty.shape.iter().map(|size| *size as i64).collect();
            let shape = Shape::new(&sizes).map_err(&failed)?;
            let tensor = OvTensor::new(element, &shape).map_err(&failed)?;
            request.set_tensor(&port.name, &tensor).map_err(&failed)?;
            inputs.push(tensor);
        }
        for port in &signature.outputs {
            // Refuses now what `fetch` could not bring.
            element::to_engine(&port.name, port.ty.dtype)?;
        }
        let progress = Progress::New;
        tell_memory(device, Occasion::Compiled, MemoryStats::default);
        Ok(Self { signature, inputs, request, _model: model, progress, stats })
    }
}

impl Executable for OpenVinoExecutable {
    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn bind(&mut self, inputs: &[Tensor]) -> Result<()> {
        self.signature.check_inputs(inputs)?;
        for (own, given) in self.inputs.iter_mut().zip(inputs) {
            if !given.bytes().is_empty() {
                let bytes = own.get_raw_data_mut().map_err(during("bind an input"))?;
                bytes.copy_from_slice(given.bytes());
            }
        }
        self.progress = Progress::Bound;
        Ok(())
    }

    fn run(&mut self) -> Result<()> {
        if self.progress < Progress::Bound {
            return Err(Error::OutOfOrder("`run` needs inputs; call `bind` first."));
        }
        self.request.infer().map_err(during("run the model"))?;
        self.progress = Progress::Ran;
        Ok(())
    }

    fn fetch(&mut self, outputs: &mut [Tensor]) -> Result<()> {
        self.signature.check_outputs(outputs)?;
        if self.progress < Progress::Ran {
            return Err(Error::OutOfOrder("`fetch` needs results; call `run` first."));
        }
        contain(NAME, "fetch the outputs", || {
            let failed = during("fetch the outputs");
            for (index, (port, output)) in self.signature.outputs.iter().zip(outputs).enumerate() {
                let result = self.request.get_output_tensor_by_index(index).map_err(&failed)?;
                let shape = result.get_shape().map_err(&failed)?;
                let shape: Vec<usize> =
                    shape.get_dimensions().iter().map(|size| *size as usize).collect();
                let element = element::to_engine(&port.name, output.dtype())?;
                if result.get_element_type().map_err(&failed)? != element || shape != output.shape()
                {
                    return Err(Error::Type {
                        role: "output",
                        name: port.name.clone(),
                        expected: TensorType::new(port.ty.dtype, shape),
                        found: output.ty().clone(),
                    });
                }
                if output.element_count() > 0 {
                    output.bytes_mut().copy_from_slice(result.get_raw_data().map_err(&failed)?);
                }
            }
            Ok(())
        })
    }

    fn compile_stats(&self) -> &CompileStats {
        &self.stats
    }

    fn memory(&self) -> MemoryStats {
        MemoryStats::default()
    }
}
