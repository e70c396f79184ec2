//! The commit at which a benchmark became slower.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};
use tachy_stats::{Judgement, Outcome};

use super::check::{Folders, differs_between_revisions};
use super::checkout::{Checkouts, build};
use super::error::GateError;
use super::repository::Repository;
use super::suite::NamedCommand;
use crate::duel::{self, Event, Options};

/// A bisection to make.
#[derive(Debug, Clone, PartialEq)]
pub struct BisectOptions {
    /// The project's folder, in a git repository.
    pub folder: PathBuf,
    /// A revision that is as fast as it should be.
    pub good: String,
    /// A later one that is not.
    pub bad: String,
    /// A line for the shell that builds a revision in its folder.
    pub build: Option<String>,
    /// What is measured.
    pub command: String,
    /// How each duel is made: its two programs, its folder and its seed are set for it.
    pub duel: Options,
}

/// What happens during a bisection, for whoever shows it.
#[derive(Debug, Clone, Copy)]
pub enum BisectEvent<'a> {
    /// A commit is being built.
    Building(&'a str),
    /// A commit's duel with the good revision goes on.
    Duel {
        /// The commit.
        commit: &'a str,
        /// What happens in it.
        event: Event<'a>,
    },
    /// A commit is judged; so many are left among which the first slow one is.
    Judged {
        /// What came out.
        trial: &'a Trial,
        /// Commits left.
        left: usize,
    },
}

/// A commit that was tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// The commit.
    pub commit: String,
    /// The first line of its message.
    pub subject: String,
    /// Its duel with the good revision; `None` if it does not build or run.
    pub judgement: Option<Judgement>,
    /// Why there was no duel.
    pub failure: Option<String>,
}

impl Trial {
    /// Whether it is slower than the good revision; `None` if that cannot be told. Where the duel is unsure, a ratio that
    /// is surely below the middle between the good and the bad revision's will do.
    fn is_slower(&self, middle: Option<f64>) -> Option<bool> {
        let judgement = self.judgement?;
        match judgement.outcome {
            Outcome::Slower => Some(true),
            Outcome::Same | Outcome::Faster => Some(false),
            Outcome::Unsure => (judgement.ratio.interval?.high < middle?).then_some(false),
        }
    }
}

/// What a bisection found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bisection {
    /// The good commit that all were compared with.
    pub good: String,
    /// The bad commit.
    pub bad: String,
    /// Every commit that was tried, in order; the first is the bad one.
    pub trials: Vec<Trial>,
    /// The commits among which the first slow one is, the earliest first: one, if all could be told; none, if the
    /// bad revision itself is not slower.
    pub suspects: Vec<String>,
}

