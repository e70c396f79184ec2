//! The report as GitHub's Markdown.

use tachy_profile::analysis::Functions;
use tachy_profile::memory::{EngineReading, Holding};

use super::figures::Figure;
use super::memory::MemoryAnalysis;
use super::performance::PerformanceAnalysis;
use super::sections::{Section, WholeReport};
use super::summary::ExecutiveSummary;
use super::traces::TraceAnalysis;
use crate::markdown::inline;
use crate::profile::functions::{evidence, place, without_paths};
use crate::quantity::{percent, plain, quantity};
use crate::sentences::{bracket, relative_interval, times};

/// Lines of a table, at most; the CSV and the JSON have all.
const MOST: usize = 200;

impl WholeReport {
    /// The sections with their tables, for an issue or a file of notes. Tables end after 200 lines and say so.
    pub fn markdown(&self) -> String {
        let mut blocks = vec![format!("# {}", inline(&self.title))];
        let mut section = |section: Section, text: String| {
            if !text.is_empty() {
                blocks.push(format!("## {}", section.title()));
                blocks.push(text);
            }
        };
        if let Some(summary) = &self.summary {
            section(Section::Summary, summary.markdown());
        }
        if let Some(performance) = &self.performance {
            section(Section::Performance, performance.markdown());
        }
        if let Some(memory) = &self.memory {
            let rows = memory.peaks.iter().map(|peak| {
                vec![
                    inline(&peak.subject),
                    peak.metric.replace('_', " "),
                    quantity(peak.typical, peak.unit),
                    quantity(peak.range[1], peak.unit),
                    peak.processes.to_string(),
                ]
            });
            let titles = ["benchmark", "metric", "typical:", "most:", "processes:"];
            let blocks = [memory.tracked_markdown(), table(&titles, rows.collect())];
            let blocks: Vec<String> =
                blocks.into_iter().filter(|block| !block.is_empty()).collect();
            section(Section::Memory, blocks.join("\n\n"));
        }
        if let Some(bottlenecks) = &self.bottlenecks {
            let items = bottlenecks.iter().map(|bottleneck| inline(&bottleneck.sentence));
            section(Section::Bottlenecks, list(items.collect()));
        }
        if let Some(recommendations) = &self.recommendations {
            let items = recommendations.iter().map(|recommendation| {
                format!(
                    "**{}** ({} priority) {}",
                    inline(&recommendation.action),
                    recommendation.priority.name(),
                    inline(&recommendation.because)
                )
            });
            section(Section::Recommendations, list(items.collect()));
        }
        if let Some(trends) = &self.trends {
            let rows = trends.series.iter().map(|judged| {
                let found: Vec<String> = judged
                    .analysis
                    .changes
                    .iter()
                    .map(|change| judged.change(change))
                    .chain(judged.analysis.drift.iter().map(|drift| judged.drift(drift)))
                    .map(|text| inline(&text))
                    .collect();
                vec![
                    inline(&super::figures::subject(&judged.key.benchmark, &judged.key.parameters)),
                    judged.key.metric.name().to_owned(),
                    inline(&judged.occasion()),
                    if found.is_empty() { "flat".to_owned() } else { found.join(" ") },
                ]
            });
            section(Section::Trends, table(&["series", "metric", "runs", "found"], rows.collect()));
        }
        plain(&blocks.join("\n\n")) + "\n"
    }
}

impl MemoryAnalysis {
    /// What trackers saw.
    fn tracked_markdown(&self) -> String {
        let bytes = |value: u64| quantity(value as f64, tachy_measure::Unit::Bytes);
        let devices = self.tracked.iter().flat_map(|input| &input.report.devices);
        let rows = devices.flat_map(|device| {
            device.purposes.iter().map(move |purpose| {
                vec![
                    inline(&device.device),
                    inline(&purpose.purpose),
                    bytes(purpose.figures.current),
                    bytes(purpose.figures.peak),
                    purpose.figures.allocations.to_string(),
                ]
            })
        });
        let leaks = self.tracked.iter().flat_map(|input| &input.report.leaks).map(|leak| {
            inline(&format!(
                "Probably forgotten: `{}` for {} on `{}`, {} in {} allocations.",
                leak.site,
                leak.purpose,
                leak.device,
                bytes(leak.bytes),
                leak.count
            ))
        });
        let titles = ["device", "purpose", "held:", "peak:", "allocations:"];
        let blocks = [
            table(&titles, rows.collect()),
            self.engines_markdown(),
            collected(&self.collected),
            list(leaks.collect()),
        ];
        blocks.into_iter().filter(|block| !block.is_empty()).collect::<Vec<_>>().join("\n\n")
    }
}

