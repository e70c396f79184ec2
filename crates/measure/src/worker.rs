//! The child process: one device, one model, at the harness's command.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Instant;

use tachy_graph::files;
use tachy_graph::{Tensor, TensorType, onnx};
use tachy_runtime::{CompileOptions, Error, Executable, Port, Registry, contain};
use tachy_stats::InvalidSample;

use crate::case::run_case;
use crate::clock::Clock;
use crate::energy::Gauge;
use crate::exchange;
use crate::inputs::random_tensor;
use crate::machine_speed::MachineSpeed;
use crate::measurement::Metric;
use crate::model::ModelSource;
use crate::protocol::{Load, Loaded, Reply, Request};
use crate::record::WarmUp;
use crate::sampler::Sampler;
use crate::warm_up::warm_up;

/// Answers the harness until it closes the connection: what a child process does with all its life.
///
/// `requests` and `replies` must carry nothing else: an engine that prints to standard output would break the
/// connection, so hand over a duplicate of it and send the original elsewhere.
///
/// # Errors
/// If the connection breaks.
pub fn serve(
    registry: &Registry,
    requests: impl BufRead,
    mut replies: impl Write,
) -> std::io::Result<()> {
    let mut worker = Worker { registry, sampler: None, gauge: None, speed: MachineSpeed::new() };
    for line in requests.lines() {
        let reply = match serde_json::from_str(&line?) {
            Ok(request) => worker.answer(request).unwrap_or_else(Failure::into_reply),
            Err(error) => {
                Failure::other(format!("the request is not understood: {error}")).into_reply()
            }
        };
        serde_json::to_writer(&mut replies, &reply)?;
        replies.write_all(b"\n")?;
        replies.flush()?;
    }
    Ok(())
}

/// What an engine is doing while its panics are contained.
const COMPILE: &str = "compile the model";

struct Worker<'a> {
    registry: &'a Registry,
    sampler: Option<Sampler>,
    /// Of the device whose sampler it is.
    gauge: Option<Gauge>,
    speed: MachineSpeed,
}

struct Failure {
    message: String,
    bad_input: bool,
    /// Whether the engine lacks an operator, or an element type for it.
    unsupported: bool,
}

impl Failure {
    fn other(message: impl Into<String>) -> Self {
        Self { message: message.into(), bad_input: false, unsupported: false }
    }

    fn into_reply(self) -> Reply {
        Reply::Failed {
            message: self.message,
            bad_input: self.bad_input,
            unsupported: self.unsupported,
        }
    }
}

impl From<InvalidSample> for Failure {
    fn from(error: InvalidSample) -> Self {
        Self::other(error.to_string())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let bad_input = match &error {
            Error::Import(error) => !matches!(error, onnx::ImportError::UnknownOperator { .. }),
            Error::Count { .. } | Error::Type { .. } | Error::Data { .. } => true,
            _ => false,
        };
        let unsupported = matches!(
            &error,
            Error::UnsupportedOperator { .. }
                | Error::UnsupportedOption { .. }
                | Error::Export(_)
                | Error::Import(onnx::ImportError::UnknownOperator { .. })
        );
        Self { message: error.to_string(), bad_input, unsupported }
    }
}