/// Finds the first commit after the good revision that is slower than it, along the line of first parents.
///
/// The bad revision is tried first: if it is not slower, there is nothing to find. Each commit is built once at the
/// most. One that does not build, or about which nothing is sure, is left out, and its neighbours are tried.
///
/// # Errors
/// If there are no such revisions, the good one does not build, or it was interrupted.
pub fn bisect(
    options: &BisectOptions,
    stop: &AtomicBool,
    mut observe: impl FnMut(BisectEvent<'_>),
) -> Result<Bisection, GateError> {
    let named = NamedCommand { name: String::new(), command: options.command.clone() };
    differs_between_revisions(&named)?;
    let repository = Repository::of(&options.folder)?;
    let good = repository.commit(&options.good)?;
    let bad = repository.commit(&options.bad)?;
    let commits = repository.between(&good, &bad)?;
    let checkouts = Checkouts::of(&repository)?;
    let reference = checkouts.at("reference", &good)?;
    if let Some(line) = &options.build {
        observe(BisectEvent::Building(&good));
        build(&reference, line, &format!("The good revision `{}`", options.good))?;
    }
    let mut seed = options.duel.seed;
    let mut attempt = |commit: &str, observe: &mut dyn FnMut(BisectEvent<'_>)| {
        let subject = repository.subject(commit)?;
        let mut trial =
            Trial { commit: commit.to_owned(), subject, judgement: None, failure: None };
        let candidate = checkouts.at("candidate", commit)?;
        if let Some(line) = &options.build {
            observe(BisectEvent::Building(commit));
            if let Err(error) = build(&candidate, line, &format!("`{commit}`")) {
                trial.failure = Some(error.to_string());
                return Ok(trial);
            }
        }
        let folders = Folders { reference: &reference, candidate: &candidate };
        let duel = folders.duel(&options.duel, &options.command, seed);
        seed = seed.wrapping_add(1);
        match duel::run(&duel, stop, |event| observe(BisectEvent::Duel { commit, event })) {
            Ok(_) if stop.load(Ordering::Relaxed) => return Err(GateError::Interrupted),
            Ok(record) => {
                trial.judgement = record.verdict(duel.metric).map(|verdict| verdict.judgement);
            }
            Err(duel::DuelError::Interrupted) => return Err(GateError::Interrupted),
            Err(error) => trial.failure = Some(error.to_string()),
        }
        Ok(trial)
    };
    let mut search = Search::new(commits.len());
    let mut trials: Vec<Trial> = Vec::new();
    while let Some(index) = search.next() {
        let trial = attempt(&commits[index], &mut observe)?;
        let bad = trials.first().and_then(|bad| bad.judgement);
        let middle = bad.map(|judgement| judgement.ratio.value.sqrt());
        search.learn(index, trial.is_slower(middle));
        observe(BisectEvent::Judged { trial: &trial, left: search.suspects().len() });
        trials.push(trial);
    }
    let suspects = commits[search.suspects()].to_vec();
    Ok(Bisection { good, bad, trials, suspects })
}

/// Which commit to try next, by number: the earliest is 0.
#[derive(Debug)]
struct Search {
    /// The first that may be the culprit.
    low: usize,
    /// The earliest that is known to be slow.
    slow: Option<usize>,
    /// The last commit, as long as nothing is known of it.
    untried: Option<usize>,
    /// Those that could not be judged.
    skipped: Vec<usize>,
}

impl Search {
    fn new(commits: usize) -> Self {
        Self { low: 0, slow: None, untried: commits.checked_sub(1), skipped: Vec::new() }
    }

    /// The next to try: the last at first, then the middle of what is left, or the nearest to it that has not been
    /// tried in vain.
    fn next(&self) -> Option<usize> {
        if self.untried.is_some() {
            return self.untried;
        }
        let slow = self.slow?;
        let middle = self.low.midpoint(slow);
        (self.low..slow)
            .filter(|index| !self.skipped.contains(index))
            .min_by_key(|index| index.abs_diff(middle))
    }

    fn learn(&mut self, index: usize, slower: Option<bool>) {
        let is_last = self.untried.take().is_some();
        match slower {
            Some(true) => self.slow = Some(index),
            // If the last commit is not slow, there is nothing to find.
            _ if is_last => {}
            Some(false) => self.low = index + 1,
            None => self.skipped.push(index),
        }
    }

    /// Where the first slow commit is.
    fn suspects(&self) -> Range<usize> {
        self.slow.map_or(0..0, |slow| self.low..slow + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Searches among so many commits; which of them are slow, and which cannot be judged, is given.
    fn search(commits: usize, first_slow: usize, unsure: &[usize]) -> (Range<usize>, usize) {
        let mut search = Search::new(commits);
        let mut tried = Vec::new();
        while let Some(index) = search.next() {
            assert!(!tried.contains(&index), "{index} is tried twice");
            tried.push(index);
            search.learn(index, (!unsure.contains(&index)).then_some(index >= first_slow));
        }
        (search.suspects(), tried.len())
    }

    #[test]
    fn the_first_slow_commit_is_found_in_few_steps() {
        for commits in 1..40 {
            for first_slow in 0..commits {
                let (suspects, steps) = search(commits, first_slow, &[]);
                assert_eq!(suspects, first_slow..first_slow + 1);
                assert!(steps as u32 <= 2 + commits.ilog2(), "{steps} steps of {commits}");
            }
            assert_eq!(search(commits, commits, &[]), (0..0, 1));
        }
    }

    #[test]
    fn what_cannot_be_judged_stays_suspect_only_if_it_may_be_the_culprit() {
        assert_eq!(search(10, 5, &[4]).0, 4..6);
        assert_eq!(search(10, 5, &[5, 6]).0, 5..8);
        assert_eq!(search(10, 5, &[1, 8]).0, 5..6);
        assert_eq!(search(10, 5, &[9]), (0..0, 1));
    }
}