impl MemoryAnalysis {
    /// What engines tell of themselves.
    fn engines_markdown(&self) -> String {
        let engines = self.tracked.iter().flat_map(|input| {
            input.report.engines.iter().map(|engine| (input.session.as_str(), engine))
        });
        let mut rows = Vec::new();
        for (session, engine) in engines {
            let mut row = |when: &str, figures: [Option<u64>; 3]| {
                let mut cells =
                    vec![inline(&engine.device), inline(&engine.purpose), when.to_owned()];
                cells.extend(figures.map(bytes_or_dash));
                cells.push(inline(if session.is_empty() { "–" } else { session }));
                cells.push(inline(&engine.source));
                rows.push(cells);
            };
            if engine.readings.is_empty() {
                row("–", [None; 3]);
            }
            for EngineReading { occasion, figures, .. } in &engine.readings {
                row(occasion.name(), [figures.active, figures.peak, figures.reserved]);
            }
        }
        let titles =
            ["device", "for", "when", "held:", "peak:", "reserved:", "session", "counted by"];
        table(&titles, rows)
    }
}

/// What programs at work held.
fn collected(holdings: &[Holding]) -> String {
    let rows = holdings.iter().map(|holding| {
        let mut cells = vec![inline(&holding.device), inline(&holding.purpose)];
        cells.extend([holding.held, holding.peak, holding.reserved].map(bytes_or_dash));
        cells.push(inline(&holding.source));
        cells
    });
    let titles = ["device", "for", "held:", "peak:", "reserved:", "counted by"];
    table(&titles, rows.collect())
}

fn bytes_or_dash(value: Option<u64>) -> String {
    value.map_or("–".to_owned(), |value| quantity(value as f64, tachy_measure::Unit::Bytes))
}

impl ExecutiveSummary {
    fn markdown(&self) -> String {
        let rows = self.aspects.iter().map(|aspect| {
            let numbers: Vec<String> = aspect
                .numbers
                .iter()
                .map(|number| format!("{}: {}", number.name, number.text()))
                .collect();
            vec![
                aspect.aspect.name().to_owned(),
                aspect.grade.map_or("–", |grade| grade.letter()).to_owned(),
                inline(&aspect.because),
                inline(&numbers.join("; ")),
                aspect.rule.to_owned(),
            ]
        });
        let titles = ["aspect", "grade", "why", "numbers", "rule"];
        let overall = match self.grade {
            Some(grade) => {
                format!("Grade {}, the worst of those below: {}.", grade.letter(), grade.meaning())
            }
            None => "Nothing could be graded.".to_owned(),
        };
        let findings = self.findings.iter().map(|finding| inline(finding)).collect();
        let blocks = [
            format!("**{}** {overall}", inline(&self.scope)),
            list(findings),
            table(&titles, rows.collect()),
        ];
        blocks.into_iter().filter(|block| !block.is_empty()).collect::<Vec<_>>().join("\n\n")
    }
}

impl PerformanceAnalysis {
    fn markdown(&self) -> String {
        let mut blocks = Vec::new();
        for ranking in &self.rankings {
            blocks.push(format!(
                "### {}\n\n{}",
                inline(&ranking.subject),
                inline(&ranking.headline)
            ));
            let rows = ranking.places.iter().map(|place| {
                vec![
                    format!("{}{}", place.rank, if place.tied { "=" } else { "" }),
                    inline(&format!("`{}`", place.device)),
                    quantity(place.typical.value, tachy_measure::Unit::Seconds),
                    relative_interval(&place.typical),
                    place.to_first.as_ref().map_or("1".to_owned(), times),
                    place.to_first.as_ref().map_or(String::new(), bracket),
                ]
            });
            let titles = ["#", "device", "run:", "95%:", "ratio:", "interval"];
            blocks.push(table(&titles, rows.collect()));
        }
        for trace in &self.traces {
            let name = match &*trace.hotspots.name {
                "" => "A session",
                name => name,
            };
            blocks.push(format!("### {}", inline(name)));
            blocks.push(trace.operations_markdown());
            blocks.extend(trace.functions.as_ref().map(functions));
        }
        if !self.collected.is_empty() {
            let time = |seconds| quantity(seconds, tachy_measure::Unit::Seconds);
            let rows = self.collected.iter().map(|line| {
                let mut cells = vec![
                    inline(&format!("`{}`", line.operation)),
                    inline(&format!("`{}`", line.device)),
                    line.count.to_string(),
                    time(line.mean),
                ];
                cells.extend(line.quantiles.map(|quantile| quantile.map_or("–".to_owned(), time)));
                cells.push(time(line.longest));
                cells
            });
            let titles =
                ["operation", "device", "count:", "mean:", "median:", "p95:", "p99:", "longest:"];
            blocks.push("### Programs at work".to_owned());
            blocks.push(table(&titles, rows.collect()));
        }
        if !self.verdicts.is_empty() {
            let rows = self.verdicts.iter().map(|verdict| {
                vec![
                    inline(&verdict.subject),
                    inline(&verdict.against),
                    verdict.metric_name(),
                    quantity(verdict.medians[0], verdict.unit),
                    quantity(verdict.medians[1], verdict.unit),
                    format!("{} {}", times(&verdict.ratio), bracket(&verdict.ratio)),
                    verdict.word().to_owned(),
                    inline(&verdict.reason),
                ]
            });
            let titles =
                ["what", "against", "metric", "before:", "now:", "ratio:", "verdict", "why"];
            blocks.push("### Verdicts".to_owned());
            blocks.push(table(&titles, rows.collect()));
        }
        if !self.figures.is_empty() {
            blocks.push("### Measurements".to_owned());
            let titles = ["benchmark", "metric", "typical:", "95%:", "p95:", "samples:"];
            blocks.push(table(&titles, self.figures.iter().map(row).collect()));
        }
        if !self.untimed.is_empty() {
            blocks.push("### Not timed".to_owned());
            let items = self.untimed.iter().map(|untimed| {
                let state = if untimed.wrong { "is wrong" } else { "failed" };
                inline(&format!("`{}` {state}: {}", untimed.benchmark, untimed.message))
            });
            blocks.push(list(items.collect()));
        }
        blocks.join("\n\n")
    }
}

