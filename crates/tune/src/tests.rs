//! The choice among devices whose costs are known, by a clock that only they move.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tachy_graph::catalogue::OperatorCase;
use tachy_graph::{DType, Graph, GraphBuilder, Tensor};
use tachy_measure::operators::{
    DeviceDescription, OperatorComparison, OperatorPoint, OperatorSettings, PointOutcome, PointRow,
};
use tachy_measure::{Agreement, Environment, Measured, Measurement, Metric, Series};
use tachy_runtime::{
    Availability, Backend, CompileOptions, CompileStats, Device, DeviceInfo, Error, Executable,
    MemoryStats, Registry, Result, Signature,
};

use crate::{AutoBackend, AutoOptions, OnBattery, Reason};

/// Nanoseconds.
type Now = Arc<AtomicU64>;

/// A device that takes so long before it does anything, and so long for each operation.
#[derive(Clone)]
struct Fake {
    name: &'static str,
    overhead: f64,
    per_flop: f64,
    /// What it gives: the right answer is zeros.
    answer: f32,
    now: Now,
}

impl Fake {
    fn seconds(&self, flops: f64) -> f64 {
        self.overhead + self.per_flop * flops
    }

    fn info(&self) -> DeviceInfo {
        DeviceInfo {
            device: Device::of(self.name),
            description: "1.0".to_owned(),
            availability: Availability::Available,
        }
    }
}

impl Backend for Fake {
    fn name(&self) -> &'static str {
        self.name
    }

    fn devices(&self) -> Vec<DeviceInfo> {
        vec![self.info()]
    }

    fn compile(
        &self,
        graph: &Graph,
        _: &Device,
        _: &CompileOptions,
    ) -> Result<Box<dyn Executable>> {
        let flops = graph.nodes().iter().map(|node| graph.cost(node).flops).sum();
        let fake = self.clone();
        let (signature, stats) = (Signature::of(graph), CompileStats::default());
        Ok(Box::new(FakeExecutable { fake, flops, signature, stats }))
    }

    fn load_onnx(&self, _: Bytes, _: &Device, _: &CompileOptions) -> Result<Box<dyn Executable>> {
        Err(Error::Interface("fakes read no files".to_owned()))
    }
}

struct FakeExecutable {
    fake: Fake,
    flops: f64,
    signature: Signature,
    stats: CompileStats,
}

impl Executable for FakeExecutable {
    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn bind(&mut self, inputs: &[Tensor]) -> Result<()> {
        self.signature.check_inputs(inputs)
    }

    fn run(&mut self) -> Result<()> {
        let nanoseconds = self.fake.seconds(self.flops) * 1e9;
        self.fake.now.fetch_add(nanoseconds.ceil() as u64, Ordering::Relaxed);
        Ok(())
    }

    fn fetch(&mut self, outputs: &mut [Tensor]) -> Result<()> {
        for output in outputs {
            output.as_mut_slice::<f32>()?.fill(self.fake.answer);
        }
        Ok(())
    }

    fn compile_stats(&self) -> &CompileStats {
        &self.stats
    }

    fn memory(&self) -> MemoryStats {
        MemoryStats::default()
    }
}

/// A processor, a graphics processor that is slow to start, and one that would be the fastest if it were right.
fn fakes(now: &Now) -> [Fake; 3] {
    let fake = |name, overhead, per_flop, answer| Fake {
        name,
        overhead,
        per_flop,
        answer,
        now: Arc::clone(now),
    };
    [fake("near", 1e-7, 1e-10, 0.0), fake("far", 1e-4, 1e-12, 0.0), fake("wrong", 1e-9, 1e-15, 1.0)]
}

fn auto(options: AutoOptions) -> (AutoBackend, Now) {
    let now = Now::default();
    let mut registry = Registry::new();
    for fake in fakes(&now) {
        registry.register(fake);
    }
    let clock = Arc::clone(&now);
    let clock = move || Duration::from_nanos(clock.load(Ordering::Relaxed));
    (AutoBackend::with_clock(registry, || "a machine".to_owned(), options, Box::new(clock)), now)
}

