//! The record as JSON, with what follows from it.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use tachy_measure::Comparison;
use tachy_stats::{Estimate, Place, Summary, Verdict};

use crate::csv::identifier;
use crate::report::Report;

/// The document: the record's own fields, so that it reads back as a [`Comparison`], and what follows from them.
#[derive(Serialize)]
struct Document<'a> {
    summary: Conclusions,
    ranking: RankingSection<'a>,
    #[serde(flatten)]
    record: &'a Comparison,
}

/// What the comparison says.
#[derive(Serialize)]
struct Conclusions {
    headline: String,
    ties: Vec<String>,
    warnings: Vec<String>,
    devices: Vec<DeviceSummary>,
}

/// The figures of a device that was timed.
#[derive(Serialize)]
struct DeviceSummary {
    device: String,
    samples: usize,
    processes: usize,
    steady_processes: usize,
    parts_of_call: Option<f64>,
    figures: Vec<FigureSummary>,
}

#[derive(Serialize)]
struct FigureSummary {
    metric: String,
    unit: tachy_measure::Unit,
    typical: Option<Estimate>,
    pooled: Summary,
}

#[derive(Serialize)]
struct RankingSection<'a> {
    metric: &'static str,
    pair_level: f64,
    places: Vec<&'a Place>,
    pairs: Vec<PairSection>,
}

#[derive(Serialize)]
struct PairSection {
    candidate: String,
    reference: String,
    verdict: Verdict,
}

impl Report<'_> {
    /// The record and two sections that follow from it, as an indented document with lists of numbers on one line.
    ///
    /// * `summary`: the `headline`, `ties` and `warnings` as sentences; `devices`: for each one that was timed, the
    ///   fastest first, `device`, the number of `samples` of a run, of `processes` and of `steady_processes`,
    ///   `parts_of_call` (upload, run and fetch as a share of the whole call), and `figures`: for each `metric` its
    ///   `unit`, the `typical` value with its 95% interval and what that was replicated over, and a summary of the
    ///   `pooled` samples.
    /// * `ranking`: the `metric`, the `places` ([`Place`]), and all `pairs`: the `verdict` on a `candidate` against a
    ///   `reference`, at `pair_level`, which makes all pairs together hold at 95%.
    /// * the rest: [`Comparison`].
    ///
    /// Times are in seconds, sizes in bytes, errors relative where they are not said to be absolute.
    pub fn json(&self) -> String {
        let devices = self.timed.iter().map(|timed| {
            let counts = timed.counts();
            DeviceSummary {
                device: timed.name(),
                samples: counts.iter().sum(),
                processes: counts.len(),
                steady_processes: timed.measured.warm_ups.iter().filter(|w| w.steady).count(),
                parts_of_call: timed.parts_of_call(),
                figures: timed
                    .figures
                    .iter()
                    .map(|figure| FigureSummary {
                        metric: identifier(figure.metric),
                        unit: figure.unit,
                        typical: figure.estimate,
                        pooled: figure.summary.clone(),
                    })
                    .collect(),
            }
        });
        let document = Document {
            summary: Conclusions {
                headline: self.headline(),
                ties: self.ties(),
                warnings: self.warnings(),
                devices: devices.collect(),
            },
            ranking: RankingSection {
                metric: "run",
                pair_level: self.pair_level,
                places: self.timed.iter().map(|timed| &timed.place).collect(),
                pairs: self
                    .pairs
                    .iter()
                    .map(|pair| PairSection {
                        candidate: self.timed[pair.slower].name(),
                        reference: self.timed[pair.faster].name(),
                        verdict: pair.verdict,
                    })
                    .collect(),
            },
            record: self.comparison,
        };
        let mut text = Vec::new();
        let mut serializer = Serializer::with_formatter(&mut text, Indented::default());
        document.serialize(&mut serializer).expect("a record has string keys and goes to memory");
        text.push(b'\n');
        String::from_utf8(text).expect("JSON is written as UTF-8")
    }
}

/// Indents objects and lists of objects or strings; keeps numbers of a list on one line.
#[derive(Default)]
struct Indented {
    /// For each open list or object, whether anything in it stands on a line of its own.
    broken: Vec<bool>,
    /// What is to be written before the next value of a list, once it is known what that is.
    pending: Option<Separator>,
}

#[derive(Clone, Copy, PartialEq)]
enum Separator {
    First,
    Next,
}

impl Indented {
    fn new_line<W: ?Sized + Write>(&self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b"\n")?;
        self.broken.iter().try_for_each(|_| writer.write_all(b"  "))
    }

    /// A value of a list begins: a large one on a line of its own.
    fn separate<W: ?Sized + Write>(&mut self, writer: &mut W, large: bool) -> io::Result<()> {
        let Some(separator) = self.pending.take() else { return Ok(()) };
        if large {
            if let Some(broken) = self.broken.last_mut() {
                *broken = true;
            }
            if separator == Separator::Next {
                writer.write_all(b",")?;
            }
            self.new_line(writer)
        } else if separator == Separator::Next {
            writer.write_all(b", ")
        } else {
            Ok(())
        }
    }

    fn close<W: ?Sized + Write>(&mut self, writer: &mut W, with: &[u8]) -> io::Result<()> {
        self.pending = None;
        if self.broken.pop() == Some(true) {
            self.new_line(writer)?;
        }
        writer.write_all(with)
    }
}

macro_rules! small_values {
    ($($name:ident: $type:ty),*) => {$(
        fn $name<W: ?Sized + Write>(&mut self, writer: &mut W, value: $type) -> io::Result<()> {
            self.separate(writer, false)?;
            write!(writer, "{value}")
        }
    )*};
}

impl Formatter for Indented {
    small_values!(write_u8: u8, write_u16: u16, write_u32: u32, write_u64: u64, write_i64: i64, write_bool: bool);

    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        self.separate(writer, false)?;
        serde_json::ser::CompactFormatter.write_f64(writer, value)
    }

    fn write_null<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.separate(writer, false)?;
        writer.write_all(b"null")
    }

    fn begin_string<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.separate(writer, true)?;
        writer.write_all(b"\"")
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.separate(writer, true)?;
        self.broken.push(false);
        writer.write_all(b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, _: &mut W, first: bool) -> io::Result<()> {
        self.pending = Some(if first { Separator::First } else { Separator::Next });
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.separate(writer, true)?;
        self.broken.push(false);
        writer.write_all(b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if let Some(broken) = self.broken.last_mut() {
            *broken = true;
        }
        if !first {
            writer.write_all(b",")?;
        }
        self.new_line(writer)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}
