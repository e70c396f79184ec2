//! Engines that misbehave on purpose: a comparison refuses, reports and survives them.
//!
//! The test program is its own worker, with the misbehaving engines in its registry beside the real ones; so it has a
//! `main` of its own.

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use bytes::Bytes;
use tachy::graph::{Graph, Tensor};
use tachy::measure::operators::{OperatorPlan, PointOutcome};
use tachy::measure::variants::{Precision, VariantPlan};
use tachy::measure::{Comparison, Metric, ModelSource, Outcome, Plan, Stage, Subject};
use tachy::runtime::{
    Availability, Backend, CompileOptions, CompileStats, Device, DeviceInfo, Executable,
    MemoryStats, Registry, Result, Signature,
};

/// The native engine with a fault.
#[derive(Clone, Copy)]
enum Fault {
    /// One output element is off by a thousandth of the largest.
    Wrong,
    /// The process dies in the first call.
    Crash,
    /// The first call never ends.
    Hang,
    /// It panics while compiling.
    Panic,
}

impl Fault {
    const ALL: [Fault; 4] = [Fault::Wrong, Fault::Crash, Fault::Hang, Fault::Panic];

    fn name(self) -> &'static str {
        match self {
            Fault::Wrong => "wrong",
            Fault::Crash => "crash",
            Fault::Hang => "hang",
            Fault::Panic => "panic",
        }
    }
}

impl Backend for Fault {
    fn name(&self) -> &'static str {
        (*self).name()
    }

    fn devices(&self) -> Vec<DeviceInfo> {
        vec![DeviceInfo {
            device: Device::of(self.name()),
            description: format!("the native engine with a fault: {}", self.name()),
            availability: Availability::Available,
        }]
    }

    fn compile(
        &self,
        graph: &Graph,
        device: &Device,
        options: &CompileOptions,
    ) -> Result<Box<dyn Executable>> {
        self.wrap(native().compile(graph, device, options)?)
    }

    fn load_onnx(
        &self,
        model: Bytes,
        device: &Device,
        options: &CompileOptions,
    ) -> Result<Box<dyn Executable>> {
        self.wrap(native().load_onnx(model, device, options)?)
    }
}

impl Fault {
    fn wrap(self, executable: Box<dyn Executable>) -> Result<Box<dyn Executable>> {
        assert!(!matches!(self, Fault::Panic), "this engine panics on purpose");
        Ok(Box::new(Faulty { fault: self, executable }))
    }
}

fn native() -> impl Backend {
    tachy::cpu::CpuBackend
}

struct Faulty {
    fault: Fault,
    executable: Box<dyn Executable>,
}

impl Executable for Faulty {
    fn signature(&self) -> &Signature {
        self.executable.signature()
    }

    fn bind(&mut self, inputs: &[Tensor]) -> Result<()> {
        self.executable.bind(inputs)
    }

    fn run(&mut self) -> Result<()> {
        match self.fault {
            Fault::Crash => std::process::abort(),
            Fault::Hang => loop {
                std::thread::park();
            },
            Fault::Wrong | Fault::Panic => self.executable.run(),
        }
    }

    fn fetch(&mut self, outputs: &mut [Tensor]) -> Result<()> {
        self.executable.fetch(outputs)?;
        let elements = outputs[0].as_mut_slice::<f32>().expect("the output is f32");
        let most = elements.iter().fold(0.0f32, |most, x| most.max(x.abs()));
        elements[0] += 1e-3 * most;
        Ok(())
    }

    fn compile_stats(&self) -> &CompileStats {
        self.executable.compile_stats()
    }

    fn memory(&self) -> MemoryStats {
        self.executable.memory()
    }
}

fn registry() -> Registry {
    let mut registry = tachy::registry();
    for fault in Fault::ALL {
        registry.register(fault);
    }
    registry
}

fn worker() -> Command {
    let mut command = Command::new(std::env::current_exe().expect("the program knows itself"));
    command.arg("__worker");
    command
}

/// The light ResNet-50 if the test material is there, else a small model of the zoo.
fn model() -> (ModelSource, f64) {
    let folder = std::env::var_os("TACHY_TEST_DATA").map(PathBuf::from);
    let resnet = folder.map(|folder| folder.join("light/light_resnet50/model.onnx"));
    match resnet.filter(|path| path.is_file()) {
        Some(path) => (ModelSource::File { path }, 20.0),
        None => {
            println!("light_resnet50 is left out: TACHY_TEST_DATA is not set; zoo:mlp stands in");
            (ModelSource::Zoo { name: "mlp".to_owned(), seed: 0, batch: 1 }, 10.0)
        }
    }
}

