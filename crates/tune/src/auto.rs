//! A device that gives every graph to the device that was measured to be the fastest for it.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tachy_graph::Graph;
use tachy_graph::catalogue::recognize;
use tachy_measure::operators::OperatorComparison;
use tachy_runtime::{
    Availability, Backend, CompileOptions, Device, DeviceInfo, Error, Executable, Registry, Result,
};

use crate::choice::{Choice, Reason};
use crate::engines::{Source, available};
use crate::guess::guess;
use crate::memory::Memory;
use crate::options::{AutoOptions, OnBattery};
use crate::peaks::PeaksMemory;
use crate::routed::Routed;
use crate::state::MachineState;
use crate::timing::Candidate;

/// The name of the backend and of its only device.
pub const AUTO: &str = "auto";

/// Between the sizes of a comparison a time may be off by so much: devices that are this close are timed on the graph itself.
const CLOSE: f64 = 2.0;

/// A backend of one device, `auto`, that gives every graph to the measured winner among the devices of its engines.
///
/// A graph of one operator goes where a comparison on operators ([`learn`](Self::learn)) found its work to be done fastest, by
/// far; if several devices are close by what was found at other sizes, they are measured on the graph itself, and if none of
/// them does it right, the next fastest are asked. Any other graph, and an operator of which nothing is known, is measured on
/// every device when it is first compiled. All of that is remembered. The engines run in this process: one that crashes takes
/// it along.
#[derive(Clone)]
pub struct AutoBackend {
    pub(crate) shared: Arc<Shared>,
}

/// It is read when it is first needed.
type LazyMemory = LazyLock<Mutex<Memory>, Box<dyn FnOnce() -> Mutex<Memory> + Send>>;

pub(crate) struct Shared {
    pub registry: Registry,
    pub options: AutoOptions,
    pub memory: LazyMemory,
    /// The time since some start; tests have one of their own.
    pub clock: Box<dyn Fn() -> Duration + Send + Sync>,
}

impl AutoBackend {
    /// A choice among the devices of these engines. `machine` tells this machine from others: what is remembered of another
    /// one is not used.
    pub fn new(
        engines: Registry,
        machine: impl FnOnce() -> String + Send + 'static,
        options: AutoOptions,
    ) -> Self {
        let start = Instant::now();
        Self::with_clock(engines, machine, options, Box::new(move || start.elapsed()))
    }

    pub(crate) fn with_clock(
        registry: Registry,
        machine: impl FnOnce() -> String + Send + 'static,
        options: AutoOptions,
        clock: Box<dyn Fn() -> Duration + Send + Sync>,
    ) -> Self {
        let file = options.memory.clone();
        let memory: LazyMemory =
            LazyLock::new(Box::new(move || Mutex::new(Memory::open(file, machine()))));
        Self { shared: Arc::new(Shared { registry, options, memory, clock }) }
    }

    /// Takes over what a comparison on operators measured, under the condition that the machine is in.
    pub fn learn(&self, comparison: &OperatorComparison) {
        let condition = self.shared.condition();
        self.shared.memory().change(|routes| routes.learn(condition, comparison));
    }

    /// Which device a graph goes to. Measures if nothing is known of it.
    ///
    /// # Errors
    /// If no device can compile it.
    pub fn choose(&self, graph: &Graph, options: &CompileOptions) -> Result<Choice> {
        Ok(self.shared.choose(&Source::Graph(graph.clone()), options)?.0)
    }
}

impl Backend for AutoBackend {
    fn name(&self) -> &'static str {
        AUTO
    }

    fn devices(&self) -> Vec<DeviceInfo> {
        let availability = if self.shared.registry.backends().next().is_none() {
            Availability::Absent {
                reason: "There is no device to choose.".to_owned(),
                remedy: "`tachy devices` shows what would bring one.".to_owned(),
            }
        } else {
            Availability::Available
        };
        let description = "the device measured to be the fastest for each graph".to_owned();
        vec![DeviceInfo { device: Device::of(AUTO), description, availability }]
    }

    fn compile(
        &self,
        graph: &Graph,
        _: &Device,
        options: &CompileOptions,
    ) -> Result<Box<dyn Executable>> {
        let source = Source::Graph(graph.clone());
        Ok(Box::new(Routed::new(Arc::clone(&self.shared), source, options.clone())?))
    }

    fn load_onnx(
        &self,
        model: Bytes,
        _: &Device,
        options: &CompileOptions,
    ) -> Result<Box<dyn Executable>> {
        let source = Source::Onnx(model);
        Ok(Box::new(Routed::new(Arc::clone(&self.shared), source, options.clone())?))
    }
}

