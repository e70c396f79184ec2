//! Samples as they are: devices on one axis, and the measurements that vary most.

use tachy_measure::Unit;
use tachy_stats::{Estimate, Samples};

use super::super::performance::{Distribution, PerformanceAnalysis};
use super::super::rankings::Ranking;
use crate::html::axis::{Axis, stride, upper_fence};
use crate::html::text::{escape, rich, share};
use crate::quantity::quantity;
use crate::sentences::{relative_interval, times};

/// The height of a strip, in units of its picture.
const HEIGHT: f64 = 40.0;

/// Dots of a strip of several, at most.
const MOST_DOTS: usize = 240;

/// Bins of a histogram.
const BINS: usize = 72;

/// What a strip shows.
struct Strip<'a> {
    id: String,
    label: String,
    values: &'a [f64],
    value: f64,
    estimate: Option<&'a Estimate>,
    p95: Option<f64>,
    unit: Unit,
    aside: String,
}

/// The devices of a ranking on one axis.
pub(super) fn ranking(
    performance: &PerformanceAnalysis,
    ranking: &Ranking,
    number: usize,
) -> String {
    let samples = |figure: usize| -> &[f64] {
        let drawn = performance.distributions.iter().find(|drawn| drawn.figure == figure);
        match drawn {
            Some(drawn) => &drawn.values,
            None => &performance.figures[figure].quantiles,
        }
    };
    let fence = |values: &[f64]| Samples::new(values.to_vec()).map_or(0.0, |s| upper_fence(&s));
    let low = ranking.places.iter().map(|place| place.typical.value).fold(f64::INFINITY, f64::min);
    let high = ranking.places.iter().map(|place| fence(samples(place.figure))).fold(0.0, f64::max);
    let axis = Axis::common(low, high, Unit::Seconds);
    let ticks = axis.ticks(5);
    let strips: String = ranking
        .places
        .iter()
        .map(|place| {
            let ratio = place.to_first.as_ref().map_or("1.00×".to_owned(), times);
            let tied = if place.tied { "=" } else { "" };
            let strip = Strip {
                id: format!("ranking-{number}-{}", place.figure),
                label: format!(
                    "<span class=\"rank\">{}{tied}</span> <code>{}</code>",
                    place.rank,
                    escape(&place.device)
                ),
                values: samples(place.figure),
                value: place.typical.value,
                estimate: Some(&place.typical),
                p95: None,
                unit: Unit::Seconds,
                aside: ratio,
            };
            strip.html(&axis, &ticks, &place.device)
        })
        .collect();
    let logarithmic = if axis.logarithmic { " The axis is logarithmic." } else { "" };
    format!(
        "<h3><code>{}</code></h3>\n<p class=\"lead\">{}</p>\n<figure class=\"overview\">\n{strips}{}\
         <figcaption>Time of a run. Dots are samples, the bar is the typical time with its 95% interval.{logarithmic} \
         Devices with the same rank cannot be told apart.</figcaption>\n</figure>\n",
        escape(&ranking.subject),
        rich(&ranking.headline),
        axis_labels(&ticks),
    )
}

/// The measurements that are drawn large, each on an axis of its own.
pub(super) fn distributions(performance: &PerformanceAnalysis) -> String {
    let ranked: Vec<usize> = performance
        .rankings
        .iter()
        .flat_map(|r| r.places.iter().map(|place| place.figure))
        .collect();
    let drawn = performance.distributions.iter().filter(|d| !ranked.contains(&d.figure));
    let figures: String = drawn.map(|drawn| distribution(performance, drawn)).collect();
    match figures.is_empty() {
        true => figures,
        false => format!(
            "<h3>Distributions</h3>\n<p class=\"lead\">The measurements whose samples vary most. The axes are their \
             own and do not begin at zero.</p>\n<div class=\"distributions\">\n{figures}</div>\n"
        ),
    }
}

fn distribution(performance: &PerformanceAnalysis, drawn: &Distribution) -> String {
    let figure = &performance.figures[drawn.figure];
    let Ok(samples) = Samples::new(drawn.values.clone()) else { return String::new() };
    let axis = Axis::close(figure.pooled.min, upper_fence(&samples), figure.unit);
    let ticks = axis.ticks(4);
    let beyond = drawn.values.iter().filter(|value| !axis.holds(**value)).count();
    let strip = Strip {
        id: format!("distribution-{}", drawn.figure),
        label: String::new(),
        values: &drawn.values,
        value: figure.value(),
        estimate: figure.typical.as_ref(),
        p95: figure.pooled.p95,
        unit: figure.unit,
        aside: String::new(),
    };
    let mut caption = format!(
        "{} samples of {}",
        figure.pooled.count,
        super::super::grading::plural(drawn.processes, "process", "processes")
    );
    if performance.runs.len() > 1 {
        caption += &format!(", run {}", figure.run + 1);
    }
    if drawn.step > 1 {
        caption += &format!(", of which every {}th is drawn", drawn.step);
    }
    if beyond > 0 {
        caption += &format!(
            "; {beyond} of those lie beyond the axis, up to {}",
            quantity(figure.pooled.max, figure.unit)
        );
    }
    let subject = figure.subject();
    format!(
        "<figure class=\"distribution\">\n<p class=\"label\"><code>{}</code> · {}</p>\n\
         <p class=\"value\"><b>{}</b> <span>{}</span></p>\n<div class=\"plot\">{}</div>\n{}\
         <figcaption>{caption}.</figcaption>\n</figure>\n",
        escape(&subject),
        figure.metric.name(),
        quantity(figure.value(), figure.unit),
        escape(&figure.typical.as_ref().map_or(String::new(), relative_interval)),
        strip.picture(&axis, &ticks, &format!("{subject}, {}", figure.metric.name()), true),
        axis_labels(&ticks),
    )
}

