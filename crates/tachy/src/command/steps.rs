//! The steps of a run, and how close each comes to what the machine can do.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use tachy_report::StepEntry;
use tachy_runtime::Device;

use super::arguments::ModelArguments;
use super::failure::Failure;
use super::settings::Settings;
use super::{executable, machine, output};

/// Runs that are made before any is counted.
const WARM_UP: usize = 2;

/// Runs that are counted at least, and at most.
const FEWEST: usize = 3;
const MOST: usize = 10_000;

/// Prints a table of the steps: the median of each over as many runs as fit into the time.
pub(super) fn run(
    model: &ModelArguments,
    device: &Device,
    seconds: f64,
    json: bool,
    settings: &Settings,
) -> Result<(), Failure> {
    let registry = crate::registry();
    let mut executable = executable::compile(model, device, &registry, settings, true)?;
    let inputs = executable::inputs(model, &*executable, settings)?;
    executable.bind(&inputs)?;
    for _ in 0..WARM_UP {
        executable.run()?;
    }
    let begin = Instant::now();
    executable.run()?;
    let count = (seconds / begin.elapsed().as_secs_f64()) as usize;
    let Some(runs) = executable.run_by_steps(count.clamp(FEWEST, MOST))? else {
        return Err(Failure::Input(format!(
            "the engine of `{device}` does not tell the steps of its runs; `cpu` and `ort:cpu` do."
        )));
    };
    let machine = machine::ceilings(model.threads(settings))?;
    let entries: Vec<StepEntry> = (0..runs[0].steps.len())
        .map(|place| {
            let mut times: Vec<Duration> =
                runs.iter().map(|run| run.steps[place].duration).collect();
            times.sort_unstable();
            let step = &runs[0].steps[place];
            StepEntry {
                node: step.node.clone(),
                operator: step.operator.to_string(),
                detail: step.detail.clone(),
                seconds: times[times.len() / 2].as_secs_f64(),
                flops: step.cost.flops,
                bytes: step.cost.bytes(),
                least_seconds: machine.seconds(&step.cost) - machine.kernel_overhead,
            }
        })
        .collect();
    if json {
        let mut text = serde_json::to_string_pretty(&entries).map_err(Failure::input)?;
        text.push('\n');
        return output::write(&text, None);
    }
    let mut text = tachy_report::steps(&entries, output::look(None));
    let levels: Vec<String> =
        machine.levels.iter().map(|level| format!("{:.0}", level.bandwidth / 1e9)).collect();
    let _ = write!(
        text,
        "\nMedians of {} runs. Measured ceilings, threads: {}: {:.0} GFLOP/s in products of matrices; {} GB/s copied in \
         the caches, the nearest first, and in memory.\nOperations are those of the definition: an algorithm that needs \
         fewer, such as Winograd’s, may be beyond the roofline, which is told as 100%.\n",
        runs.len(),
        model.threads(settings),
        machine.flop_rate / 1e9,
        levels.join(", "),
    );
    let stats = executable.compile_stats();
    let phases: Vec<String> =
        stats.phases.iter().map(|(phase, time)| format!("{phase} {time:.1?}")).collect();
    let _ = writeln!(text, "Preparing took {:.1?}: {}.", stats.total(), phases.join(", "));
    if let Some(chosen) = &stats.chosen {
        let _ = writeln!(text, "The device is {chosen}.");
    }
    if let (Some(arena), Some(bound)) = (stats.arena_bytes, stats.arena_lower_bound) {
        let _ = writeln!(text, "The arena takes {arena} bytes; {bound} are alive at once.");
    }
    output::write(&text, None)
}
