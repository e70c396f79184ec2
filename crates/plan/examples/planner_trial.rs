//! How near the planner comes to the lower bound, and how long it takes: MiniMalloc's challenging instances, networks
//! of 50 to 500 buffers, and 60,000 buffers of several distributions. Fails if a figure that the project claims does
//! not hold.
//!
//! ```console
//! $ cargo run --release -p tachy-plan --example planner_trial -- [FOLDER OF CSV FILES]
//! ```

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use tachy_plan::synthetic::Distribution;
use tachy_plan::{Limits, Plan, PlanError, Problem, check, csv, plan};

/// What MiniMalloc's instances are known to fit into.
const CAPACITY: u64 = 1 << 20;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let folder = std::env::args_os()
        .nth(1)
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data"), PathBuf::from);
    let mut claims = Claims::default();
    instances(&folder, &mut claims)?;
    networks(&mut claims);
    many(&mut claims);
    Ok(claims.conclude())
}

/// What is claimed, and what of it does not hold.
#[derive(Default)]
struct Claims {
    broken: Vec<String>,
}

impl Claims {
    fn hold(&mut self, holds: bool, claim: &str) {
        if !holds {
            self.broken.push(claim.to_owned());
        }
    }

    fn conclude(self) -> ExitCode {
        for claim in &self.broken {
            println!("does not hold: {claim}");
        }
        if self.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// The best plan, whether it keeps to the limits, and how long it took.
fn planned(problem: &Problem, limits: &Limits<'_>) -> (Plan, bool, Duration) {
    let start = Instant::now();
    let result = plan(problem, limits);
    let elapsed = start.elapsed();
    let (plan, fits) = match result {
        Ok(plan) => (plan, true),
        Err(PlanError::NotFound { best, .. } | PlanError::Impossible { best, .. }) => {
            (*best, false)
        }
        Err(PlanError::Problem(error)) => panic!("the problem is bad: {error}"),
    };
    check(problem, &plan).expect("the plan is right");
    (plan, fits, elapsed)
}

fn ratio(plan: &Plan) -> f64 {
    plan.peak as f64 / plan.lower_bound as f64
}

fn line(name: &str, problem: &Problem, plan: &Plan, elapsed: Duration) {
    println!(
        "{name:<16} {:>6} buffers  peak {:>12}  lower bound {:>12}  ratio {:.4}  {:>9.3} ms",
        problem.buffers.len(),
        plan.peak,
        plan.lower_bound,
        ratio(plan),
        elapsed.as_secs_f64() * 1e3,
    );
}

fn instances(folder: &Path, claims: &mut Claims) -> Result<(), Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "csv") {
            files.push(path);
        }
    }
    files.sort();
    claims.hold(!files.is_empty(), "the folder has CSV files");
    for file in &files {
        let problem = csv::read(&std::fs::read_to_string(file)?)?.problem;
        let limits = Limits::default().with_capacity(CAPACITY).with_steps(1_000_000);
        let (plan, fits, elapsed) = planned(&problem, &limits);
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        line(&name, &problem, &plan, elapsed);
        claims.hold(fits, &format!("{name} fits into {CAPACITY} bytes"));
        claims.hold(elapsed.as_secs() < 10, &format!("{name} takes at most 10 s"));
    }
    Ok(())
}

fn networks(claims: &mut Claims) {
    for count in [50, 150, 500] {
        let mut ratios = Vec::new();
        let mut times = Vec::new();
        for seed in 0..200 {
            let problem = Distribution::Network.problem(count, seed);
            let (plan, _, elapsed) = planned(&problem, &Limits::default());
            ratios.push(ratio(&plan));
            times.push(elapsed);
        }
        times.sort();
        let tight = ratios.iter().filter(|ratio| **ratio == 1.0).count();
        let worst = ratios.iter().copied().fold(1.0, f64::max);
        println!(
            "{} networks of {count} buffers: {tight} at the lower bound, worst ratio {worst:.4}; \
             median {:.3} ms, 95% within {:.3} ms, at most {:.3} ms",
            ratios.len(),
            times[times.len() / 2].as_secs_f64() * 1e3,
            times[times.len() * 95 / 100].as_secs_f64() * 1e3,
            times[times.len() - 1].as_secs_f64() * 1e3,
        );
        claims.hold(tight * 100 >= ratios.len() * 99, "99 of 100 networks are at the lower bound");
    }
}

fn many(claims: &mut Claims) {
    for distribution in Distribution::ALL {
        for seed in 0..3 {
            let problem = distribution.problem(60_000, seed);
            let (plan, _, elapsed) = planned(&problem, &Limits::default());
            line(&format!("{} {seed}", distribution.name()), &problem, &plan, elapsed);
            // A plan without a single gap is known to exist for the tight ones, and out of reach for this many.
            if distribution != Distribution::Tight {
                let claim =
                    format!("{} {seed}: at most 1.02 × the lower bound", distribution.name());
                claims.hold(ratio(&plan) <= 1.02, &claim);
            }
            let claim = format!("{} {seed} takes at most 5 s", distribution.name());
            claims.hold(elapsed.as_secs() < 5, &claim);
        }
    }
}
