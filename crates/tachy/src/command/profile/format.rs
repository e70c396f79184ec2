//! The formats of traces.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use clap::ValueEnum;
use tachy_profile::analysis::{bottlenecks, functions, hotspots};
use tachy_profile::export;
use tachy_profile::stacks::Stacks;
use tachy_profile::trace::Trace;

use super::super::failure::Failure;

/// How a trace is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Format {
    /// Hotspots and bottlenecks, for people
    #[default]
    Text,
    /// The calls by what called them, for people
    Tree,
    /// Hotspots and bottlenecks as JSON
    Json,
    /// The trace itself as JSON, with every span
    Spans,
    /// A flame graph as SVG, for a browser
    Flamegraph,
    /// Folded stacks, one to a line
    Folded,
    /// Chrome's trace events, for Perfetto's page and chrome://tracing
    Chrome,
    /// Perfetto's own format
    Perfetto,
    /// The Firefox Profiler
    Firefox,
    /// pprof
    Pprof,
}

impl Format {
    pub(super) fn write(self, trace: &Trace, file: Option<&Path>) -> Result<(), Failure> {
        let to: Box<dyn Write> = match file {
            Some(file) => Box::new(BufWriter::new(File::create(file).map_err(|error| {
                Failure::Input(format!("`{}` cannot be written: {error}.", file.display()))
            })?)),
            None => Box::new(BufWriter::new(std::io::stdout().lock())),
        };
        self.write_to(trace, to).map_err(|error| match (error.kind(), file) {
            (std::io::ErrorKind::BrokenPipe, _) => Failure::OutputClosed,
            (_, Some(file)) => {
                Failure::Input(format!("`{}` cannot be written: {error}.", file.display()))
            }
            (_, None) => Failure::Check(format!("standard output cannot be written: {error}.")),
        })
    }

    fn write_to(self, trace: &Trace, mut to: impl Write) -> std::io::Result<()> {
        let stacks = || Stacks::of(trace);
        match self {
            Format::Text | Format::Json => {
                let hotspots = hotspots(trace);
                let bottlenecks = bottlenecks(&hotspots);
                let document = serde_json::json!({
                    "hotspots": hotspots, "bottlenecks": bottlenecks, "machine": trace.machine,
                    "functions": trace.stacks.as_ref().map(functions), "memory": trace.memory,
                });
                serde_json::to_writer_pretty(&mut to, &document)?;
                writeln!(to)?;
            }
            Format::Tree => export::call_tree(trace, &mut to)?,
            Format::Spans => export::json(trace, &mut to)?,
            Format::Flamegraph => export::flame_graph(&stacks(), &mut to)?,
            Format::Folded => export::folded(&stacks(), &mut to)?,
            Format::Chrome => export::chrome(trace, &mut to)?,
            Format::Perfetto => export::perfetto(trace, &mut to)?,
            Format::Firefox => match &trace.stacks {
                Some(stacks) => export::firefox_stacks(stacks, &mut to)?,
                None => export::firefox(trace, &mut to)?,
            },
            Format::Pprof => export::pprof(&stacks(), &mut to)?,
        }
        to.flush()
    }
}
