//! An executable on the chosen device, which moves when the machine's state does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tachy_graph::Tensor;
use tachy_runtime::{
    CompileOptions, CompileStats, Completion, Executable, MemoryStats, Result, Signature, StepRun,
};

use crate::auto::Shared;
use crate::choice::Choice;
use crate::engines::Source;

pub(crate) struct Routed {
    shared: Arc<Shared>,
    source: Source,
    options: CompileOptions,
    inner: Box<dyn Executable>,
    choice: Choice,
    stats: CompileStats,
    condition: &'static str,
    looked: Duration,
    /// When the clock was read last.
    read: Duration,
    /// Calls until the clock is read again, and how many that were from one reading to the next.
    calls: u32,
    stride: u32,
}

/// Reading the clock at every call would be felt in the shortest ones.
const LONGEST_STRIDE: u32 = 64;

impl Routed {
    pub(crate) fn new(
        shared: Arc<Shared>,
        source: Source,
        options: CompileOptions,
    ) -> Result<Self> {
        let begin = Instant::now();
        let condition = shared.moving_condition();
        let (choice, inner) = shared.choose(&source, &options)?;
        let mut stats = inner.compile_stats().clone();
        let choosing = begin.elapsed().saturating_sub(stats.total());
        stats.phases.insert(0, ("choose a device", choosing));
        stats.chosen = Some(choice.to_string());
        let looked = (shared.clock)();
        Ok(Self {
            shared,
            source,
            options,
            inner,
            choice,
            stats,
            condition,
            looked,
            read: looked,
            calls: 1,
            stride: 1,
        })
    }

    /// Looks now and then whether the machine's state has changed; if it has, the choice is made again. If nothing else can
    /// do the work, it stays where it is.
    #[inline]
    fn look(&mut self) {
        self.calls -= 1;
        if self.calls == 0 {
            self.look_now();
        }
    }

    #[cold]
    fn look_now(&mut self) {
        let now = (self.shared.clock)();
        let (passed, often) = (now.saturating_sub(self.looked), self.shared.options.look);
        // The clock is read several times from one look to the next, however long the calls are.
        let read = now.saturating_sub(std::mem::replace(&mut self.read, now));
        self.stride = match read {
            read if read < often / 16 => (self.stride * 2).min(LONGEST_STRIDE),
            read if read > often / 4 => (self.stride / 2).max(1),
            _ => self.stride,
        };
        self.calls = self.stride;
        if passed < often {
            return;
        }
        self.looked = now;
        let condition = self.shared.moving_condition();
        if condition == self.condition {
            return;
        }
        self.condition = condition;
        if let Ok((choice, inner)) = self.shared.choose(&self.source, &self.options)
            && choice.device != self.choice.device
            && inner.signature() == self.inner.signature()
        {
            self.stats.chosen = Some(choice.to_string());
            (self.choice, self.inner) = (choice, inner);
        }
    }
}

impl Executable for Routed {
    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn bind(&mut self, inputs: &[Tensor]) -> Result<()> {
        self.look();
        self.inner.bind(inputs)
    }

    fn run(&mut self) -> Result<()> {
        self.inner.run()
    }

    fn submit(&mut self) -> Result<Completion> {
        self.inner.submit()
    }

    fn reset(&mut self) -> Result<()> {
        self.inner.reset()
    }

    fn fetch(&mut self, outputs: &mut [Tensor]) -> Result<()> {
        self.inner.fetch(outputs)
    }

    fn run_by_steps(&mut self, runs: usize) -> Result<Option<Vec<StepRun>>> {
        self.inner.run_by_steps(runs)
    }

    fn compile_stats(&self) -> &CompileStats {
        &self.stats
    }

    fn memory(&self) -> MemoryStats {
        self.inner.memory()
    }
}
