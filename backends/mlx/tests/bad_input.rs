//! Libraries that are none, a system without a compiler, impossible sizes: each is an error or an absence that says what
//! would help, and the process computes on.
//!
//! A library is loaded once in the life of a process, so the test program starts itself again for each case and asks for
//! one scenario.
#![cfg(unix)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tachy_cpu::CpuBackend;
use tachy_graph::{DType, Graph, GraphBuilder, Tensor};
use tachy_mlx::{Array, Element, Function, MlxBackend, Stream, Unit, memory};
use tachy_runtime::{
    Availability, Backend, CompileOptions, Device, Error, Executable, PythonEnvironment,
};

/// Names the scenario in the child process.
const SCENARIO: &str = "TACHY_TEST_SCENARIO";

/// What a child that came to its end prints last.
const ALIVE: &str = "and the process lives";

/// In a child process, the scenario that it was started for; elsewhere does nothing.
#[test]
fn scenario() {
    let Ok(scenario) = std::env::var(SCENARIO) else { return };
    match scenario.as_str() {
        "refused library" => refused_library(),
        "hidden GPUs" => hidden_gpus(),
        "no compiler" => no_compiler(),
        "failing worker" => failing_worker(),
        "low memory limit" => low_memory_limit(),
        "no memory" => no_memory(),
        other => panic!("there is no scenario `{other}`"),
    }
    println!("{ALIVE}");
}

/// Runs a scenario in a process of its own, which must survive; gives what it printed.
fn child(scenario: &str, configure: impl FnOnce(&mut Command) -> &mut Command) -> String {
    let program = std::env::current_exe().unwrap();
    finish(scenario, configure(&mut Command::new(program)))
}

fn finish(scenario: &str, command: &mut Command) -> String {
    command.args(["--exact", "scenario", "--nocapture"]).env(SCENARIO, scenario);
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{scenario}: {}\n{text}\n{problem}", output.status);
    assert!(text.contains(ALIVE), "{scenario}: {text}");
    text
}

/// Twice x · x + max(x, 0): something to fuse.
fn small_graph() -> Graph {
    let mut builder = GraphBuilder::new("small");
    let x = builder.input("x", DType::F32, [4]);
    let square = builder.mul(x, x).unwrap();
    let positive = builder.relu(x).unwrap();
    let sum = builder.add(square, positive).unwrap();
    let y = builder.add(sum, sum).unwrap();
    builder.output(y, "y").unwrap();
    builder.build().unwrap()
}

/// Compiles and runs a small model, with the right results.
fn compute(backend: &dyn Backend, device: &Device) -> Box<dyn Executable> {
    let options = CompileOptions::default();
    let mut executable = backend.compile(&small_graph(), device, &options).unwrap();
    let x = Tensor::new(&[4], &[-1.0f32, 0.0, 2.0, 3.0]).unwrap();
    let y = executable.call(&[x]).unwrap();
    assert_eq!(y[0].as_slice::<f32>().unwrap(), [2.0, 0.0, 12.0, 24.0]);
    executable
}

fn mlx_cpu() -> Device {
    "mlx:cpu".parse().unwrap()
}

/// The folder of MLX's package, by its full name: for children without a path. `None` where MLX is absent.
fn package() -> Option<PathBuf> {
    support::devices().first()?;
    let named = std::env::var_os("MLX_ROOT").filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = named.or_else(|| PythonEnvironment::current().package_folder("mlx").ok()?)?;
    Some(std::path::absolute(folder).unwrap())
}

// Libraries that cannot serve.

