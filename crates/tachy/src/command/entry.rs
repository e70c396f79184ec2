//! From the command line to a command.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tachy_command::child;
use tachy_profile::record::from_environment;
use tachy_tune::OnBattery;

use super::failure::Failure;
use super::settings::Settings;
use super::{
    baseline, bench, bisect, check, compare, completions, devices, duel, export, history, import,
    man, merge, plan, profile, report, run, verify, worker, zoo,
};

/// Find the fastest correct way to run a model on this machine.
#[derive(Debug, Parser)]
#[command(
    name = "tachy",
    version,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Examples:\n  \
        tachy compare zoo:mobilenet-v3-small      every engine on this machine, ranked and verified\n  \
        tachy compare model.onnx --dim batch=8    a model of your own, its `batch` dimension set to 8\n  \
        tachy devices                             which engines there are, and what would bring the others\n\n\
        Defaults can be set in a file `tachy.toml`, here or in any folder above.\n\
        Exit codes: 0 done, 1 a check failed or an engine did, 2 bad usage or input."
)]
pub struct Cli {
    /// What the device `auto` does on battery or throttled: measure, prefer=DEVICE or ignore [default: TACHY_ON_BATTERY, or
    /// measure]
    #[arg(long, global = true, value_name = "POLICY", hide_short_help = true)]
    on_battery: Option<OnBattery>,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the devices: which can be used, and what would bring the others
    Devices(devices::Devices),
    /// The models that come with Tachy
    Zoo(zoo::Zoo),
    /// Run a model once: inputs from files, outputs to files
    Run(run::Run),
    /// Check a device against test cases in the layout of ONNX's backend tests
    Verify(verify::Verify),
    /// Time a model on one device
    Bench(bench::Bench),
    /// Show where the time of a model's runs goes, and what changed between two traces
    Profile(Box<profile::Profile>),
    /// Rank devices on a model: verified, interleaved, with intervals
    Compare(compare::Compare),
    /// Judge two commands of any kind: in pairs of processes, by lot, until it is sure
    Duel(Box<duel::DuelCommand>),
    /// Tell whether what stands here is slower than another revision: built, measured and judged side by side
    Check(Box<check::CheckCommand>),
    /// Find the commit since which a command is slower
    Bisect(Box<bisect::BisectCommand>),
    /// Give a run a name, to compare later ones with
    Baseline(baseline::BaselineCommand),
    /// Show what became of stored benchmarks over the runs
    History(history::HistoryCommand),
    /// Make one report of everything: grades, performance, memory, bottlenecks, recommendations, trends
    Report(report::ReportCommand),
    /// Write stored runs to a file
    Export(export::Export),
    /// Store runs from files: exported ones, or results of other tools
    Import(import::Import),
    /// Copy the runs of other stores into this one
    Merge(merge::Merge),
    /// Lay buffers out in one arena: lifetimes and sizes in, offsets and peak out
    Plan(plan::PlanCommand),
    /// Write a completion script for a shell to standard output
    Completions(completions::Completions),
    /// Write the manual pages into a folder
    Man(man::Man),
    /// Serve a comparison as one of its child processes
    #[command(name = worker::NAME, hide = true)]
    Worker,
}

/// Runs the command that the arguments ask for; the first is the program's own name.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    // Clap exits by itself: with 0 after help, with 2 after a usage error.
    let cli = Cli::parse_from(arguments);
    let _trace = from_environment();
    if let Some(policy) = cli.on_battery {
        child::pass(crate::ON_BATTERY, policy.to_string());
        crate::set_on_battery(policy);
    }
    match cli.command.execute() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.tell(),
    }
}

impl Command {
    fn execute(self) -> Result<(), Failure> {
        let settings = || Settings::find();
        match self {
            Command::Devices(command) => command.execute(),
            Command::Zoo(command) => command.execute(),
            Command::Run(command) => command.execute(&settings()?),
            Command::Verify(command) => command.execute(&settings()?),
            Command::Bench(command) => command.execute(&settings()?),
            Command::Profile(command) => command.execute(&settings()?),
            Command::Compare(command) => command.execute(&settings()?),
            Command::Duel(command) => command.execute(&settings()?),
            Command::Check(command) => command.execute(&settings()?),
            Command::Bisect(command) => command.execute(&settings()?),
            Command::Baseline(command) => command.execute(&settings()?),
            Command::History(command) => command.execute(&settings()?),
            Command::Report(command) => command.execute(&settings()?),
            Command::Export(command) => command.execute(&settings()?),
            Command::Import(command) => command.execute(&settings()?),
            Command::Merge(command) => command.execute(&settings()?),
            Command::Plan(command) => command.execute(),
            Command::Completions(command) => command.execute(),
            Command::Man(command) => command.execute(),
            Command::Worker => worker::execute(),
        }
    }
}
