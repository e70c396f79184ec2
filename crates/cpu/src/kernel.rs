//! Kernels: operators made ready for one node.

use tachy_graph::{Tensor, TensorType, TensorView, TensorViewMut};

use crate::workers::Workers;

/// One operator, made ready for inputs of known types. Everything that can be decided, allocated or refused is
/// decided, allocated or refused when it is made.
pub trait Kernel: Send {
    /// Computes the outputs. Views are in the node's order; an input that is left out is `None`.
    ///
    /// # Errors
    /// Only for what the types do not tell: an index outside of a tensor and the like.
    fn run(
        &mut self,
        workers: &Workers,
        inputs: &[Option<TensorView<'_>>],
        outputs: &mut [TensorViewMut<'_>],
    ) -> Result<(), DataError>;
}

/// Data that an operator cannot take, as a clause: "index 7 is outside of an axis of size 5".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataError(pub String);

/// An operator on types that no kernel takes, as a clause: "there is no kernel for f64".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsupported(pub String);

/// What a kernel may know of its node when it is made.
#[derive(Clone, Copy)]
pub struct Operands<'a> {
    /// The inputs; one that is left out is `None`.
    pub inputs: &'a [Option<Operand<'a>>],
    /// The types of the outputs.
    pub outputs: &'a [&'a TensorType],
}

/// What a kernel may know of an input when it is made.
#[derive(Clone, Copy)]
pub struct Operand<'a> {
    /// Element type and shape.
    pub ty: &'a TensorType,
    /// The value, if it is a constant of the graph.
    pub constant: Option<&'a Tensor>,
}

impl<'a> Operands<'a> {
    /// The type of an input that the operator's type rule has made sure of.
    pub fn input(&self, index: usize) -> &'a TensorType {
        self.inputs[index].expect("the type rule requires this input").ty
    }

    /// The input at this index, if it is given.
    pub fn get(&self, index: usize) -> Option<Operand<'a>> {
        self.inputs.get(index).copied().flatten()
    }
}

/// A kernel, or why there is none.
pub type Prepared = Result<Box<dyn Kernel>, Unsupported>;

/// A closure as a kernel: for operators that need nothing but their inputs.
pub(crate) struct FnKernel<F>(pub F);

impl<F> Kernel for FnKernel<F>
where
    F: FnMut(
            &Workers,
            &[Option<TensorView<'_>>],
            &mut [TensorViewMut<'_>],
        ) -> Result<(), DataError>
        + Send,
{
    fn run(
        &mut self,
        workers: &Workers,
        inputs: &[Option<TensorView<'_>>],
        outputs: &mut [TensorViewMut<'_>],
    ) -> Result<(), DataError> {
        (self.0)(workers, inputs, outputs)
    }
}
