//! The threads that kernels share their work among.

use std::num::NonZeroUsize;

use tachy_runtime::{Error, Result};

use crate::backend::NAME;

/// A fixed number of threads, the caller's included. One thread means no other thread is touched at all.
pub struct Workers {
    pool: Option<rayon::ThreadPool>,
    threads: NonZeroUsize,
}

impl Workers {
    /// So many threads.
    ///
    /// # Errors
    /// If the system does not give them.
    pub fn new(threads: NonZeroUsize) -> Result<Self> {
        let pool = match threads.get() {
            1 => None,
            count => {
                let pool = rayon::ThreadPoolBuilder::new()
                    .num_threads(count)
                    .thread_name(|index| format!("tachy-cpu-{index}"))
                    .build()
                    .map_err(|error| Error::Engine {
                        backend: NAME,
                        action: "start its threads",
                        message: error.to_string(),
                    })?;
                Some(pool)
            }
        };
        Ok(Self { pool, threads })
    }

    /// How many threads there are.
    pub fn threads(&self) -> usize {
        self.threads.get()
    }

    /// Runs the work where its parallel parts are shared among these threads.
    pub fn install<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match &self.pool {
            None => work(),
            Some(pool) => pool.install(work),
        }
    }

    /// Cuts `data` into pieces of `length` elements (the last may be shorter) and calls `work` with each piece's
    /// number and the piece, on all threads.
    pub fn for_each_chunk<T: Send>(
        &self,
        data: &mut [T],
        length: usize,
        work: impl Fn(usize, &mut [T]) + Sync + Send,
    ) {
        use rayon::prelude::*;
        let length = length.max(1);
        match self.pool {
            Some(_) if data.len() > length => {
                data.par_chunks_mut(length)
                    .enumerate()
                    .for_each(|(index, chunk)| work(index, chunk));
            }
            _ => data.chunks_mut(length).enumerate().for_each(|(index, chunk)| work(index, chunk)),
        }
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
