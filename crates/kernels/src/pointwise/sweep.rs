//! A program over whole tensors, with broadcasting.

use super::interpret::{Input, Output, Reach};
use super::lower::Program;
use crate::lanes::Isa;

/// Elements of a task: enough that handing it to a thread costs nothing beside it.
const TASK: usize = 32 * 1024;

/// Elements of a tensor that no second-level cache holds together with another one.
const FAR: usize = 256 * 1024;

/// Elements of a tensor that is larger than most last-level caches, or all that a program may expect of one.
const PAST_CACHES: usize = 8 * 1024 * 1024;

/// A program, prepared for tensors of given shapes.
///
/// The work falls into [`tasks`](Self::tasks) that may be carried out in any order and at the same time.
#[derive(Debug, Clone)]
pub struct Sweep {
    program: Program,
    isa: Isa,
    /// All dimensions but the last two, the outermost first.
    outer: Vec<Dimension>,
    rows: Dimension,
    columns: Dimension,
    /// Places in the outer dimensions, rows and columns of a task.
    task: (usize, usize, usize),
    /// Tasks along all outer dimensions, the rows, and the columns.
    tasks: (usize, usize, usize),
    /// Where tensors of this size lie.
    reach: Reach,
}

/// One dimension, or several that no tensor tells apart.
#[derive(Debug, Clone)]
struct Dimension {
    size: usize,
    /// Distance between neighbours in the output, then in each input.
    strides: Vec<usize>,
}

impl Sweep {
    /// A program over contiguous tensors: the inputs' shapes broadcast to the output's, as in NumPy.
    ///
    /// # Panics
    /// If a shape does not broadcast, or there are fewer than the program reads.
    pub fn new(program: Program, isa: Isa, output: &[usize], inputs: &[&[usize]]) -> Self {
        let contiguous = |shape: &[usize]| {
            let mut strides = vec![1; shape.len()];
            for axis in (1..shape.len()).rev() {
                strides[axis - 1] = strides[axis] * shape[axis];
            }
            strides
        };
        let broadcast = |shape: &&[usize]| {
            let missing = output.len().checked_sub(shape.len()).expect("not more dimensions");
            let mut strides = vec![0; missing];
            for ((size, stride), wanted) in
                shape.iter().zip(contiguous(shape)).zip(&output[missing..])
            {
                assert!(size == wanted || *size == 1, "{shape:?} does not broadcast to {output:?}");
                strides.push(if size == wanted { stride } else { 0 });
            }
            strides
        };
        let inputs: Vec<_> = inputs.iter().map(broadcast).collect();
        let inputs: Vec<_> = inputs.iter().map(Vec::as_slice).collect();
        Self::strided(program, isa, output, &contiguous(output), &inputs)
    }

    /// A program over tensors whose elements lie at any distance from each other, in elements along each dimension of
    /// `shape`. The output's last dimension with more than one element must be without gaps.
    ///
    /// # Panics
    /// If there are strides of another number of dimensions or fewer inputs than the program reads, or the output
    /// has gaps.
    pub fn strided(
        program: Program,
        isa: Isa,
        shape: &[usize],
        output: &[usize],
        inputs: &[&[usize]],
    ) -> Self {
        assert!(inputs.len() >= program.inputs(), "a shape for each input");
        let mut dimensions: Vec<Dimension> = Vec::new();
        for (axis, size) in shape.iter().copied().enumerate() {
            let tensors = std::iter::once(&output).chain(inputs);
            let strides: Vec<usize> = tensors.map(|strides| strides[axis]).collect();
            if size == 1 {
                continue;
            }
            if let Some(last) = dimensions.last_mut()
                && last.strides.iter().zip(&strides).all(|(outer, inner)| *outer == inner * size)
            {
                last.size *= size;
                last.strides = strides;
                continue;
            }
            dimensions.push(Dimension { size, strides });
        }
        let one = || Dimension { size: 1, strides: vec![0; inputs.len() + 1] };
        let columns = dimensions.pop().unwrap_or_else(one);
        let rows = dimensions.pop().unwrap_or_else(one);
        assert!(columns.size <= 1 || columns.strides[0] == 1, "the output's rows have no gaps");
        let task_columns = columns.size.clamp(1, TASK);
        let task_rows = (TASK / task_columns).clamp(1, rows.size.max(1));
        let outer: usize = dimensions.iter().map(|dimension| dimension.size).product();
        let task_outer = (TASK / (task_rows * task_columns)).clamp(1, outer.max(1));
        let (task, tasks) = (
            (task_outer, task_rows, task_columns),
            (
                outer.div_ceil(task_outer),
                rows.size.div_ceil(task_rows),
                columns.size.div_ceil(task_columns),
            ),
        );
        let reach = match shape.iter().product::<usize>() {
            PAST_CACHES.. => Reach::PastCaches,
            FAR.. => Reach::Far,
            _ => Reach::Near,
        };
        Self { program, isa, outer: dimensions, rows, columns, task, tasks, reach }
    }