/// Every device is absent, models are refused in the same words, and other engines compute.
fn refused_library() {
    let mut sentence = String::new();
    for info in MlxBackend.devices() {
        let Availability::Absent { reason, remedy } = info.availability else {
            panic!("{} is there", info.device);
        };
        println!("{}: {reason} {remedy}", info.device);
        sentence = reason;
    }
    let compiled = MlxBackend.compile(&small_graph(), &mlx_cpu(), &CompileOptions::default());
    let error = compiled.err().unwrap();
    assert!(matches!(error, Error::DeviceAbsent { .. }), "{error}");
    assert!(error.to_string().contains(&sentence), "{error}");
    let error = Stream::new(Unit::Cpu).err().unwrap().to_string();
    assert!(error.contains(&sentence), "{error}");
    assert!(Array::from_bytes(Element::U8, &[1], &[0]).is_err());
    assert!(memory::figures().is_err());
    compute(&CpuBackend, &Device::of("cpu"));
}

/// A shared library of this source; `None` where there is no C compiler.
fn shared_library(folder: &Path, source: &str) -> Option<PathBuf> {
    let (file, library) = (folder.join("mlx.c"), folder.join("libmlx.so"));
    fs::write(&file, source).unwrap();
    let mut compiler = Command::new("cc");
    match compiler.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&file).output() {
        Ok(output) if output.status.success() => Some(library),
        _ => None,
    }
}

/// A library that calls itself this version of MLX. The name is C++'s for `mlx::core::version()`.
fn of_version(version: &str) -> String {
    format!("const char* _ZN3mlx4core7versionEv(void) {{ return {version}; }}\n")
}

#[test]
fn libraries_that_cannot_serve_are_absent() {
    let Some(headers) = option_env!("TACHY_MLX_VERSION") else {
        println!("left out: the shim is not built");
        return;
    };
    let cases = [
        (String::new(), "does not export `mlx::core::version`", "MLX_ROOT"),
        (of_version("0"), "does not say its version", "MLX_ROOT"),
        (of_version("\"0.1.0\""), "is MLX 0.1.0", "pip install mlx=="),
        (of_version("\"?\""), "is MLX ?", "pip install mlx=="),
        (of_version(&format!("\"{headers}\"")), "lacks what the shim needs", "MLX_ROOT"),
    ];
    for (source, why, remedy) in cases {
        let folder = tempfile::tempdir().unwrap();
        let Some(library) = shared_library(folder.path(), &source) else {
            println!("left out: there is no C compiler");
            return;
        };
        // Named by its file, and by its folder.
        for named in [library.as_path(), folder.path()] {
            let told = child("refused library", |command| command.env("MLX_ROOT", named));
            for device in ["mlx:cpu: ", "mlx:gpu: "] {
                let line = told.lines().find(|line| line.contains(device)).unwrap();
                assert!(line.contains(why) && line.contains(remedy), "{line}");
                assert!(line.ends_with('.'), "{line}");
            }
        }
    }
}

/// The program carries the shim, and has to write it to a file to load it.
#[test]
fn without_a_temporary_folder_devices_are_absent() {
    let Some(package) = package() else { return };
    let told = child("refused library", |command| {
        command.env("MLX_ROOT", package).env("TMPDIR", "/nowhere/at/all")
    });
    assert!(told.contains("needs a file in /nowhere/at/all"), "{told}");
    assert!(told.contains("Set TMPDIR to"), "{told}");
}

// A system that shows no GPU.

/// The GPU is absent and says why; the processor is not, unless the library is built for CUDA, which does nothing without.
fn hidden_gpus() {
    let [on_cpu, on_gpu] = ["mlx:cpu", "mlx:gpu"].map(|name| name.parse::<Device>().unwrap());
    let absence = |device| match MlxBackend.device_info(device).unwrap().availability {
        Availability::Available => None,
        Availability::Absent { reason, .. } => Some(reason),
    };
    let reason = absence(&on_gpu).expect("no GPU is shown");
    assert!(reason.ends_with("`CUDA_VISIBLE_DEVICES` is ``."), "{reason}");
    match absence(&on_cpu) {
        None => drop(compute(&MlxBackend, &on_cpu)),
        Some(reason) => assert!(reason.contains("is built for CUDA"), "{reason}"),
    }
    compute(&CpuBackend, &Device::of("cpu"));
}

