//! What becomes of a program whose GPU is lost while it is in use: `cargo run --release --package tachy-mlx --example lost_gpu`.
//!
//! A graph runs on `mlx:gpu`. Then the GPU is lost: the driver destroys all that this process has there, or a kernel of ours
//! writes where there is nothing, after which the driver refuses everything. Whatever the program goes on with, an error has
//! to come back; the native engine must still compute; and the process has to end as it wants to. Each case is a process of
//! its own, since those that fail may crash or hang. Ends with 0 if all cases went well, with 1 if one did not, and with 2
//! where there is no `mlx:gpu`; then it tells why, and what became of `mlx:cpu`.
#![allow(missing_docs)]

use std::ffi::{CString, c_char, c_int, c_uint, c_void};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::ptr::null_mut;
use std::time::{Duration, Instant};

use libloading::Library;
use tachy_cpu::CpuBackend;
use tachy_graph::{DType, Graph, GraphBuilder, Tensor};
use tachy_mlx::MlxBackend;
use tachy_runtime::{Availability, Backend, CompileOptions, Device, Executable};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const SIZE: usize = 256;
/// How long a case may take: loading MLX and its kernels takes seconds.
const PATIENCE: Duration = Duration::from_secs(90);
/// What a case ends with if all is well: nothing that a crash would give.
const WELL: u8 = 42;

const WAYS: [&str; 2] = ["destroyed", "faulted"];
const CASES: [&str; 6] = ["run", "call", "fetch", "compile", "thread", "idle"];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [way, case] = arguments.as_slice() {
        return match one(way, case) {
            Ok(()) => ExitCode::from(WELL),
            Err(problem) => {
                println!("  not well: {problem}");
                ExitCode::FAILURE
            }
        };
    }
    match absence(&gpu()) {
        None => println!("`mlx:gpu` is there."),
        Some(reason) => {
            println!("`mlx:gpu` is absent: {reason}");
            let processor = Device::with_unit("mlx", "cpu");
            let told = absence(&processor)
                .map_or("is there".to_owned(), |why| format!("is absent: {why}"));
            println!("`mlx:cpu` {told}");
            return ExitCode::from(2);
        }
    }
    let mut failures = 0;
    for way in WAYS {
        for case in CASES {
            println!("{way}, {case}:");
            let verdict = match supervise(way, case) {
                Ok(Some(status)) if status.code() == Some(WELL.into()) => "well".to_owned(),
                Ok(Some(status)) => format!("FAILED, {status}"),
                Ok(None) => format!("FAILED, it hung for {} s", PATIENCE.as_secs()),
                Err(error) => format!("FAILED, {error}"),
            };
            failures += u32::from(verdict != "well");
            println!("  {verdict}");
        }
    }
    println!("{failures} of {} cases failed.", WAYS.len() * CASES.len());
    ExitCode::from(u8::from(failures > 0))
}

/// Runs a case in a process; nothing if it had to be ended.
fn supervise(way: &str, case: &str) -> Result<Option<ExitStatus>> {
    let mut child =
        Command::new(std::env::current_exe()?).args([way, case]).stdin(Stdio::null()).spawn()?;
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}

/// Why a device is absent, and what would bring it.
fn absence(device: &Device) -> Option<String> {
    match MlxBackend.device_info(device)?.availability {
        Availability::Available => None,
        Availability::Absent { reason, remedy } => Some(format!("{reason} {remedy}")),
    }
}

fn gpu() -> Device {
    Device::with_unit("mlx", "gpu")
}

/// Two layers, so that there is more than one kernel.
fn graph() -> Result<Graph> {
    let mut builder = GraphBuilder::new("layers");
    let x = builder.input("x", DType::F32, [SIZE, SIZE]);
    let weights = builder.constant("weights", numbers(7)?);
    let hidden = builder.matmul(x, weights)?;
    let hidden = builder.softmax(hidden, 1)?;
    let y = builder.add(hidden, x)?;
    builder.output(y, "y")?;
    Ok(builder.build()?)
}

fn numbers(seed: usize) -> Result<Tensor> {
    let values: Vec<f32> =
        (0..SIZE * SIZE).map(|place| (place * seed % 101) as f32 / 101.0).collect();
    Ok(Tensor::new(&[SIZE, SIZE], &values)?)
}

fn compile(backend: &dyn Backend, device: &Device) -> Result<Box<dyn Executable>> {
    Ok(backend.compile(&graph()?, device, &CompileOptions::default())?)
}

