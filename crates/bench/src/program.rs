//! The program that a file of benchmarks becomes.

use std::io::BufReader;
use std::process::ExitCode;

use clap::Parser;
use tachy_command::child;
use tachy_command::failure::Failure;
use tachy_command::output;
use tachy_command::progress::Progress;
use tachy_command::settings::Settings;
use tachy_measure::function::{self, Case, Event, Outcome, Plan, Record, Tally};
use tachy_store::Run;

use crate::allocation::AllocationTally;
use crate::arguments::{Arguments, Format};
use crate::bencher::Bencher;
use crate::{once, registry, suite};

/// What the program does with all its life.
pub fn main() -> ExitCode {
    let result = match std::env::args_os().nth(1) {
        Some(word) if word == child::WORKER => serve(),
        // Clap exits by itself: with 0 after help, with 2 after a usage error.
        _ => execute(&Arguments::parse()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.tell(),
    }
}

fn execute(arguments: &Arguments) -> Result<(), Failure> {
    let mut cases = suite::choose(registry::cases(), arguments)?;
    if arguments.ignored {
        cases.clear();
    }
    if arguments.list {
        return list(&cases, arguments);
    }
    // Cargo says `--bench` when it measures; without it, `cargo test` wants to know whether they work.
    if arguments.test || !arguments.bench {
        return once::run(&cases);
    }
    let settings = Settings::find()?;
    let record = measure(cases, arguments, &settings);
    let file = arguments.output.as_deref();
    let text = match arguments.format {
        Format::Json => tachy_report::function::json(&record),
        Format::Text | Format::Terse => {
            tachy_report::function::terminal(&record, output::look(file))
        }
    };
    output::write(&text, file)?;
    let failed: Vec<String> = record
        .benchmarks
        .iter()
        .filter(|benchmark| matches!(benchmark.outcome, Outcome::Failed { .. }))
        .map(|benchmark| format!("`{}`", benchmark.id))
        .collect();
    // A part into which no benchmark falls is a part nevertheless, which would be missing.
    let counts = !record.benchmarks.is_empty() || arguments.partition.is_given();
    if arguments.save.is_wanted(&settings) && counts {
        let mut run = Run::from(record);
        run.labels.extend(arguments.partition.labels());
        arguments.save.save(run, &settings)?;
    }
    match failed.is_empty() {
        true => Ok(()),
        false => Err(Failure::Check(format!("{} failed.", failed.join(", ")))),
    }
}

fn list(cases: &[Case], arguments: &Arguments) -> Result<(), Failure> {
    let suffix = if arguments.format == Format::Terse { ": benchmark" } else { "" };
    let lines: String = cases.iter().map(|case| format!("{}{suffix}\n", case.id)).collect();
    output::write(&lines, arguments.output.as_deref())
}

fn measure(cases: Vec<Case>, arguments: &Arguments, settings: &Settings) -> Record {
    let plan = Plan {
        cases,
        time: arguments.measure.time(settings),
        processes: arguments.measure.processes(settings),
        seed: arguments.seed.or(settings.seed).unwrap_or(0),
        timeout: arguments.measure.timeout(settings),
    };
    let progress = Progress::new(0);
    function::measure(&plan, child::command, |event| match event {
        Event::Starting { id, process } => {
            progress.say(format!("{id} (process {})", process + 1));
        }
        Event::Lost { id, message } => progress.line(&format!("{id} is out: {message}")),
        Event::Progress { done, of } => progress.at(done, of),
    })
}

/// Measures one benchmark for the process that started this one.
fn serve() -> Result<(), Failure> {
    let lost = |error: std::io::Error| Failure::Check(format!("the connection is lost: {error}"));
    let replies = child::replies().map_err(lost)?;
    let requests = BufReader::new(std::io::stdin().lock());
    let tally = AllocationTally::new().map(|tally| Box::new(tally) as Box<dyn Tally>);
    function::serve(requests, replies, tally, |id, meter| registry::run(id, Bencher::new(meter)))
        .map_err(lost)
}
