//! The samples of one device: in run order, process by process, and how they are distributed.

use tachy_measure::{Metric, Series, Unit};
use tachy_stats::Samples;

use super::axis::{Axis, stride, upper_fence};
use super::text::{escape, share};
use crate::quantity::{count, duration, quantity};
use crate::report::Timed;
use crate::sentences::relative_interval;

/// Dots of all pictures on the page together, at most: ten bytes or so each.
const MOST_DOTS: usize = 40_000;

/// Dots of one picture, at most.
const MOST_DOTS_OF_ONE: usize = 2_000;

/// The height of a picture, in its own units.
const HEIGHT: f64 = 200.0;

/// Units between the panels of two processes.
const GAP: f64 = 14.0;

/// Rounds of a process that are still told apart.
const MOST_ROUNDS: usize = 40;

/// Squares for samples beyond the upper edge, in one process.
const MOST_BEYOND: usize = 12;

/// Bins of a distribution.
const BINS: usize = 36;

/// Colours of processes before they repeat.
const COLOURS: usize = 6;

/// The section of a device that was timed; `devices` is how many there are.
pub(super) fn device(timed: &Timed, place: usize, devices: usize) -> String {
    let number = place + 1;
    let name = escape(&timed.name());
    let mut out = format!(
        "<article class=\"device\" id=\"device-{number}\" aria-labelledby=\"device-{number}-name\">\n\
         <header><h3 id=\"device-{number}-name\"><span class=\"rank\">{}</span> <code>{name}</code></h3>\
         <p>{}</p></header>\n",
        timed.rank(),
        escape(&timed.row.description)
    );
    if let Some(run) = timed.measured.metric(Metric::Run) {
        out += &picture(timed, &run.processes, run.pooled(), number, devices);
    }
    out += &facts(timed);
    out + "</article>\n"
}

fn picture(
    timed: &Timed,
    processes: &[Series],
    pooled: Samples,
    number: usize,
    devices: usize,
) -> String {
    let Some(summary) = pooled.summary() else { return String::new() };
    let axis = Axis::close(summary.min, upper_fence(&pooled), Unit::Seconds);
    let y = |value: f64| HEIGHT * (1.0 - axis.place(value));
    let most = (MOST_DOTS / devices.max(1)).clamp(100, MOST_DOTS_OF_ONE);
    let step = stride(pooled.len(), most);
    let panels = panels(processes);
    let ticks = axis.ticks(4);

    let grid: String =
        ticks.iter().map(|(place, _)| format!("M0 {:.1}H1000", HEIGHT * (1.0 - place))).collect();
    let mut distribution = format!("<path class=\"grid\" d=\"{grid}\"/>");
    let backgrounds: String =
        processes.iter().zip(&panels).map(|(series, panel)| background(series, *panel)).collect();
    let mut marks = backgrounds + &distribution;
    if let Some(interval) = timed.place.typical.interval {
        let top = y(interval.high).max(0.0);
        let bottom = y(interval.low).min(HEIGHT);
        let band = format!(
            "<rect class=\"interval\" x=\"0\" y=\"{top:.1}\" width=\"1000\" height=\"{:.1}\"/>",
            (bottom - top).max(0.0)
        );
        marks += &band;
    }
    for (process, (series, panel)) in processes.iter().zip(&panels).enumerate() {
        marks += &dots(series, *panel, &axis, step, process);
    }
    let mut lines =
        format!("<path class=\"typical\" d=\"M0 {:.1}H1000\"/>", y(timed.place.typical.value));
    if let Some(p95) = summary.p95 {
        lines += &format!("<path class=\"p95\" d=\"M0 {:.1}H1000\"/>", y(p95).max(0.0));
    }
    distribution += &histogram(&pooled, &axis);
    let labels = |class: &str, items: Vec<(f64, String)>, side: &str| {
        let spans = items.iter().map(|(place, label)| {
            format!("<span style=\"{side}:{}\">{label}</span>", share(*place))
        });
        format!("<div class=\"{class}\" aria-hidden=\"true\">{}</div>", spans.collect::<String>())
    };
    let process_labels = panels.iter().enumerate().map(|(process, (start, end))| {
        (
            (start + end) / 2000.0,
            format!("{}{}", if process == 0 { "process " } else { "" }, process + 1),
        )
    });
    let beyond: Vec<f64> =
        pooled.values().iter().copied().filter(|value| !axis.holds(*value)).collect();
    format!(
        "<figure class=\"samples\">\n<div class=\"panels\">\n{values}\
         <div class=\"order\"><svg viewBox=\"0 0 1000 {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" \
         aria-labelledby=\"order-{number} order-{number}-more\"><title id=\"order-{number}\">Samples of \
         {name} in run order</title><desc id=\"order-{number}-more\">{description}</desc>{marks}{lines}</svg>\
         {below}</div>\n\
         <div class=\"spread\"><svg viewBox=\"0 0 1000 {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" \
         aria-labelledby=\"spread-{number}\"><title id=\"spread-{number}\">Distribution of the samples of \
         {name}</title>{distribution}{lines}</svg></div>\n</div>\n\
         <figcaption>{caption}</figcaption>\n</figure>\n",
        values = labels("values", ticks, "bottom"),
        below = labels("processes", process_labels.collect(), "left"),
        name = escape(&timed.name()),
        description = describe(timed, &pooled),
        caption = caption(step, pooled.len(), &beyond, summary.p95),
    )
}

