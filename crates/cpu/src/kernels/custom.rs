//! Operators of the caller's own.

use std::sync::Arc;

use tachy_graph::op::custom::Custom;
use tachy_graph::{TensorView, TensorViewMut};

use crate::kernel::{DataError, FnKernel, Kernel};
use crate::workers::Workers;

/// The most inputs that a custom operator may have: their views then need no memory of their own.
const INPUTS: usize = 16;

pub(super) fn prepare(op: &Custom) -> Box<dyn Kernel> {
    let kernel = Arc::clone(&op.kernel);
    Box::new(FnKernel(
        move |_: &Workers, inputs: &[Option<TensorView<'_>>], outputs: &mut [TensorViewMut<'_>]| {
            let Some(first) = inputs.iter().flatten().next().copied() else {
                return kernel(&[], outputs).map_err(DataError);
            };
            if inputs.len() > INPUTS {
                return Err(DataError(format!("a custom operator takes at most {INPUTS} inputs")));
            }
            let mut views = [first; INPUTS];
            for (view, input) in views.iter_mut().zip(inputs.iter().flatten()) {
                *view = *input;
            }
            kernel(&views[..inputs.len()], outputs).map_err(DataError)
        },
    ))
}
