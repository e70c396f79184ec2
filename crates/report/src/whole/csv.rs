//! The report as comma-separated values: one figure a line.

use tachy_profile::memory::EngineFigures;
use tachy_stats::Estimate;

use super::sections::WholeReport;
use crate::csv::{identifier, line, unit};

/// The columns.
const COLUMNS: [&str; 12] = [
    "section",
    "subject",
    "name",
    "unit",
    "value",
    "low",
    "high",
    "p95",
    "processes",
    "samples",
    "state",
    "text",
];

/// A line, of which what does not apply stays empty.
#[derive(Default)]
struct Line {
    section: &'static str,
    subject: String,
    name: String,
    unit: &'static str,
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    p95: Option<f64>,
    processes: Option<usize>,
    samples: Option<usize>,
    state: String,
    text: String,
}

impl Line {
    fn of(section: &'static str, subject: &str, name: &str) -> Self {
        Self { section, subject: subject.to_owned(), name: name.to_owned(), ..Self::default() }
    }

    fn estimate(self, estimate: &Estimate) -> Self {
        Self {
            value: Some(estimate.value),
            low: estimate.interval.map(|interval| interval.low),
            high: estimate.interval.map(|interval| interval.high),
            processes: Some(estimate.replication.count),
            ..self
        }
    }

    fn write(self) -> String {
        let number = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:?}"));
        let count = |value: Option<usize>| value.map_or(String::new(), |value| value.to_string());
        line(&[
            self.section.to_owned(),
            self.subject,
            self.name,
            self.unit.to_owned(),
            number(self.value),
            number(self.low),
            number(self.high),
            number(self.p95),
            count(self.processes),
            count(self.samples),
            self.state,
            self.text,
        ])
    }
}

impl WholeReport {
    /// One line for each figure, with the columns `section`, `subject`, `name` (of the aspect, metric or finding),
    /// `unit`, `value`, `low` and `high` (of the 95% interval), `p95`, `processes`, `samples`, `state` (grade, outcome,
    /// rank, priority) and `text`. What does not apply is empty. Times are in seconds, sizes in bytes.
    pub fn csv(&self) -> String {
        let mut text = line(&COLUMNS.map(str::to_owned));
        let lines = self.summary_lines().into_iter().chain(self.performance_lines());
        let lines = lines.chain(self.finding_lines()).chain(self.trend_lines());
        lines.for_each(|line| text += &line.write());
        text
    }

    fn summary_lines(&self) -> Vec<Line> {
        let aspects = self.summary.iter().flat_map(|summary| &summary.aspects);
        aspects
            .map(|aspect| Line {
                state: aspect.grade.map_or(String::new(), |grade| grade.letter().to_owned()),
                text: aspect.because.clone(),
                ..Line::of("summary", "", aspect.aspect.name())
            })
            .collect()
    }

    fn performance_lines(&self) -> Vec<Line> {
        let Some(performance) = &self.performance else { return Vec::new() };
        let figures = performance.figures.iter().map(|figure| {
            let line = Line {
                unit: unit(figure.unit),
                value: Some(figure.pooled.median),
                p95: figure.pooled.p95,
                samples: Some(figure.pooled.count),
                text: performance.runs[figure.run].id.to_string(),
                ..Line::of("performance", &figure.subject(), &identifier(figure.metric))
            };
            let line = match &figure.typical {
                Some(estimate) => line.estimate(estimate),
                None => line,
            };
            Line { processes: Some(figure.processes), ..line }
        });
        let untimed = performance.untimed.iter().map(|untimed| Line {
            state: if untimed.wrong { "wrong" } else { "failed" }.to_owned(),
            text: untimed.message.clone(),
            ..Line::of("performance", &untimed.benchmark, "")
        });
        let rankings = performance.rankings.iter().flat_map(|ranking| {
            ranking.places.iter().map(|place| Line {
                unit: "seconds",
                state: place.rank.to_string(),
                ..Line::of("ranking", &ranking.subject, &place.device).estimate(&place.typical)
            })
        });
        let verdicts = performance.verdicts.iter().map(|verdict| Line {
            unit: "ratio",
            state: verdict.outcome.to_string(),
            text: format!("against {}: {}", verdict.against, verdict.reason),
            ..Line::of("verdict", &verdict.subject, &verdict.metric).estimate(&verdict.ratio)
        });
        let collected = performance.collected.iter().map(|line| Line {
            unit: "seconds",
            value: Some(line.mean),
            p95: line.quantiles[1],
            samples: usize::try_from(line.count).ok(),
            ..Line::of("collected", &line.operation, &line.device)
        });
        let operations = performance.traces.iter().flat_map(|trace| {
            trace.hotspots.rows.iter().map(|row| Line {
                unit: "seconds",
                value: Some(row.self_time as f64 / 1e9),
                high: Some(row.total as f64 / 1e9),
                samples: Some(row.calls as usize),
                state: row.bound.name().to_owned(),
                text:
                    "value: in it alone; high: with what it called; samples: calls; state: bound by"
                        .to_owned(),
                ..Line::of("operation", &trace.hotspots.name, &row.operation.name)
            })
        });
        let functions = performance.traces.iter().flat_map(|trace| {
            trace.functions.iter().flat_map(|functions| &functions.rows).map(|row| Line {
                unit: "seconds",
                value: Some(row.own as f64 / 1e9),
                high: Some(row.total as f64 / 1e9),
                state: row.operation.clone().unwrap_or_default(),
                text: "value: in it alone; high: with what it called; state: the operation it was mostly in"
                    .to_owned(),
                ..Line::of("function", &trace.hotspots.name, &row.name)
            })
        });
        let lines = figures.chain(untimed).chain(rankings).chain(verdicts).chain(collected);
        lines.chain(operations).chain(functions).collect()
    }

