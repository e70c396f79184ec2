//! Whom executions are told.

use std::collections::{BTreeMap, VecDeque};
use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::aggregate::Sums;
use super::export::{self, ExportFormat};
use super::system::Machine;
use crate::memory::listener;

use super::{MetricsError, MetricsSnapshot, OperationContext, OperationMetrics, SystemReading};

/// Operations × devices that are told apart; what comes after is `other`.
const MOST_SERIES: usize = 1000;

/// How much a collector remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricsOptions {
    /// Executions that are kept, the latest. Aggregates count all of them.
    pub history: usize,
}

impl Default for MetricsOptions {
    fn default() -> Self {
        Self { history: 10_000 }
    }
}

/// Learns of executions of operations from any thread, and reads what the machine does.
#[derive(Debug)]
pub struct MetricsCollector {
    state: Mutex<State>,
    machine: Mutex<Machine>,
    options: MetricsOptions,
}

#[derive(Debug, Default)]
struct State {
    running: bool,
    started: u64,
    operations: VecDeque<OperationMetrics>,
    dropped: u64,
    sums: BTreeMap<(String, String), Sums>,
}

impl Default for MetricsCollector {
    fn default() -> Self {
        Self::new()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as u64
}

impl MetricsCollector {
    /// A collector that is to be started.
    pub fn new() -> Self {
        Self::with_options(MetricsOptions::default())
    }

    /// A collector that is to be started and remembers as much as told.
    pub fn with_options(options: MetricsOptions) -> Self {
        Self { state: Mutex::default(), machine: Mutex::new(Machine::new()), options }
    }

    /// Begins to collect. The use of the processors and their power are told from here on.
    pub fn start(&self) {
        lock(&self.machine).begin();
        let mut state = lock(&self.state);
        state.running = true;
        if state.started == 0 {
            state.started = now();
        }
    }

    /// Ceases to collect. What was collected stays.
    pub fn stop(&self) {
        lock(&self.state).running = false;
    }

    /// Whether it collects.
    pub fn is_running(&self) -> bool {
        lock(&self.state).running
    }

    /// Takes note of one execution, and gives the note.
    ///
    /// # Errors
    ///
    /// If the collector is not running.
    pub fn collect(
        &self,
        operation: &str,
        device: &str,
        duration: Duration,
        shapes: &[Vec<usize>],
        context: OperationContext,
    ) -> Result<OperationMetrics, MetricsError> {
        let metrics = OperationMetrics {
            at: now(),
            operation: operation.to_owned(),
            device: device.to_owned(),
            duration: u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX),
            shapes: shapes.to_vec(),
            context,
        };
        let mut state = lock(&self.state);
        if !state.running {
            return Err(MetricsError::NotRunning);
        }
        let mut series = (metrics.operation.clone(), metrics.device.clone());
        if state.sums.len() >= MOST_SERIES && !state.sums.contains_key(&series) {
            series = ("other".to_owned(), "other".to_owned());
        }
        state.sums.entry(series).or_insert_with(Sums::new).add(&metrics);
        state.operations.push_back(metrics.clone());
        while state.operations.len() > self.options.history {
            state.operations.pop_front();
            state.dropped += 1;
        }
        Ok(metrics)
    }

    /// What the machine does now.
    pub fn system(&self) -> SystemReading {
        lock(&self.machine).read()
    }

    /// What was gathered until now.
    pub fn snapshot(&self) -> MetricsSnapshot {
        let system = self.system();
        let memory = listener().map_or_else(Vec::new, |tracker| tracker.report().holdings());
        let state = lock(&self.state);
        let aggregates =
            state.sums.iter().map(|((operation, device), sums)| sums.aggregate(operation, device));
        MetricsSnapshot {
            started: state.started,
            taken: now(),
            operations: state.operations.iter().cloned().collect(),
            dropped: state.dropped,
            aggregates: aggregates.collect(),
            memory,
            system,
        }
    }

    /// Writes what was gathered until now.
    ///
    /// # Errors
    ///
    /// If it cannot be written, as on a full disk. The collector loses nothing by that.
    pub fn export(
        &self,
        format: ExportFormat,
        out: &mut (dyn Write + Send),
    ) -> Result<(), MetricsError> {
        export::write(&self.snapshot(), format, out)
    }
}
