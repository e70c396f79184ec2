//! How memory is used: what each benchmark needed, and what a tracker saw.

use tachy_measure::Unit;
use tachy_profile::memory::{DeviceMemory, Holding, LeakSign, Traffic};

use super::super::memory::{MemoryAnalysis, MemoryInput};
use super::table::{Cell, table};
use super::traces::time;
use crate::html::axis::Axis;
use crate::html::text::{escape, rich, share};
use crate::quantity::{count, moment, percent, quantity};

/// The height of a chart, in units of its picture.
const HEIGHT: f64 = 100.0;

/// The section's content.
pub(super) fn memory(memory: &MemoryAnalysis) -> String {
    let tracked: String = memory
        .tracked
        .iter()
        .enumerate()
        .filter(|(_, input)| !input.is_of_engines_alone())
        .map(|(number, input)| tracker(input, number))
        .collect();
    tracked + &engines(&memory.tracked) + &collected(&memory.collected) + &peaks(memory)
}

fn peaks(memory: &MemoryAnalysis) -> String {
    let most = |metric: &str| {
        memory.peaks.iter().filter(|p| p.metric == metric).map(|p| p.typical).fold(0.0, f64::max)
    };
    let rows = memory
        .peaks
        .iter()
        .map(|peak| {
            let part = match most(&peak.metric) {
                0.0 => 0.0,
                most => peak.typical / most,
            };
            vec![
                Cell::html(format!("<code>{}</code>", escape(&peak.subject))),
                Cell::text(&peak.metric.replace('_', " ")),
                Cell::number(&quantity(peak.typical, peak.unit), peak.typical),
                Cell {
                    html: format!(
                        "<span class=\"meter\"><i style=\"width:{}\"></i></span>",
                        share(part)
                    ),
                    key: Some(part),
                },
                Cell::number(&quantity(peak.range[0], peak.unit), peak.range[0]),
                Cell::number(&quantity(peak.range[1], peak.unit), peak.range[1]),
                Cell::number(&peak.processes.to_string(), peak.processes as f64),
            ]
        })
        .collect();
    let titles =
        ["benchmark", "metric", "typical:", "of the most", "least:", "most:", "processes:"];
    match table("Memory of each benchmark", &titles, rows, 40) {
        none if none.is_empty() => none,
        table => format!("<h3>What each benchmark needed</h3>\n{table}"),
    }
}

fn bytes(value: u64) -> String {
    quantity(value as f64, Unit::Bytes)
}

fn of_bytes(value: u64) -> Cell {
    Cell::number(&bytes(value), value as f64)
}

/// What a tracker saw.
fn tracker(input: &MemoryInput, number: usize) -> String {
    let report = &input.report;
    let started = match report.started {
        0 => String::new(),
        started => format!(" from {} on", moment(started / 1_000_000_000)),
    };
    let faults = match report.faults.total() {
        0 => String::new(),
        faults => format!(" {faults} events were not believed."),
    };
    let pressure: String = input
        .pressure
        .iter()
        .map(|(device, pressure)| {
            let evidence: Vec<String> =
                pressure.evidence.iter().take(3).map(|text| rich(text)).collect();
            format!(
                "<p class=\"lead\">Pressure on <code>{}</code>: <strong>{}</strong>. {}</p>\n",
                escape(device),
                super::super::memory::level(pressure.level),
                evidence.join(" ")
            )
        })
        .collect();
    let devices: String = report
        .devices
        .iter()
        .enumerate()
        .map(|(place, device)| self::device(device, report.wall, (number, place)))
        .collect();
    let session = match &*input.session {
        "" => String::new(),
        session => format!(": <code>{}</code>", escape(session)),
    };
    format!(
        "<h3>What the memory tracker saw{session}</h3>\n<p class=\"lead\">{} events{started}, over {}.{faults}</p>\n\
         {pressure}{devices}{}{}",
        count(report.events),
        time(report.wall as f64),
        transfers(&report.transfers),
        leaks(input),
    )
}

