//! Matrix products, with weights packed ahead where they are constants.
#![allow(unsafe_code)]

use tachy_graph::op::linear::Gemm;
use tachy_graph::{DType, Node, Op, Tensor, ValueId};
use tachy_kernels::product::{
    Epilogue, MatrixMut, MatrixRef, Operands, PackedLayout, PackedWeights, Product, Right,
};
use tachy_kernels::weight::WeightType;
use tachy_runtime::Result;

use super::convolution::{Shared, SharedMut};
use super::epilogue::Simple;
use super::tail::{Part, Tail, TailInput};
use super::weights;
use crate::kernel::DataError;
use crate::program::{BufferId, Call, Lowering, Routine};

/// A product of f32 matrices: `batch` times `[m, k] · [k, n]`.
struct Shape {
    batch: usize,
    m: usize,
    k: usize,
    n: usize,
    /// Whether the right-hand matrix is given as `[n, k]`.
    transposed: bool,
    /// Whether all of the batch meet the same right-hand matrix.
    shared: bool,
}

pub(super) fn lower(lowering: &mut Lowering<'_>, node: &Node) -> Result<bool> {
    let (anchor, anchor_inputs, expression) = match &node.op {
        Op::Fused(fused) => (&*fused.anchor, fused.anchor_inputs, Some(&fused.epilogue)),
        op => (op, node.inputs.len(), None),
    };
    let (Some(a), Some(b)) = (node.inputs[0], node.inputs[1]) else { return Ok(false) };
    let out = node.outputs[0];
    let Some((shape, bias)) = shape(lowering, anchor, a, b, &node.inputs[..anchor_inputs]) else {
        return Ok(false);
    };
    let ty = lowering.ty(out);
    let others = &node.inputs[anchor_inputs..];
    let mut epilogue = Simple::NONE;
    let mut extra: Vec<BufferId> = Vec::new();
    let mut tail = None;
    let mut addend = None;
    if let Some(expression) = expression {
        let simple = Simple::of(expression).filter(|simple| {
            let other = simple.addend.and_then(|input| others[input - 1]);
            simple.addend.is_none() || other.is_some_and(|id| lowering.ty(id).shape == ty.shape)
        });
        match simple {
            Some(simple) => {
                if let Some(other) = simple.addend.and_then(|input| others[input - 1]) {
                    let buffer = lowering.read_row_major(other);
                    extra.push(buffer);
                    addend = Some(buffer);
                }
                epilogue = simple;
            }
            None => {
                let mut inputs = Vec::new();
                for other in others.iter().flatten() {
                    let operand = lowering.ty(*other);
                    let count: usize = operand.shape.iter().product();
                    let (row_stride, column_stride) = if operand.shape == ty.shape {
                        (shape.n, 1)
                    } else if count == 1 {
                        (0, 0)
                    } else if count == shape.n && operand.shape.last() == Some(&shape.n) {
                        (0, 1)
                    } else {
                        return Ok(false);
                    };
                    let buffer = lowering.read_row_major(*other);
                    inputs.push(TailInput { buffer, row_stride, column_stride });
                }
                extra.extend(inputs.iter().map(|input| input.buffer));
                tail = Tail::new(lowering.isa, expression, 2, &inputs);
                if tail.is_none() {
                    return Ok(false);
                }
            }
        }
    }
    let (isa, threads) = (lowering.isa, lowering.threads);
    // Whole batches of rows that meet the same weights are one matrix.
    let (batch, m) = match shape.shared {
        true => (1, shape.batch * shape.m),
        false => (shape.batch, shape.m),
    };
    let layout = PackedLayout::new(isa, m, shape.k, shape.n);
    let strides = if shape.transposed { (1, shape.k) } else { (shape.n, 1) };
    let weights = lowering.constant(b).filter(|_| shape.shared).map(|tensor| {
        let elements = tensor.as_slice::<f32>().expect("both matrices are f32");
        let kept_as = weights::kept_as(&[elements], m);
        PackedWeights::new(kept_as, isa, m, (shape.k, shape.n), elements, strides)
    });
    let kept_as = weights.as_ref().map_or(WeightType::F32, PackedWeights::weight_type);
    let b = if weights.is_some() { None } else { Some(lowering.read_row_major(b)) };
    let a = lowering.read_row_major(a);
    let output = lowering.write_row_major(out);
    let product = Product::new(isa, threads, m, layout).with_weights(kept_as);
    let in_place = weights.is_none() && !shape.transposed && product.reads_in_place();
    let packing = match (&weights, in_place) {
        (Some(_), _) => 0,
        (None, true) => product.layout().ragged_len(),
        (None, false) => product.layout().len(),
    }
    .next_multiple_of(16);
    let block_scratch = product.scratch().next_multiple_of(16);
    let tail_scratch = tail.as_ref().map_or(0, |tail| tail.scratch(threads));
    let routine = Multiply {
        product,
        batch,
        m,
        n: shape.n,
        k: shape.k,
        strides,
        weights,
        in_place,
        packing,
        block_scratch,
        threads,
        bias,
        range: epilogue.range,
        addend: addend.is_some(),
        output: 2 + extra.len(),
        tail,
        tail_scratch,
    };
    let inputs = [Some(a), b].into_iter().chain(extra.into_iter().map(Some)).collect();
    lowering.step(node, Box::new(routine), inputs, vec![output]);
    lowering.reads_less(shape.k * shape.n * (WeightType::F32.size() - kept_as.size()));
    if let Some(addend) = addend {
        lowering.may_take_over(output, addend);
    }
    Ok(true)
}

