//! Comparisons made up for the reports to be read, and the files that hold what the reports said.

use std::fs;
use std::path::PathBuf;

use tachy_measure::{
    Agreement, Comparison, Environment, FORMAT, Measured, Measurement, Metric, ModelDescription,
    Outcome, RoundStart, Row, Series, Settings, Stage, WarmUp,
};
use tachy_runtime::{Availability, Device, DeviceInfo};
use tachy_stats::Samples;

/// A device to make up: its time of a run, how much samples and processes vary, and how many there are.
pub struct Invented {
    pub name: &'static str,
    pub engine: &'static str,
    pub run: f64,
    pub noise: f64,
    pub between: f64,
    pub processes: usize,
    pub samples: usize,
    pub error: f64,
    pub unsteady: usize,
    /// What the whole call takes beyond its parts, as a share.
    pub hidden: f64,
}

impl Invented {
    pub fn new(name: &'static str, engine: &'static str, run: f64) -> Self {
        Self {
            name,
            engine,
            run,
            noise: 0.01,
            between: 0.006,
            processes: 5,
            samples: 40,
            error: 3.1e-7,
            unsteady: 0,
            hidden: 0.003,
        }
    }

    pub fn row(&self) -> Row {
        let mut noise = Noise::new(self.name);
        let metrics = [
            (Metric::Compile, self.run * 9.0, 1),
            (Metric::FirstCall, self.run * 1.8, 1),
            (Metric::Upload, 41e-6, self.samples),
            (Metric::Run, self.run, self.samples),
            (Metric::Fetch, 2.3e-6, self.samples),
            (Metric::Call, (self.run + 43.3e-6) * (1.0 + self.hidden), self.samples),
            (Metric::PeakMemory, 140e6 + self.run * 1e9, 1),
        ];
        let shifts: Vec<f64> =
            (0..self.processes).map(|_| 1.0 + self.between * noise.next()).collect();
        let measurements = metrics.map(|(metric, typical, count)| Measurement {
            metric,
            unit: metric.unit(),
            processes: shifts
                .iter()
                .map(|shift| self.series(&mut noise, typical * shift, count))
                .collect(),
        });
        let warm_up = |process| WarmUp {
            calls: if process < self.unsteady { 1200 } else { 31 + process },
            seconds: if process < self.unsteady { 3.0 } else { 0.4 },
            steady: process >= self.unsteady,
        };
        Row {
            device: self.name.parse().unwrap(),
            description: self.engine.to_owned(),
            outcome: Outcome::Measured(Measured {
                agreement: agreement(self.error),
                measurements: measurements.into(),
                warm_ups: (0..self.processes).map(warm_up).collect(),
                energy_absent: None,
            }),
        }
    }

    /// Noise with a right tail, and now and then a sample that was interrupted.
    fn series(&self, noise: &mut Noise, typical: f64, count: usize) -> Series {
        let sample = |place: usize| {
            let z = noise.next();
            let late = if place % 37 == 23 { 6.0 } else { 0.0 };
            typical * (1.0 + self.noise * (z + 0.4 * z.max(0.0) + late)).max(0.2)
        };
        let values: Vec<f64> = (0..count).map(sample).collect();
        let rounds = match count {
            1 => Vec::new(),
            _ => (0..count).step_by(10).enumerate().map(round).collect(),
        };
        Series { samples: Samples::new(values).unwrap(), rounds, calls_per_sample: 1 }
    }
}

fn round((number, start): (usize, usize)) -> RoundStart {
    RoundStart { round: number as u32 * 3 + 1, start }
}

/// Numbers between −3 and 3, nearly normal: the sum of twelve uniform ones.
pub struct Noise(u64);

impl Noise {
    pub fn new(name: &str) -> Self {
        Self(name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        }))
    }

    fn uniform(&mut self) -> f64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn next(&mut self) -> f64 {
        ((0..12).map(|_| self.uniform()).sum::<f64>() - 6.0).clamp(-3.0, 3.0)
    }
}

