//! A flame graph: calls merged by the path that led to them, as wide as the time they took.

use super::super::traces::{Flame, Frame};
use super::traces::{Colours, time};
use crate::html::text::{escape, share};
use crate::quantity::percent;

/// The picture, whose frames can be walked through and enlarged.
pub(super) fn flame(flame: &Flame, colours: &Colours, number: usize) -> String {
    if flame.frames.is_empty() || flame.total == 0 {
        return String::new();
    }
    let rows = flame.frames.iter().map(|frame| frame.depth).max().unwrap_or(0) + 1;
    let total = flame.total as f64;
    let frames: String = flame
        .frames
        .iter()
        .enumerate()
        .map(|(place, frame)| self::frame(frame, total, colours, place == 0))
        .collect();
    let left_out = match flame.left_out {
        0 => String::new(),
        left_out => format!(" {left_out} frames are too narrow to be drawn."),
    };
    format!(
        "<h4>Flame graph</h4>\n<figure class=\"flame\">\n<div class=\"frames\" role=\"tree\" aria-label=\"Flame graph\" \
         style=\"height:{height:.2}rem\">\n{frames}</div>\n<p class=\"status\" id=\"flame-{number}\" aria-live=\"polite\">\
         &nbsp;</p>\n{legend}<figcaption>What was called, beneath what called it, all calls on one path together; the width \
         is the time. The arrow keys walk through it, Enter enlarges a frame, Escape shows the whole.{left_out}\
         </figcaption>\n</figure>\n",
        height = rows as f64 * 1.375,
        legend = colours.legend(),
    )
}

fn frame(frame: &Frame, total: f64, colours: &Colours, first: bool) -> String {
    let part = frame.total as f64 / total;
    let calls =
        if frame.calls == 1 { "1 call".to_owned() } else { format!("{} calls", frame.calls) };
    format!(
        "<div class=\"k{colour}\" role=\"treeitem\" aria-level=\"{level}\" tabindex=\"{tab}\" \
         style=\"left:{left};width:{width};top:{top:.3}rem\" title=\"{total} · {part} · {own} by itself · {calls}\">{name}</div>\n",
        colour = colours.place(&frame.category, &frame.name),
        level = frame.depth + 1,
        tab = if first { 0 } else { -1 },
        left = share(frame.left as f64 / total),
        width = share(part),
        top = frame.depth as f64 * 1.375,
        total = time(frame.total as f64),
        part = escape(&percent(part)),
        own = time(frame.self_time as f64),
        name = match frame.name.is_empty() {
            true => "?".to_owned(),
            false => escape(&frame.name),
        },
    )
}
