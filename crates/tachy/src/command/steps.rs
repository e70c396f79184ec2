//! The steps of a run, and how close each comes to what the machine can do.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use tachy_report::StepEntry;
use tachy_runtime::{Device, StepTime};

use super::arguments::ModelArguments;
use super::failure::Failure;
use super::settings::Settings;
use super::{executable, output};

/// Runs that are made before any is counted.
const WARM_UP: usize = 2;

/// Prints a table of the steps: the median of each over as many runs as fit into the time.
pub(super) fn run(
    model: &ModelArguments,
    device: &Device,
    seconds: f64,
    json: bool,
    settings: &Settings,
) -> Result<(), Failure> {
    let registry = crate::registry();
    let mut executable = executable::compile(model, device, &registry, settings)?;
    let inputs = executable::inputs(model, &*executable, settings)?;
    executable.bind(&inputs)?;
    let mut runs: Vec<Vec<StepTime>> = Vec::new();
    let begin = Instant::now();
    let mut made = 0;
    while made < WARM_UP + 3 || begin.elapsed() < Duration::from_secs_f64(seconds) {
        let Some(steps) = executable.run_by_steps()? else {
            return Err(Failure::Input(format!(
                "the engine of `{device}` does not tell the steps of its runs; `cpu` does."
            )));
        };
        made += 1;
        if made > WARM_UP {
            runs.push(steps);
        }
    }
    let machine = tachy_cpu::calibrate(model.threads(settings))?;
    let entries: Vec<StepEntry> = (0..runs[0].len())
        .map(|place| {
            let mut times: Vec<Duration> = runs.iter().map(|run| run[place].duration).collect();
            times.sort_unstable();
            let step = &runs[0][place];
            StepEntry {
                node: step.node.clone(),
                operator: step.operator.to_owned(),
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
    if let (Some(arena), Some(bound)) = (stats.arena_bytes, stats.arena_lower_bound) {
        let _ = writeln!(text, "The arena takes {arena} bytes; {bound} are alive at once.");
    }
    output::write(&text, None)
}
