//! `tachy report`.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use tachy_measure::gate::GateRecord;
use tachy_measure::{Comparison, Metric, duel};
use tachy_profile::trace::Trace;
use tachy_report::whole::{MemoryInput, ReportInput, Section, report};
use tachy_store::json_lines::Record;
use tachy_store::{HistoryFilter, Run, Store, StoreError, file, machine_identity};

use super::failure::Failure;
use super::output;
use super::settings::Settings;
use super::storing::StoreArguments;

/// Make one report of everything: grades, performance, memory, bottlenecks, recommendations, trends.
///
/// It is made of any mixture: stored runs, baselines, files that `tachy export` wrote, what `tachy compare`, `tachy
/// duel` and `tachy check` write as JSON, traces, and what memory trackers and metrics collectors export as JSON. Of two
/// runs that measured the same, the later is judged against the earlier; the history of everything that is in the report is looked up in the
/// store. Every grade stands beside its rule and the numbers that it rests on.
///
/// The HTML is one page that stands alone: nothing is loaded from anywhere. Tables can be sorted and the page prints.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tachy report -o report.html                      the latest run of each command, with their history\n  \
    tachy report release-1.2 latest -o report.html   a baseline, and the latest run judged against it\n  \
    tachy report runs.jsonl compare.json -o all.html files\n  \
    tachy report --section summary                   grades and findings as Markdown, here in the terminal\n  \
    tachy report latest -o figures.csv               every figure, one a line")]
pub(super) struct ReportCommand {
    /// Runs (the beginning of a name, or `latest`), baselines, or files [default: the latest run of each command]
    #[arg(value_name = "RUN|BASELINE|FILE")]
    sources: Vec<String>,

    /// File to write [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Format [default: what the file's name says, otherwise html; markdown on standard output]
    #[arg(long, value_enum)]
    format: Option<ReportFormat>,

    /// Section to make, once for each [default: all]
    #[arg(long = "section", value_enum, value_name = "SECTION")]
    sections: Vec<SectionName>,

    /// What the report is called
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,

    /// Leave out what became of the benchmarks in earlier runs
    #[arg(long)]
    no_history: bool,

