//! Verdicts kept with their pairs, a line of JSON each.

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

use tachy_measure::Metric;
use tachy_measure::duel::Record;
use tachy_stats::Order;

/// The file of cases, if there is one.
pub struct Cases(Option<File>);

impl Cases {
    pub fn new(path: Option<&Path>) -> std::io::Result<Self> {
        let open = |path| OpenOptions::new().create(true).append(true).open(path);
        Ok(Self(path.map(open).transpose()?))
    }

    /// Keeps a duel: what the ratio really is, what was found, and the pairs in run order as
    /// `[candidate, reference, 1 if the candidate ran first]`, times in nanoseconds.
    pub fn add(
        &mut self,
        truth: f64,
        occasion: &str,
        metric: Metric,
        record: &Record,
    ) -> Result<(), Box<dyn Error>> {
        let Some(file) = &mut self.0 else { return Ok(()) };
        let pairs = record.pairs_of(metric, true).ok_or("a process took no time")?;
        let nanoseconds = |seconds: f64| (seconds * 1e9).round() as u64;
        let pairs: Vec<(u64, u64, u8)> = pairs
            .iter()
            .map(|pair| {
                let first = u8::from(pair.order() == Order::CandidateFirst);
                (nanoseconds(pair.candidate()), nanoseconds(pair.reference()), first)
            })
            .collect();
        let case = serde_json::json!({
            "truth": truth,
            "occasion": occasion,
            "metric": metric,
            "outcome": record.verdict(metric).map(|verdict| verdict.judgement.outcome),
            "options": record.options.judging,
            "pairs": pairs,
        });
        writeln!(file, "{case}")?;
        Ok(())
    }
}