fn shape(
    lowering: &Lowering<'_>,
    anchor: &Op,
    a: ValueId,
    b: ValueId,
    inputs: &[Option<ValueId>],
) -> Option<(Shape, Option<Tensor>)> {
    let (left, right) = (lowering.ty(a), lowering.ty(b));
    if left.dtype != DType::F32 {
        return None;
    }
    let (shape, bias) = match anchor {
        Op::MatMul(_) => {
            let (&[ref leading @ .., m, k], &[ref others @ .., _, n]) =
                (&left.shape[..], &right.shape[..])
            else {
                return None;
            };
            let shared = others.iter().all(|size| *size == 1);
            if !shared && others != leading {
                return None;
            }
            let batch = leading.iter().product();
            (Shape { batch, m, k, n, transposed: false, shared }, None)
        }
        Op::Gemm(Gemm { alpha: 1.0, beta, transpose_a: false, transpose_b }) => {
            let (&[m, k], &[rows, columns]) = (&left.shape[..], &right.shape[..]) else {
                return None;
            };
            let n = if *transpose_b { rows } else { columns };
            let bias = match inputs.get(2).copied().flatten() {
                None => None,
                Some(c) => {
                    let tensor = lowering.constant(c)?;
                    let elements = tensor.as_slice::<f32>().ok()?;
                    let each = match elements.len() {
                        1 => vec![elements[0] * beta; n],
                        count if count == n && tensor.shape().last() == Some(&n) => {
                            elements.iter().map(|element| element * beta).collect()
                        }
                        _ => return None,
                    };
                    Some(Tensor::new(&[n], &each).ok()?)
                }
            };
            (Shape { batch: 1, m, k, n, transposed: *transpose_b, shared: true }, bias)
        }
        _ => return None,
    };
    (shape.batch * shape.m * shape.n > 0).then_some((shape, bias))
}

struct Multiply {
    product: Product,
    batch: usize,
    m: usize,
    n: usize,
    k: usize,
    /// Elements between rows and columns of the right-hand matrix.
    strides: (usize, usize),
    weights: Option<PackedWeights>,
    /// Whether a right-hand matrix that is no constant is read where it is, but for its last columns.
    in_place: bool,
    /// Elements of scratch memory for what is packed of the right-hand matrix in every run.
    packing: usize,
    /// Elements of scratch memory of a thread for a block of the left-hand matrix.
    block_scratch: usize,
    threads: usize,
    bias: Option<Tensor>,
    range: (f32, f32),
    addend: bool,
    /// Which operand is written.
    output: usize,
    tail: Option<Tail>,
    tail_scratch: usize,
}