/// Where each process's panel begins and ends, wide as its samples are many.
fn panels(processes: &[Series]) -> Vec<(f64, f64)> {
    let total: usize = processes.iter().map(|series| series.samples.len()).sum();
    let room = (1000.0 - GAP * (processes.len() as f64 - 1.0)).max(100.0);
    let mut start = 0.0;
    let mut panel = |series: &Series| {
        let end = start + room * series.samples.len() as f64 / total.max(1) as f64;
        let panel = (start, end);
        start = end + GAP;
        panel
    };
    processes.iter().map(&mut panel).collect()
}

/// The panel of a process, parted where its rounds begin.
fn background(series: &Series, (start, end): (f64, f64)) -> String {
    let width = end - start;
    let count = series.samples.len().max(1) as f64;
    let rounds: String = series
        .rounds
        .iter()
        .skip(1)
        .filter(|_| series.rounds.len() <= MOST_ROUNDS)
        .map(|round| format!("M{:.1} 0v{HEIGHT}", start + width * round.start as f64 / count))
        .collect();
    format!(
        "<rect class=\"panel\" x=\"{start:.1}\" y=\"0\" width=\"{width:.1}\" height=\"{HEIGHT}\"/>\
         <path class=\"round\" d=\"{rounds}\"/>"
    )
}

fn dots(
    series: &Series,
    (start, end): (f64, f64),
    axis: &Axis,
    step: usize,
    process: usize,
) -> String {
    let values = series.samples.values();
    let x = |index: usize| start + (end - start) * (index as f64 + 0.5) / values.len() as f64;
    let dot = |index: usize| {
        let y = HEIGHT * (1.0 - axis.place(values[index]));
        format!("M{:.1} {y:.1}h0", x(index))
    };
    let (within, beyond): (Vec<usize>, Vec<usize>) =
        (0..values.len()).partition(|&index| axis.holds(values[index]));
    let within: String = within.into_iter().step_by(step).map(dot).collect();
    let sparse = stride(beyond.len(), MOST_BEYOND);
    let beyond: String =
        beyond.into_iter().step_by(sparse).map(|index| format!("M{:.1} 3h0", x(index))).collect();
    let colour = process % COLOURS;
    format!(
        "<path class=\"dots p{colour}\" d=\"{within}\"/><path class=\"beyond p{colour}\" d=\"{beyond}\"/>"
    )
}

