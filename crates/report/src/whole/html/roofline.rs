//! The roofline: how near operations come to what the machine can do, by how much they compute for each byte.
//!
//! Williams, Waterman and Patterson, *Roofline: An Insightful Visual Performance Model*, CACM 52, 2009.

use tachy_profile::analysis::Hotspot;

use super::super::traces::TraceAnalysis;
use super::traces::{Colours, time};
use crate::html::text::{escape, share};
use crate::quantity::{quantity, significant};

/// The size of the picture, in its own units; it keeps its proportions.
const SIZE: (f64, f64) = (1000.0, 520.0);

/// Operations that have their names beside them.
const NAMED: usize = 6;

/// An axis whose ends are powers of ten.
struct Decades {
    low: f64,
    high: f64,
}

impl Decades {
    fn around(values: impl Iterator<Item = f64>) -> Option<Self> {
        let (low, high) = values
            .filter(|value| *value > 0.0 && value.is_finite())
            .fold((f64::INFINITY, 0.0f64), |(low, high), value| (low.min(value), high.max(value)));
        (high > 0.0)
            .then(|| Self { low: (low * 0.7).log10().floor(), high: (high * 1.4).log10().ceil() })
    }

    fn place(&self, value: f64) -> f64 {
        (value.log10() - self.low) / (self.high - self.low)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        (self.low as i32..=self.high as i32).map(|power| 10f64.powi(power))
    }
}