#[test]
fn without_a_visible_gpu_the_processor_computes() {
    if package().is_some() && cfg!(target_os = "linux") {
        child("hidden GPUs", |command| command.env("CUDA_VISIBLE_DEVICES", ""));
    }
}

// A system without a compiler.

/// Models run unfused and say so; functions, too.
fn no_compiler() {
    let device = mlx_cpu();
    let executable = compute(&MlxBackend, &device);
    for (phase, _) in &executable.compile_stats().phases {
        println!("phase: {phase}");
    }
    println!("device: {}", MlxBackend.device_info(&device).unwrap().description);
    let x = Tensor::new(&[2], &[2.0f32, -3.0]).unwrap();
    let mut function = Function::new(Unit::Cpu, 1, |inputs: &[Array]| {
        let s = Stream::new(Unit::Cpu)?;
        Ok(vec![s.multiply(&s.add(&inputs[0], &inputs[0])?, &inputs[0])?])
    })
    .unwrap();
    let s = Stream::new(Unit::Cpu).unwrap();
    let product = function.call(&[s.upload(&x).unwrap()]).and_then(|y| s.download(&y[0]));
    match product {
        Ok(product) => assert_eq!(product.as_slice::<f32>().unwrap(), [8.0, 18.0]),
        Err(error) => println!("function: {error}"),
    }
    drop(function);
    compute(&MlxBackend, &device);
    compute(&CpuBackend, &Device::of("cpu"));
}

#[test]
fn without_a_compiler_models_run_unfused() {
    let Some(package) = package() else { return };
    if cfg!(not(target_os = "linux")) {
        return;
    }
    let run = |path: &Path, kernels: &Path| {
        child("no compiler", |command| {
            command.env("MLX_ROOT", &package).env("PATH", path).env("TMPDIR", kernels)
        })
    };
    let folder = tempfile::tempdir().unwrap();
    let fresh = |name: &str| {
        let folder = folder.path().join(name);
        fs::create_dir(&folder).unwrap();
        folder
    };
    let unfused = "first run (not compiled: no working g++)";
    // None at all.
    let told = run(&fresh("empty"), &fresh("empty kernels"));
    assert!(told.contains(unfused) && told.contains("there is no `g++`"), "{told}");
    assert!(!told.contains("function: "), "{told}");
    // One that fails, and one that says that it has done it and has not.
    for (name, script) in [("failing", "exit 1"), ("idle", "exit 0")] {
        let path = fresh(name);
        let compiler = path.join("g++");
        // MLX asks for its version before it relies on it.
        let script = format!("#!/bin/sh\n[ \"$1\" = --version ] && exit 0\n{script}\n");
        fs::write(&compiler, script).unwrap();
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&compiler, executable).unwrap();
        let told = run(&path, &fresh(&format!("{name} kernels")));
        assert!(told.contains(unfused), "{name}: {told}");
        assert!(told.contains("function: "), "{name}: {told}");
    }
}

#[test]
fn kernels_that_are_none_leave_models_unfused() {
    let Some(package) = package() else { return };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let has_compiler = std::env::split_paths(&path).any(|folder| folder.join("g++").is_file());
    if cfg!(not(target_os = "linux")) || !has_compiler {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let run = || {
        child("no compiler", |command| {
            command.env("MLX_ROOT", &package).env("TMPDIR", folder.path())
        })
    };
    assert!(run().contains("phase: compile"));
    // What MLX has kept is spoilt.
    let mut spoilt = 0;
    let mut folders = vec![folder.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|extension| extension == "so") {
                fs::write(entry, "no library").unwrap();
                spoilt += 1;
            }
        }
    }
    assert!(spoilt > 0);
    let told = run();
    assert!(told.contains("not compiled"), "{told}");
}

// Failures on the library's own threads, and of its memory.