/// How many samples lie at each height, as one outline.
fn histogram(samples: &Samples, axis: &Axis) -> String {
    let mut bins = [0usize; BINS];
    for value in samples.values().iter().filter(|value| axis.holds(**value)) {
        bins[((axis.place(*value) * BINS as f64) as usize).min(BINS - 1)] += 1;
    }
    let most = bins.iter().copied().max().unwrap_or(0).max(1) as f64;
    let height = HEIGHT / BINS as f64;
    let outline: String = bins
        .iter()
        .enumerate()
        .map(|(bin, count)| {
            let bottom = HEIGHT - bin as f64 * height;
            format!("H{:.0}V{:.2}", 960.0 * *count as f64 / most, bottom - height)
        })
        .collect();
    format!("<path class=\"bins\" d=\"M0 {HEIGHT}{outline}H0Z\"/>")
}

fn describe(timed: &Timed, pooled: &Samples) -> String {
    let run = timed.measured.metric(Metric::Run);
    let medians: Vec<String> = run
        .iter()
        .flat_map(|run| &run.processes)
        .filter_map(|series| series.samples.sorted())
        .map(|sorted| quantity(sorted.median(), Unit::Seconds))
        .collect();
    let range = pooled.sorted().map_or(String::new(), |sorted| {
        format!(
            " from {} to {}",
            quantity(sorted.min(), Unit::Seconds),
            quantity(sorted.max(), Unit::Seconds)
        )
    });
    format!("{} samples{range}. Medians of the processes: {}.", pooled.len(), medians.join(", "))
}

fn caption(step: usize, all: usize, beyond: &[f64], p95: Option<f64>) -> String {
    let mut caption =
        "<span class=\"key typical\"></span>typical time with its 95% interval".to_owned();
    if p95.is_some() {
        caption += " <span class=\"key p95\"></span>95th percentile";
    }
    if step > 1 {
        let nth = match step {
            2 => "second".to_owned(),
            3 => "third".to_owned(),
            step => format!("{step}th"),
        };
        caption += &format!(" · every {nth} of {} samples is drawn", count(all as u64));
    }
    if let Some(most) = beyond.iter().copied().max_by(f64::total_cmp) {
        let longest = quantity(most, Unit::Seconds);
        caption += &match beyond.len() {
            1 => format!(
                " · the square at the upper edge stands for one sample beyond it, of {longest}"
            ),
            many => format!(
                " · the squares at the upper edge stand for {many} samples beyond it, up to {longest}"
            ),
        };
    }
    caption
}

/// What the table has no room for.
fn facts(timed: &Timed) -> String {
    let mut facts = Vec::new();
    let time = |value: f64| quantity(value, Unit::Seconds);
    facts.push((
        "run",
        format!(
            "{} <small>{}</small>",
            time(timed.place.typical.value),
            relative_interval(&timed.place.typical)
        ),
    ));
    if let Some(run) = timed.figure(Metric::Run) {
        let summary = &run.summary;
        facts.push(("fastest", time(summary.min)));
        facts.extend(summary.p95.map(|p95| ("p95", time(p95))));
        facts.extend(summary.p99.map(|p99| ("p99", time(p99))));
        facts.push(("slowest", time(summary.max)));
    }
    let warm_ups = &timed.measured.warm_ups;
    if let Some(longest) = warm_ups.iter().max_by(|a, b| a.seconds.total_cmp(&b.seconds)) {
        let steady = warm_ups.iter().filter(|warm_up| warm_up.steady).count();
        let outcome = match steady {
            all if all == warm_ups.len() => "steady".to_owned(),
            some => {
                format!("<span class=\"caution\">steady in {some} of {}</span>", warm_ups.len())
            }
        };
        facts.push(("warm-up", format!("{} <small>{outcome}</small>", duration(longest.seconds))));
    }
    facts.push(("processes × samples", timed.replication()));
    let share = timed
        .parts_of_call()
        .map(|share| format!("{:.1}% <small>of the call</small>", share * 100.0));
    facts.extend(share.map(|share| ("upload + run + fetch", share)));
    let items: String = facts
        .iter()
        .map(|(name, value)| format!("<div><dt>{name}</dt><dd>{value}</dd></div>"))
        .collect();
    format!("<dl class=\"facts\">{items}</dl>\n")
}