/// The picture; nothing without an operation of known work, or without the machine's peaks.
pub(super) fn roofline(trace: &TraceAnalysis, colours: &Colours, number: usize) -> String {
    let Some(machine) = trace.machine.as_ref().filter(|machine| machine.flops > 0.0) else {
        return String::new();
    };
    let point = |row: &Hotspot| {
        let work = row.operation.work?;
        let intensity = work.flops / work.bytes;
        let rate = row.flops_per_second?;
        (intensity.is_finite() && intensity > 0.0 && rate > 0.0).then_some((intensity, rate))
    };
    let points: Vec<(&Hotspot, f64, f64)> = trace
        .hotspots
        .rows
        .iter()
        .filter_map(|row| point(row).map(|(intensity, rate)| (row, intensity, rate)))
        .collect();
    let bandwidths: Vec<(f64, f64)> =
        machine.bandwidth.iter().copied().filter(|(_, rate)| *rate > 0.0).collect();
    let ridges = bandwidths.iter().map(|(_, rate)| machine.flops / rate);
    let x = Decades::around(points.iter().map(|(_, intensity, _)| *intensity).chain(ridges));
    let y = Decades::around(points.iter().map(|(_, _, rate)| *rate).chain([machine.flops]));
    let (Some(x), Some(y), false) = (x, y, points.is_empty()) else { return String::new() };
    let at =
        |intensity: f64, rate: f64| (SIZE.0 * x.place(intensity), SIZE.1 * (1.0 - y.place(rate)));
    let (left, right) = (10f64.powf(x.low), 10f64.powf(x.high));
    let grid: String = x
        .ticks()
        .map(|tick| format!("M{:.1} 0V{}", SIZE.0 * x.place(tick), SIZE.1))
        .chain(y.ticks().map(|tick| format!("M0 {:.1}H{}", SIZE.1 * (1.0 - y.place(tick)), SIZE.0)))
        .collect();
    let roofs: String = bandwidths
        .iter()
        .map(|(_, rate)| {
            let ridge = (machine.flops / rate).clamp(left, right);
            let (from, to) = (at(left, left * rate), at(ridge, ridge * rate));
            let end = at(right, machine.flops);
            format!(
                "<path class=\"roof\" d=\"M{:.1} {:.1}L{:.1} {:.1}H{:.1}\"/>",
                from.0, from.1, to.0, to.1, end.0
            )
        })
        .collect();
    let longest = points.iter().map(|(row, ..)| row.self_time).max().unwrap_or(1).max(1) as f64;
    let dots: String = points
        .iter()
        .map(|(row, intensity, rate)| {
            let (cx, cy) = at(*intensity, *rate);
            let radius = radius(row, longest);
            format!(
                "<circle class=\"k{}\" cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"{radius:.1}\"><title>{}: {} FLOP/s, {} FLOP a byte, {}</title></circle>",
                colours.place(&row.operation.category, &row.operation.name),
                escape(&row.operation.name),
                quantity(*rate, tachy_measure::Unit::Count),
                significant(*intensity),
                time(row.self_time as f64)
            )
        })
        .collect();
    // Where two would cover each other, the one with more time has its name.
    let mut named: Vec<(f64, f64)> = Vec::new();
    let names: String = points
        .iter()
        .filter(|(_, intensity, rate)| {
            let here = (x.place(*intensity), y.place(*rate));
            let apart = |there: &(f64, f64)| {
                (here.0 - there.0).abs() > 0.12 || (here.1 - there.1).abs() > 0.045
            };
            let free = named.len() < NAMED && named.iter().all(apart);
            if free {
                named.push(here);
            }
            free
        })
        .map(|(row, intensity, rate)| {
            let before = x.place(*intensity) > 0.7;
            let away = radius(row, longest) / SIZE.0 + 0.006;
            let left = x.place(*intensity) + if before { -away } else { away };
            format!(
                "<span{} style=\"left:{};bottom:{}\">{}</span>",
                if before { " class=\"before\"" } else { "" },
                share(left),
                share(y.place(*rate)),
                escape(&row.operation.name)
            )
        })
        .collect();
    let x_labels: String = x
        .ticks()
        .map(|tick| format!("<span style=\"left:{}\">{}</span>", share(x.place(tick)), power(tick)))
        .collect();
    let y_labels: String = y
        .ticks()
        .map(|tick| {
            format!("<span style=\"bottom:{}\">{}</span>", share(y.place(tick)), rate_label(tick))
        })
        .collect();
    let levels: Vec<String> = bandwidths
        .iter()
        .map(|(bytes, rate)| match bytes.is_finite() && *bytes < 1e15 {
            true => format!(
                "{} GB/s up to {}",
                significant(rate * 1e-9),
                quantity(*bytes, tachy_measure::Unit::Bytes)
            ),
            false => format!("{} GB/s", significant(rate * 1e-9)),
        })
        .collect();
    format!(
        "<h4>Roofline</h4>\n<figure class=\"roofline\">\n<div class=\"field\">\n<div class=\"values\" aria-hidden=\"true\">{y_labels}</div>\n\
         <div class=\"drawing\"><svg viewBox=\"0 0 {} {}\" preserveAspectRatio=\"none\" role=\"img\" aria-labelledby=\"roofline-{number}\">\
         <title id=\"roofline-{number}\">Roofline of {} operations</title><path class=\"grid\" d=\"{grid}\"/>{roofs}{dots}</svg>\
         <div class=\"names\" aria-hidden=\"true\">{names}</div></div>\n\
         <div class=\"below\" aria-hidden=\"true\">{x_labels}</div>\n</div>\n<figcaption>Upwards FLOP a second, to the right FLOP \
         for each byte, both logarithmic; the area of a dot is its time. The roof is {} GFLOP/s, and {}.</figcaption>\n</figure>\n",
        SIZE.0,
        SIZE.1,
        points.len(),
        significant(machine.flops * 1e-9),
        crate::sentences::join(&levels),
    )
}

/// The radius of an operation's dot, whose area is its time.
fn radius(row: &Hotspot, longest: f64) -> f64 {
    (22.0 * (row.self_time as f64 / longest).sqrt()).max(4.0)
}

/// A power of ten as a rate: `100 G`.
fn rate_label(value: f64) -> String {
    let power = value.log10().round() as i32;
    let symbols = ["", "k", "M", "G", "T", "P"];
    let step = power.div_euclid(3).clamp(0, symbols.len() as i32 - 1);
    format!("{}\u{a0}{}", 10f64.powi(power - 3 * step), symbols[step as usize])
}

/// A power of ten for people.
fn power(value: f64) -> String {
    match value {
        ..0.01 => format!("10<sup>−{}</sup>", -value.log10().round() as i32),
        0.01..1e4 => format!("{value}"),
        _ => format!("10<sup>{}</sup>", value.log10().round() as i32),
    }
}
