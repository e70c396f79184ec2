//! What operators cost: arithmetic and memory traffic, and how long a machine takes for them.

use crate::graph::{Graph, Node, ValueId};
use crate::op::Op;
use crate::op::fused::{Expression, Instruction};
use crate::shape::TensorType;

/// The work of one or more operators.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cost {
    /// Operations on numbers; a product that is added to a sum counts as two.
    ///
    /// Exact for convolutions, matrix products, recurrent layers' products and attention's products; everything
    /// else counts one for each element that is computed or combined.
    pub flops: f64,
    /// Bytes that are read, each once.
    pub bytes_read: f64,
    /// Bytes that are written.
    pub bytes_written: f64,
}

impl Cost {
    /// The bytes read and written.
    pub fn bytes(&self) -> f64 {
        self.bytes_read + self.bytes_written
    }
}

impl std::ops::Add for Cost {
    type Output = Cost;

    fn add(self, other: Cost) -> Cost {
        Cost {
            flops: self.flops + other.flops,
            bytes_read: self.bytes_read + other.bytes_read,
            bytes_written: self.bytes_written + other.bytes_written,
        }
    }
}

impl std::iter::Sum for Cost {
    fn sum<I: Iterator<Item = Cost>>(all: I) -> Cost {
        all.fold(Cost::default(), |sum, cost| sum + cost)
    }
}

impl Graph {
    /// What one node costs.
    pub fn cost(&self, node: &Node) -> Cost {
        let ty = |id: &ValueId| &self.value(*id).ty;
        let inputs: Vec<_> = node.inputs.iter().map(|id| id.as_ref().map(ty)).collect();
        let outputs: Vec<_> = node.outputs.iter().map(ty).collect();
        let flops = flops(&node.op, &inputs, &outputs);
        let written: f64 = outputs.iter().map(|ty| bytes(ty)).sum();
        let given = || inputs.iter().flatten();
        let read = match &node.op {
            // These only say how the bytes are to be read.
            Op::Reshape(_) | Op::BitCast(_) => {
                return Cost { flops, ..Cost::default() };
            }
            // These read no more than they write, whatever there is to choose from.
            Op::Slice(_) => written,
            Op::Gather(_) | Op::GatherElements(_) | Op::GatherNd(_) => {
                written + given().skip(1).map(|ty| bytes(ty)).sum::<f64>()
            }
            _ => given().map(|ty| bytes(ty)).sum(),
        };
        Cost { flops, bytes_read: read, bytes_written: written }
    }
}

/// The number of elements, as a number that does not overflow.
pub(crate) fn elements(ty: &TensorType) -> f64 {
    product(&ty.shape)
}

pub(crate) fn bytes(ty: &TensorType) -> f64 {
    elements(ty) * ty.dtype.size() as f64
}

fn product(sizes: &[usize]) -> f64 {
    sizes.iter().map(|size| *size as f64).product()
}

