//! What preparing takes, phase by phase: `cargo run --release -p tachy-cpu --example prepare -- [MODEL.onnx …]`.
//!
//! Without files, the models of the zoo. The least of several preparations is told for each phase, and the planner's
//! share of them all.
#![allow(missing_docs)]

use std::collections::BTreeMap;
use std::time::Duration;

use tachy_cpu::CpuBackend;
use tachy_graph::zoo::{self, ZooOptions};
use tachy_graph::{Graph, onnx};
use tachy_runtime::{Backend, CompileOptions, Device};

const PREPARATIONS: usize = 9;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files: Vec<String> = std::env::args().skip(1).collect();
    let mut models: Vec<(String, Graph)> = Vec::new();
    for file in &files {
        models.push((file.clone(), onnx::import(std::fs::read(file)?, &Default::default())?));
    }
    if files.is_empty() {
        for entry in zoo::names() {
            models.push((entry.name.to_owned(), zoo::build(entry.name, &ZooOptions::default())?));
        }
    }
    let mut largest: f64 = 0.0;
    for (name, graph) in &models {
        let mut phases: Vec<(&str, Duration)> = Vec::new();
        for _ in 0..PREPARATIONS {
            let executable =
                CpuBackend.compile(graph, &Device::of("cpu"), &CompileOptions::default())?;
            let least: BTreeMap<_, _> = phases.iter().copied().collect();
            phases = executable.compile_stats().phases.clone();
            for (phase, time) in &mut phases {
                *time = least.get(phase).map_or(*time, |least| (*least).min(*time));
            }
        }
        let total: Duration = phases.iter().map(|(_, time)| *time).sum();
        print!("{name}: {total:.1?}");
        for (phase, time) in &phases {
            let share = time.as_secs_f64() / total.as_secs_f64();
            print!(" · {phase} {time:.1?} ({:.1}%)", share * 100.0);
            if *phase == "plan" {
                largest = largest.max(share);
            }
        }
        println!();
    }
    println!("The planner takes at most {:.2}% of preparing.", largest * 100.0);
    Ok(())
}
