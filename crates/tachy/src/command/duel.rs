//! `tachy duel`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tachy_measure::duel::{self, Event, Options, Program, Side};
use tachy_stats::{Design, DuelOptions};

use super::failure::Failure;
use super::lots::{Deciding, fresh_seed, parse_share, stop_on_interrupt};
use super::output;
use super::progress::Progress;
use super::settings::Settings;
use super::storing::SaveArguments;
use tachy_command::measuring::parse_seconds;

/// Judge two commands of any kind: in pairs of processes, by lot, until it is sure.
///
/// A is what B is compared with. The two run in pairs; a lot decides which goes first, and how large the environment of
/// both is. Before the first pair that counts, A fights itself to show the noise, and what can be found is said. The
/// duel stops as soon as it is sure: faster, slower or the same. Among the pairs, A goes on to fight itself as a
/// control, in which nothing may be found.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tachy duel 'gzip -k -f data.csv' 'zstd -k -f data.csv'\n  \
    tachy duel ./before ./after --effect 1% --margin 0.5%\n  \
    tachy duel --shell 'sort a.txt | uniq' 'sort -u a.txt' --time 30\n  \
    tachy duel ./before ./after --metric instructions --format json --output duel.json\n\n\
    The exit code is 0 whatever the verdict, 2 if a command cannot be started or fails, 130 after Ctrl-C, which tells \
    what is known so far.")]
pub(super) struct DuelCommand {
    /// The command to compare with
    #[arg(value_name = "COMMAND A")]
    reference: String,

    /// The command to judge
    #[arg(value_name = "COMMAND B")]
    candidate: String,

    /// Let a shell read the commands; its time is measured with them
    #[arg(long)]
    shell: bool,

    /// Run this before everything, in a shell
    #[arg(long, value_name = "COMMAND")]
    setup: Option<String>,

    /// Run this before each process, untimed, in a shell; given twice, the first is for A and the second for B
    #[arg(long, value_name = "COMMAND")]
    prepare: Vec<String>,

    /// Run this after everything, in a shell
    #[arg(long, value_name = "COMMAND")]
    cleanup: Option<String>,

    /// Runs of each command before anything is timed
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    warmup: usize,

    /// Time commands that fail, too
    #[arg(long, short)]
    ignore_failure: bool,

    /// File for the standard input of both [default: nothing to read]
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,

    /// Folder to run both in
    #[arg(long, value_name = "FOLDER")]
    cwd: Option<PathBuf>,

    /// Environment variable for both
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = parse_variable)]
    variables: Vec<(String, String)>,

    /// What decides when to stop; all that is measured is judged
    #[arg(long, value_enum, default_value_t)]
    metric: Deciding,

    /// The difference that does not matter
    #[arg(long, value_name = "SHARE", default_value = "1%", value_parser = parse_share)]
    margin: f64,

    /// The slow-down of which to say before how many pairs find it
    #[arg(long, value_name = "SHARE", default_value = "2%", value_parser = parse_share)]
    effect: f64,

    /// The most pairs [default: what a minute holds, at most 500]
    #[arg(long, value_name = "COUNT")]
    pairs: Option<NonZeroUsize>,

    /// The most seconds for everything
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds)]
    time: Option<f64>,

    /// Pairs of A against itself that show the noise before the duel
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    pilot: usize,

    /// What a lot decides: each pair, or each block of two pairs in opposite orders (A B B A), which takes twice the
    /// pairs for large differences but is blind to drift from the start
    #[arg(long, value_enum, default_value_t)]
    lots: Lots,

    /// Decides all lots [default: another one each time]
    #[arg(long)]
    seed: Option<u64>,

    /// Format of the result
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    /// File for the result, instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    save: SaveArguments,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Lots {
    /// A lot for each pair
    #[default]
    Pairs,
    /// A lot for each block of two pairs
    Abba,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// JSON, with every process
    Json,
}

impl DuelCommand {
    pub(super) fn execute(self, settings: &Settings) -> Result<(), Failure> {
        let (format, file, save) = (self.format, self.output.clone(), self.save.clone());
        let options = self.options()?;
        let stop = stop_on_interrupt();
        let record = {
            let progress = Progress::new(0);
            duel::run(&options, &stop, |event| show(&progress, &options, event))?
        };
        let text = match format {
            Format::Text => tachy_report::duel::terminal(&record, output::look(file.as_deref())),
            Format::Json => tachy_report::duel::json(&record),
        };
        output::write(&text, file.as_deref())?;
        if save.is_wanted(settings) {
            save.save((&record).into(), settings)?;
        }
        match record.interrupted {
            true => Err(Failure::Interrupted),
            false => Ok(()),
        }
    }

    fn options(self) -> Result<Options, Failure> {
        if self.prepare.len() > 2 {
            return Err(Failure::input(
                "`--prepare` is for both commands, or given once for each.",
            ));
        }
        let program = |line| Program { line, shell: self.shell, folder: None };
        let judging = DuelOptions {
            margin: self.margin,
            design: match self.lots {
                Lots::Pairs => Design::Pairs,
                Lots::Abba => Design::Abba,
            },
            ..DuelOptions::default()
        };
        Ok(Options {
            setup: self.setup,
            prepare: self.prepare,
            cleanup: self.cleanup,
            input: self.input,
            folder: self.cwd,
            variables: self.variables,
            ignore_failure: self.ignore_failure,
            warm_ups: self.warmup,
            metric: self.metric.metric(),
            effect: self.effect,
            judging,
            most_pairs: self.pairs.map(NonZeroUsize::get),
            seconds: self.time,
            pilot_pairs: self.pilot,
            ..Options::new(
                program(self.reference),
                program(self.candidate),
                self.seed.unwrap_or_else(fresh_seed),
            )
        })
    }
}

fn show(progress: &Progress, options: &Options, event: Event<'_>) {
    match event {
        Event::WarmUp(side) => progress.say(format!(
            "{} warms up",
            match side {
                Side::Reference => "A",
                Side::Candidate => "B",
            }
        )),
        Event::Pilot { done, of } => {
            progress.at(done, of);
            progress.say("A against itself, to show the noise".to_owned());
        }
        Event::Announced(announcement) => {
            let look = output::look_of_messages();
            progress.tell(&tachy_report::duel::announcement(announcement, options, look));
        }
        Event::Pairs { done, of, outcome } => {
            progress.at(done, of);
            progress.say(format!("{done} pairs of at most {of}: {outcome}"));
        }
    }
}

fn parse_variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("it has the form NAME=VALUE".to_owned()),
    }
}
