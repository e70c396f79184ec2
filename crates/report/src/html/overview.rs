//! All devices on one axis of time: a strip of samples, the typical value and its interval.

use tachy_measure::{Metric, Unit};
use tachy_stats::Samples;

use super::axis::{Axis, stride, upper_fence};
use super::text::{escape, share};
use crate::quantity::quantity;
use crate::report::{Report, Timed};
use crate::sentences::{relative_interval, times};

/// Dots of one strip, at most.
const MOST_DOTS: usize = 240;

/// The height of a strip, in units of its picture.
const HEIGHT: f64 = 40.0;

/// The figure, for devices that were timed.
pub(super) fn overview(report: &Report) -> String {
    let pooled: Vec<Samples> = report.timed.iter().map(runs).collect();
    let low =
        report.timed.iter().map(|timed| timed.place.typical.value).fold(f64::INFINITY, f64::min);
    let high = pooled.iter().map(upper_fence).fold(0.0, f64::max);
    let axis = Axis::common(low, high, Unit::Seconds);
    let ticks = axis.ticks(5);
    let mut out = String::from("<figure class=\"overview\">\n");
    let mut place = 0;
    for group in report.groups() {
        let tied = group.len() > 1;
        out += if tied { "<div class=\"group tied\">\n" } else { "<div class=\"group\">\n" };
        if tied {
            let rank = group[0].place.rank;
            let words = if report.one_process(rank) {
                "not ranked: too few processes"
            } else if report.equally_fast(rank) {
                "equally fast"
            } else {
                "cannot be told apart"
            };
            out += &format!("<p class=\"bracket\">{words}</p>\n");
        }
        for timed in group {
            out += &strip(timed, &pooled[place], &axis, &ticks, place);
            place += 1;
        }
        out += "</div>\n";
    }
    out += "<div class=\"strip axis\" aria-hidden=\"true\"><div class=\"plot\">";
    for (place, label) in &ticks {
        out += &format!("<span style=\"left:{}\">{label}</span>", share(*place));
    }
    out += "</div></div>\n";
    let beyond: usize =
        pooled.iter().flat_map(Samples::values).filter(|value| !axis.holds(**value)).count();
    let drawn = pooled.iter().any(|samples| samples.len() > MOST_DOTS);
    let mut caption =
        "Time of a run. Dots are calls, the bar is the typical time with its 95% interval."
            .to_owned();
    if axis.logarithmic {
        caption += " The axis is logarithmic.";
    }
    if drawn {
        caption += &format!(" Of each device about {MOST_DOTS} calls are drawn.");
    }
    match beyond {
        0 => {}
        1 => caption += " One far outlier lies beyond the axis.",
        many => caption += &format!(" {many} far outliers lie beyond the axis."),
    }
    out + &format!("<figcaption>{caption}</figcaption>\n</figure>\n")
}

fn runs(timed: &Timed) -> Samples {
    timed.measured.metric(Metric::Run).map(|run| run.pooled()).unwrap_or_default()
}

fn strip(
    timed: &Timed,
    samples: &Samples,
    axis: &Axis,
    ticks: &[(f64, String)],
    place: usize,
) -> String {
    let run = timed.place.typical;
    let x = |value: f64| 1000.0 * axis.place(value);
    let step = stride(samples.len(), MOST_DOTS);
    let values = samples.values().iter().enumerate().step_by(step);
    let dots: String = values
        .filter(|(_, value)| axis.holds(**value))
        .map(|(index, value)| {
            // The golden ratio spreads neighbours over the height without a pattern.
            let height = (index as f64 * 0.618_033_988_75).fract();
            format!("M{:.1} {:.1}h0", x(*value), 6.0 + (HEIGHT - 12.0) * height)
        })
        .collect();
    let grid: String =
        ticks.iter().map(|(place, _)| format!("M{:.1} 0v{HEIGHT}", 1000.0 * place)).collect();
    let middle = HEIGHT / 2.0;
    let track = match axis.logarithmic {
        true => String::new(),
        false => format!("<path class=\"track\" d=\"M0 {middle}H{:.1}\"/>", x(run.value)),
    };
    let interval = run.interval.map_or(String::new(), |interval| {
        let (low, high) = (x(interval.low).max(0.0), x(interval.high).min(1000.0));
        format!(
            "<rect class=\"interval\" x=\"{low:.1}\" y=\"8\" width=\"{:.1}\" height=\"24\"/>",
            (high - low).max(0.0)
        )
    });
    let name = escape(&timed.name());
    let ratio = match &timed.place.to_first {
        None => "1.00×".to_owned(),
        Some(verdict) => times(&verdict.ratio),
    };
    format!(
        "<div class=\"strip\">\n\
         <p class=\"label\"><span class=\"rank\">{rank}</span> <a href=\"#device-{number}\"><code>{name}</code></a></p>\n\
         <div class=\"plot\"><svg viewBox=\"0 0 1000 {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" \
         aria-labelledby=\"strip-{number}\"><title id=\"strip-{number}\">{name}: {value} a run</title>\
         <path class=\"grid\" d=\"{grid}\"/>\
         {track}\
         <path class=\"dots\" d=\"{dots}\"/>{interval}\
         <path class=\"typical\" d=\"M{typical:.1} 4v32\"/></svg></div>\n\
         <p class=\"value\"><b>{value}</b> <span>{spread}</span> <em>{ratio}</em></p>\n</div>\n",
        rank = timed.rank(),
        number = place + 1,
        value = quantity(run.value, Unit::Seconds),
        typical = x(run.value),
        spread = relative_interval(&run),
    )
}
