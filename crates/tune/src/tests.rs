//! The choice among devices whose costs are known, by a clock that only they move.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tachy_graph::catalogue::OperatorCase;
use tachy_graph::{DType, Graph, GraphBuilder, Tensor};
use tachy_measure::operators::{
    DeviceDescription, DevicePeaks, OperatorComparison, OperatorPoint, OperatorSettings, Peaks,
    PointOutcome, PointRow, Rate,
};
use tachy_measure::{Agreement, Environment, Measured, Measurement, Metric, Series};
use tachy_runtime::{
    Availability, Backend, CompileOptions, CompileStats, Device, DeviceInfo, Error, Executable,
    MemoryStats, Registry, Result, Signature,
};

use crate::guess::guess;
use crate::{AutoBackend, AutoOptions, OnBattery, PeaksMemory, Reason};

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
    fault: Option<Fault>,
    now: Now,
}

/// What a device does wrong, though comparisons know better.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    Refuses,
    Fails,
    Panics,
    /// It computes a few times, and then no more.
    Dies,
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
        if self.fault == Some(Fault::Refuses) {
            return Err(Error::Interface("it refuses".to_owned()));
        }
        let flops = graph.nodes().iter().map(|node| graph.cost(node).flops).sum();
        let fake = self.clone();
        let (signature, stats) = (Signature::of(graph), CompileStats::default());
        Ok(Box::new(FakeExecutable { fake, flops, runs: 0, signature, stats }))
    }

    fn load_onnx(&self, _: Bytes, _: &Device, _: &CompileOptions) -> Result<Box<dyn Executable>> {
        Err(Error::Interface("fakes read no files".to_owned()))
    }
}

struct FakeExecutable {
    fake: Fake,
    flops: f64,
    runs: usize,
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
        self.runs += 1;
        match self.fake.fault {
            Some(Fault::Fails) => return Err(Error::Interface("it fails".to_owned())),
            Some(Fault::Dies) if self.runs > 5 => {
                return Err(Error::Interface("it is gone".to_owned()));
            }
            Some(Fault::Panics) => panic!("it panics"),
            _ => {}
        }
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
    let wrong = Fake { answer: 1.0, ..fake("wrong", 1e-9, 1e-15, now) };
    [fake("near", 1e-7, 1e-10, now), fake("far", 1e-4, 1e-12, now), wrong]
}

fn fake(name: &'static str, overhead: f64, per_flop: f64, now: &Now) -> Fake {
    Fake { name, overhead, per_flop, answer: 0.0, fault: None, now: Arc::clone(now) }
}

fn auto(options: AutoOptions) -> (AutoBackend, Now) {
    let now = Now::default();
    auto_of(&fakes(&now), options)
}

