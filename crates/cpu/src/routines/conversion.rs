//! From one layout to the other.
#![allow(unsafe_code)]

use tachy_kernels::lanes::Isa;
use tachy_kernels::layout::Transposition;

use crate::kernel::DataError;
use crate::program::layout::Image;
use crate::program::{Call, Routine};

pub(crate) struct Conversion {
    isa: Isa,
    plan: Transposition,
}

/// Images `[batch, channels, pixels]` to `[batch, pixels, channels]`, the pixels this far apart.
pub(crate) fn to_channels_last(isa: Isa, image: Image, pitch: usize) -> Conversion {
    let plan = Transposition {
        batch: image.batch,
        rows: image.channels,
        columns: image.pixels(),
        from_pitch: image.pixels(),
        to_pitch: pitch,
        from_step: image.channels * image.pixels(),
        to_step: image.pixels() * pitch,
    };
    Conversion { isa, plan }
}

/// Images `[batch, pixels, channels]`, the pixels this far apart, to `[batch, channels, pixels]`.
pub(crate) fn to_row_major(isa: Isa, image: Image, pitch: usize) -> Conversion {
    let plan = Transposition {
        batch: image.batch,
        rows: image.pixels(),
        columns: image.channels,
        from_pitch: pitch,
        to_pitch: image.pixels(),
        from_step: image.pixels() * pitch,
        to_step: image.channels * image.pixels(),
    };
    Conversion { isa, plan }
}

impl Routine for Conversion {
    unsafe fn run(&mut self, call: Call<'_>) -> Result<(), DataError> {
        // SAFETY: the operands are as the plan says.
        unsafe { self.plan.run(self.isa, call.team(), call.read(0), call.write(1)) };
        Ok(())
    }
}