impl TraceAnalysis {
    /// Its operations, and what is in none.
    fn operations_markdown(&self) -> String {
        let hotspots = &self.hotspots;
        let mut rows: Vec<_> = hotspots
            .rows
            .iter()
            .map(|row| {
                vec![
                    inline(&format!("`{}`", row.operation.name)),
                    inline(&row.operation.category),
                    nanoseconds(row.self_time as f64),
                    percent(row.share),
                    nanoseconds(row.total as f64),
                    row.calls.to_string(),
                    nanoseconds(row.median),
                    row.bound.name().to_owned(),
                ]
            })
            .collect();
        let mut outside = vec![
            "in no span".to_owned(),
            String::new(),
            nanoseconds(hotspots.unattributed as f64),
            percent(hotspots.unattributed_share()),
        ];
        outside.resize(8, String::new());
        rows.insert(rows.len().min(MOST - 1), outside);
        let titles = [
            "operation",
            "kind",
            "self:",
            "of the run:",
            "total:",
            "calls:",
            "median:",
            "bound by",
        ];
        table(&titles, rows)
    }
}

/// Where the processor was found.
fn functions(functions: &Functions) -> String {
    let rows = functions.rows.iter().filter(|row| row.own > 0).map(|row| {
        vec![
            inline(&format!("`{}`", without_paths(&row.name))),
            nanoseconds(row.own as f64),
            percent(row.share),
            nanoseconds(row.total as f64),
            inline(&place(row)),
        ]
    });
    let titles = ["function", "self:", "of the work:", "total:", "mostly in"];
    let blocks = [table(&titles, rows.collect()), inline(&evidence(functions))];
    blocks.into_iter().filter(|block| !block.is_empty()).collect::<Vec<_>>().join("\n\n")
}

fn nanoseconds(time: f64) -> String {
    quantity(time * 1e-9, tachy_measure::Unit::Seconds)
}

fn row(figure: &Figure) -> Vec<String> {
    vec![
        inline(&figure.subject()),
        figure.metric.name().to_owned(),
        quantity(figure.value(), figure.unit),
        figure.typical.as_ref().map_or("?".to_owned(), relative_interval),
        figure.pooled.p95.map_or("–".to_owned(), |p95| quantity(p95, figure.unit)),
        format!("{} in {}", figure.pooled.count, figure.processes),
    ]
}

/// A table; titles that end in a colon are of numbers.
fn table(titles: &[&str], rows: Vec<Vec<String>>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let line = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let rule = |title: &&str| if title.ends_with(':') { "---:" } else { ":---" }.to_owned();
    let mut lines = vec![
        line(titles.iter().map(|title| title.trim_end_matches(':').to_owned()).collect()),
        line(titles.iter().map(rule).collect()),
    ];
    let more = rows.len().saturating_sub(MOST);
    lines.extend(rows.into_iter().take(MOST).map(line));
    let mut text = lines.join("\n");
    if more > 0 {
        text += &format!("\n\n… and {more} more, which the CSV and the JSON have.");
    }
    text
}

fn list(items: Vec<String>) -> String {
    let more = items.len().saturating_sub(MOST);
    let mut lines: Vec<String> = items.iter().take(MOST).map(|item| format!("- {item}")).collect();
    if more > 0 {
        lines.push(format!("- … and {more} more"));
    }
    lines.join("\n")
}