/// The devices that can be used, but for the one that chooses among them and remembers; and the absent ones.
fn devices() -> (Vec<DeviceInfo>, Vec<DeviceInfo>) {
    let all = registry().devices().into_iter();
    let all = all.filter(|info| info.device.backend() != tachy::tune::AUTO);
    all.partition(DeviceInfo::is_available)
}

/// Operators on the native engine and those that misbehave.
fn operators() {
    let faults = Fault::ALL.map(|fault| fault.name().to_owned());
    let (mut devices, absent) = devices();
    devices.retain(|info| {
        info.device == Device::of("cpu") || faults.contains(&info.device.to_string())
    });
    let cases = ["add:8", "add:16:f32:strided"];
    let plan = OperatorPlan {
        cases: cases.iter().map(|case| case.parse().unwrap()).collect(),
        devices,
        absent,
        references: vec![Device::of("cpu")],
        threads: 1,
        seed: 7,
        time: Duration::from_millis(40),
        warm_up: Duration::from_millis(20),
        processes: 2,
        timeout: Duration::from_secs(10),
    };
    let comparison =
        tachy::measure::operators::compare(&plan, worker, |_| {}).expect("it survives");
    let names: Vec<&str> = comparison.points.iter().map(|point| &*point.case).collect();
    assert_eq!(names, ["add:8:f32", "add:16:f32:strided"]);
    for point in &comparison.points {
        for row in &point.rows {
            let device = row.device.to_string();
            match (&row.outcome, device.as_str()) {
                (PointOutcome::Measured(measured), "cpu") => {
                    let run = measured.metric(Metric::Run).expect("its runs were timed");
                    assert_eq!(run.processes.len(), 2);
                }
                (PointOutcome::Wrong { agreement }, "wrong") => assert!(!agreement.holds()),
                (PointOutcome::Failed { stage: Stage::FirstCall, .. }, "crash" | "hang") => {}
                (PointOutcome::Failed { stage: Stage::Compile, message }, "panic") => {
                    assert!(message.contains("on purpose"), "{message}");
                }
                (other, _) => panic!("{}: {device}: {other:?}", point.case),
            }
        }
    }
}

/// Every device in every precision is a row of its own, right within its precision or not at all.
fn variants() {
    let (devices, _) = devices();
    let takes_part =
        |info: &DeviceInfo| ["cpu", "wrong", "panic"].contains(&info.device.to_string().as_str());
    let plan = VariantPlan {
        models: vec![ModelSource::Zoo { name: "mlp".to_owned(), seed: 0, batch: 1 }],
        precisions: vec![Precision::F32, Precision::F16],
        resolutions: Vec::new(),
        batches: vec![1, 3],
        devices: devices.into_iter().filter(takes_part).collect(),
        absent: Vec::new(),
        references: vec![Device::of("cpu")],
        threads: 1,
        dims: Default::default(),
        input_shapes: Default::default(),
        input_files: Default::default(),
        seed: 7,
        time: Duration::from_millis(40),
        processes: 2,
        timeout: Duration::from_secs(10),
    };
    let comparison = tachy::measure::variants::compare(&plan, worker, |_| {}).expect("it survives");
    let batches: Vec<Option<usize>> = comparison.points.iter().map(|point| point.batch).collect();
    assert_eq!(batches, [Some(1), Some(3)]);
    for point in &comparison.points {
        assert_eq!(point.inputs, [format!("input: f32[{}, 64]", point.items())]);
        assert_eq!(point.rows.len(), 6);
        for row in &point.rows {
            let device = row.device.to_string();
            match (&row.outcome, device.as_str(), row.precision) {
                (PointOutcome::Measured(measured), "cpu", precision) => {
                    let error = measured.agreement.relative_l2;
                    let narrow = precision == Precision::F16;
                    assert!(error < if narrow { 1e-2 } else { 1e-4 }, "{error}");
                    assert!(!narrow || error > 1e-6, "f16 is as exact as f32: {error}");
                    let elements = point.parameters.expect("the reference tells");
                    assert_eq!(row.weight_bytes, Some(elements * if narrow { 2 } else { 4 }));
                    let call = measured.metric(Metric::Call).expect("its calls were timed");
                    assert_eq!(call.processes.len(), 2);
                    let counted = measured.metric(Metric::Energy).is_some();
                    assert!(counted != measured.energy_absent.is_some());
                }
                // Off by a thousandth: too much in f32, nothing in f16.
                (PointOutcome::Wrong { .. }, "wrong", Precision::F32)
                | (PointOutcome::Measured(_), "wrong", Precision::F16) => {}
                (PointOutcome::Failed { stage: Stage::Compile, .. }, "panic", Precision::F32) => {}
                (PointOutcome::Unsupported { message }, "panic", Precision::F16) => {
                    assert!(message.contains("on purpose"), "{message}");
                }
                (other, _, precision) => panic!("{device} in {precision}: {other:?}"),
            }
        }
    }
    let impossible = VariantPlan { resolutions: vec![32], ..plan };
    let refused = tachy::measure::variants::compare(&impossible, worker, |_| {});
    let error = refused.expect_err("it sees no images").to_string();
    assert!(error.starts_with("`mlp` sees no images, so it has no resolution;"), "{error}");
}

