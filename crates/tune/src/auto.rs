//! A device that gives every graph to the device that was measured to be the fastest for it.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tachy_graph::Graph;
use tachy_graph::catalogue::recognize;
use tachy_measure::operators::OperatorComparison;
use tachy_measure::{agreement, random_tensor};
use tachy_runtime::{
    Availability, Backend, CompileOptions, Device, DeviceInfo, Error, Executable, Registry, Result,
    contain,
};

use crate::engines::{Source, available};
use crate::guess::guess;
use crate::memory::Memory;
use crate::options::{AutoOptions, OnBattery};
use crate::routed::Routed;
use crate::state::MachineState;

/// The name of the backend and of its only device.
pub const AUTO: &str = "auto";

/// Batches of each device that are timed at least.
const FEWEST: usize = 5;
/// A batch lasts about so long, so that reading the clock does not matter.
const BATCH: Duration = Duration::from_millis(1);
/// A device whose quickest batch is slower than the best one's by this factor after the first rounds is not timed further.
const HOPELESS: f64 = 3.0;
/// Between the sizes of a comparison a time may be off by so much: devices that are this close are timed on the graph itself.
const CLOSE: f64 = 2.0;

/// A backend of one device, `auto`, that gives every graph to the measured winner among the devices of its engines.
///
/// A graph of one operator goes where a comparison on operators ([`learn`](Self::learn)) found its work to be done fastest, by
/// far; if several devices are close by what was found at other sizes, they are measured on the graph itself. Any other
/// graph, and an operator of which nothing is known, is measured on every device when it is first compiled. All of that is
/// remembered. The engines run in this process: one that crashes takes it along.
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

/// Which device was chosen, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The device.
    pub device: Device,
    /// Why.
    pub reason: Reason,
}

/// Why a device was chosen.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// A comparison on operators, or an earlier measurement of the same graph: seconds of a call on each device, the
    /// fastest first.
    Remembered(Vec<(Device, f64)>),
    /// It was measured just now: as above.
    Measured(Vec<(Device, f64)>),
    /// The cost model: estimated seconds on each device.
    Guessed(Vec<(Device, f64)>),
    /// The policy for battery names it.
    Preferred,
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (why, times) = match &self.reason {
            Reason::Remembered(times) => ("by what is remembered", times),
            Reason::Measured(times) => ("measured just now", times),
            Reason::Guessed(times) => ("by the cost model", times),
            Reason::Preferred => return write!(f, "`{}`, as preferred on battery", self.device),
        };
        write!(f, "`{}`, {why}", self.device)?;
        for (place, (device, seconds)) in times.iter().enumerate() {
            let sign = if place == 0 { ":" } else { "," };
            // Of a device that failed there is no time.
            match Duration::try_from_secs_f64(*seconds) {
                Ok(time) => write!(f, "{sign} {device} {time:.2?}")?,
                Err(_) => write!(f, "{sign} {device} unknown")?,
            }
        }
        Ok(())
    }
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

/// A device that can do the work, while it is timed.
struct Candidate {
    info: DeviceInfo,
    executable: Box<dyn Executable>,
    batch: u32,
    times: Vec<f64>,
}

impl Candidate {
    /// What one batch in four stays below: whatever else the machine does makes batches longer, never shorter.
    fn typical(&self) -> f64 {
        let mut times = self.times.clone();
        times.sort_by(f64::total_cmp);
        times.get(times.len() / 4).copied().unwrap_or(f64::INFINITY)
    }