    fn finding_lines(&self) -> Vec<Line> {
        let peaks = self.memory.iter().flat_map(|memory| &memory.peaks).map(|peak| Line {
            unit: unit(peak.unit),
            value: Some(peak.typical),
            processes: Some(peak.processes),
            ..Line::of("memory", &peak.subject, &peak.metric)
        });
        let tracked = self.memory.iter().flat_map(|memory| &memory.tracked);
        let purposes = tracked.flat_map(|input| &input.report.devices).flat_map(|device| {
            device.purposes.iter().map(|purpose| Line {
                unit: "bytes",
                value: Some(purpose.figures.current as f64),
                high: Some(purpose.figures.peak as f64),
                samples: Some(purpose.figures.allocations as usize),
                text: "value: held at the end; high: at the peak; samples: allocations".to_owned(),
                ..Line::of("tracked", &device.device, &purpose.purpose)
            })
        });
        let tracked = self.memory.iter().flat_map(|memory| &memory.tracked);
        let told = tracked.flat_map(|input| {
            input.report.engines.iter().map(|engine| (input.session.as_str(), engine))
        });
        let engines = told.flat_map(|(session, engine)| {
            let line = move |when: &str, figures: EngineFigures| Line {
                unit: "bytes",
                value: figures.active.map(|bytes| bytes as f64),
                high: figures.peak.map(|bytes| bytes as f64),
                state: when.to_owned(),
                text: match session {
                    "" => engine.source.clone(),
                    session => format!("{session}: {}", engine.source),
                },
                ..Line::of("engine", &engine.device, &engine.purpose)
            };
            let silent = engine.readings.is_empty().then(|| line("", EngineFigures::default()));
            let told = engine.readings.iter();
            silent
                .into_iter()
                .chain(told.map(move |reading| line(reading.occasion.name(), reading.figures)))
        });
        let collected = self.memory.iter().flat_map(|memory| &memory.collected).map(|held| Line {
            unit: "bytes",
            value: held.held.map(|bytes| bytes as f64),
            high: held.peak.map(|bytes| bytes as f64),
            text: held.source.clone(),
            ..Line::of("held", &held.device, &held.purpose)
        });
        let bottlenecks = self.bottlenecks.iter().flatten().map(|bottleneck| Line {
            unit: "share",
            value: Some(bottleneck.share),
            text: bottleneck.sentence.clone(),
            ..Line::of("bottleneck", &bottleneck.subject, bottleneck.kind)
        });
        let recommendations = self.recommendations.iter().flatten().map(|recommendation| Line {
            state: recommendation.priority.name().to_owned(),
            text: format!("{} {}", recommendation.action, recommendation.because),
            ..Line::of("recommendation", "", "")
        });
        let memory = peaks.chain(purposes).chain(engines).chain(collected);
        memory.chain(bottlenecks).chain(recommendations).collect()
    }

    fn trend_lines(&self) -> Vec<Line> {
        let series = self.trends.iter().flat_map(|trends| &trends.series);
        series
            .flat_map(|judged| {
                let subject =
                    super::figures::subject(&judged.key.benchmark, &judged.key.parameters);
                let name = identifier(judged.key.metric);
                judged.runs.iter().zip(judged.measured.values()).enumerate().map(
                    move |(index, (run, value))| {
                        let steps = &judged.analysis.changes;
                        let step = steps.iter().find(|change| change.index == index);
                        Line {
                            unit: unit(judged.key.metric.unit()),
                            value: Some(*value),
                            processes: Some(judged.processes[index]),
                            state: step.map_or(String::new(), |step| step.outcome().to_string()),
                            text: run.id.to_string(),
                            ..Line::of("trend", &subject, &name)
                        }
                    },
                )
            })
            .collect()
    }
}