pub fn agreement(relative_l2: f64) -> Agreement {
    Agreement {
        max_absolute: relative_l2 * 11.0,
        max_relative: relative_l2 * 40.0,
        relative_l2,
        tolerance: 1e-4,
        output: "logits".to_owned(),
        fault: None,
    }
}

pub fn comparison(rows: Vec<Row>) -> Comparison {
    Comparison {
        format: FORMAT,
        started: 1_782_561_825,
        duration: 97.4,
        model: ModelDescription {
            name: "zoo:resnet-18".to_owned(),
            bytes: 46_800_000,
            parameters: Some(11_689_512),
            inputs: vec!["image: f32[1, 3, 224, 224]".to_owned()],
            outputs: vec!["logits: f32[1, 1000]".to_owned()],
        },
        settings: Settings {
            threads: 2,
            seconds: 5.0,
            processes: 5,
            seed: 0,
            inputs: "inputs from a seeded generator".to_owned(),
        },
        environment: Environment {
            tachy: "0.1.0".to_owned(),
            system: "Linux (Debian GNU/Linux 13)".to_owned(),
            architecture: "x86_64".to_owned(),
            processor: "Example Processor 9000".to_owned(),
            logical_processors: 2,
            simd: ["avx2", "fma", "avx512f"].map(str::to_owned).to_vec(),
            memory: 25_000_000_000,
            governor: None,
            load: Some(0.41),
            clock_tick: 2.6e-8,
            ..Environment::default()
        },
        subject: None,
        machine_speed: None,
        reference: Device::of("cpu"),
        rows,
        absent: Vec::new(),
    }
}

pub fn cpu() -> Invented {
    Invented { error: 0.0, ..Invented::new("cpu", "Tachy 0.1.0, native", 58.4e-3) }
}

pub fn openvino() -> Invented {
    Invented::new("openvino:cpu", "OpenVINO 2026.4.1, CPU", 30.6e-3)
}

pub fn ort() -> Invented {
    Invented { error: 4.4e-7, ..Invented::new("ort:cpu", "ONNX Runtime 1.31.1, CPU", 38.1e-3) }
}

pub fn tract() -> Invented {
    Invented { error: 5.2e-7, ..Invented::new("tract", "tract-onnx 0.22", 71.9e-3) }
}

pub fn rten() -> Invented {
    Invented::new("rten", "rten 0.24", 44.0e-3)
}

pub fn absent() -> Vec<DeviceInfo> {
    let absent =
        |backend: &str, unit: &str, description: &str, reason: &str, remedy: &str| DeviceInfo {
            device: Device::with_unit(backend, unit),
            description: description.to_owned(),
            availability: Availability::Absent {
                reason: reason.to_owned(),
                remedy: remedy.to_owned(),
            },
        };
    vec![
        absent(
            "ort",
            "cuda",
            "ONNX Runtime 1.31.1, CUDA",
            "This build of ONNX Runtime has no CUDA provider.",
            "Install the package `onnxruntime-gpu` and set `ORT_DYLIB_PATH` to its library.",
        ),
        absent(
            "openvino",
            "gpu",
            "OpenVINO, GPU",
            "OpenVINO sees no GPU.",
            "Install the driver of the graphics processor.",
        ),
    ]
}

/// Five devices, each clearly apart from the next.
pub fn clear() -> Comparison {
    let rows = [cpu(), ort(), openvino(), tract(), rten()];
    comparison(rows.iter().map(Invented::row).collect())
}

