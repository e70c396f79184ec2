//! Verdicts on real processes, judged anew: on the corpus, false alarms must not become more, nor findings fewer.
//!
//! `corpus/` holds duels that `cargo xtask trial gate` recorded: every wrong verdict there was, and some right ones. A
//! stream ends where its verdict fell, so whoever needs more pairs than the rule that recorded it does not find.

use std::fs;
use std::path::PathBuf;

use serde::Deserialize;
use tachy_stats::{Duel, DuelOptions, Order, Outcome, Pair};

#[derive(Deserialize)]
struct Case {
    /// What the ratio really is.
    truth: f64,
    /// What was found when it was recorded.
    outcome: Outcome,
    options: DuelOptions,
    /// The candidate's and the reference's value, and 1 if the candidate ran first.
    pairs: Vec<(u64, u64, u8)>,
}

impl Case {
    /// The first verdict of who watches these pairs, or none at their end.
    fn watched(&self) -> Outcome {
        let mut duel = Duel::new(self.options).unwrap();
        let pairs = self.pairs.iter().map(|&(candidate, reference, first)| {
            let order = if first == 1 { Order::CandidateFirst } else { Order::ReferenceFirst };
            Pair::new(candidate as f64, reference as f64, order).unwrap()
        });
        pairs
            .map(|pair| duel.observe(pair).unwrap())
            .find(|outcome| *outcome != Outcome::Unsure)
            .unwrap_or(Outcome::Unsure)
    }
}

fn corpus() -> Vec<Case> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut cases = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        cases.extend(text.lines().map(|line| serde_json::from_str::<Case>(line).unwrap()));
    }
    cases
}

fn is_wrong(truth: f64, outcome: Outcome) -> bool {
    match outcome {
        Outcome::Faster => truth >= 1.0,
        Outcome::Slower => truth <= 1.0,
        Outcome::Same => truth != 1.0,
        Outcome::Unsure => false,
    }
}

#[test]
fn no_more_false_alarms_and_no_fewer_findings_than_were_recorded() {
    let (mut wrong, mut recorded_wrong) = (0, 0);
    let (mut found, mut recorded_found) = (0, 0);
    let (mut equals, mut slower) = (0, 0);
    for case in corpus() {
        let outcome = case.watched();
        wrong += usize::from(is_wrong(case.truth, outcome));
        recorded_wrong += usize::from(is_wrong(case.truth, case.outcome));
        if case.truth == 1.0 {
            equals += 1;
        } else {
            slower += 1;
            found += usize::from(outcome == Outcome::Slower);
            recorded_found += usize::from(case.outcome == Outcome::Slower);
        }
    }
    println!("{wrong} wrong of {equals} equals and {slower} slower; {found} found");
    assert!(equals >= 50 && slower >= 30, "the corpus is there: {equals}, {slower}");
    assert!(
        wrong <= recorded_wrong,
        "{wrong} wrong verdicts, where {recorded_wrong} were recorded"
    );
    assert!(found >= recorded_found, "{found} found, where {recorded_found} were recorded");
}
