//! A duel, from the first process to the last.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tachy_stats::{Duel, Order, Orders, Outcome, Pair};
use wait4::Wait4;

use super::announcement::{Announcement, MOST_PAIRS, USUAL_SECONDS};
use super::counters::Counters;
use super::error::DuelError;
use super::options::Options;
use super::program::{Program, shell};
use super::record::{FORMAT, Part, Record, RecordedPair, Side};
use super::usage::Usage;
use crate::clock::Clock;
use crate::compare::seconds_since_1970;
use crate::environment::Environment;
use crate::memory::peak_resident;
use crate::process::{MOST_PADDING, PADDING, describe};

/// The fewest pairs of a pilot that time cuts short.
const FEWEST_PILOT_PAIRS: usize = 4;

/// The share of the time that a pilot may take.
const PILOT_SHARE: f64 = 0.25;

/// How much of what a process wrote to standard error is kept for the message about its failure.
const LAST_WORDS: u64 = 2048;

/// What happens during a duel, for whoever shows it.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// A command runs untimed.
    WarmUp(Side),
    /// So many pairs of the pilot are done.
    Pilot {
        /// Pairs done.
        done: usize,
        /// Pairs in all.
        of: usize,
    },
    /// What can be found: the pairs that count come after this.
    Announced(&'a Announcement),
    /// So many pairs of the duel are done.
    Pairs {
        /// Pairs done.
        done: usize,
        /// The most there will be.
        of: usize,
        /// How things stand.
        outcome: Outcome,
    },
}

/// Makes a duel.
///
/// It ends when the deciding metric has its verdict, when pairs or time are used up, or when `stop` is set: then the
/// record tells what is known so far.
///
/// # Errors
/// A command that cannot be started or fails, or options that make no sense. Whatever the verdict is, it is no error.
pub fn run(
    options: &Options,
    stop: &AtomicBool,
    mut observe: impl FnMut(Event<'_>),
) -> Result<Record, DuelError> {
    let mut session = Session::new(options, stop)?;
    if let Some(line) = &options.setup {
        session.around("--setup", line)?;
    }
    let result = session.fight(&mut observe);
    if let Some(line) = &options.cleanup {
        let cleaned = session.around("--cleanup", line);
        // What went wrong before matters more.
        return result.and_then(|record| cleaned.map(|()| record));
    }
    result
}

struct Session<'a> {
    options: &'a Options,
    stop: &'a AtomicBool,
    counters: Counters,
    started: u64,
    start: Instant,
    environment: Environment,
    random: StdRng,
    pairs: Vec<RecordedPair>,
}

/// Nothing more is to be measured.
enum Halt {
    Interrupted,
    Error(DuelError),
}

impl From<DuelError> for Halt {
    fn from(error: DuelError) -> Self {
        Halt::Error(error)
    }
}

impl<'a> Session<'a> {
    fn new(options: &'a Options, stop: &'a AtomicBool) -> Result<Self, DuelError> {
        options.reference.command()?;
        options.candidate.command()?;
        Duel::new(options.judging)?;
        if let Some(path) = &options.input {
            open(path)?;
        }
        if let Some(folder) = options.folder.as_ref().filter(|folder| !folder.is_dir()) {
            return Err(DuelError::Folder { path: folder.display().to_string() });
        }
        let (started, start) = (seconds_since_1970(), Instant::now());
        Ok(Self {
            options,
            stop,
            counters: Counters::probe(),
            started,
            start,
            environment: Environment::of_this_machine(Clock::measure()),
            // Apart from the streams of the orders, which have seeds of their own.
            random: StdRng::seed_from_u64(options.seed ^ 0x9e37_79b9_7f4a_7c15),
            pairs: Vec::new(),
        })
    }