/// Everything at once: a shared rank, a wrong device, a crash with a long message, absent devices, a warm-up that
/// ran out of patience, a call longer than its parts, a busy machine.
pub fn eventful() -> Comparison {
    let close = Invented { run: 30.9e-3, between: 0.02, hidden: 0.044, ..ort() };
    let restless = Invented { unsteady: 2, noise: 0.05, ..tract() };
    let rows = [cpu(), close, Invented { between: 0.02, ..openvino() }, restless];
    let mut comparison = comparison(rows.iter().map(Invented::row).collect());
    comparison.rows.push(wrong());
    comparison.rows.push(crashed());
    comparison.absent = absent();
    comparison.environment.load = Some(5.19);
    comparison
}

pub fn wrong() -> Row {
    Row {
        device: Device::of("rten"),
        description: "rten 0.24".to_owned(),
        outcome: Outcome::Wrong { agreement: agreement(0.312) },
    }
}

pub fn crashed() -> Row {
    let message = "the process ended with signal 11 (segmentation fault). Its last words were:\n\
        terminate called after throwing an instance of 'std::runtime_error'\n  what():  \u{1b}[31mcould not \
        create a primitive <conv & relu>\u{1b}[0m | layout nChw16c\n"
        .to_owned()
        + &(0..9).map(|frame| format!("  frame {frame}: libengine.so(+0x{frame}f00)\n")).collect::<String>();
    Row {
        device: Device::with_unit("ort", "xnnpack"),
        description: "ONNX Runtime 1.31.1, XNNPACK".to_owned(),
        outcome: Outcome::Failed { stage: Stage::Compile, message },
    }
}

/// A device whose calls were counted in joules, and one whose counter cannot be read.
pub fn energetic() -> Comparison {
    let mut comparison = comparison(vec![cpu().row(), openvino().row()]);
    let mut noise = Noise::new("energy");
    for row in &mut comparison.rows {
        let Outcome::Measured(measured) = &mut row.outcome else { unreachable!("it was timed") };
        if row.device == Device::of("cpu") {
            let measurement = |(metric, typical): (Metric, f64)| Measurement {
                metric,
                unit: metric.unit(),
                processes: (0..5).map(|_| cpu().series(&mut noise, typical, 8)).collect(),
            };
            let metrics = [(Metric::Energy, 2.43), (Metric::Power, 41.6)];
            measured.measurements.extend(metrics.map(measurement));
        } else {
            measured.energy_absent = Some(
                "The system shows no energy counters of its processors. They need Linux on bare metal.".to_owned(),
            );
        }
    }
    comparison
}

/// One device, nothing to compare it with.
pub fn alone() -> Comparison {
    comparison(vec![cpu().row()])
}

/// One process of each device: enough for figures, not for ranks.
pub fn one_process() -> Comparison {
    let single = |device: Invented| Invented { processes: 1, samples: 120, ..device }.row();
    comparison(vec![single(cpu()), single(openvino()), single(rten())])
}

/// No device that could be timed.
pub fn nothing() -> Comparison {
    comparison(vec![wrong(), crashed()])
}

/// Three devices within a hair of each other, and one behind.
pub fn close_race() -> Comparison {
    let near = |device: Invented, run| Invented { run, between: 0.015, ..device }.row();
    comparison(vec![
        cpu().row(),
        near(ort(), 30.7e-3),
        near(openvino(), 30.5e-3),
        near(rten(), 30.9e-3),
    ])
}

/// Times from microseconds to seconds, as a tiny and a huge engine would show them.
pub fn far_apart() -> Comparison {
    let slow = Invented {
        processes: 2,
        samples: 6,
        between: 0.05,
        ..Invented::new("tract", "tract-onnx 0.22", 1.2)
    };
    comparison(vec![Invented { run: 84e-6, ..cpu() }.row(), slow.row()])
}

/// Compares a text with the file that holds what it should be; with `UPDATE_EXPECTED=1`, writes the file instead.
pub fn expect(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/expected").join(name);
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(&path, text).unwrap();
        return;
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        text == expected,
        "{name} has changed. If the new text is right, run the tests once with UPDATE_EXPECTED=1.\n\
         --- expected\n{expected}\n--- found\n{text}"
    );
}
