//! Runs of which a session keeps a trace.

use tachy_profile::clock::ticks;
use tachy_profile::record::{OperationId, record_completed};
use tachy_profile::trace::{Operation, Work};
use tachy_runtime::Result;

use super::run::Program;
use crate::backend::NAME;
use crate::workers::Workers;

impl Program {
    /// Runs all steps, each as a span. One reading of the clock ends a step and begins the next.
    ///
    /// The first such run makes the steps' names known, which allocates; the others do not.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    #[cold]
    pub(super) fn run_recorded(&mut self, workers: &Workers) -> Result<()> {
        if self.operations.is_empty() {
            self.operations = self.register();
        }
        let mut start = ticks();
        for index in 0..self.steps.len() {
            self.run_step(index, workers)?;
            let end = ticks();
            record_completed(self.operations[index], start, end);
            start = end;
        }
        Ok(())
    }

    fn register(&self) -> Vec<OperationId> {
        let steps = self.steps.iter().map(|step| {
            let work = Work { flops: step.cost.flops, bytes: step.cost.bytes(), transferred: 0.0 };
            OperationId::register(Operation {
                name: step.node.clone(),
                category: step.operator.to_owned(),
                device: NAME.to_owned(),
                detail: step.routine.detail(),
                work: (work != Work::default()).then_some(work),
            })
        });
        steps.collect()
    }
}