fn options(root: &Path) -> AutoOptions {
    let measuring = Duration::from_millis(5);
    AutoOptions { root: root.to_owned(), measuring, ..AutoOptions::default() }
}

/// Two operators, which no comparison on operators knows.
fn model(size: usize) -> Graph {
    let mut builder = GraphBuilder::new("model");
    let x = builder.input("x", DType::F32, [size, size]);
    let product = builder.matmul(x, x).unwrap();
    let sum = builder.add(product, x).unwrap();
    builder.output(sum, "y").unwrap();
    builder.build().unwrap()
}

fn case(size: usize) -> OperatorCase {
    format!("matmul:{size}").parse().unwrap()
}

/// What a comparison of the fakes would measure at these sizes.
fn comparison(sizes: &[usize]) -> OperatorComparison {
    let fakes = fakes(&Now::default());
    let agreement = |relative_l2: f64| Agreement {
        max_absolute: relative_l2,
        max_relative: relative_l2,
        relative_l2,
        tolerance: 1e-4,
        output: "y".to_owned(),
        fault: None,
    };
    let outcome = |fake: &Fake, flops: f64| {
        if fake.answer != 0.0 {
            return PointOutcome::Wrong { agreement: agreement(1.0) };
        }
        let samples = vec![fake.seconds(flops)].try_into().unwrap();
        let series = Series { samples, rounds: Vec::new(), calls_per_sample: 1 };
        let metric = Metric::Call;
        let call = Measurement { metric, unit: metric.unit(), processes: vec![series] };
        PointOutcome::Measured(Measured {
            agreement: agreement(0.0),
            measurements: vec![call],
            warm_ups: Vec::new(),
            energy_absent: None,
        })
    };
    let points = sizes.iter().map(|&size| {
        let case = case(size);
        let cost = case.cost().unwrap();
        let rows = fakes.iter().map(|fake| PointRow {
            device: Device::of(fake.name),
            outcome: outcome(fake, cost.flops),
        });
        OperatorPoint {
            case: case.to_string(),
            flops: cost.flops,
            bytes: cost.bytes(),
            reference: None,
            rows: rows.collect(),
        }
    });
    let devices = fakes
        .iter()
        .map(Fake::info)
        .map(|info| DeviceDescription { device: info.device, description: info.description });
    OperatorComparison {
        format: 1,
        started: 0,
        duration: 0.0,
        settings: OperatorSettings { threads: 1, seconds: 1.0, processes: 1, seed: 0 },
        environment: Environment::default(),
        machine_speed: None,
        devices: devices.collect(),
        absent: Vec::new(),
        points: points.collect(),
    }
}

#[test]
fn between_the_sizes_that_were_measured_it_is_never_far_off_the_best() {
    // Far from the size at which both devices are as fast as each other.
    let clear = |size: usize| !(60..=110).contains(&size);
    let root = tempfile::tempdir().unwrap();
    let (auto, now) = auto(options(root.path()));
    auto.learn(&comparison(&[16, 32, 64, 128, 256, 512]));
    let right = &fakes(&now)[..2];
    for size in (20..700).step_by(17) {
        let graph = case(size).graph(0).unwrap();
        let choice = auto.choose(&graph, &CompileOptions::default()).unwrap();
        let measured = matches!(choice.reason, Reason::Measured(_));
        assert!(!(clear(size) && measured), "{size}: {choice:?}");
        let flops = case(size).cost().unwrap().flops;
        let best = right.iter().map(|fake| fake.seconds(flops)).fold(f64::INFINITY, f64::min);
        let chosen = right.iter().find(|fake| Device::of(fake.name) == choice.device).unwrap();
        assert!(chosen.seconds(flops) <= 1.1 * best, "{size}: {choice:?}");
    }
    // What had to be measured is remembered, too.
    let before = now.load(Ordering::Relaxed);
    let again = auto.choose(&case(71).graph(0).unwrap(), &CompileOptions::default()).unwrap();
    let Reason::Remembered(times) = &again.reason else { panic!("{again:?}") };
    assert_eq!((times.len(), now.load(Ordering::Relaxed)), (2, before));
    assert!(again.to_string().starts_with("`near`, by what is remembered: near 7"), "{again}");
}