fn auto_of(fakes: &[Fake], options: AutoOptions) -> (AutoBackend, Now) {
    let now = Arc::clone(&fakes[0].now);
    let mut registry = Registry::new();
    for fake in fakes {
        registry.register(fake.clone());
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

/// What a comparison of fakes would measure at these sizes.
fn comparison(fakes: &[Fake], sizes: &[usize]) -> OperatorComparison {
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
    auto.learn(&comparison(&fakes(&now), &[16, 32, 64, 128, 256, 512]));
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

/// Two that are close, one that is slower, two that are slower still; the slower ones are registered first.
fn five(now: &Now) -> [Fake; 5] {
    let fake = |name, per_flop| fake(name, 1e-7, per_flop, now);
    [fake("c", 5e-10), fake("a", 1e-10), fake("b", 1.2e-10), fake("d", 4e-9), fake("e", 5e-9)]
}

/// The five, of which these have a fault of which a comparison at other sizes knows nothing.
fn faulty(names: &[&str], spoil: impl Fn(&mut Fake)) -> (AutoBackend, tempfile::TempDir) {
    let root = tempfile::tempdir().unwrap();
    let mut fakes = five(&Now::default());
    let (sizes, healthy) = ([32, 128], fakes.clone());
    fakes.iter_mut().filter(|fake| names.contains(&fake.name)).for_each(spoil);
    let (auto, _) = auto_of(&fakes, options(root.path()));
    auto.learn(&comparison(&healthy, &sizes));
    (auto, root)
}

/// Every way in which a device can fail that was found right before.
fn faults() -> impl Iterator<Item = Box<dyn Fn(&mut Fake)>> {
    let faults = [Fault::Refuses, Fault::Fails, Fault::Panics, Fault::Dies];
    let spoil =
        |fault| Box::new(move |fake: &mut Fake| fake.fault = Some(fault)) as Box<dyn Fn(&mut Fake)>;
    let wrong = Box::new(|fake: &mut Fake| fake.answer = 1.0) as Box<dyn Fn(&mut Fake)>;
    faults.into_iter().map(spoil).chain([wrong])
}

#[test]
fn who_fails_on_the_graph_itself_leaves_it_to_the_next_that_is_remembered() {
    let graph = case(64).graph(0).unwrap();
    let names = |times: &[(Device, f64)]| -> Vec<String> {
        times.iter().map(|(device, _)| device.to_string()).collect()
    };
    for spoil in faults() {
        let choose = |spoilt: &[&str]| {
            let (auto, _root) = faulty(spoilt, &spoil);
            let choose = || auto.choose(&graph, &CompileOptions::default()).unwrap();
            (choose(), choose())
        };
        // One of the close ones: the other.
        let (first, again) = choose(&["a"]);
        let Reason::Measured(times) = &first.reason else { panic!("{first:?}") };
        assert_eq!(names(times), ["b"]);
        let Reason::Remembered(times) = &again.reason else { panic!("{again:?}") };
        assert_eq!(names(times), ["b", "c", "d", "e"]);
        // Both: the next one is clearly the fastest of the rest.
        for choice in <[_; 2]>::from(choose(&["a", "b"])) {
            let Reason::Remembered(times) = &choice.reason else { panic!("{choice:?}") };
            assert_eq!(names(times), ["c", "d", "e"]);
            assert_eq!(choice.device, Device::of("c"));
        }
    }
}

#[test]
fn who_is_close_to_each_other_among_the_next_is_measured_too() {
    let graph = case(64).graph(0).unwrap();
    let refuse = |fake: &mut Fake| fake.fault = Some(Fault::Refuses);
    let (auto, _root) = faulty(&["a", "b", "c"], refuse);
    let choice = auto.choose(&graph, &CompileOptions::default()).unwrap();
    let Reason::Measured(times) = &choice.reason else { panic!("{choice:?}") };
    assert_eq!((choice.device, times.len()), (Device::of("d"), 2));
}

#[test]
fn only_when_nobody_does_it_right_the_cost_model_is_asked() {
    let graph = case(64).graph(0).unwrap();
    let all = ["a", "b", "c", "d", "e"];
    let choose = |auto: &AutoBackend| auto.choose(&graph, &CompileOptions::default());
    let dies_or_refuses = |fake: &mut Fake| {
        let close = ["a", "b"].contains(&fake.name);
        fake.fault = Some(if close { Fault::Dies } else { Fault::Refuses });
    };
    let choice = choose(&faulty(&all, dies_or_refuses).0).unwrap();
    assert!(matches!(choice.reason, Reason::Guessed(_)), "{choice:?}");
    assert!(["a", "b"].map(Device::of).contains(&choice.device), "{choice:?}");
    // Nothing to compare with: they cannot be measured, and what is remembered stands.
    let fails = |fake: &mut Fake| fake.fault = Some(Fault::Fails);
    let choice = choose(&faulty(&all, fails).0).unwrap();
    let Reason::Remembered(times) = &choice.reason else { panic!("{choice:?}") };
    assert_eq!((choice.device, times.len()), (Device::of("a"), 5));
    let refuses = |fake: &mut Fake| fake.fault = Some(Fault::Refuses);
    assert!(choose(&faulty(&all, refuses).0).unwrap_err().to_string().contains("it refuses"));
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

/// A device that does so many operations and moves so many bytes in a second.
fn peaks_of(name: &str, description: &str, operations: f64, bytes: f64) -> DevicePeaks {
    let rate = |per_second| Rate::Known { per_second, case: "a case".to_owned() };
    let none = Rate::Absent { reason: "it has no such type".to_owned() };
    DevicePeaks {
        device: Device::of(name),
        description: description.to_owned(),
        bandwidth: rate(bytes),
        products: [("f32".to_owned(), rate(operations)), ("f16".to_owned(), none)].into(),
        overhead: Some(1e-6),
    }
}

#[test]
fn the_cost_model_goes_by_the_peaks_that_are_remembered() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("cache");
    let compile = CompileOptions::default();
    let memory = PeaksMemory::new(folder.clone(), "a machine".to_owned());
    let guesses = || {
        let options = AutoOptions {
            measuring: Duration::ZERO,
            peaks: Some(folder.clone()),
            ..options(root.path())
        };
        let choice = auto(options).0.choose(&model(512), &compile).unwrap();
        let Reason::Guessed(guesses) = choice.reason else { panic!("{choice:?}") };
        let of =
            |name: &str| guesses.iter().find(|(device, _)| *device == Device::of(name)).unwrap().1;
        (choice.device, of("near"), of("far"), of("wrong"))
    };
    let (_, before, alike, _) = guesses();
    assert_eq!(before, alike);
    let two = |near: f64, far: f64| Peaks {
        devices: vec![peaks_of("near", "1.0", near, 1e12), peaks_of("far", "1.0", far, 1e12)],
    };
    // 2 · 512³ operations bound the product, 3 · 512² · 4 bytes the sum.
    memory.write(compile.threads, &two(1e11, 1e13));
    let (device, near, far, unknown) = guesses();
    assert_eq!((device, unknown), (Device::of("far"), before));
    for (seconds, rate) in [(near, 1e11), (far, 1e13)] {
        let expected = 2.0 * 512f64.powi(3) / rate + 12.0 * 512f64.powi(2) / 1e12 + 2e-6;
        assert!((seconds / expected - 1.0).abs() < 1e-9, "{seconds} and {expected}");
    }
    memory.write(compile.threads, &two(1e13, 1e11));
    assert_eq!(guesses().0, Device::of("near"));
    // Another version of an engine, another machine and other threads are not this one's.
    memory.write(compile.threads, &Peaks { devices: vec![peaks_of("near", "0.9", 1e13, 1e12)] });
    assert_eq!(guesses().1, before);
    let other = PeaksMemory::new(folder.clone(), "another machine".to_owned());
    other.write(compile.threads, &two(1e13, 1e13));
    assert_eq!(guesses().1, before);
    let more = compile.threads.checked_add(1).unwrap();
    memory.write(more, &two(1e13, 1e13));
    assert_eq!(guesses().1, before);
    assert_eq!(memory.read(more), two(1e13, 1e13));
}

#[test]
fn without_a_rate_of_its_type_work_is_no_faster_than_in_f32() {
    let graph = |dtype| {
        let mut builder = GraphBuilder::new("product");
        let x = builder.input("x", dtype, [512, 512]);
        let product = builder.matmul(x, x).unwrap();
        builder.output(product, "y").unwrap();
        builder.build().unwrap()
    };
    let peaks = peaks_of("near", "1.0", 1e9, 1e12);
    let [f32, f16, bf16] =
        [DType::F32, DType::F16, DType::BF16].map(|dtype| guess(&graph(dtype), Some(&peaks)));
    assert_eq!((f16, bf16), (f32, f32));
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
