//! `tachy check --baseline`: what a baseline measured, measured again.

use std::num::NonZeroUsize;
use std::time::Instant;

use tachy_command::measuring::MeasureArguments;
use tachy_measure::gate::Thresholds;
use tachy_runtime::Device;
use tachy_store::{
    BaselineCheck, BaselineComparison, Benchmark, Confirmation, Run, Store, machine_identity,
};

use super::comparison;
use super::failure::Failure;
use super::settings::Settings;
use super::storing::{StoreArguments, now};

/// A check against a baseline.
pub(super) struct BaselineOptions<'a> {
    /// The baseline, or the part before the slash of several.
    pub name: &'a str,
    /// A stored run to judge instead of measuring.
    pub run: Option<&'a str>,
    /// Names or devices of the benchmarks that are measured; all if there are none.
    pub benchmarks: &'a [String],
    /// Processes of each device.
    pub processes: Option<NonZeroUsize>,
    /// How much slower counts as a regression.
    pub thresholds: Thresholds,
    /// The difference that does not matter, as a share.
    pub margin: f64,
    /// Where the baseline is.
    pub store: &'a StoreArguments,
}

/// Fewer processes than this say little of the next one.
const FEWEST_PROCESSES: usize = 5;

/// Measures what the baseline measured and, of that, what was found anew.
pub(super) fn measure(
    options: &BaselineOptions<'_>,
    settings: &Settings,
) -> Result<BaselineCheck, Failure> {
    let (start, started) = (Instant::now(), now() / 1000);
    let mut store = options.store.open(settings)?;
    let references = references(&mut *store, options)?;
    let mut comparisons = Vec::new();
    for reference in references {
        let (candidate, confirmation) = match options.run {
            Some(name) => {
                let id = store.find(name)?;
                (store.run(id)?, Confirmation::Impossible)
            }
            None => {
                let all: Vec<&Benchmark> = reference.benchmarks.iter().collect();
                (again(&reference, &all, options, settings)?, Confirmation::Pending)
            }
        };
        same_machine(options.name, &reference, &candidate)?;
        comparisons.push(BaselineComparison { reference, candidate, confirmation });
    }
    let mut check = BaselineCheck {
        name: options.name.to_owned(),
        comparisons,
        thresholds: options.thresholds,
        margin: options.margin,
        started,
        duration: 0.0,
    };
    let awaiting: Vec<Vec<Benchmark>> = (check.awaiting_confirmation().into_iter())
        .map(|benchmarks| benchmarks.into_iter().rev().cloned().collect())
        .collect();
    for (comparison, awaiting) in check.comparisons.iter_mut().zip(&awaiting).rev() {
        if !awaiting.is_empty() {
            let benchmarks: Vec<&Benchmark> = awaiting.iter().collect();
            let run = again(&comparison.reference, &benchmarks, options, settings)?;
            comparison.confirmation = Confirmation::Measured(Box::new(run));
        }
    }
    check.duration = start.elapsed().as_secs_f64();
    Ok(check)
}

/// The runs of all baselines of this name, with the benchmarks that were asked for.
fn references(store: &mut dyn Store, options: &BaselineOptions<'_>) -> Result<Vec<Run>, Failure> {
    let group = format!("{}/", options.name);
    let mut baselines = store.baselines()?;
    baselines.retain(|each| each.name == options.name || each.name.starts_with(&group));
    if baselines.is_empty() {
        // The error names those that there are.
        store.baseline(options.name)?;
    }
    let mut runs = Vec::new();
    for baseline in baselines {
        let mut run = store.run(baseline.run)?;
        let is_wanted = |benchmark: &Benchmark| {
            let wanted = |name: &String| {
                benchmark.name == *name || benchmark.parameters.get("device") == Some(name)
            };
            options.benchmarks.is_empty()
                || benchmark.name == tachy_store::REFERENCE
                || options.benchmarks.iter().any(wanted)
        };
        run.benchmarks.retain(is_wanted);
        if run.benchmarks.iter().any(|benchmark| benchmark.name != tachy_store::REFERENCE) {
            runs.push(run);
        }
    }
    match runs.is_empty() {
        false => Ok(runs),
        true => Err(Failure::Input(format!(
            "the baseline `{name}` has no benchmark of that name; `tachy baseline show {name}` lists what it has.",
            name = options.name
        ))),
    }
}

/// Measures some benchmarks of a run again.
fn again(
    reference: &Run,
    benchmarks: &[&Benchmark],
    options: &BaselineOptions<'_>,
    settings: &Settings,
) -> Result<Run, Failure> {
    let Some(subject) = reference.subject() else {
        return Err(Failure::Input(format!(
            "the baseline `{}` was made by `{}`, and does not tell how to measure it again; measure it yourself, store \
             that run, and give it with `--run latest`.",
            options.name, reference.command
        )));
    };
    let devices = benchmarks.iter().filter_map(|benchmark| benchmark.parameters.get("device"));
    let devices = devices
        .map(|name| name.parse::<Device>().map_err(Failure::input))
        .collect::<Result<Vec<Device>, _>>()?;
    let seconds = reference.labels.get("seconds").and_then(|seconds| seconds.parse().ok());
    let before = benchmarks.iter().flat_map(|benchmark| benchmark.outcome.measurements());
    let before = before.map(|measurement| measurement.processes.len()).max().unwrap_or(0);
    let processes = NonZeroUsize::new(before.max(FEWEST_PROCESSES));
    let measure = MeasureArguments {
        time: seconds,
        processes: options.processes.or(processes),
        timeout: None,
    };
    let comparison = comparison::of_subject(&devices, subject, &measure, settings)?;
    Ok(Run { command: "check".to_owned(), ..comparison.into() })
}

/// Refuses a comparison across machines.
fn same_machine(name: &str, reference: &Run, candidate: &Run) -> Result<(), Failure> {
    let [before, now] = [reference, candidate].map(|run| machine_identity(&run.environment));
    match before == now {
        true => Ok(()),
        false => Err(Failure::Input(format!(
            "the baseline `{name}` was measured on another machine ({before}) than this ({now}); make a baseline here, \
             with `tachy compare … --save` and `tachy baseline save NAME`."
        ))),
    }
}
