//! Routines: the steps of a program.
#![allow(unsafe_code)]

use tachy_kernels::team::Team;

use crate::kernel::DataError;
use crate::workers::Workers;

/// What a routine gets for one run.
pub(crate) struct Call<'a> {
    pub(crate) workers: &'a Workers,
    /// As many elements as the routine has asked for, or more.
    pub(crate) scratch: &'a mut [f32],
    /// The inputs, then the outputs; null where an input is left out.
    pub(crate) operands: &'a [*mut u8],
}

impl Call<'_> {
    pub(crate) fn team(&self) -> &Team {
        self.workers.team()
    }

    /// An operand to be read.
    pub(crate) fn read(&self, operand: usize) -> *const f32 {
        self.operands[operand].cast_const().cast()
    }

    /// An operand to be written.
    pub(crate) fn write(&self, operand: usize) -> *mut f32 {
        self.operands[operand].cast()
    }
}

/// One step of a program, made ready: types, layouts and sizes are decided.
pub(crate) trait Routine: Send {
    /// Elements of f32 of scratch memory that a run needs.
    fn scratch(&self) -> usize {
        0
    }

    /// Bytes of weights that it has packed and keeps.
    fn weight_bytes(&self) -> usize {
        0
    }

    /// How it computes, for people: an algorithm, sizes.
    fn detail(&self) -> String {
        String::new()
    }

    /// Computes the outputs.
    ///
    /// # Safety
    /// The operands lead to memory of the types and layouts that the routine was made for. Outputs overlap with no
    /// other operand, but for those that the routine was told to share.
    ///
    /// # Errors
    /// Only for what the types do not tell: an index outside of a tensor and the like.
    unsafe fn run(&mut self, call: Call<'_>) -> Result<(), DataError>;
}
