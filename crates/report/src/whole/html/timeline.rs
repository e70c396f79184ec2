//! Spans by thread, as they followed each other.

use std::collections::BTreeMap;

use super::super::traces::{Lane, TraceAnalysis};
use super::traces::{Colours, time};
use crate::html::text::{escape, share};

/// Places from the left edge to the right one.
const WIDTH: f64 = 100_000.0;

/// The height of a row of spans, in pixels.
const ROW: usize = 12;

/// The picture, which can be enlarged.
pub(super) fn timeline(trace: &TraceAnalysis, colours: &Colours, number: usize) -> String {
    let timeline = &trace.timeline;
    if timeline.lanes.iter().all(|lane| lane.spans.is_empty()) {
        return String::new();
    }
    let wall = timeline.wall as f64;
    let lanes: String =
        timeline.lanes.iter().map(|lane| self::lane(lane, trace, colours, wall)).collect();
    let labels: String = [0.0, 0.25, 0.5, 0.75, 1.0]
        .iter()
        .map(|place| {
            format!("<span style=\"left:{}\">{}</span>", share(*place), time(wall * place))
        })
        .collect();
    let left_out = match timeline.left_out {
        0 => String::new(),
        left_out => {
            format!(" {left_out} spans are too short, too deep or on too many threads to be drawn.")
        }
    };
    format!(
        "<h4>Timeline</h4>\n<figure class=\"timeline\" data-wall=\"{wall}\">\n<div class=\"lanes\">\n{lanes}\
         <div class=\"times\" aria-hidden=\"true\">{labels}</div>\n</div>\n<p class=\"status\" id=\"timeline-{number}\" \
         aria-live=\"polite\">&nbsp;</p>\n<figcaption>Spans of each thread over time, in the colours of the flame \
         graph.{left_out}</figcaption>\n</figure>\n"
    )
}

fn lane(lane: &Lane, trace: &TraceAnalysis, colours: &Colours, wall: f64) -> String {
    let mut paths: BTreeMap<usize, String> = BTreeMap::new();
    let place = |nanoseconds: u64| WIDTH * nanoseconds as f64 / wall;
    for span in &lane.spans {
        let path = paths.entry(span.operation).or_default();
        let start = place(span.start).round();
        let width = place(span.duration).round().max(1.0);
        *path += &format!("M{start} {}h{width}", span.depth * ROW + ROW / 2);
    }
    let paths: String = paths
        .iter()
        .map(|(position, path)| {
            let row = trace.hotspots.rows.iter().find(|row| row.position == *position);
            let (name, category) =
                row.map_or(("?", ""), |row| (&*row.operation.name, &*row.operation.category));
            format!(
                "<path class=\"k{}\" data-name=\"{}\" d=\"{path}\"/>",
                colours.place(category, name),
                escape(name)
            )
        })
        .collect();
    let height = lane.depth * ROW;
    format!(
        "<p class=\"lane\">{name}</p>\n<svg viewBox=\"0 0 {WIDTH} {height}\" preserveAspectRatio=\"none\" \
         style=\"height:{height}px\" role=\"img\" aria-label=\"{count} spans of {name}\">{paths}</svg>\n",
        name = if lane.name.is_empty() { "a thread".to_owned() } else { escape(&lane.name) },
        count = lane.spans.len(),
    )
}
