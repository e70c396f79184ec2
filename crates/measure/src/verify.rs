//! Verification: does a device compute what test cases expect?

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tachy_runtime::Device;

use crate::case::{CaseOutcome, Tolerance};
use crate::process::{Silence, WorkerProcess};
use crate::protocol::{Case, Reply, Request};

/// What to verify, and how.
#[derive(Debug, Clone)]
pub struct VerifyPlan {
    /// The device.
    pub device: Device,
    /// The folders of the cases.
    pub cases: Vec<PathBuf>,
    /// Threads of the engine.
    pub threads: usize,
    /// Sizes of symbolic dimensions that the data sets leave open.
    pub dims: BTreeMap<String, usize>,
    /// How much an output may differ.
    pub tolerance: Tolerance,
    /// How long a case may take.
    pub timeout: Duration,
}

/// One case on one device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VerifiedCase {
    /// The device.
    pub device: Device,
    /// The case's folder.
    pub case: PathBuf,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: CaseOutcome,
}

/// Runs the cases one after the other in a child process, which is started anew whenever a case crashes it or
/// hangs. `worker` gives the command that starts it, as for [`compare`](crate::compare()); `observe` is told of every
/// case as it ends.
pub fn verify(
    plan: &VerifyPlan,
    worker: impl Fn() -> Command,
    mut observe: impl FnMut(&VerifiedCase),
) -> Vec<VerifiedCase> {
    let mut process = None;
    plan.cases
        .iter()
        .map(|folder| {
            let request = Request::Case(Case {
                device: plan.device.clone(),
                folder: folder.clone(),
                threads: plan.threads,
                dims: plan.dims.clone(),
                tolerance: plan.tolerance,
            });
            let started = match process.take() {
                Some(process) => Ok(process),
                None => WorkerProcess::start(worker()),
            };
            let reply = started.and_then(|mut living| {
                let reply = living.ask(&request, plan.timeout)?;
                process = Some(living);
                Ok(reply)
            });
            let outcome = match reply {
                Ok(Reply::Case { outcome }) => outcome,
                Ok(_) => CaseOutcome::Failed {
                    message: "its process answered another question than it was asked.".to_owned(),
                },
                Err(Silence::Failed { message, .. } | Silence::Broken(message)) => {
                    CaseOutcome::Failed { message }
                }
            };
            let verified =
                VerifiedCase { device: plan.device.clone(), case: folder.clone(), outcome };
            observe(&verified);
            verified
        })
        .collect()
}