    fn least(&self) -> f64 {
        self.times.iter().copied().fold(f64::INFINITY, f64::min)
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
        let measuring = !self.options.measuring.is_zero() && devices.len() > 1;
        // The graph itself was measured, or the operator at other sizes.
        let open = match (&of_graph, &of_operator) {
            (None, Some(times)) if measuring => contenders(times, &devices),
            _ => Vec::new(),
        };
        let known = of_graph.or(of_operator);
        if open.len() < 2
            && let Some(times) = &known
            && let Ok((device, executable)) = self.first_that_compiles(source, times, options)
        {
            let reason = Reason::Remembered(times.clone());
            return Ok((Choice { device, reason }, executable));
        }
        if measuring {
            let tried = if open.len() < 2 { &devices } else { &open };
            let mut measured = self.measure(source, options, tried)?;
            let times =
                |candidate: &Candidate| (candidate.info.device.clone(), candidate.typical());
            let times: Vec<(Device, f64)> = measured.iter().map(times).collect();
            // Of those that were too slow to be tried, the comparison's time is good enough.
            let other = |(device, _): &&(Device, f64)| !tried.iter().any(|it| it.device == *device);
            let others = known.iter().flatten().filter(other).cloned();
            let all: Vec<(Device, f64)> = times.iter().cloned().chain(others).collect();
            self.memory()
                .change(|routes| routes.learn_graph(condition, &fingerprint, &devices, &all));
            if !measured.is_empty() {
                let Candidate { info, executable, .. } = measured.swap_remove(0);
                let choice = Choice { device: info.device, reason: Reason::Measured(times) };
                return Ok((choice, executable));
            }
        }
        let mut guesses: Vec<(Device, f64)> = devices
            .into_iter()
            .map(|info| {
                let peaks = self.options.peaks.as_ref();
                let seconds = graph.as_ref().map(|graph| guess(graph, &info.device, peaks));
                (info.device, seconds.unwrap_or(f64::INFINITY))
            })
            .collect();
        guesses.sort_by(|a, b| a.1.total_cmp(&b.1));
        let (device, executable) = self.first_that_compiles(source, &guesses, options)?;
        Ok((Choice { device, reason: Reason::Guessed(guesses) }, executable))
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

    /// Times whole calls on every device that computes what the reference does; the fastest first. Devices take turns, each
    /// second round in the reverse order.
    fn measure(
        &self,
        source: &Source,
        options: &CompileOptions,
        devices: &[DeviceInfo],
    ) -> Result<Vec<Candidate>> {
        let as_defined = CompileOptions { optimize: false, ..options.clone() };
        let order: Vec<(Device, f64)> =
            devices.iter().map(|info| (info.device.clone(), 0.0)).collect();
        let (_, mut reference) = self.first_that_compiles(source, &order, &as_defined)?;
        let ports = reference.signature().inputs.clone();
        let inputs = ports.iter().enumerate().map(|(place, port)| {
            let known = options.known_inputs.get(&port.name);
            known.map_or_else(|| random_tensor(&port.ty, 0, place), |tensor| Ok(tensor.clone()))
        });
        let inputs = inputs.collect::<std::result::Result<Vec<_>, _>>()?;
        let expected = reference.call(&inputs)?;
        drop(reference);

        let now = || (self.clock)();
        let mut candidates: Vec<Candidate> = Vec::new();
        for info in devices {
            let Ok(mut executable) = source.compile(&self.registry, &info.device, options) else {
                continue;
            };
            let names: Vec<String> =
                executable.signature().outputs.iter().map(|port| port.name.clone()).collect();
            let mut call = || contain(AUTO, "measure a device", || executable.call(&inputs));
            let Ok(outputs) = call() else { continue };
            if !agreement(&names, &outputs, &expected).holds() {
                continue;
            }
            let start = now();
            if call().is_err() {
                continue;
            }
            let once = (now() - start).as_secs_f64();
            let batch = (BATCH.as_secs_f64() / once.max(1e-9)).clamp(1.0, 1e4) as u32;
            candidates.push(Candidate { info: info.clone(), executable, batch, times: Vec::new() });
        }
        let mut outputs = match candidates.first() {
            Some(candidate) => candidate.executable.signature().allocate_outputs()?,
            None => return Ok(candidates),
        };
        let limit = self.options.measuring * candidates.len() as u32;
        let start = now();
        let mut round = 0;
        while round < FEWEST || now() - start < limit {
            let best = candidates.iter().map(Candidate::least).fold(f64::INFINITY, f64::min);
            for candidate in &mut candidates {
                if round >= FEWEST && candidate.least() > HOPELESS * best {
                    continue;
                }
                let Candidate { executable, batch, times, .. } = candidate;
                let begin = now();
                let calls = (0..*batch).try_for_each(|_| {
                    executable.bind(&inputs)?;
                    executable.run()?;
                    executable.fetch(&mut outputs)
                });
                let seconds = (now() - begin).as_secs_f64() / f64::from(*batch);
                // Who fails now is not chosen.
                times.push(if calls.is_ok() { seconds } else { f64::INFINITY });
            }
            candidates.reverse();
            round += 1;
            // A clock that stands still would never end this.
            if round > 100_000 {
                break;
            }
        }
        candidates.sort_by(|a, b| a.typical().total_cmp(&b.typical()));
        Ok(candidates)
    }
}

/// The devices that may be the fastest, going by times that may be off.
fn contenders(times: &[(Device, f64)], devices: &[DeviceInfo]) -> Vec<DeviceInfo> {
    let best = times.first().map_or(0.0, |(_, seconds)| *seconds);
    let close = times.iter().filter(|(_, seconds)| *seconds <= CLOSE * best);
    close
        .filter_map(|(device, _)| devices.iter().find(|info| info.device == *device))
        .cloned()
        .collect()
}

impl AutoOptions {
    /// These options with measurements remembered in this file.
    pub fn with_memory(mut self, file: PathBuf) -> Self {
        self.memory = Some(file);
        self
    }
}
