//! Where the time of a model goes on the native engine.
//!
//! `cargo run --release -p tachy-cpu --example steps -- (zoo:NAME | MODEL.onnx) [THREADS]`

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use tachy_cpu::CpuBackend;
use tachy_graph::zoo::{self, ZooOptions};
use tachy_graph::{DType, Tensor, onnx};
use tachy_runtime::{Backend, CompileOptions, Device};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let model = arguments.next().ok_or("the model is missing: zoo:NAME or a file")?;
    let threads = arguments.next().map_or(Ok(1), |threads| threads.parse())?;
    let options =
        CompileOptions::default().with_threads(NonZeroUsize::new(threads).ok_or("no thread")?);
    let graph = match model.strip_prefix("zoo:") {
        Some(name) => zoo::build(name, &ZooOptions::default())?,
        None => onnx::import(std::fs::read(&model)?, &options.import_options())?,
    };
    let start = Instant::now();
    let mut executable = CpuBackend.compile(&graph, &Device::of("cpu"), &options)?;
    let compile = start.elapsed();
    let inputs: Vec<Tensor> = executable
        .signature()
        .inputs
        .iter()
        .map(|port| match port.ty.dtype {
            DType::F32 => {
                Tensor::new(&port.ty.shape, &vec![0.5f32; port.ty.shape.iter().product()])
            }
            dtype => Tensor::zeros(dtype, &port.ty.shape),
        })
        .collect::<Result<_, _>>()?;
    executable.bind(&inputs)?;
    let mut fastest = Duration::MAX;
    let begin = Instant::now();
    let mut best: Option<(Duration, Vec<_>)> = None;
    while begin.elapsed() < Duration::from_secs(2) {
        let start = Instant::now();
        executable.run()?;
        fastest = fastest.min(start.elapsed());
        if let Some(steps) = executable.run_by_steps()? {
            let total = steps.iter().map(|step| step.duration).sum();
            if best.as_ref().is_none_or(|(before, _)| total < *before) {
                best = Some((total, steps));
            }
        }
    }
    let stats = executable.compile_stats();
    println!(
        "{model}: {:.3} ms, compiled in {:.0} ms; {} nodes, {} steps, arena {:?} bytes, lower bound {:?}",
        fastest.as_secs_f64() * 1e3,
        compile.as_secs_f64() * 1e3,
        graph.nodes().len(),
        stats.steps.unwrap_or(0),
        stats.arena_bytes,
        stats.arena_lower_bound,
    );
    let (total, steps) = best.ok_or("the model took longer than two seconds")?;
    let mut operators: BTreeMap<&str, (Duration, usize)> = BTreeMap::new();
    for step in &steps {
        let entry = operators.entry(step.operator).or_default();
        *entry = (entry.0 + step.duration, entry.1 + 1);
    }
    let mut operators: Vec<_> = operators.into_iter().collect();
    operators.sort_by_key(|(_, (duration, _))| std::cmp::Reverse(*duration));
    for (operator, (duration, count)) in operators {
        let share = duration.as_secs_f64() / total.as_secs_f64() * 100.0;
        println!(
            "  {operator:<24} {count:>4} × {:>9.1} µs in all {share:>5.1}%",
            duration.as_secs_f64() * 1e6
        );
    }
    if std::env::var_os("STEPS").is_some() {
        for step in steps {
            println!(
                "{:>9.1} µs  {:<14} {}  {}",
                step.duration.as_secs_f64() * 1e6,
                step.operator,
                step.node,
                step.detail
            );
        }
    }
    Ok(())
}