    /// Elements of scratch memory that a thread needs.
    pub fn scratch_len(&self) -> usize {
        self.program.scratch_len()
            + (self.program.inputs() + 1) * size_of::<Input>() / size_of::<f32>()
    }

    /// How many tasks there are.
    pub fn tasks(&self) -> usize {
        self.tasks.0 * self.tasks.1 * self.tasks.2
    }

    /// Carries one task out, for pointers to the first element of each tensor.
    ///
    /// The output may be the very memory of an input with the same strides. It must not overlap inputs otherwise.
    ///
    /// # Safety
    /// Behind the pointers there must be tensors of the prepared shapes, and no two threads may do the same task.
    ///
    /// # Panics
    /// If there are fewer inputs than the program reads, less scratch memory than it needs, or no such task.
    pub unsafe fn run_task(
        &self,
        task: usize,
        output: *mut f32,
        inputs: &[*const f32],
        scratch: &mut [f32],
    ) {
        assert!(task < self.tasks() && inputs.len() >= self.program.inputs());
        assert!(scratch.len() >= self.scratch_len(), "as much scratch memory as scratch_len says");
        let (rest, column) = (task / self.tasks.2, task % self.tasks.2 * self.task.2);
        let (outer, row) = (rest / self.tasks.1 * self.task.0, rest % self.tasks.1 * self.task.1);
        let all: usize = self.outer.iter().map(|dimension| dimension.size).product();
        for outer in outer..(outer + self.task.0).min(all) {
            // SAFETY: as for this function.
            unsafe { self.run_block((outer, row, column), output, inputs, scratch) }
        }
    }

    /// The block of a task at one place of the outer dimensions.
    unsafe fn run_block(
        &self,
        (outer, row, column): (usize, usize, usize),
        output: *mut f32,
        inputs: &[*const f32],
        scratch: &mut [f32],
    ) {
        let offset = |tensor: usize| {
            let mut offset =
                row * self.rows.strides[tensor] + column * self.columns.strides[tensor];
            let mut outer = outer;
            for dimension in self.outer.iter().rev() {
                offset += outer % dimension.size * dimension.strides[tensor];
                outer /= dimension.size;
            }
            offset
        };
        let output =
            Output { pointer: output.wrapping_add(offset(0)), row_stride: self.rows.strides[0] };
        let input = |index: usize| Input {
            pointer: inputs[index].wrapping_add(offset(index + 1)),
            row_stride: self.rows.strides[index + 1],
            column_stride: self.columns.strides[index + 1],
        };
        let rows = self.task.1.min(self.rows.size - row);
        let columns = self.task.2.min(self.columns.size - column);
        let count = self.program.inputs();
        let (scratch, rest) = scratch.split_at_mut(self.program.scratch_len());
        let places =
            rest.as_mut_ptr().wrapping_add(rest.as_ptr().align_offset(align_of::<Input>()));
        // SAFETY: the memory is ours, as large as asked for, and aligned; every place is written before it is read. The
        // task is a block of the tensors that the caller promises.
        unsafe {
            let places: *mut Input = places.cast();
            for index in 0..count {
                places.add(index).write(input(index));
            }
            let inputs = std::slice::from_raw_parts(places, count);
            self.program.run_block(self.isa, output, inputs, (rows, columns), self.reach, scratch);
        }
    }

    /// Carries all tasks out, one after the other.
    ///
    /// # Safety
    /// As for [`run_task`](Self::run_task).
    ///
    /// # Panics
    /// As [`run_task`](Self::run_task).
    pub unsafe fn run(&self, output: *mut f32, inputs: &[*const f32], scratch: &mut [f32]) {
        for task in 0..self.tasks() {
            // SAFETY: as for this function.
            unsafe { self.run_task(task, output, inputs, scratch) }
        }
    }
}