fn axis_labels(ticks: &[(f64, String)]) -> String {
    let labels: String = ticks
        .iter()
        .map(|(place, label)| format!("<span style=\"left:{}\">{label}</span>", share(*place)))
        .collect();
    format!(
        "<div class=\"strip axis\" aria-hidden=\"true\"><div class=\"plot\">{labels}</div></div>\n"
    )
}

impl Strip<'_> {
    fn html(&self, axis: &Axis, ticks: &[(f64, String)], name: &str) -> String {
        let spread = escape(&self.estimate.map_or(String::new(), relative_interval));
        format!(
            "<div class=\"strip\">\n<p class=\"label\">{}</p>\n<div class=\"plot\">{}</div>\n\
             <p class=\"value\"><b>{}</b> <span>{spread}</span> <em>{}</em></p>\n</div>\n",
            self.label,
            self.picture(axis, ticks, name, false),
            quantity(self.value, self.unit),
            self.aside,
        )
    }

    /// Dots, the typical value with its interval and, if asked for, a histogram behind them.
    fn picture(&self, axis: &Axis, ticks: &[(f64, String)], name: &str, large: bool) -> String {
        let x = |value: f64| 1000.0 * axis.place(value);
        let step = stride(self.values.len(), if large { usize::MAX } else { MOST_DOTS });
        let band = if large { (HEIGHT - 11.0, 10.0) } else { (6.0, HEIGHT - 12.0) };
        let dots: String = self
            .values
            .iter()
            .enumerate()
            .step_by(step)
            .filter(|(_, value)| axis.holds(**value))
            .map(|(index, value)| {
                // The golden ratio spreads neighbours over the height without a pattern.
                let height = (index as f64 * 0.618_033_988_75).fract();
                format!("M{:.0} {:.0}h0", x(*value), band.0 + band.1 * height)
            })
            .collect();
        let grid: String =
            ticks.iter().map(|(place, _)| format!("M{:.1} 0v{HEIGHT}", 1000.0 * place)).collect();
        let interval = self.estimate.and_then(|estimate| estimate.interval).map_or(String::new(), |interval| {
            let (low, high) = (x(interval.low).max(0.0), x(interval.high).min(1000.0));
            format!(
                "<rect class=\"interval\" x=\"{low:.1}\" y=\"{}\" width=\"{:.1}\" height=\"{}\"/>",
                if large { 0.0 } else { 8.0 },
                (high - low).max(0.0),
                if large { HEIGHT } else { 24.0 },
            )
        });
        let p95 = self.p95.filter(|p95| axis.holds(*p95)).map_or(String::new(), |p95| {
            format!("<path class=\"p95\" d=\"M{:.1} 0v{HEIGHT}\"/>", x(p95))
        });
        let bins = if large { self.bins(axis) } else { String::new() };
        format!(
            "<svg viewBox=\"0 0 1000 {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" aria-labelledby=\"{id}\">\
             <title id=\"{id}\">{name}: {value}</title><path class=\"grid\" d=\"{grid}\"/>{bins}{interval}\
             <path class=\"dots\" d=\"{dots}\"/>{p95}<path class=\"typical\" d=\"M{typical:.1} 0v{HEIGHT}\"/></svg>",
            id = self.id,
            name = escape(name),
            value = quantity(self.value, self.unit),
            typical = x(self.value),
        )
    }

    fn bins(&self, axis: &Axis) -> String {
        let mut bins = [0usize; BINS];
        for value in self.values.iter().filter(|value| axis.holds(**value)) {
            bins[((axis.place(*value) * BINS as f64) as usize).min(BINS - 1)] += 1;
        }
        let most = bins.iter().copied().max().unwrap_or(0).max(1) as f64;
        let (base, room) = (HEIGHT - 13.0, HEIGHT - 15.0);
        let outline: String = bins
            .iter()
            .enumerate()
            .map(|(bin, count)| {
                let right = 1000.0 * (bin + 1) as f64 / BINS as f64;
                format!("V{:.1}H{right:.0}", base - room * *count as f64 / most)
            })
            .collect();
        format!("<path class=\"bins\" d=\"M0 {base}{outline}V{base}Z\"/>")
    }
}