fn one(way: &str, case: &str) -> Result<()> {
    let x = [numbers(3)?];
    let expected = compile(&CpuBackend, &Device::of("cpu"))?.call(&x)?;
    let agrees = |outputs: &[Tensor]| -> Result<bool> {
        let pairs = outputs[0].as_slice::<f32>()?.iter().zip(expected[0].as_slice::<f32>()?);
        Ok(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-4))
    };
    let mut executable = compile(&MlxBackend, &gpu())?;
    if !agrees(&executable.call(&x)?)? {
        return Err("the GPU's outputs are wrong before anything was done to it".into());
    }
    executable.bind(&x)?;
    executable.run()?;
    let mut outputs = executable.signature().allocate_outputs()?;
    lose(way)?;
    let mut answers = Vec::new();
    // Once more, since what is noticed at first may be forgotten.
    for _ in 0..2 {
        let answer = match case {
            "run" => executable.run().map_err(Into::into),
            "fetch" => executable.fetch(&mut outputs).map_err(Into::into),
            "compile" => compile(&MlxBackend, &gpu()).map(drop),
            "thread" => std::thread::scope(|scope| {
                let call = scope.spawn(|| executable.call(&x).map(drop));
                call.join().map_err(|_| "the thread panicked")?.map_err(Into::into)
            }),
            // The next thing is the end.
            "idle" => Err("nothing was asked of it".into()),
            _ => executable.call(&x).map(drop).map_err(Into::into),
        };
        answers.push(answer.map_err(|error: Box<dyn std::error::Error>| error.to_string()));
    }
    for answer in &answers {
        println!("  {}", answer.as_ref().err().map_or("it computed", String::as_str));
    }
    // What lay on the host already may still be fetched after a fault.
    let may_compute = case == "fetch" && way == "faulted";
    if answers.iter().any(|answer| answer.is_ok() && !may_compute) {
        return Err("no error came back".into());
    }
    drop(executable);
    if !agrees(&compile(&CpuBackend, &Device::of("cpu"))?.call(&x)?)? {
        return Err("the native engine computes something else".into());
    }
    println!("  `cpu` computes");
    let mlx_cpu = compile(&MlxBackend, &Device::with_unit("mlx", "cpu"));
    println!(
        "  `mlx:cpu`: {}",
        match mlx_cpu.and_then(|mut it| Ok(it.call(&x)?)) {
            Ok(outputs) if agrees(&outputs)? => "computes".to_owned(),
            Ok(_) => return Err("`mlx:cpu` computes something else".into()),
            Err(error) => error.to_string(),
        }
    );
    Ok(())
}

/// A kernel that writes to the address 0, which has nothing.
const FAULT: &str = ".version 7.0\n.target sm_70\n.address_size 64\n\
    .visible .entry fault() {\n.reg .b64 %place;\n.reg .b32 %one;\n\
    mov.u64 %place, 0;\nmov.u32 %one, 1;\nst.global.u32 [%place], %one;\nret;\n}\n";

type Launch = unsafe extern "C" fn(
    *mut c_void,
    c_uint,
    c_uint,
    c_uint,
    c_uint,
    c_uint,
    c_uint,
    c_uint,
    *mut c_void,
    *mut *mut c_void,
    *mut *mut c_void,
) -> c_int;

/// Takes the GPU away from this process alone.
fn lose(way: &str) -> Result<()> {
    // SAFETY: the driver's library is loaded already, and the functions are used as the CUDA driver API declares them.
    unsafe {
        let driver = Library::new("libcuda.so.1")?;
        if way == "destroyed" {
            let reset = driver
                .get::<unsafe extern "C" fn(c_int) -> c_int>(b"cuDevicePrimaryCtxReset_v2\0")?;
            return succeeded("cuDevicePrimaryCtxReset", reset(0));
        }
        let retain = driver.get::<unsafe extern "C" fn(*mut *mut c_void, c_int) -> c_int>(
            b"cuDevicePrimaryCtxRetain\0",
        )?;
        let enter =
            driver.get::<unsafe extern "C" fn(*mut c_void) -> c_int>(b"cuCtxSetCurrent\0")?;
        let load = driver.get::<unsafe extern "C" fn(*mut *mut c_void, *const c_void) -> c_int>(
            b"cuModuleLoadData\0",
        )?;
        let find =
            driver
                .get::<unsafe extern "C" fn(*mut *mut c_void, *mut c_void, *const c_char) -> c_int>(
                    b"cuModuleGetFunction\0",
                )?;
        let launch = driver.get::<Launch>(b"cuLaunchKernel\0")?;
        let wait = driver.get::<unsafe extern "C" fn() -> c_int>(b"cuCtxSynchronize\0")?;
        let (mut context, mut module, mut kernel) = (null_mut(), null_mut(), null_mut());
        succeeded("cuDevicePrimaryCtxRetain", retain(&mut context, 0))?;
        succeeded("cuCtxSetCurrent", enter(context))?;
        let source = CString::new(FAULT)?;
        succeeded("cuModuleLoadData", load(&mut module, source.as_ptr().cast()))?;
        succeeded("cuModuleGetFunction", find(&mut kernel, module, c"fault".as_ptr()))?;
        let none = null_mut();
        succeeded(
            "cuLaunchKernel",
            launch(kernel, 1, 1, 1, 1, 1, 1, 0, none, null_mut(), null_mut()),
        )?;
        match wait() {
            0 => Err("the kernel did no harm".into()),
            _ => Ok(()),
        }
    }
}

fn succeeded(what: &str, status: c_int) -> Result<()> {
    if status == 0 { Ok(()) } else { Err(format!("{what} failed with {status}").into()) }
}
