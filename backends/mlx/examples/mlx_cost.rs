//! What this binding costs beside MLX's own Python, the two asked in turns: `cargo xtask trial mlx` runs it.
//!
//! The arguments are a Python interpreter that has MLX, the script that answers in it, and `cpu` or `gpu`. Both sides
//! must compute with the same BLAS: on Linux's processors `TACHY_MLX_BLAS=reference` leaves MLX its own, as Python does.
#![allow(missing_docs)]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use tachy_graph::{DType, GraphBuilder, Tensor};
use tachy_mlx::{MlxBackend, Stream, Unit};
use tachy_runtime::{Backend, CompileOptions, Device};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const SIZE: usize = 1024;
const CHAIN: usize = 1000;

/// Rounds, in each of which both sides do every task once.
const ROUNDS: usize = 41;

/// MLX's own Python, waiting for a task.
struct Python {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Python {
    fn start(interpreter: &str, script: &str, unit: &str) -> Result<Self> {
        let mut child = Command::new(interpreter)
            .args([script, unit])
            // f32 means f32 here, and has to do so there.
            .env("MLX_ENABLE_TF32", std::env::var_os("MLX_ENABLE_TF32").unwrap_or("0".into()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let to = child.stdin.take().ok_or("Python takes no input")?;
        let from = BufReader::new(child.stdout.take().ok_or("Python gives no output")?);
        let mut python = Self { child, to, from };
        if python.line()? != "ready" {
            return Err("Python cannot use MLX".into());
        }
        Ok(python)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.from.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }

    fn seconds(&mut self, task: &str) -> Result<f64> {
        writeln!(self.to, "{task}")?;
        Ok(self.line()?.parse()?)
    }

    fn end(mut self) -> Result<()> {
        drop(self.to);
        self.child.wait()?;
        Ok(())
    }
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [interpreter, script, unit] = arguments.as_slice() else {
        return Err("the arguments are an interpreter, the script, and cpu or gpu".into());
    };
    let mut python = Python::start(interpreter, script, unit)?;
    let device = Device::with_unit("mlx", unit);
    let numbers = |seed: usize| -> Result<Tensor> {
        let values: Vec<f32> =
            (0..SIZE * SIZE).map(|place| ((place * seed) % 997) as f32 / 498.5 - 1.0).collect();
        Ok(Tensor::new(&[SIZE, SIZE], &values)?)
    };
    let mut builder = GraphBuilder::new("matmul");
    let a = builder.input("a", DType::F32, [SIZE, SIZE]);
    let b = builder.input("b", DType::F32, [SIZE, SIZE]);
    let y = builder.matmul(a, b)?;
    builder.output(y, "y")?;
    let mut executable =
        MlxBackend.compile(&builder.build()?, &device, &CompileOptions::default())?;
    executable.bind(&[numbers(31)?, numbers(17)?])?;
    let stream = Stream::new(if unit == "gpu" { Unit::Gpu } else { Unit::Cpu })?;
    let ones = stream.upload(&Tensor::new(&[4], &[1.0f32; 4])?)?;
    // A GPU that another process has just used first changes over, so there one product is made before twenty that count.
    let products = if unit == "cpu" { 1 } else { 20 };
    let mut matmul = || -> Result<f64> {
        if products > 1 {
            executable.run()?;
        }
        let mut times = Vec::with_capacity(products);
        for _ in 0..products {
            let start = Instant::now();
            executable.run()?;
            times.push(start.elapsed().as_secs_f64());
        }
        Ok(median(times))
    };
    let chain = || -> Result<f64> {
        let start = Instant::now();
        let mut y = ones.clone();
        for _ in 0..CHAIN {
            y = stream.add(&y, &ones)?;
        }
        Ok(start.elapsed().as_secs_f64() / CHAIN as f64)
    };
    let mut times: [Vec<f64>; 4] = Default::default();
    for round in 0..ROUNDS + 3 {
        // The first of the two is the other one in every second round.
        let (of_ours, of_python) = match round % 2 {
            0 => {
                let ours = [matmul()?, chain()?];
                (ours, [python.seconds("matmul")?, python.seconds("chain")?])
            }
            _ => {
                let theirs = [python.seconds("matmul")?, python.seconds("chain")?];
                ([matmul()?, chain()?], theirs)
            }
        };
        if round >= 3 {
            let all = of_ours.into_iter().chain(of_python);
            times.iter_mut().zip(all).for_each(|(times, time)| times.push(time));
        }
    }
    python.end()?;
    let ratios: Vec<f64> = times[0].iter().zip(&times[2]).map(|(a, b)| a / b).collect();
    let [matmul, chain, python_matmul, python_chain] = times.map(median);
    println!(
        "a product of {SIZE} × {SIZE} on {device}: {:.3} ms here, {:.3} ms in Python; the ratio is {:.3} at the median of \
         {ROUNDS} rounds",
        matmul * 1e3,
        python_matmul * 1e3,
        median(ratios)
    );
    println!(
        "an operation of a lazy graph, built: {:.0} ns here, {:.0} ns in Python",
        chain * 1e9,
        python_chain * 1e9
    );
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
