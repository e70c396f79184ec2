//! Nodes of constants, computed while a graph is optimised.

use std::num::NonZeroUsize;

use tachy_graph::passes::Evaluate;
use tachy_graph::{Node, Tensor, TensorType};

use crate::kernel::{Operand, Operands};
use crate::kernels;
use crate::workers::Workers;

/// Computes nodes by the plain kernels, on this thread.
pub(crate) struct ByKernels {
    workers: Workers,
}

impl ByKernels {
    pub(crate) fn new() -> Self {
        let workers =
            Workers::new(NonZeroUsize::MIN).expect("one thread asks nothing of the system");
        Self { workers }
    }
}

impl Evaluate for ByKernels {
    fn evaluate(
        &self,
        node: &Node,
        inputs: &[Option<&Tensor>],
        outputs: &[&TensorType],
    ) -> Result<Vec<Tensor>, String> {
        let operands: Vec<Option<Operand<'_>>> = inputs
            .iter()
            .map(|tensor| tensor.map(|tensor| Operand { ty: tensor.ty(), constant: Some(tensor) }))
            .collect();
        let mut kernel = kernels::prepare(&node.op, Operands { inputs: &operands, outputs })
            .map_err(|unsupported| unsupported.0)?;
        let mut results = outputs
            .iter()
            .map(|ty| Tensor::zeros(ty.dtype, &ty.shape))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| error.to_string())?;
        let views: Vec<_> = inputs.iter().map(|tensor| tensor.map(Tensor::view)).collect();
        let mut result_views: Vec<_> = results.iter_mut().map(Tensor::view_mut).collect();
        kernel.run(&self.workers, &views, &mut result_views).map_err(|error| error.0)?;
        drop(result_views);
        Ok(results)
    }
}
