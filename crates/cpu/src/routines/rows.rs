//! Softmax and normalisation of rows.
#![allow(unsafe_code)]

use tachy_graph::op::normalization::{LayerNormalization, RmsNormalization};
use tachy_graph::op::reduction::{Softmax, SoftmaxKind};
use tachy_graph::{DType, Node, Op, ValueId};
use tachy_kernels::lanes::Isa;
use tachy_kernels::rows::{self, Rows, layer_norm, rms_norm, softmax_columns, softmax_rows};

use super::convolution::Shared;
use crate::kernel::DataError;
use crate::program::{Call, Lowering, Routine};

/// What happens to the rows.
enum Kind {
    Softmax(rows::Softmax),
    /// With scale and perhaps bias, the step's second and third operands.
    LayerNorm {
        epsilon: f32,
        bias: bool,
    },
    /// With a scale, the step's second operand.
    RmsNorm {
        epsilon: f32,
    },
}

pub(super) fn lower(lowering: &mut Lowering<'_>, node: &Node) -> bool {
    let Some(x) = node.inputs[0] else { return false };
    let ty = lowering.ty(x);
    if ty.dtype != DType::F32 || ty.shape.contains(&0) {
        return false;
    }
    let split = |axis: usize| {
        let (outer, rest) = ty.shape.split_at(axis);
        (outer.iter().product::<usize>(), rest.iter().product::<usize>())
    };
    let vector = |index: usize, columns: usize| {
        let operand: Option<ValueId> = node.inputs.get(index).copied().flatten();
        operand.is_none_or(|id| {
            let operand = lowering.ty(id);
            operand.dtype == DType::F32 && operand.shape.iter().product::<usize>() == columns
        })
    };
    let (kind, batch, count, columns) = match &node.op {
        Op::Softmax(Softmax { kind, axis }) => {
            let kind = match kind {
                SoftmaxKind::Softmax => rows::Softmax::Plain,
                SoftmaxKind::LogSoftmax => rows::Softmax::Logarithm,
                SoftmaxKind::Hardmax => return false,
            };
            let (outer, _) = split(*axis);
            let inner = split(axis + 1).1;
            match inner {
                1 => (Kind::Softmax(kind), 1, outer, ty.shape[*axis]),
                // Along columns: every matrix of the axis by what is inside of it is a task.
                inner => (Kind::Softmax(kind), outer, ty.shape[*axis], inner),
            }
        }
        Op::LayerNormalization(LayerNormalization { axis, epsilon, statistics: false, .. }) => {
            let (count, columns) = split(*axis);
            let bias = node.inputs.get(2).copied().flatten().is_some();
            if !vector(1, columns) || !vector(2, columns) {
                return false;
            }
            (Kind::LayerNorm { epsilon: *epsilon, bias }, 1, count, columns)
        }
        Op::RmsNormalization(RmsNormalization { axis, epsilon }) => {
            let (count, columns) = split(*axis);
            if !vector(1, columns) {
                return false;
            }
            (Kind::RmsNorm { epsilon: *epsilon }, 1, count, columns)
        }
        _ => return false,
    };
    let by_column = matches!(&node.op, Op::Softmax(op) if split(op.axis + 1).1 > 1);
    let inputs: Vec<_> =
        node.inputs.iter().flatten().map(|id| lowering.read_row_major(*id)).collect();
    let output = lowering.write_row_major(node.outputs[0]);
    let first = inputs[0];
    let rows_per_task = match lowering.threads {
        1 => count,
        threads => count.div_ceil(threads * 4),
    };
    let output_operand = inputs.len();
    let routine = OverRows {
        isa: lowering.isa,
        kind,
        by_column,
        batch,
        count,
        columns,
        rows_per_task: if by_column { count } else { rows_per_task },
        output: output_operand,
    };
    let operands = inputs.into_iter().map(Some).collect();
    lowering.step(node, Box::new(routine), operands, vec![output]);
    lowering.may_take_over(output, first);
    true
}

struct OverRows {
    isa: Isa,
    kind: Kind,
    /// Whether the columns of `batch` matrices are meant instead of the rows of one.
    by_column: bool,
    batch: usize,
    count: usize,
    columns: usize,
    rows_per_task: usize,
    /// Which operand is written.
    output: usize,
}

impl Routine for OverRows {
    unsafe fn run(&mut self, call: Call<'_>) -> Result<(), DataError> {
        let operands = Shared(call.operands);
        let blocks = self.count.div_ceil(self.rows_per_task);
        call.team().run(self.batch * blocks, |task| {
            let operands = &operands;
            let (matrix, first) = (task / blocks, task % blocks * self.rows_per_task);
            let start = (matrix * self.count + first) * self.columns;
            let input = operands.0[0].cast_const().cast::<f32>().wrapping_add(start);
            let output = operands.0[self.output].cast::<f32>().wrapping_add(start);
            let from = Rows { pointer: input, stride: self.columns };
            let to = Rows { pointer: output, stride: self.columns };
            let size = (self.rows_per_task.min(self.count - first), self.columns);
            // SAFETY: the operands have these sizes, and every task writes rows of its own.
            unsafe {
                let vector = |operand: usize| {
                    std::slice::from_raw_parts(
                        operands.0[operand].cast_const().cast::<f32>(),
                        self.columns,
                    )
                };
                match self.kind {
                    Kind::Softmax(kind) if self.by_column => {
                        softmax_columns(self.isa, kind, from, to, size);
                    }
                    Kind::Softmax(kind) => softmax_rows(self.isa, kind, from, to, size),
                    Kind::LayerNorm { epsilon, bias } => {
                        let bias = bias.then(|| vector(2));
                        layer_norm(self.isa, from, to, size, epsilon, Some(vector(1)), bias, None);
                    }
                    Kind::RmsNorm { epsilon } => {
                        rms_norm(self.isa, from, to, size, epsilon, Some(vector(1)));
                    }
                }
            }
        });
        Ok(())
    }
}
