//! The threads that kernels share their work among.

use std::num::NonZeroUsize;

use tachy_kernels::team::Team;
use tachy_runtime::{Error, Result};

use crate::backend::NAME;

/// A fixed number of threads, the caller's included. One thread means no other thread is touched at all.
pub struct Workers {
    team: Team,
}

impl Workers {
    /// So many threads.
    ///
    /// # Errors
    /// If the system does not give them.
    pub fn new(threads: NonZeroUsize) -> Result<Self> {
        let team = Team::new(threads).map_err(|error| Error::Engine {
            backend: NAME,
            action: "start its threads",
            message: error.to_string(),
        })?;
        Ok(Self { team })
    }

    /// How many threads there are.
    pub fn threads(&self) -> usize {
        self.team.threads()
    }

    /// The threads themselves.
    pub(crate) fn team(&self) -> &Team {
        &self.team
    }

    /// Cuts `data` into pieces of `length` elements (the last may be shorter) and calls `work` with each piece's
    /// number and the piece, on all threads.
    pub fn for_each_chunk<T: Send>(
        &self,
        data: &mut [T],
        length: usize,
        work: impl Fn(usize, &mut [T]) + Sync + Send,
    ) {
        let length = length.max(1);
        let total = data.len();
        let data = Data(data.as_mut_ptr());
        self.team.run(total.div_ceil(length), |index| {
            let data = &data;
            let start = index * length;
            // SAFETY: every piece lies within the slice, and no two of them overlap.
            #[allow(unsafe_code)]
            let piece = unsafe {
                std::slice::from_raw_parts_mut(data.0.add(start), length.min(total - start))
            };
            work(index, piece);
        });
    }

    /// The length of pieces that shares `total` elements evenly among the threads, a few pieces each, and none
    /// shorter than `least`.
    pub fn chunk_length(&self, total: usize, least: usize) -> usize {
        match self.threads() {
            1 => total.max(1),
            threads => total.div_ceil(threads * 4).max(least).max(1),
        }
    }
}

struct Data<T>(*mut T);

// SAFETY: tasks take pieces that do not overlap, of elements that may be sent to other threads.
#[allow(unsafe_code)]
unsafe impl<T: Send> Sync for Data<T> {}
