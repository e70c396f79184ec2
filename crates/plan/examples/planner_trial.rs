//! How near the planner comes to the lower bound, and how long it takes.
//!
//!     cargo run --release -p tachy-plan --example planner_trial -- [FOLDER WITH CSV FILES]

use std::time::Instant;

use tachy_plan::synthetic::Distribution;
use tachy_plan::{Limits, PlanError, Problem, check, csv, plan};

fn report(name: &str, problem: &Problem, limits: &Limits<'_>) {
    let start = Instant::now();
    let result = plan(problem, limits);
    let elapsed = start.elapsed();
    let (plan, fits) = match result {
        Ok(plan) => (plan, true),
        Err(PlanError::NotFound { best, .. } | PlanError::Impossible { best, .. }) => {
            (*best, false)
        }
        Err(error) => return println!("{name}: {error}"),
    };
    check(problem, &plan).expect("plan is right");
    println!(
        "{name:<24} {:>6} buffers  peak {:>12}  bound {:>12}  ratio {:.4}  {:>9.3} ms {}",
        problem.buffers.len(),
        plan.peak,
        plan.lower_bound,
        plan.peak as f64 / plan.lower_bound as f64,
        elapsed.as_secs_f64() * 1e3,
        if fits { "" } else { "  DOES NOT FIT" }
    );
}

fn main() {
    let mut files: Vec<_> = std::env::args().nth(1).map_or(Vec::new(), |folder| {
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
    });
    files.retain(|path| path.extension().is_some_and(|extension| extension == "csv"));
    files.sort();
    let steps = std::env::args().nth(2).map_or(100_000_000, |steps| steps.parse().unwrap());
    for file in &files {
        let table = csv::read(&std::fs::read_to_string(file).unwrap()).unwrap();
        let limits = Limits::default().with_capacity(1 << 20).with_steps(steps);
        report(&file.file_name().unwrap().to_string_lossy(), &table.problem, &limits);
    }
    for count in [50, 150, 500] {
        for seed in 0..4 {
            let problem = Distribution::Network.problem(count, seed);
            report(&format!("network {count} {seed}"), &problem, &Limits::default());
        }
    }
    for distribution in Distribution::ALL {
        for seed in 0..2 {
            let problem = distribution.problem(60_000, seed);
            report(distribution.name(), &problem, &Limits::default());
        }
    }
}