impl Shared {
    pub(crate) fn memory(&self) -> MutexGuard<'_, Memory> {
        // What is known is replaced whole, so that a panic elsewhere leaves it right.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MachineState {
        MachineState::read_at(&self.options.root)
    }

    /// The condition under which times are looked up and remembered.
    pub(crate) fn condition(&self) -> &'static str {
        match self.options.on_battery {
            OnBattery::Measure => self.state().condition(),
            OnBattery::Ignore | OnBattery::Prefer(_) => MachineState::default().condition(),
        }
    }

    /// The condition as far as it can move a choice.
    pub(crate) fn moving_condition(&self) -> &'static str {
        match self.options.on_battery {
            OnBattery::Ignore => MachineState::default().condition(),
            OnBattery::Measure | OnBattery::Prefer(_) => self.state().condition(),
        }
    }

    /// The device for some work, compiled there.
    pub(crate) fn choose(
        &self,
        source: &Source,
        options: &CompileOptions,
    ) -> Result<(Choice, Box<dyn Executable>)> {
        if let OnBattery::Prefer(device) = &self.options.on_battery
            && self.state().is_unusual()
            && let Ok(executable) = source.compile(&self.registry, device, options)
        {
            let choice = Choice { device: device.clone(), reason: Reason::Preferred };
            return Ok((choice, executable));
        }
        let devices = available(&self.registry);
        let condition = self.condition();
        let graph = source.graph(options);
        let fingerprint = source.fingerprint(options);
        let (of_graph, of_operator) = {
            let memory = self.memory();
            let routes = memory.routes();
            let operator = graph.as_ref().and_then(recognize).and_then(|operator| {
                routes.of_operator(condition, &operator, options.threads.get(), &devices)
            });
            (routes.of_graph(condition, &fingerprint, &devices), operator)
        };
        let mut measuring = !self.options.measuring.is_zero() && devices.len() > 1;
        // A time of the graph itself stands; one of its operator, at other sizes, may be off.
        let stands = of_graph.is_some();
        let mut known = of_graph.or(of_operator).unwrap_or_default();
        let mut untried = devices.clone();
        while let Some((device, _)) = known.first() {
            let close = if measuring && !stands { contenders(&known) } else { 1 };
            if close < 2 {
                if let Ok(executable) = source.compile(&self.registry, device, options) {
                    let device = device.clone();
                    return Ok((Choice { device, reason: Reason::Remembered(known) }, executable));
                }
                known.remove(0);
                continue;
            }
            let (open, slower) = known.split_at(close);
            let is_open = |info: &DeviceInfo| open.iter().any(|(device, _)| *device == info.device);
            let (tried, rest) = untried.iter().cloned().partition(is_open);
            let tried: Vec<DeviceInfo> = tried;
            let Some(measured) = self.measure(source, options, &tried) else {
                // It can only be had without a comparison: by what is remembered.
                measuring = false;
                continue;
            };
            // Of those that are too slow to be tried, the time that is known is good enough.
            let times: Vec<_> = measured.iter().map(Candidate::typical).collect();
            let all: Vec<_> = times.iter().chain(slower).cloned().collect();
            self.memory()
                .change(|routes| routes.learn_graph(condition, &fingerprint, &devices, &all));
            if let Some(found) = fastest(measured, times) {
                return Ok(found);
            }
            known = slower.to_vec();
            untried = rest;
        }
        if measuring
            && !untried.is_empty()
            && let Some(measured) = self.measure(source, options, &untried)
        {
            let times: Vec<_> = measured.iter().map(Candidate::typical).collect();
            self.memory()
                .change(|routes| routes.learn_graph(condition, &fingerprint, &devices, &times));
            if let Some(found) = fastest(measured, times) {
                return Ok(found);
            }
        }
        let guesses = self.guesses(graph.as_ref(), &devices, options);
        let (device, executable) = self.first_that_compiles(source, &guesses, options)?;
        Ok((Choice { device, reason: Reason::Guessed(guesses) }, executable))
    }

    /// What the cost model says of these devices, by their peaks where they are remembered; the fastest first.
    fn guesses(
        &self,
        graph: Option<&Graph>,
        devices: &[DeviceInfo],
        options: &CompileOptions,
    ) -> Vec<(Device, f64)> {
        let peaks = self.options.peaks.clone().map(|folder| {
            let machine = self.memory().machine().to_owned();
            PeaksMemory::new(folder, machine).read(options.threads)
        });
        let seconds = |info: &DeviceInfo| {
            let peaks = peaks.as_ref().and_then(|peaks| peaks.of(&info.device));
            // Those of another version of an engine are not this one's.
            let peaks = peaks.filter(|peaks| peaks.description == info.description);
            graph.map_or(f64::INFINITY, |graph| guess(graph, peaks))
        };
        let mut guesses: Vec<(Device, f64)> =
            devices.iter().map(|info| (info.device.clone(), seconds(info))).collect();
        guesses.sort_by(|a, b| a.1.total_cmp(&b.1));
        guesses
    }

    fn first_that_compiles(
        &self,
        source: &Source,
        devices: &[(Device, f64)],
        options: &CompileOptions,
    ) -> Result<(Device, Box<dyn Executable>)> {
        let mut error = None;
        for (device, _) in devices {
            match source.compile(&self.registry, device, options) {
                Ok(executable) => return Ok((device.clone(), executable)),
                Err(failure) => error = error.or(Some(failure)),
            }
        }
        Err(error.unwrap_or_else(|| Error::DeviceAbsent {
            device: Device::of(AUTO),
            reason: "There is no device to choose.".to_owned(),
            remedy: "`tachy devices` shows what would bring one.".to_owned(),
        }))
    }
}

/// How many of these devices, of which the fastest is the first, may be the fastest, going by times that may be off.
fn contenders(times: &[(Device, f64)]) -> usize {
    let best = times.first().map_or(0.0, |(_, seconds)| *seconds);
    times.partition_point(|(_, seconds)| *seconds <= CLOSE * best)
}

/// The first of what was measured.
fn fastest(
    measured: Vec<Candidate>,
    times: Vec<(Device, f64)>,
) -> Option<(Choice, Box<dyn Executable>)> {
    let Candidate { info, executable, .. } = measured.into_iter().next()?;
    Some((Choice { device: info.device, reason: Reason::Measured(times) }, executable))
}

impl AutoOptions {
    /// These options with measurements remembered in this file.
    pub fn with_memory(mut self, file: PathBuf) -> Self {
        self.memory = Some(file);
        self
    }
}