/// A matrix without an inverse fails on the thread of the stream: whoever waits is told, and nobody else.
fn failing_worker() {
    let singular = Tensor::new(&[2, 2], &[1.0f32, 2.0, 2.0, 4.0]).unwrap();
    let fail = || {
        let s = Stream::new(Unit::Cpu).unwrap();
        let inverse = s.inverse(&s.upload(&singular).unwrap()).unwrap();
        let error = s.download(&inverse).unwrap_err().to_string();
        assert!(error.contains("Inverse"), "{error}");
    };
    for _ in 0..3 {
        fail();
        compute(&MlxBackend, &mlx_cpu());
    }
    std::thread::scope(|scope| {
        for place in 0..8 {
            scope.spawn(move || {
                for _ in 0..20 {
                    if place % 2 == 0 {
                        fail();
                    } else {
                        let s = Stream::new(Unit::Cpu).unwrap();
                        let x = s.upload(&Tensor::new(&[2], &[1.0f32, 2.0]).unwrap()).unwrap();
                        let sum = s.download(&s.add(&x, &x).unwrap()).unwrap();
                        assert_eq!(sum.as_slice::<f32>().unwrap(), [2.0, 4.0]);
                    }
                }
            });
        }
    });
    compute(&MlxBackend, &mlx_cpu());
}

#[test]
fn exceptions_on_worker_threads_are_errors() {
    if package().is_some() {
        child("failing worker", |command| command);
    }
}

/// Its only large array is between its inputs and its output: `rows` times 4 MiB.
fn large_inside(rows: usize) -> Graph {
    let mut builder = GraphBuilder::new("large inside");
    let x = builder.input("x", DType::F32, [1, 1 << 20]);
    let column = builder.input("column", DType::F32, [rows, 1]);
    let table = builder.add(x, column).unwrap();
    let table = builder.softmax(table, 1).unwrap();
    let y = builder.slice(table, 0, 0..1).unwrap();
    builder.output(y, "y").unwrap();
    builder.build().unwrap()
}

/// What is beyond the memory limit is refused, with the limit; below it, all goes on.
fn low_memory_limit() {
    let former = memory::set_limit(64 << 20).unwrap();
    let options = CompileOptions::default();
    let error = MlxBackend.compile(&large_inside(64), &mlx_cpu(), &options).err().unwrap();
    let text = error.to_string();
    assert!(text.contains("memory limit of 67108864 bytes"), "{text}");
    let s = Stream::new(Unit::Cpu).unwrap();
    let error = s.full(&[32 << 20], 0.0, Element::F32).unwrap_err().to_string();
    assert!(error.contains("the memory limit is 67108864"), "{error}");
    assert!(s.upload(&Tensor::zeros(DType::F32, &[32 << 20]).unwrap()).is_err());
    compute(&MlxBackend, &mlx_cpu());
    assert_eq!(memory::set_limit(former).unwrap(), 64 << 20);
    assert!(s.full(&[32 << 20], 0.0, Element::F32).is_ok());
    compute(&MlxBackend, &mlx_cpu());
}

#[test]
fn sizes_beyond_the_memory_limit_are_errors() {
    if package().is_some() {
        child("low memory limit", |command| command);
    }
}

/// The limit says what the machine does not have: 2⁵⁰ bytes are beyond its addresses.
fn no_memory() {
    let former = memory::set_limit(1 << 60).unwrap();
    let s = Stream::new(Unit::Cpu).unwrap();
    let error = s.full(&[1 << 20, 1 << 30], 1.0, Element::U8).unwrap_err().to_string();
    assert!(error.contains("which the system does not have"), "{error}");
    let error = MlxBackend.compile(&large_inside(1 << 28), &mlx_cpu(), &CompileOptions::default());
    let error = error.err().unwrap().to_string();
    assert!(error.contains("which the system does not have"), "{error}");
    memory::set_limit(former).unwrap();
    compute(&MlxBackend, &mlx_cpu());
}

#[test]
fn sizes_beyond_the_system_are_errors() {
    if package().is_some() {
        child("no memory", |command| command);
    }
}
