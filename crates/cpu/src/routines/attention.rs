//! Scaled dot-product attention, a head at a time.
#![allow(unsafe_code)]

use tachy_graph::op::attention::Attention;
use tachy_graph::{DType, Node};
use tachy_kernels::lanes::Isa;
use tachy_kernels::product::{Epilogue, MatrixMut, MatrixRef, PackedLayout, Product};
use tachy_kernels::rows::{Rows, Softmax, softmax_rows};

use super::convolution::{Shared, SharedMut};
use crate::kernel::DataError;
use crate::program::{Call, Lowering, Routine};

/// Attention without masks, earlier keys and further outputs; all else is left to the plain kernel.
pub(super) fn lower(lowering: &mut Lowering<'_>, node: &Node, op: &Attention) -> bool {
    let [Some(q), Some(k), Some(v), rest @ ..] = &node.inputs[..] else { return false };
    let plain = op.softcap == 0.0
        && !op.causal
        && op.left_window.is_none()
        && op.right_window.is_none()
        && !op.present
        && op.scores.is_none()
        && rest.iter().all(Option::is_none);
    let types = [lowering.ty(*q), lowering.ty(*k), lowering.ty(*v)];
    let floats = types.iter().all(|ty| ty.dtype == DType::F32 && !ty.shape.contains(&0));
    if !plain || !floats {
        return false;
    }
    let [batch, heads, queries, size] = [0, 1, 2, 3].map(|axis| types[0].shape[axis]);
    let (groups, keys, value_size) = (types[1].shape[1], types[1].shape[2], types[2].shape[3]);
    let isa = lowering.isa;
    // A head is a task: inside of it there is one thread.
    let scores = Product::new(isa, 1, queries, PackedLayout::new(isa, queries, size, keys));
    let values = Product::new(isa, 1, queries, PackedLayout::new(isa, queries, keys, value_size));
    let packed = scores.layout().len().max(values.layout().len()).next_multiple_of(16);
    let routine = Attend {
        isa,
        scale: op.scale,
        heads: batch * heads,
        heads_per_group: heads / groups,
        queries,
        keys,
        size,
        value_size,
        scratch: packed + (queries * keys).next_multiple_of(16),
        packed,
        scores,
        values,
        threads: lowering.threads,
    };
    let inputs = [*q, *k, *v].map(|id| Some(lowering.read_row_major(id))).to_vec();
    let output = lowering.write_row_major(node.outputs[0]);
    lowering.step(node, Box::new(routine), inputs, vec![output]);
    true
}

struct Attend {
    isa: Isa,
    scale: f32,
    /// Heads of all samples.
    heads: usize,
    /// Query heads that share keys and values.
    heads_per_group: usize,
    queries: usize,
    keys: usize,
    size: usize,
    value_size: usize,
    /// Queries by keys.
    scores: Product,
    /// Shares by values.
    values: Product,
    /// Elements of a packed right-hand matrix.
    packed: usize,
    /// Elements of scratch memory of one thread.
    scratch: usize,
    threads: usize,
}

impl Routine for Attend {
    fn detail(&self) -> String {
        let Self { heads, queries, keys, size, .. } = self;
        format!("{heads} heads, {queries} queries × {keys} keys of {size}")
    }

    fn scratch(&self) -> usize {
        self.scratch * self.threads
    }

    unsafe fn run(&mut self, call: Call<'_>) -> Result<(), DataError> {
        let shared = SharedMut(call.scratch.as_mut_ptr(), call.write(3));
        let operands = Shared(call.operands);
        call.team().run_as_member(self.heads, |head, member| {
            // SAFETY: every head writes a part of its own, with scratch memory of its thread's own.
            unsafe { self.head(head, &operands, &shared, member) };
        });
        Ok(())
    }
}

impl Attend {
    unsafe fn head(&self, head: usize, operands: &Shared<'_>, shared: &SharedMut, member: usize) {
        let Self { queries, keys, size, value_size, .. } = *self;
        let group = head / self.heads_per_group;
        let matrix = |operand: usize, start: usize, length: usize| {
            let first = operands.0[operand].cast_const().cast::<f32>();
            // SAFETY: the operands have the operator's sizes.
            unsafe { std::slice::from_raw_parts(first.add(start), length) }
        };
        // SAFETY: as above; the scratch memory is as long as was asked for.
        unsafe {
            let scratch = shared.0.add(member * self.scratch);
            let packed = std::slice::from_raw_parts_mut(scratch, self.packed);
            let shares = scratch.add(self.packed);
            let k = matrix(1, group * keys * size, keys * size);
            self.scores.layout().pack(k, 1, size, packed);
            packed.iter_mut().for_each(|key| *key *= self.scale);
            let q = matrix(0, head * queries * size, queries * size);
            let q = MatrixRef { first: q.as_ptr(), pitch: size };
            let out = MatrixMut { first: shares, pitch: keys };
            for task in 0..self.scores.tasks() {
                self.scores.run(task, q, packed, None, Epilogue::NONE, out);
            }
            let from = Rows { pointer: shares.cast_const(), stride: keys };
            let to = Rows { pointer: shares, stride: keys };
            softmax_rows(self.isa, Softmax::Plain, from, to, (queries, keys));
            let v = matrix(2, group * keys * value_size, keys * value_size);
            self.values.layout().pack(v, value_size, 1, packed);
            let shares = MatrixRef { first: shares, pitch: keys };
            let first = shared.1.add(head * queries * value_size);
            let out = MatrixMut { first, pitch: value_size };
            for task in 0..self.values.tasks() {
                self.values.run(task, shares, packed, None, Epilogue::NONE, out);
            }
        }
    }
}
