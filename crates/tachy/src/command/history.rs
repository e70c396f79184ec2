//! `tachy history`.

use clap::{Args, ValueEnum};
use tachy_measure::Metric;
use tachy_report::HistoryReport;
use tachy_stats::HistoryOptions;
use tachy_store::{HistoryFilter, metric_of_identifier};

use super::failure::Failure;
use super::output;
use super::settings::Settings;
use super::storing::StoreArguments;

/// Show what became of stored benchmarks over the runs.
///
/// Each series (one metric of one benchmark with its parameters, on one kind of machine) gets a chart of its runs, the
/// earliest at the left. Steps and drifts are told from noise: in a history that is flat, something is found in 1 of
/// 200 series at most.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tachy history\n  \
    tachy history resnet device=cpu\n  \
    tachy history resnet --metric peak_memory --metric compile\n  \
    tachy history --format markdown > history.md\n  \
    tachy history --runs")]
pub(super) struct HistoryCommand {
    /// Words that all stand in the benchmark's name or in a parameter such as `device=cpu`
    #[arg(value_name = "FILTER")]
    filter: Vec<String>,

    /// Metric to show, once for each: run, call, compile, peak_memory, time … [default: run and time]
    #[arg(long = "metric", short, value_name = "METRIC", value_parser = parse_metric)]
    metrics: Vec<Metric>,

    /// Runs to go back
    #[arg(long, value_name = "COUNT", default_value = "1000")]
    last: std::num::NonZeroUsize,

    /// Series to show, those measured last first [default: 20 as text, otherwise all]
    #[arg(long, value_name = "COUNT")]
    series: Option<usize>,

    /// List the runs instead
    #[arg(long, conflicts_with_all = ["filter", "metrics", "series"])]
    runs: bool,

    /// Format of the result
    #[arg(long, value_enum, default_value_t)]
    format: HistoryFormat,

    #[command(flatten)]
    store: StoreArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum HistoryFormat {
    /// Charts for people
    #[default]
    Text,
    /// JSON, with every point and what was found
    Json,
    /// GitHub's Markdown, a line for each series
    Markdown,
    /// One line for each point, values separated by commas
    Csv,
}

/// Series that fit onto a few screens.
const SHOWN: usize = 20;

impl HistoryCommand {
    pub(super) fn execute(self, settings: &Settings) -> Result<(), Failure> {
        let mut store = self.store.open(settings)?;
        if self.runs {
            let runs = store.runs(self.last.get())?;
            return match self.format {
                HistoryFormat::Text => {
                    output::write(&tachy_report::runs(&runs, output::look(None)), None)
                }
                HistoryFormat::Json => {
                    let json = serde_json::to_string_pretty(&runs).expect("runs are plain data");
                    output::write(&(json + "\n"), None)
                }
                HistoryFormat::Markdown | HistoryFormat::Csv => Err(Failure::Input(
                    "runs are listed as text or as JSON; choose one with --format.".to_owned(),
                )),
            };
        }
        let text = self.format == HistoryFormat::Text;
        let shown = self.series.unwrap_or(if text { SHOWN } else { usize::MAX });
        let metrics = match self.metrics.is_empty() {
            true => vec![Metric::Run, Metric::Time],
            false => self.metrics,
        };
        let filter = HistoryFilter {
            words: self.filter,
            metrics,
            points: self.last.get(),
            // One more, to know whether there are more.
            series: shown.saturating_add(1),
        };
        let mut histories = store.history(&filter)?;
        let more = histories.len() > shown;
        histories.truncate(shown);
        if histories.is_empty() {
            return Err(Failure::Input(nothing(&filter)));
        }
        let report = HistoryReport::new(&histories, &HistoryOptions::default());
        let written = match self.format {
            HistoryFormat::Text => report.terminal(output::look(None)),
            HistoryFormat::Json => report.json(),
            HistoryFormat::Markdown => report.markdown(),
            HistoryFormat::Csv => report.csv(),
        };
        output::write(&written, None)?;
        if more && text {
            anstream::eprintln!(
                "There are more series: name a benchmark, or ask for more with --series COUNT."
            );
        }
        Ok(())
    }
}

fn nothing(filter: &HistoryFilter) -> String {
    let metrics: Vec<&str> = filter.metrics.iter().map(|metric| metric.name()).collect();
    let metrics = metrics.join(" or ");
    match filter.words.is_empty() {
        true => format!(
            "the store has no series of {metrics}; choose another with --metric, or store a run with `tachy compare \
             MODEL --save`."
        ),
        false => format!(
            "the store has no series of {metrics} in which `{}` stands; `tachy history` shows those that there are.",
            filter.words.join("` and `")
        ),
    }
}

fn parse_metric(text: &str) -> Result<Metric, String> {
    metric_of_identifier(text).ok_or_else(|| {
        "the metrics are run, call, upload, fetch, compile, first_call, peak_memory, time, processor_time, \
         instructions, cycles, allocations and allocated_bytes"
            .to_owned()
    })
}