    #[command(flatten)]
    store: StoreArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ReportFormat {
    /// One page that stands alone
    Html,
    /// For an issue or a file of notes
    Markdown,
    /// Everything that was worked out
    Json,
    /// One figure a line, values separated by commas
    Csv,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SectionName {
    /// Grades and the most important findings
    Summary,
    /// What was measured, who is fastest, what changed
    Performance,
    /// How memory is used
    Memory,
    /// What holds the work up
    Bottlenecks,
    /// What to do
    Recommendations,
    /// What became of benchmarks over the runs
    Trends,
}

impl From<SectionName> for Section {
    fn from(name: SectionName) -> Self {
        match name {
            SectionName::Summary => Section::Summary,
            SectionName::Performance => Section::Performance,
            SectionName::Memory => Section::Memory,
            SectionName::Bottlenecks => Section::Bottlenecks,
            SectionName::Recommendations => Section::Recommendations,
            SectionName::Trends => Section::Trends,
        }
    }
}

/// Runs among which the latest of each command is looked for.
const LATEST: usize = 200;

/// Metrics whose history is told.
const METRICS: [Metric; 2] = [Metric::Run, Metric::Time];

impl ReportCommand {
    pub(super) fn execute(self, settings: &Settings) -> Result<(), Failure> {
        let input = self.gather(settings)?;
        let mut whole = report(&input);
        if !self.sections.is_empty() {
            let sections: Vec<Section> = self.sections.iter().map(|name| (*name).into()).collect();
            whole = whole.only(&sections);
        }
        let text = match self.format() {
            ReportFormat::Html => whole.html(),
            ReportFormat::Markdown => whole.markdown(),
            ReportFormat::Json => whole.json(),
            ReportFormat::Csv => whole.csv(),
        };
        output::write(&text, self.output.as_deref())?;
        if let Some(path) = &self.output {
            anstream::eprintln!("The report is in `{}`.", path.display());
        }
        Ok(())
    }

    fn format(&self) -> ReportFormat {
        let named = |path: &Path| {
            let extension = path.extension()?.to_str()?.to_lowercase();
            match &*extension {
                "md" | "markdown" => Some(ReportFormat::Markdown),
                "json" => Some(ReportFormat::Json),
                "csv" => Some(ReportFormat::Csv),
                _ => None,
            }
        };
        self.format.unwrap_or_else(|| match &self.output {
            None => ReportFormat::Markdown,
            Some(path) => named(path).unwrap_or(ReportFormat::Html),
        })
    }

    fn gather(&self, settings: &Settings) -> Result<ReportInput, Failure> {
        let mut input =
            ReportInput { title: self.title.clone().unwrap_or_default(), ..ReportInput::default() };
        let (files, names): (Vec<&String>, Vec<&String>) =
            self.sources.iter().partition(|source| Path::new(source).is_file());
        for path in files {
            read(Path::new(path), &mut input)?;
        }
        if !names.is_empty() || self.sources.is_empty() {
            let mut store = self.store.open(settings)?;
            for name in names {
                let run = find(&mut *store, name)?;
                input.runs.push(run);
            }
            if self.sources.is_empty() {
                input.runs = latest(&mut *store)?;
            }
            if !self.no_history {
                let filter = HistoryFilter { metrics: METRICS.into(), ..HistoryFilter::default() };
                input.histories = store.history(&filter)?;
                let wanted = series(&input.runs);
                input.histories.retain(|history| {
                    let key = &history.key;
                    history.points.len() > 1
                        && wanted.contains(&(&*key.benchmark, &key.parameters, key.machine.clone()))
                });
            }
        }
        // A run that was named twice, or is in a file, too, counts once.
        let mut known = HashSet::new();
        input.runs.retain(|run| known.insert(run.id));
        Ok(input)
    }
}

type Series<'a> = (&'a str, &'a std::collections::BTreeMap<String, String>, String);

/// The benchmarks of runs with their machines.
fn series(runs: &[Run]) -> HashSet<Series<'_>> {
    let of_run = |run| {
        let Run { environment, benchmarks, .. }: &Run = run;
        let machine = machine_identity(environment);
        benchmarks
            .iter()
            .map(move |benchmark| (&*benchmark.name, &benchmark.parameters, machine.clone()))
    };
    runs.iter().flat_map(of_run).collect()
}

/// The latest run of each command, the earliest of them first.
fn latest(store: &mut dyn Store) -> Result<Vec<Run>, Failure> {
    let headers = store.runs(LATEST)?;
    let mut commands = HashSet::new();
    let mut ids: Vec<_> = headers
        .iter()
        .filter(|header| commands.insert(&*header.command))
        .map(|header| header.id)
        .collect();
    if ids.is_empty() {
        return Err(Failure::Input(format!(
            "the store `{}` has no run yet; `tachy compare MODEL --save` stores one, or name files to report on.",
            store.place()
        )));
    }
    ids.reverse();
    Ok(ids.into_iter().map(|id| store.run(id)).collect::<Result<_, StoreError>>()?)
}

/// The run of a baseline, or whose name begins like this.
fn find(store: &mut dyn Store, name: &str) -> Result<Run, Failure> {
    let baseline = match store.baseline(name) {
        Ok(baseline) => Some(baseline.run),
        Err(StoreError::NoBaseline { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let id = match baseline {
        Some(id) => id,
        None => store.find(name).map_err(|error| {
            Failure::Input(format!(
                "`{name}` is neither a file nor a baseline (`tachy baseline list` has those), and {error}"
            ))
        })?,
    };
    Ok(store.run(id)?)
}

/// Whether a file begins as traces do.
fn is_trace(path: &Path) -> bool {
    use std::io::Read as _;
    let mut head = [0; 8];
    std::fs::File::open(path)
        .and_then(|mut file| file.read_exact(&mut head))
        .is_ok_and(|()| &head == b"tachytrc")
}

/// Reads a file: a trace, exported runs, or the JSON of a comparison, a duel, a check or a memory tracker's report.
fn read(path: &Path, input: &mut ReportInput) -> Result<(), Failure> {
    if is_trace(path) {
        let trace = Trace::open(path).map_err(|error| {
            Failure::Input(format!("`{}` cannot be read as a trace: {error}.", path.display()))
        })?;
        input.traces.push(trace);
        return Ok(());
    }
    if file::is_exported(path)? {
        file::read(path, &mut |record| {
            if let Record::Run(run) = record {
                input.runs.push(*run);
            }
            Ok(())
        })?;
        return Ok(());
    }
    let bytes = std::fs::read(path).map_err(|error| {
        Failure::Input(format!("`{}` cannot be read: {error}.", path.display()))
    })?;
    let unknown = |detail: String| {
        Failure::Input(format!(
            "`{}` is nothing that a report can be made of{detail}; what `tachy export` writes is, a trace, the \
             JSON of `tachy compare`, `tachy duel` and `tachy check`, and that of a memory tracker's report or a metrics \
             collector.",
            path.display()
        ))
    };
    let value: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|error| unknown(format!(" ({error})")))?;
    let has = |name: &str| value.get(name).is_some();
    let fault = |error: serde_json::Error| unknown(format!(" ({error})"));
    if has("rows") && has("model") {
        input.comparisons.push(serde_json::from_value::<Comparison>(value).map_err(fault)?);
    } else if has("pairs") && has("options") {
        input.duels.push(serde_json::from_value::<duel::Record>(value).map_err(fault)?);
    } else if let Some(record) =
        value.get("record").filter(|record| record.get("revisions").is_some())
    {
        let record: GateRecord = serde_json::from_value(record.clone()).map_err(fault)?;
        input.runs.push(Run::from(&record));
        input.checks.push(record.conclusion());
    } else if has("devices") && has("leaks") {
        let report = serde_json::from_value(value).map_err(fault)?;
        input.memory.push(MemoryInput::of(report));
    } else if has("aggregates") && has("system") {
        input.metrics.push(serde_json::from_value(value).map_err(fault)?);
    } else if has("report") && has("optimizations") {
        input.memory.push(serde_json::from_value(value).map_err(fault)?);
    } else {
        return Err(unknown(String::new()));
    }
    Ok(())
}