impl Worker<'_> {
    fn answer(&mut self, request: Request) -> Result<Reply, Failure> {
        match request {
            Request::Load(load) => self.load(&load).map(Reply::Loaded),
            Request::FirstCall { outputs } => {
                let sampler = self.sampler()?;
                let seconds = sampler.call()?.as_secs_f64();
                exchange::write(&outputs, sampler.outputs()).map_err(Failure::other)?;
                Ok(Reply::FirstCall { seconds })
            }
            Request::WarmUp { seconds } => self.warm_up(seconds),
            Request::Sample { seconds } => self.sample(seconds),
            Request::Case(case) => {
                let (backend, device) = self.registry.find(&case.device)?;
                let options = CompileOptions {
                    threads: threads(case.threads)?,
                    dims: case.dims,
                    ..CompileOptions::default()
                };
                let outcome = run_case(backend, &device, &case.folder, &options, case.tolerance);
                Ok(Reply::Case { outcome })
            }
            Request::PeakMemory => Ok(Reply::PeakMemory { bytes: crate::memory::peak_resident() }),
        }
    }

    fn sampler(&mut self) -> Result<&mut Sampler, Failure> {
        self.sampler.as_mut().ok_or_else(nothing_loaded)
    }

    fn load(&mut self, Load { device, subject, optimize }: &Load) -> Result<Loaded, Failure> {
        let known_inputs = read_inputs(&subject.input_files)?;
        let options = CompileOptions {
            threads: threads(subject.threads)?,
            optimize: *optimize,
            trace: false,
            dims: subject.dims.clone(),
            input_shapes: subject.input_shapes.clone(),
            known_inputs: known_inputs.clone(),
            model_path: match &subject.model {
                ModelSource::File { path } => Some(path.clone()),
                ModelSource::Zoo { .. } | ModelSource::Operator { .. } => None,
            },
        };
        let (backend, device) = self.registry.find(device)?;
        let graph = subject
            .graph(&known_inputs)
            .map_err(|error| Failure { bad_input: true, ..Failure::other(error.to_string()) })?;
        let (executable, compile_seconds, model_bytes, parameters) = match (&subject.model, graph) {
            (ModelSource::File { path }, None) => {
                let model = std::fs::read(path).map_err(|error| Failure {
                    bad_input: true,
                    ..Failure::other(format!("`{}` cannot be read: {error}.", path.display()))
                })?;
                let size = model.len() as u64;
                let start = Instant::now();
                let executable = contain(backend.name(), COMPILE, || {
                    backend.load_onnx(model.into(), &device, &options)
                })?;
                (executable, start.elapsed(), size, None)
            }
            (_, Some(graph)) => {
                let start = Instant::now();
                let executable = contain(backend.name(), COMPILE, || {
                    backend.compile(&graph, &device, &options)
                })?;
                let elapsed = start.elapsed();
                let weights = graph.values().iter().filter_map(|value| value.constant());
                let bytes = weights.map(|tensor| tensor.bytes().len() as u64).sum();
                (executable, elapsed, bytes, Some(graph.parameter_count() as u64))
            }
            (source, None) => return Err(Failure::other(format!("`{source}` is no graph"))),
        };
        let signature = executable.signature();
        let describe = |port: &Port| format!("{}: {}", port.name, port.ty);
        let loaded = Loaded {
            compile_seconds: compile_seconds.as_secs_f64(),
            inputs: signature.inputs.iter().map(describe).collect(),
            outputs: signature.outputs.iter().map(describe).collect(),
            output_names: signature.outputs.iter().map(|port| port.name.clone()).collect(),
            model_bytes,
            parameters,
        };
        let inputs = inputs(&*executable, known_inputs, subject.seed)?;
        self.gauge = Some(Gauge::new(&device, Path::new("/")));
        self.sampler = Some(Sampler::new(executable, inputs, Clock::measure())?);
        Ok(loaded)
    }

    fn warm_up(&mut self, seconds: f64) -> Result<Reply, Failure> {
        let sampler = self.sampler()?;
        sampler.calibrate()?;
        let warm_up = warm_up(seconds, || Ok::<_, Failure>(sampler.call_sample()?))?;
        // What is long enough was found while the engine was cold; now it is faster.
        sampler.calibrate()?;
        let set_seconds = sampler.set_seconds()?;
        let WarmUp { calls, seconds, steady } = warm_up;
        let energy_seconds = self.gauge.as_ref().and_then(Gauge::shortest);
        Ok(Reply::WarmedUp { calls, seconds, steady, set_seconds, energy_seconds })
    }

    fn sample(&mut self, seconds: f64) -> Result<Reply, Failure> {
        let (Some(sampler), Some(gauge)) = (&mut self.sampler, &self.gauge) else {
            return Err(nothing_loaded());
        };
        let begin = gauge.begin();
        let series = sampler.sample(seconds)?;
        let calls = series.iter().find(|series| series.metric == Metric::Call);
        let energy = gauge.end(begin, calls.map_or(&[], |calls| &calls.samples));
        Ok(Reply::Sampled { series, energy, machine: self.speed.sample() })
    }
}

fn nothing_loaded() -> Failure {
    Failure::other("no model was loaded")
}

fn threads(count: usize) -> Result<NonZeroUsize, Failure> {
    NonZeroUsize::new(count).ok_or_else(|| Failure::other("no engine runs on zero threads"))
}

fn read_inputs(
    files: &BTreeMap<String, std::path::PathBuf>,
) -> Result<BTreeMap<String, Tensor>, Failure> {
    let read = |path: &Path| {
        files::read_one(path)
            .map_err(|error| Failure { bad_input: true, ..Failure::other(error.to_string()) })
    };
    files.iter().map(|(name, path)| Ok((name.clone(), read(path)?))).collect()
}

/// The inputs in the signature's order: the given ones, and random ones for the rest.
fn inputs(
    executable: &dyn Executable,
    mut given: BTreeMap<String, Tensor>,
    seed: u64,
) -> Result<Vec<Tensor>, Failure> {
    let random = |ty: &TensorType, place| {
        random_tensor(ty, seed, place).map_err(|error| Failure::other(error.to_string()))
    };
    let ports = &executable.signature().inputs;
    let inputs = ports
        .iter()
        .enumerate()
        .map(|(place, port)| match given.remove(&port.name) {
            Some(tensor) => Ok(tensor),
            None => random(&port.ty, place),
        })
        .collect::<Result<Vec<_>, _>>()?;
    if let Some(name) = given.keys().next() {
        let names: Vec<_> = ports.iter().map(|port| format!("`{}`", port.name)).collect();
        let message =
            format!("the model has no input `{name}`; its inputs are {}.", names.join(", "));
        return Err(Failure { bad_input: true, ..Failure::other(message) });
    }
    Ok(inputs)
}