fn flops(op: &Op, inputs: &[Option<&TensorType>], outputs: &[&TensorType]) -> f64 {
    let input = |index: usize| inputs.get(index).copied().flatten();
    let size = |index: usize| input(index).map_or(0.0, elements);
    let dimension = |index: usize, axis: usize| {
        input(index).and_then(|ty| ty.shape.get(axis)).map_or(0.0, |size| *size as f64)
    };
    let out = outputs.first().map_or(0.0, |ty| elements(ty));
    let biased = |place: usize| if input(place).is_some() { out } else { 0.0 };
    // Products of filters, each with everything that it sees: the weights' elements without their first dimension.
    let filtered = |weights: usize| {
        let seen = input(weights).and_then(|ty| ty.shape.get(1..)).map_or(0.0, product);
        2.0 * out * seen
    };
    let multiplied = |a: usize, transposed: bool| {
        let inner = input(a).map_or(0, |ty| match ty.rank() {
            0 => 0,
            1 => ty.shape[0],
            rank if transposed => ty.shape[rank - 2],
            rank => ty.shape[rank - 1],
        });
        2.0 * out * inner as f64
    };
    let recurrent = |gates: f64, hidden: usize| {
        let (steps, batch, width) = (dimension(0, 0), dimension(0, 1), dimension(0, 2));
        let (directions, hidden) = (dimension(1, 0), hidden as f64);
        // The two products, and for each gate its two biases, their sum and its function.
        directions * steps * batch * gates * hidden * (2.0 * (width + hidden) + 4.0)
    };
    match op {
        Op::Conv(_) => filtered(1) + biased(2),
        Op::DeformConv(_) => filtered(1) + biased(3),
        Op::ConvInteger(_) => filtered(1),
        Op::QLinearConv(_) => filtered(3) + out,
        Op::ConvTranspose(_) => {
            let spread = input(1).and_then(|ty| ty.shape.get(1..)).map_or(0.0, product);
            2.0 * size(0) * spread + biased(2)
        }
        Op::MatMul(_) | Op::MatMulInteger(_) => multiplied(0, false),
        Op::QLinearMatMul(_) => multiplied(0, false) + out,
        Op::Gemm(op) => multiplied(0, op.transpose_a) + biased(2),
        Op::Einsum(op) => {
            let shapes: Vec<&[usize]> = inputs.iter().flatten().map(|ty| &ty.shape[..]).collect();
            op.loops(&shapes).map_or(out, |loops| {
                shapes.len() as f64 * product(&loops.output) * product(&loops.summed)
            })
        }
        Op::Attention(_) => {
            let keys = outputs.get(1).map_or(dimension(1, 2), |ty| ty.shape[2] as f64);
            let queries = size(0) / dimension(0, 3).max(1.0);
            // Both products, and for each score its scale, its exponential and its share.
            queries * keys * (2.0 * dimension(0, 3) + 2.0 * dimension(2, 3) + 3.0)
        }
        Op::LinearAttention(op) => {
            // For each step, the state is updated and read.
            let state = outputs.get(1).map_or(0.0, |ty| product(&ty.shape[2..]));
            let steps = dimension(0, 0) * dimension(0, 1);
            steps * state * (2.0 * op.groups as f64 + 2.0 * op.heads as f64)
        }
        Op::Lstm(op) => recurrent(4.0, op.recurrence.hidden),
        Op::Gru(op) => recurrent(3.0, op.recurrence.hidden),
        Op::Rnn(op) => recurrent(1.0, op.recurrence.hidden),
        Op::Dft(op) => transform(op.length as f64) * size(0) / dimension(0, op.axis).max(1.0) / 2.0,
        Op::MaxPool(op) => out * product(&op.window.kernel),
        Op::AveragePool(op) => out * product(&op.window.kernel),
        Op::LpPool(op) => out * product(&op.window.kernel),
        Op::Pointwise(op) => out * arithmetic(&op.expression),
        Op::Fused(op) => {
            let own = &inputs[..op.anchor_inputs.min(inputs.len())];
            flops(&op.anchor, own, outputs) + out * arithmetic(&op.epilogue)
        }
        Op::Reduce(_) | Op::GlobalPool(_) | Op::ArgExtremum(_) => size(0),
        // Mean, variance and the result.
        Op::LayerNormalization(_)
        | Op::GroupNormalization(_)
        | Op::InstanceNormalization(_)
        | Op::MeanVarianceNormalization(_) => 3.0 * out,
        Op::BatchNormalization(_) | Op::RmsNormalization(_) => 2.0 * out,
        // The largest, the exponential, the sum and the quotient.
        Op::Softmax(_) => 4.0 * out,
        Op::Reshape(_)
        | Op::Transpose(_)
        | Op::Expand(_)
        | Op::Tile(_)
        | Op::Concat(_)
        | Op::Split(_)
        | Op::Slice(_)
        | Op::Pad(_)
        | Op::DepthToSpace(_)
        | Op::SpaceToDepth(_)
        | Op::ReverseSequence(_)
        | Op::Trilu(_)
        | Op::BitCast(_)
        | Op::Gather(_)
        | Op::GatherElements(_)
        | Op::GatherNd(_) => 0.0,
        _ => outputs.iter().map(|ty| elements(ty)).sum(),
    }
}

/// The operations of a fast Fourier transform of n complex numbers: 5 n log₂ n.
fn transform(length: f64) -> f64 {
    5.0 * length * length.max(2.0).log2()
}

fn arithmetic(expression: &Expression) -> f64 {
    let operand = |i: &&Instruction| matches!(i, Instruction::Input(_) | Instruction::Constant(_));
    let all = expression.instructions();
    (all.len() - all.iter().filter(operand).count()) as f64
}

/// How fast a machine computes and moves data, as far as estimates need it.
#[derive(Debug, Clone, PartialEq)]
pub struct MachineModel {
    /// Operations on f32 in a second, all threads together.
    pub flop_rate: f64,
    /// The memory, nearest first; the last one takes whatever is larger than all before.
    pub levels: Vec<MemoryLevel>,
    /// Seconds that each operator takes before it does anything.
    pub kernel_overhead: f64,
}

/// One level of memory.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MemoryLevel {
    /// Bytes that it holds.
    pub size: f64,
    /// Bytes read and written in a second.
    pub bandwidth: f64,
}

impl Default for MachineModel {
    /// A guess for a machine of which nothing is known: one core with vectors of eight f32 and a fused
    /// multiply-add at 2 GHz, half used, and caches as most have them. Calibrate before you believe a number.
    fn default() -> Self {
        let level = |kibibytes: f64, gigabytes: f64| MemoryLevel {
            size: kibibytes * 1024.0,
            bandwidth: gigabytes * 1e9,
        };
        Self {
            flop_rate: 32e9,
            levels: vec![
                level(32.0, 60.0),
                level(512.0, 30.0),
                level(8192.0, 20.0),
                MemoryLevel { size: f64::INFINITY, bandwidth: 10e9 },
            ],
            kernel_overhead: 100e-9,
        }
    }
}

impl MachineModel {
    /// Estimated seconds for work that one operator does: arithmetic and traffic overlap, so the slower of them
    /// counts (Williams, Waterman and Patterson, 2009).
    pub fn seconds(&self, cost: &Cost) -> f64 {
        let bytes = cost.bytes();
        let level = self.levels.iter().find(|level| bytes <= level.size).or(self.levels.last());
        let traffic = level.map_or(0.0, |level| bytes / level.bandwidth);
        self.kernel_overhead + traffic.max(cost.flops / self.flop_rate)
    }
}
