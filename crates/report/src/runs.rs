//! Lists of what a store holds: runs and baselines.

use tachy_store::{Baseline, Outcome, Run, RunHeader};

use crate::look::{Look, Tone};
use crate::quantity::{moment, plain, quantity};
use crate::table::{Cell, Column, Table};

fn commit(run: &RunHeader) -> String {
    let environment = &run.environment;
    let commit: String =
        environment.commit.as_deref().unwrap_or_default().chars().take(12).collect();
    match environment.dirty {
        Some(true) => format!("{commit} with changes"),
        _ => commit,
    }
}

/// A table of runs.
pub fn runs(runs: &[RunHeader], look: Look) -> String {
    let mut table = Table::new(vec![
        Column::left("run"),
        Column::left("started"),
        Column::left("by"),
        Column::left("commit"),
        Column::left("processor"),
        Column::left("labels").opens_group(),
    ]);
    for run in runs {
        let labels: Vec<String> =
            run.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        table.row(vec![
            Cell::new(run.id.to_string(), Tone::Strong),
            Cell::from(moment(run.started / 1000)),
            Cell::from(&*run.command),
            Cell::from(commit(run)),
            Cell::from(&*run.environment.processor),
            Cell::new(labels.join("  "), Tone::Quiet),
        ]);
    }
    table.render(look)
}

/// A table of baselines, each beside its run.
pub fn baselines(baselines: &[(Baseline, RunHeader)], look: Look) -> String {
    let mut table = Table::new(vec![
        Column::left("baseline"),
        Column::left("run"),
        Column::left("started"),
        Column::left("by"),
        Column::left("commit"),
        Column::left("processor"),
    ]);
    for (baseline, run) in baselines {
        table.row(vec![
            Cell::new(&baseline.name, Tone::Strong),
            Cell::from(baseline.run.to_string()),
            Cell::from(moment(run.started / 1000)),
            Cell::from(&*run.command),
            Cell::from(commit(run)),
            Cell::from(&*run.environment.processor),
        ]);
    }
    table.render(look)
}

/// A run with its benchmarks: what came of each and, where it was measured, the typical value of every metric.
pub fn run(run: &Run, look: Look) -> String {
    let mut table = Table::new(vec![
        Column::left("benchmark"),
        Column::left("parameters"),
        Column::left("metric"),
        Column::right("median"),
        Column::right("processes"),
        Column::right("samples"),
    ]);
    for benchmark in &run.benchmarks {
        let parameters: Vec<String> =
            benchmark.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let start =
            || vec![Cell::new(&benchmark.name, Tone::Strong), Cell::from(parameters.join(" "))];
        let mut untimed = |tone: Tone, text: &str| {
            let mut row = start();
            row.push(Cell::new(text, tone));
            table.row(row);
        };
        match &benchmark.outcome {
            Outcome::Wrong { .. } => untimed(Tone::Bad, "wrong"),
            Outcome::Failed { .. } => untimed(Tone::Bad, "failed"),
            Outcome::Measured { .. } => {}
        }
        for measurement in benchmark.outcome.measurements() {
            let mut row = start();
            let pooled = measurement.pooled().summary();
            let median = pooled.map(|summary| quantity(summary.median, measurement.unit));
            let samples: usize = measurement.processes.iter().map(|s| s.samples.len()).sum();
            row.extend([
                Cell::from(measurement.metric.name()),
                Cell::from(median.unwrap_or_else(|| "–".to_owned())),
                Cell::from(measurement.processes.len().to_string()),
                Cell::from(samples.to_string()),
            ]);
            table.row(row);
        }
    }
    let title = format!("Run {} of {}, by {}", run.id, moment(run.started / 1000), run.command);
    let mut about = vec![tachy_store::machine_identity(&run.environment)];
    about.extend(run.environment.commit.as_ref().map(|commit| format!("commit {commit}")));
    about.extend(run.labels.iter().map(|(name, value)| format!("{name}={value}")));
    let about = look.wrap("", &look.sentence(Tone::Quiet, &about.join(" · ")));
    format!("{}\n{about}\n\n{}", look.paint(Tone::Strong, &plain(&title)), table.render(look))
}