    fn fight(&mut self, observe: &mut dyn FnMut(Event<'_>)) -> Result<Record, DuelError> {
        let mut announcement = None;
        let interrupted = match self.measure(&mut announcement, observe) {
            Ok(()) => false,
            Err(Halt::Interrupted) => true,
            Err(Halt::Error(error)) => return Err(error),
        };
        if self.pairs.is_empty() {
            return Err(DuelError::Interrupted);
        }
        let mut record = Record {
            format: FORMAT,
            started: self.started,
            duration: self.start.elapsed().as_secs_f64(),
            options: self.options.clone(),
            environment: self.environment.clone(),
            announcement,
            interrupted,
            verdicts: Vec::new(),
            absent: Vec::new(),
            least_peak_memory: cfg!(target_os = "linux").then(peak_resident).flatten(),
            pairs: std::mem::take(&mut self.pairs),
        };
        record.judge(self.counters.absence())?;
        Ok(record)
    }

    fn measure(
        &mut self,
        announcement: &mut Option<Announcement>,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), Halt> {
        for _ in 0..self.options.warm_ups {
            for side in [Side::Reference, Side::Candidate] {
                observe(Event::WarmUp(side));
                self.process(side, 0, true)?;
            }
        }
        let design = self.options.judging.design;
        let mut control_orders = design.orders(self.options.seed.wrapping_add(1 << 32));
        let mut most = self.options.most_pairs.unwrap_or(MOST_PAIRS);
        if self.options.pilot_pairs > 0 {
            let pilot = self.pilot(&mut control_orders, observe)?;
            most = pilot.most_pairs;
            observe(Event::Announced(announcement.insert(pilot)));
        }
        self.duel(most, &mut control_orders, observe)
    }

    /// The reference against itself, to learn how much pairs vary.
    fn pilot(
        &mut self,
        orders: &mut Orders,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Result<Announcement, Halt> {
        let options = self.options;
        let per_coin = options.judging.design.pairs_per_coin();
        let all = options.pilot_pairs.max(2).next_multiple_of(per_coin);
        let few = FEWEST_PILOT_PAIRS.next_multiple_of(per_coin);
        let enough = PILOT_SHARE * options.seconds.unwrap_or(USUAL_SECONDS);
        let begun = Instant::now();
        let mut pairs = Vec::new();
        while pairs.len() < all
            && !(pairs.len() >= few
                && pairs.len().is_multiple_of(per_coin)
                && begun.elapsed().as_secs_f64() > enough)
        {
            observe(Event::Pilot { done: pairs.len(), of: all });
            pairs.push(self.pair(Part::Pilot, orders)?);
        }
        let seconds_per_pair = begun.elapsed().as_secs_f64() / pairs.len() as f64;
        let spent = self.start.elapsed().as_secs_f64();
        Ok(Announcement::new(&pairs, options, seconds_per_pair, spent).map_err(DuelError::from)?)
    }

    fn duel(
        &mut self,
        most: usize,
        control_orders: &mut Orders,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), Halt> {
        let options = self.options;
        let mut duel = Duel::new(options.judging).map_err(DuelError::from)?;
        let mut orders = options.judging.design.orders(options.seed);
        let mut outcome = Outcome::Unsure;
        // In each stretch of pairs one pair of the control, after a pair drawn by lot.
        let mut control_after = 0;
        for done in 0..most {
            let stretch = options.pairs_per_control;
            if stretch > 0 && done % stretch == 0 {
                control_after = done + self.random.random_range(0..stretch);
            }
            observe(Event::Pairs { done, of: most, outcome });
            let pair = self.pair(Part::Duel, &mut orders)?;
            outcome = duel.observe(pair).expect("the orders are those of the design");
            if outcome != Outcome::Unsure || self.is_late(done + 1) {
                break;
            }
            if stretch > 0 && done == control_after {
                self.pair(Part::Control, control_orders)?;
            }
        }
        Ok(())
    }

    /// Whether the time that was given is over, at the end of a coin's pairs.
    fn is_late(&self, pairs: usize) -> bool {
        pairs.is_multiple_of(self.options.judging.design.pairs_per_coin())
            && self.options.seconds.is_some_and(|limit| self.start.elapsed().as_secs_f64() >= limit)
    }

    /// Runs the two processes of a pair in the order that is next.
    fn pair(&mut self, part: Part, orders: &mut Orders) -> Result<Pair, Halt> {
        let order = orders.next().expect("orders never end");
        let padding = self.random.random_range(0..MOST_PADDING);
        let candidate = match part {
            Part::Duel => Side::Candidate,
            Part::Pilot | Part::Control => Side::Reference,
        };
        let (candidate, reference) = match order {
            Order::CandidateFirst => {
                let candidate = self.process(candidate, padding, false)?;
                (candidate, self.process(Side::Reference, padding, false)?)
            }
            Order::ReferenceFirst => {
                let reference = self.process(Side::Reference, padding, false)?;
                (self.process(candidate, padding, false)?, reference)
            }
        };
        let recorded = RecordedPair { part, order, padding, reference, candidate };
        let metric = self.options.metric;
        let pair = recorded.pair(metric).ok_or_else(|| self.no_metric(metric))?;
        self.pairs.push(recorded);
        Ok(pair)
    }

    fn no_metric(&self, metric: crate::Metric) -> DuelError {
        let reason = match (metric, self.counters.absence()) {
            (crate::Metric::Instructions | crate::Metric::Cycles, Some(reason)) => reason,
            _ => "a process has too little of it to be measured; let it do more work",
        };
        DuelError::NoMetric { metric, reason: reason.to_owned() }
    }

    /// Runs one process to its end. The words of one that is not timed are kept in case it fails.
    fn process(&mut self, side: Side, padding: usize, keep_words: bool) -> Result<Usage, Halt> {
        let options = self.options;
        let program = match side {
            Side::Reference => &options.reference,
            Side::Candidate => &options.candidate,
        };
        let line = match (options.prepare.as_slice(), side) {
            ([], _) => None,
            ([_, second, ..], Side::Candidate) => Some(second),
            ([first, ..], _) => Some(first),
        };
        if let Some(line) = line {
            self.around("--prepare", line).map_err(|error| self.halt(error))?;
        }
        if self.stop.load(Ordering::Relaxed) {
            return Err(Halt::Interrupted);
        }
        let mut words = match keep_words {
            true => tempfile::tempfile().ok(),
            false => None,
        };
        let mut command = self.command(program.command()?)?;
        command.env(PADDING, "x".repeat(padding)).stdout(Stdio::null());
        match words.as_ref().and_then(|file| file.try_clone().ok()) {
            Some(file) => command.stderr(file),
            None => command.stderr(Stdio::null()),
        };
        let lost = |error| start_error(program, error);
        let counting = self.counters.arm();
        let begun = Instant::now();
        let child = command.spawn().map_err(lost)?;
        let end = child.wait4().map_err(lost)?;
        let time = begun.elapsed();
        let usage = Usage::new(time, &end, counting.finish());
        if !end.status.success() && !options.ignore_failure {
            let how = format!("{}{}", describe(end.status), last_words(words.as_mut()));
            return Err(self.halt(DuelError::Failed { command: program.to_string(), how }));
        }
        Ok(usage)
    }

    /// An interruption reaches child processes, too: then it is no failure of theirs.
    fn halt(&self, error: DuelError) -> Halt {
        thread::sleep(Duration::from_millis(20));
        match self.stop.load(Ordering::Relaxed) {
            true => Halt::Interrupted,
            false => Halt::Error(error),
        }
    }

    /// Runs a line that is not measured.
    fn around(&self, option: &'static str, line: &str) -> Result<(), DuelError> {
        let failed =
            |how: String| DuelError::AroundFailed { option, command: line.to_owned(), how };
        let mut words = tempfile::tempfile().ok();
        let mut command = self.command(shell(line))?;
        command.stdin(Stdio::null()).stdout(Stdio::null());
        match words.as_ref().and_then(|file| file.try_clone().ok()) {
            Some(file) => command.stderr(file),
            None => command.stderr(Stdio::null()),
        };
        let status = command.status().map_err(|error| failed(error.to_string()))?;
        match status.success() {
            true => Ok(()),
            false => Err(failed(format!("{}{}", describe(status), last_words(words.as_mut())))),
        }
    }

    /// The command with the input, the folder and the variables of every process.
    fn command(&self, mut command: Command) -> Result<Command, DuelError> {
        let options = self.options;
        command.envs(options.variables.iter().map(|(name, value)| (name, value)));
        if let Some(folder) = &options.folder {
            command.current_dir(folder);
        }
        command.stdin(match &options.input {
            Some(path) => open(path)?.into(),
            None => Stdio::null(),
        });
        Ok(command)
    }
}

fn open(path: &Path) -> Result<File, DuelError> {
    File::open(path).map_err(|source| DuelError::Input { path: path.display().to_string(), source })
}

fn start_error(program: &Program, source: std::io::Error) -> DuelError {
    let remedy = match source.kind() {
        _ if program.shell => "is there a shell?",
        std::io::ErrorKind::NotFound
            if program.line.contains(['|', '>', '<', '&', ';', '$', '*']) =>
        {
            "no shell reads the line unless you give `--shell`"
        }
        std::io::ErrorKind::NotFound => {
            "its first word must be a program on the PATH or the path of one; for what only a shell knows, give `--shell`"
        }
        std::io::ErrorKind::PermissionDenied => "is the file executable?",
        _ => "try it by hand",
    };
    DuelError::Start { command: program.to_string(), source, remedy }
}

/// The end of what a process wrote to standard error, ready to follow what became of it.
fn last_words(file: Option<&mut File>) -> String {
    let mut words = Vec::new();
    let read = file.and_then(|file| {
        let length = file.seek(SeekFrom::End(0)).ok()?;
        file.seek(SeekFrom::Start(length.saturating_sub(LAST_WORDS))).ok()?;
        file.read_to_end(&mut words).ok()
    });
    let words = String::from_utf8_lossy(&words);
    let lines: Vec<&str> = words.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    match (read, lines.as_slice()) {
        (None | Some(0), _) | (_, []) => String::new(),
        (_, lines) => {
            let last = &lines[lines.len().saturating_sub(3)..];
            format!("; its last words: {}", last.join(" / "))
        }
    }
}