fn comparison() -> Comparison {
    let (model, timeout) = model();
    let (devices, absent) = devices();
    let plan = Plan {
        subject: Subject {
            model,
            threads: 1,
            dims: Default::default(),
            input_shapes: Default::default(),
            input_files: Default::default(),
            variant: None,
            seed: 7,
        },
        devices,
        absent,
        references: vec![Device::of("cpu")],
        time: Duration::from_millis(200),
        processes: 2,
        timeout: Duration::from_secs_f64(timeout),
    };
    tachy::measure::compare(&plan, worker, |_| {}).expect("the comparison survives")
}

fn outcome<'a>(comparison: &'a Comparison, device: &str) -> &'a Outcome {
    let row = comparison.rows.iter().find(|row| row.device.to_string() == device);
    &row.expect("the device has a row").outcome
}

fn test() {
    let comparison = comparison();
    println!("model: {}", comparison.model.name);
    for row in &comparison.rows {
        match &row.outcome {
            Outcome::Measured(measured) => {
                let error = measured.agreement.relative_l2;
                println!("{:<14} agrees: relative L2 error {error:.2e}", row.device);
                assert!(error <= 1e-4, "{} is off by {error}", row.device);
            }
            Outcome::Wrong { agreement } => {
                println!(
                    "{:<14} wrong: relative L2 error {:.2e}",
                    row.device, agreement.relative_l2
                );
            }
            Outcome::Failed { stage, message } => {
                println!("{:<14} failed while {}: {message}", row.device, stage.name());
            }
        }
    }

    assert!(
        matches!(outcome(&comparison, "wrong"), Outcome::Wrong { agreement } if !agreement.holds())
    );
    let failed = |device: &str, at: Stage, words: &str| match outcome(&comparison, device) {
        Outcome::Failed { stage, message } => {
            assert_eq!(*stage, at, "{device}: {message}");
            assert!(message.contains(words), "{device}: {message}");
        }
        other => panic!("{device} should have failed, but {other:?}"),
    };
    failed("crash", Stage::FirstCall, if cfg!(unix) { "signal 6" } else { "ended early" });
    failed("hang", Stage::FirstCall, "did not answer");
    failed("panic", Stage::Compile, "on purpose");

    // Everybody else was timed, and nobody who misbehaved is ranked.
    let ranked = tachy::measure::rank(&comparison, Metric::Run).expect("there are samples");
    let names: Vec<String> = ranked.timed.iter().map(|(row, _)| row.device.to_string()).collect();
    assert!(names.contains(&"cpu".to_owned()), "{names:?}");
    for fault in Fault::ALL {
        assert!(!names.contains(&fault.name().to_owned()), "{names:?}");
        let Some(report) = tachy::report::Report::new(&comparison).ok() else {
            panic!("no report")
        };
        assert!(report.terminal(tachy::report::Look::plain(100)).contains(fault.name()));
    }
}

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("__worker") {
        let served = tachy::measure::serve(&registry(), std::io::stdin().lock(), std::io::stdout());
        return ExitCode::from(u8::from(served.is_err()));
    }
    test();
    operators();
    variants();
    println!("test result: ok. 3 passed; 0 failed");
    ExitCode::SUCCESS
}