impl Routine for Multiply {
    fn detail(&self) -> String {
        let batch = if self.batch > 1 { format!("{} × ", self.batch) } else { String::new() };
        let kept_as = self.weights.as_ref().map_or(WeightType::F32, PackedWeights::weight_type);
        format!("{batch}{}×{}×{}{}", self.m, self.k, self.n, weights::note(kept_as))
    }

    fn weight_bytes(&self) -> usize {
        self.weights.as_ref().map_or(0, PackedWeights::bytes)
    }

    fn scratch(&self) -> usize {
        self.packing + self.block_scratch * self.threads + self.tail_scratch
    }

    unsafe fn run(&mut self, call: Call<'_>) -> Result<(), DataError> {
        let team = call.workers.team();
        let operands = Shared(call.operands);
        let (a, out) = (call.read(0), call.write(self.output));
        let b = call.operands[1].cast_const().cast::<f32>();
        let addend = self.addend.then(|| call.read(2));
        let (packing, scratch) = call.scratch.split_at_mut(self.packing);
        let (blocks, tail_scratch) = scratch.split_at_mut(self.block_scratch * self.threads);
        let shared = SharedMut(tail_scratch.as_mut_ptr(), out);
        let blocks = SharedMut(blocks.as_mut_ptr(), out);
        let bias = self.bias.as_ref().map(|bias| bias.as_slice::<f32>().expect("a bias of f32"));
        let epilogue = Epilogue { bias, range: self.range };
        for index in 0..self.batch {
            let right = match &self.weights {
                Some(weights) => weights.right(),
                None => {
                    // SAFETY: the right-hand matrices lie one after the other.
                    let matrix = unsafe {
                        std::slice::from_raw_parts(b.add(index * self.k * self.n), self.k * self.n)
                    };
                    let layout = self.product.layout();
                    if self.in_place {
                        layout.pack_ragged(matrix, self.n, packing);
                        let matrix = MatrixRef { first: matrix.as_ptr(), pitch: self.n };
                        Right::InPlace { matrix, ragged: packing }
                    } else {
                        layout.pack_on(team, matrix, self.strides.0, self.strides.1, packing);
                        Right::Packed(packing)
                    }
                }
            };
            let matrix = (index * self.m * self.n, index * self.m * self.k);
            let together = Together(Operands {
                a: MatrixRef { first: a.wrapping_add(matrix.1), pitch: self.k },
                b: right,
                addend: addend.map(|addend| MatrixRef {
                    first: addend.wrapping_add(matrix.0),
                    pitch: self.n,
                }),
                epilogue,
                out: MatrixMut { first: out.wrapping_add(matrix.0), pitch: self.n },
            });
            team.run_as_member(self.product.tasks(), |task, member| {
                let (shared, operands, together, blocks) = (&shared, &operands, &together, &blocks);
                // SAFETY: the operands are matrices of these sizes, tasks write blocks of their own, and threads have
                // scratch memory of their own.
                unsafe {
                    let block = blocks.0.add(member * self.block_scratch);
                    let block = std::slice::from_raw_parts_mut(block, self.block_scratch);
                    self.product.run_with(task, &together.0, block);
                    if let Some(tail) = &self.tail {
                        let (rows, columns) = self.product.block(task);
                        let part = Part {
                            row: index * self.m + rows.start,
                            rows: rows.len(),
                            column: columns.start,
                            columns: columns.len(),
                        };
                        tail.run((shared.1, self.n), operands.0, part, (shared.0, member));
                    }
                }
            });
        }
        Ok(())
    }
}

/// The matrices of a product that tasks share.
struct Together<'a>(Operands<'a>);

// SAFETY: tasks only read from them, but for the result, of which each writes a block of its own.
unsafe impl Sync for Together<'_> {}