fn device(device: &DeviceMemory, wall: u64, (number, place): (usize, usize)) -> String {
    let figures = &device.figures;
    let rows = device
        .purposes
        .iter()
        .map(|purpose| {
            let of = &purpose.figures;
            vec![
                Cell::text(&purpose.purpose),
                of_bytes(of.current),
                of_bytes(of.peak),
                Cell::number(&time(of.peak_at as f64), of.peak_at as f64),
                of_bytes(of.allocated),
                Cell::number(&of.allocations.to_string(), of.allocations as f64),
                Cell::number(&of.live().to_string(), of.live() as f64),
            ]
        })
        .collect();
    let titles = ["purpose", "held:", "peak:", "peak at:", "in all:", "allocations:", "live:"];
    let idle = device.fragmentation.map_or(String::new(), |fragmentation| {
        let gap = fragmentation
            .largest_gap
            .map_or(String::new(), |gap| format!("; the largest gap has {}", bytes(gap)));
        format!(
            " Of {} reserved, {} lie idle{gap}.",
            bytes(fragmentation.reserved),
            escape(&percent(fragmentation.unused()))
        )
    });
    format!(
        "<h4><code>{name}</code></h4>\n<p class=\"lead\">{current} held at the end, {peak} at the peak, after {at}.{idle}</p>\n\
         {chart}{table}",
        name = escape(&device.device),
        current = bytes(figures.current),
        peak = bytes(figures.peak),
        at = time(figures.peak_at as f64),
        chart = chart(device, wall, (number, place)),
        table = table(&format!("Memory of {} by purpose", device.device), &titles, rows, 60),
    )
}

/// Bytes, or a dash if nobody told them.
fn told(value: Option<u64>) -> Cell {
    match value {
        Some(value) => of_bytes(value),
        None => Cell { html: "–".to_owned(), key: Some(f64::NAN) },
    }
}

/// The sums that engines keep themselves, of all trackers together.
fn engines(tracked: &[MemoryInput]) -> String {
    let told = tracked.iter().flat_map(|input| {
        input.report.engines.iter().map(|engine| (input.session.as_str(), engine))
    });
    let rows = told.flat_map(|(session, engine)| {
        let row = |when: &str, [held, peak, reserved]: [Option<u64>; 3]| {
            vec![
                Cell::html(format!("<code>{}</code>", escape(&engine.device))),
                Cell::text(&engine.purpose),
                Cell::text(when),
                self::told(held),
                self::told(peak),
                self::told(reserved),
                Cell::text(if session.is_empty() { "–" } else { session }),
                Cell::html(format!("<span class=\"why\">{}</span>", rich(&engine.source))),
            ]
        };
        match &*engine.readings {
            [] => vec![row("–", [None; 3])],
            readings => readings
                .iter()
                .map(|reading| {
                    let figures = &reading.figures;
                    row(reading.occasion.name(), [figures.active, figures.peak, figures.reserved])
                })
                .collect(),
        }
    });
    let titles = ["device", "for", "when", "held:", "peak:", "reserved:", "session", "counted by"];
    match table("Memory as engines tell it", &titles, rows.collect(), 60) {
        none if none.is_empty() => none,
        table => format!(
            "<h3>What engines tell of their own memory</h3>\n<p class=\"lead\">Sums that they keep themselves, asked for \
             when a model was compiled, inputs bound, and a run had ended. A dash is not told, which is not to say that \
             it is nothing.</p>\n{table}"
        ),
    }
}

/// What programs at work held.
fn collected(holdings: &[Holding]) -> String {
    let rows = holdings
        .iter()
        .map(|holding| {
            vec![
                Cell::html(format!("<code>{}</code>", escape(&holding.device))),
                Cell::text(&holding.purpose),
                told(holding.held),
                told(holding.peak),
                told(holding.reserved),
                Cell::html(format!("<span class=\"why\">{}</span>", rich(&holding.source))),
            ]
        })
        .collect();
    let titles = ["device", "for", "held:", "peak:", "reserved:", "counted by"];
    match table("Memory of programs at work", &titles, rows, 60) {
        none if none.is_empty() => none,
        table => format!("<h3>What programs at work held</h3>\n{table}"),
    }
}