#[test]
fn what_nobody_knows_is_measured_once_and_the_wrong_are_not_chosen() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("routes.json");
    let (first, _) = auto(options(root.path()).with_memory(file.clone()));
    let choose = |auto: &AutoBackend, size: usize| {
        auto.choose(&model(size), &CompileOptions::default()).unwrap()
    };
    for (size, winner) in [(8, "near"), (512, "far")] {
        let choice = choose(&first, size);
        assert_eq!(choice.device, Device::of(winner));
        let Reason::Measured(times) = choice.reason else { panic!("{choice:?}") };
        assert_eq!(times.len(), 2);
    }
    let (second, now) = auto(options(root.path()).with_memory(file));
    let choice = choose(&second, 512);
    assert_eq!(choice.device, Device::of("far"));
    assert!(matches!(choice.reason, Reason::Remembered(_)));
    assert_eq!(now.load(Ordering::Relaxed), 0);
}

#[test]
fn without_measuring_the_cost_model_decides() {
    let root = tempfile::tempdir().unwrap();
    let options = AutoOptions { measuring: Duration::ZERO, ..options(root.path()) };
    let (auto, now) = auto(options);
    let choice = auto.choose(&model(8), &CompileOptions::default()).unwrap();
    let Reason::Guessed(guesses) = choice.reason else { panic!("{choice:?}") };
    assert_eq!(guesses.len(), 3);
    assert_eq!(now.load(Ordering::Relaxed), 0);
}

fn unplug(root: &Path) {
    let supply = root.join("sys/class/power_supply/BAT0");
    std::fs::create_dir_all(&supply).unwrap();
    std::fs::write(supply.join("type"), "Battery\n").unwrap();
    std::fs::write(supply.join("status"), "Discharging\n").unwrap();
}

#[test]
fn battery_moves_the_choice_as_configured() {
    let choose = |policy: &str| {
        let root = tempfile::tempdir().unwrap();
        let on_battery: OnBattery = policy.parse().unwrap();
        let (auto, _) = auto(AutoOptions { on_battery, ..options(root.path()) });
        let choose = || auto.choose(&model(8), &CompileOptions::default()).unwrap();
        assert!(matches!(choose().reason, Reason::Measured(_)));
        assert!(matches!(choose().reason, Reason::Remembered(_)));
        unplug(root.path());
        choose()
    };
    assert!(matches!(choose("measure").reason, Reason::Measured(_)));
    assert!(matches!(choose("ignore").reason, Reason::Remembered(_)));
    let preferred = choose("prefer=far");
    assert_eq!((preferred.device, preferred.reason), (Device::of("far"), Reason::Preferred));
    assert!("prefer".parse::<OnBattery>().is_err());
}

#[test]
fn an_executable_moves_when_the_machine_goes_on_battery() {
    let root = tempfile::tempdir().unwrap();
    let on_battery = OnBattery::Prefer(Device::of("far"));
    let (auto, now) = auto(AutoOptions { on_battery, ..options(root.path()) });
    let options = CompileOptions::default();
    let mut executable = auto.compile(&model(8), &Device::of("auto"), &options).unwrap();
    let input = Tensor::zeros(DType::F32, &[8, 8]).unwrap();
    let mut call_takes = || {
        let before = now.load(Ordering::Relaxed);
        executable.call(std::slice::from_ref(&input)).unwrap();
        now.load(Ordering::Relaxed) - before
    };
    assert!(call_takes() < 10_000);
    unplug(root.path());
    assert!(call_takes() < 10_000, "it does not look at every call");
    now.fetch_add(6_000_000_000, Ordering::Relaxed);
    assert!(call_takes() > 90_000);
}
