//! What holds a run up, in sentences.

use serde::{Deserialize, Serialize};

use super::{Bound, Hotspot, Hotspots};
use crate::words;

/// One thing that holds a run up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bottleneck {
    /// What it is, with the figures that it rests on.
    pub sentence: String,
    /// The most that can be won, in percent of the whole run; none if that cannot be said.
    pub gain: Option<f64>,
    /// What kind of thing it is.
    pub cause: Cause,
    /// The row of [`Hotspots::rows`] that it is about.
    pub row: Option<usize>,
}

/// What kind of thing holds a run up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// An operation is slower than arithmetic, memory, transfer or the cost of calls demand.
    Roofline(Bound),
    /// An operation takes much of the run, and its work is not known.
    UnknownWork,
    /// Few spans of an operation take far longer than the others.
    Stalls,
    /// Time is in no span.
    Unattributed,
    /// Recording itself took time.
    Recording,
    /// Spans are missing.
    Lost,
}

/// What would win less than this, in percent of the run, is not worth a sentence.
const LEAST_GAIN: f64 = 1.0;

/// From this share of the run on, an operation of which nothing is known is named.
const LARGE: f64 = 0.05;

/// What holds the run up: what would win most comes first, what cannot be put in figures last.
///
/// Gains are not to be added up: two of them may be about the same time.
pub fn bottlenecks(hotspots: &Hotspots) -> Vec<Bottleneck> {
    let mut found: Vec<Bottleneck> = hotspots
        .rows
        .iter()
        .enumerate()
        .flat_map(|(row, hotspot)| [work(row, hotspot), stalls(row, hotspot, hotspots.wall)])
        .flatten()
        .collect();
    found.extend(unattributed(hotspots));
    found.extend(recording(hotspots));
    found.extend(lost(hotspots));
    // Rows come by their time, and equals stay in order: what has no figure is by its time too.
    found.sort_by(|a, b| b.gain.unwrap_or(-1.0).total_cmp(&a.gain.unwrap_or(-1.0)));
    found
}

fn title(hotspot: &Hotspot) -> String {
    let operation = &hotspot.operation;
    if operation.category.is_empty() || operation.category == operation.name {
        format!("`{}`", operation.name)
    } else {
        format!("`{}` ({})", operation.name, operation.category)
    }
}

fn work(row: usize, hotspot: &Hotspot) -> Option<Bottleneck> {
    let title = title(hotspot);
    let total = words::time(hotspot.total as f64);
    let calls = words::count(hotspot.calls, "call");
    let Some(gain) = hotspot.potential else {
        return (hotspot.share >= LARGE).then(|| Bottleneck {
            sentence: format!(
                "{title} takes {} of the run by itself ({} in {calls}), and what could be won there \
                 cannot be said: its work or the machine's peaks are not known.",
                words::percent(hotspot.share),
                words::time(hotspot.self_time as f64),
            ),
            gain: None,
            cause: Cause::UnknownWork,
            row: Some(row),
        });
    };
    if gain < LEAST_GAIN {
        return None;
    }
    let roofline = words::percent(hotspot.roofline.unwrap_or(0.0));
    let rate =
        |rate: Option<f64>, words: fn(f64) -> String| rate.map_or("nothing".to_owned(), words);
    let what = match hotspot.bound {
        Bound::Compute => format!(
            "is bound by arithmetic and computes {}, {roofline} of what the machine can",
            rate(hotspot.flops_per_second, words::flops)
        ),
        Bound::Memory => format!(
            "is bound by memory and moves {}, {roofline} of what the machine can",
            rate(hotspot.bytes_per_second, words::bandwidth)
        ),
        Bound::Transfer => format!(
            "is bound by the transfer between devices and moves {}, {roofline} of what the link can",
            rate(hotspot.transferred_per_second, words::bandwidth)
        ),
        Bound::Overhead => format!(
            "is bound by the cost of its {calls}: a typical one takes {}, of which its work would \
             take {roofline}; fewer and larger calls would save the rest",
            words::time(hotspot.median)
        ),
        Bound::Unknown => format!(
            "takes {total} in {calls}, and its known work explains only {roofline} of that: it \
             waits, or does what nobody declared"
        ),
    };
    Some(Bottleneck {
        sentence: format!(
            "{title} {what}. It takes {total}; at its roofline the run would be {gain:.1}% shorter."
        ),
        gain: Some(gain),
        cause: Cause::Roofline(hotspot.bound),
        row: Some(row),
    })
}

fn stalls(row: usize, hotspot: &Hotspot, wall: u64) -> Option<Bottleneck> {
    // A mean of twice the median: as much time is lost in rare long spans as all take that are as usual.
    if hotspot.calls < 10 || hotspot.mean < 2.0 * hotspot.median || wall == 0 {
        return None;
    }
    // No more than it has on its own thread and by itself: what lies in it may be what stalls.
    let share = (hotspot.mean - hotspot.median) / hotspot.mean * hotspot.share;
    let gain = 100.0 * share;
    (gain >= LEAST_GAIN).then(|| Bottleneck {
        sentence: format!(
            "{} typically takes {}, but its mean over {} is {} and its longest span {}: without the \
             rare long ones the run would be {gain:.1}% shorter.",
            title(hotspot),
            words::time(hotspot.median),
            words::count(hotspot.calls, "call"),
            words::time(hotspot.mean),
            words::time(hotspot.most as f64),
        ),
        gain: Some(gain),
        cause: Cause::Stalls,
        row: Some(row),
    })
}

fn unattributed(hotspots: &Hotspots) -> Option<Bottleneck> {
    let share = hotspots.unattributed_share();
    let thread = hotspots.threads.first().map_or("", |cover| cover.thread.name.as_str());
    (share * 100.0 >= LEAST_GAIN).then(|| Bottleneck {
        sentence: format!(
            "{} of the run ({} of {}) is in no span of the thread `{thread}`: spans around what runs \
             there would say what it is.",
            words::percent(share),
            words::time(hotspots.unattributed as f64),
            words::time(hotspots.wall as f64),
        ),
        gain: Some(share * 100.0),
        cause: Cause::Unattributed,
        row: None,
    })
}

fn recording(hotspots: &Hotspots) -> Option<Bottleneck> {
    let share = if hotspots.wall > 0 { hotspots.recording / hotspots.wall as f64 } else { 0.0 };
    (share * 100.0 >= LEAST_GAIN).then(|| Bottleneck {
        sentence: format!(
            "Recording took about {} of the run ({} for {}): without it the run is that much shorter, \
             and spans of short operations are too long by it.",
            words::percent(share),
            words::time(hotspots.recording),
            words::count(hotspots.spans, "span"),
        ),
        gain: Some((share * 100.0).min(100.0)),
        cause: Cause::Recording,
        row: None,
    })
}

fn lost(hotspots: &Hotspots) -> Option<Bottleneck> {
    let Hotspots { dropped, unbalanced, invalid, .. } = *hotspots;
    let parts: Vec<String> = [
        (dropped, "did not fit into the memory set aside for recording"),
        (unbalanced, "had no beginning or no end"),
        (invalid, "named an operation or a thread that does not exist"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, what)| format!("{} {what}", words::count(number, "span")))
    .collect();
    (!parts.is_empty()).then(|| Bottleneck {
        sentence: format!("The record is not whole: {}.", parts.join(", ")),
        gain: None,
        cause: Cause::Lost,
        row: None,
    })
}