/// What was held over time: the band from the least to the most of each stretch.
fn chart(device: &DeviceMemory, wall: u64, (number, place): (usize, usize)) -> String {
    let points = &device.timeline;
    let (Some(first), true) = (points.first(), points.len() > 1 && device.figures.peak > 0) else {
        return String::new();
    };
    let axis = Axis::common(0.0, device.figures.peak as f64, Unit::Bytes);
    let ticks = axis.ticks(3);
    let end = wall.max(points.last().map_or(0, |point| point.at) + 1);
    let x = |at: u64| 1000.0 * (at - first.at) as f64 / (end - first.at) as f64;
    let y = |held: u64| HEIGHT * (1.0 - axis.place(held as f64)).clamp(0.0, 1.0);
    let grid: String =
        ticks.iter().map(|(place, _)| format!("M0 {:.1}H1000", HEIGHT * (1.0 - place))).collect();
    let ends = points.iter().skip(1).map(|point| point.at).chain([end]);
    let stretches: Vec<_> = points.iter().zip(ends).collect();
    let upper: String = stretches
        .iter()
        .map(|(point, end)| format!("V{:.1}H{:.1}", y(point.max), x(*end)))
        .collect();
    let lower: String = stretches
        .iter()
        .rev()
        .map(|(point, _)| format!("V{:.1}H{:.1}", y(point.min), x(point.at)))
        .collect();
    let line: String = stretches
        .iter()
        .map(|(point, end)| format!("V{:.1}H{:.1}", y(point.last), x(*end)))
        .collect();
    let labels: String = ticks
        .iter()
        .map(|(place, label)| format!("<span style=\"bottom:{}\">{label}</span>", share(*place)))
        .collect();
    format!(
        "<figure class=\"trend held\">\n<div class=\"chart\">\n<div class=\"values\" aria-hidden=\"true\">{labels}</div>\n\
         <svg viewBox=\"0 0 1000 {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" aria-labelledby=\"held-{number}-{place}\">\
         <title id=\"held-{number}-{place}\">Memory held on {name} over time, {peak} at most</title>\
         <path class=\"grid\" d=\"{grid}\"/><path class=\"band\" d=\"M0 {start:.1}{upper}{lower}Z\"/>\
         <path class=\"level\" d=\"M0 {start:.1}{line}\"/></svg>\n<div class=\"days\" aria-hidden=\"true\"><span>{begin}</span>\
         <span>{finish}</span></div>\n</div>\n<figcaption>Bytes held over time, the band from the least to the most of each \
         stretch.</figcaption>\n</figure>\n",
        name = escape(&device.device),
        peak = bytes(device.figures.peak),
        start = y(first.last),
        begin = time(first.at as f64),
        finish = time(end as f64),
    )
}

/// From each device to each: bytes, and how many transfers.
fn transfers(transfers: &[Traffic]) -> String {
    if transfers.is_empty() {
        return String::new();
    }
    let mut devices: Vec<&str> =
        transfers.iter().flat_map(|traffic| [&*traffic.from, &*traffic.to]).collect();
    devices.sort_unstable();
    devices.dedup();
    devices.truncate(12);
    let head: String = devices
        .iter()
        .map(|device| {
            format!("<th scope=\"col\" class=\"number\">to <code>{}</code></th>", escape(device))
        })
        .collect();
    let rows: String = devices
        .iter()
        .map(|from| {
            let cells: String = devices
                .iter()
                .map(|to| {
                    match transfers
                        .iter()
                        .find(|traffic| traffic.from == *from && traffic.to == *to)
                    {
                        Some(traffic) => format!(
                            "<td>{}<small>{} times</small></td>",
                            bytes(traffic.bytes),
                            count(traffic.count)
                        ),
                        None => "<td>–</td>".to_owned(),
                    }
                })
                .collect();
            format!(
                "<tr><th scope=\"row\" class=\"name\">from <code>{}</code></th>{cells}</tr>\n",
                escape(from)
            )
        })
        .collect();
    format!(
        "<h4>Transfers</h4>\n<div class=\"scroll\" role=\"region\" aria-label=\"Transfers\" tabindex=\"0\">\n<table>\n\
         <thead><tr><td></td>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n"
    )
}

fn leaks(input: &MemoryInput) -> String {
    let rows = input
        .report
        .leaks
        .iter()
        .map(|leak| {
            let sign = match leak.sign {
                LeakSign::GrowsSteadily => {
                    format!(
                        "something stayed behind in {} of 16 stretches of the time since then",
                        leak.windows
                    )
                }
                LeakSign::OutlivesOthers => {
                    "held far longer than others from the same place".to_owned()
                }
            };
            let usual = leak.usual_lifetime.map_or(String::new(), |usual| {
                format!("; freed ones lived {} at most", time(usual as f64))
            });
            vec![
                Cell::html(format!("<code>{}</code>", escape(&leak.site))),
                Cell::text(&leak.purpose),
                Cell::text(&leak.device),
                of_bytes(leak.bytes),
                Cell::number(&leak.count.to_string(), leak.count as f64),
                Cell::number(&time(leak.since as f64), leak.since as f64),
                Cell::html(format!("<span class=\"why\">{sign}{usual}</span>")),
            ]
        })
        .collect();
    let titles = ["site", "purpose", "device", "bytes:", "allocations:", "since:", "sign"];
    match table("Leak candidates", &titles, rows, 60) {
        none if none.is_empty() => none,
        table => format!("<h4>Probably forgotten</h4>\n{table}"),
    }
}
