//! The plain kernels as routines.
#![allow(unsafe_code)]

use tachy_graph::{DType, Graph, Node, TensorType, TensorView, TensorViewMut};

use crate::kernel::{DataError, Kernel, Operand, Operands, Unsupported};
use crate::kernels;
use crate::program::{Call, Routine};

/// A kernel that takes row-major views.
pub(crate) struct Plain {
    kernel: Box<dyn Kernel>,
    inputs: Vec<Option<TensorType>>,
    outputs: Vec<TensorType>,
    /// The views of a run, kept for their memory alone: they are empty between runs.
    input_views: Vec<Option<TensorView<'static>>>,
    output_views: Vec<TensorViewMut<'static>>,
}

/// The plain kernel of a node.
///
/// # Errors
/// If there is none.
pub(crate) fn plain(graph: &Graph, node: &Node) -> Result<Plain, Unsupported> {
    let operand = |id: &tachy_graph::ValueId| {
        let value = graph.value(*id);
        Operand { ty: &value.ty, constant: value.constant() }
    };
    let inputs: Vec<_> = node.inputs.iter().map(|id| id.as_ref().map(operand)).collect();
    let outputs: Vec<_> = node.outputs.iter().map(|id| &graph.value(*id).ty).collect();
    let kernel = kernels::prepare(&node.op, Operands { inputs: &inputs, outputs: &outputs })?;
    Ok(Plain {
        kernel,
        input_views: Vec::with_capacity(inputs.len()),
        output_views: Vec::with_capacity(outputs.len()),
        inputs: inputs.iter().map(|input| input.map(|input| input.ty.clone())).collect(),
        outputs: outputs.into_iter().cloned().collect(),
    })
}

fn bytes(ty: &TensorType) -> usize {
    ty.shape.iter().product::<usize>() * ty.dtype.size()
}

impl Routine for Plain {
    fn detail(&self) -> String {
        "plain kernel".to_owned()
    }

    unsafe fn run(&mut self, call: Call<'_>) -> Result<(), DataError> {
        // SAFETY: the operands have the types of the node; outputs overlap with nothing. Views do not outlive this call:
        // they are taken away below, also from the memory that is kept.
        unsafe {
            let types: &'static [Option<TensorType>] = &*std::ptr::from_ref(&self.inputs[..]);
            for (ty, operand) in types.iter().zip(call.operands) {
                self.input_views.push(ty.as_ref().map(|ty| TensorView {
                    dtype: ty.dtype,
                    shape: &ty.shape,
                    bytes: std::slice::from_raw_parts(operand.cast_const(), bytes(ty)),
                }));
            }
            let types: &'static [TensorType] = &*std::ptr::from_ref(&self.outputs[..]);
            for (ty, operand) in types.iter().zip(&call.operands[self.inputs.len()..]) {
                if ty.dtype == DType::Bool {
                    // What another value has left there may not even be a boolean.
                    operand.write_bytes(0, bytes(ty));
                }
                self.output_views.push(TensorViewMut {
                    dtype: ty.dtype,
                    shape: &ty.shape,
                    bytes: std::slice::from_raw_parts_mut(*operand, bytes(ty)),
                });
            }
        }
        let result = self.kernel.run(call.workers, &self.input_views, &mut self.output_views);
        self.input_views.clear();
        self.output_views.clear();
        result
    }
}
