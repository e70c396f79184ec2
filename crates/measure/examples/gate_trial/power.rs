//! A slow-down injected into a real kernel: is it found within the number of pairs announced?

use std::error::Error;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use tachy_measure::Metric;
use tachy_measure::duel::{Event, Options, Record, run};
use tachy_stats::{Outcome, Plan};

use crate::Settings;
use crate::cases::Cases;
use crate::equals::seed;
use crate::worker;

/// Calls of the kernel that the reference makes.
const CALLS: usize = 400;

/// The pairs of equals from which each plan is made.
const PILOT: usize = 30;

/// How many right verdicts are recorded beside all wrong ones.
const RECORDED: usize = 40;

#[derive(Default)]
struct Counts {
    duels: usize,
    found: usize,
    announced: usize,
    used: usize,
    larger_duels: usize,
    larger_found: usize,
    too_noisy: usize,
}

/// Duels with 2% and with 5%, each after a plan of its own, and the claims that did not hold.
pub fn trial(settings: &Settings, cases: &mut Cases) -> Result<Vec<String>, Box<dyn Error>> {
    let metric = settings.metric;
    let start = start_in_calls(metric)?;
    println!(
        "A slow-down of {}: {CALLS} calls of a kernel, and a start that takes as long as {start:.1} calls; so {} calls \
         are 2% more in all, and {} are 5% more",
        metric.name(),
        slowed(0.02, start),
        slowed(0.05, start)
    );
    let begun = Instant::now();
    let mut counts = Counts::default();
    for number in 0..settings.duels {
        let Some(plan) = duel_of_two_percent(metric, number, start, &mut counts, cases)? else {
            counts.too_noisy += 1;
            continue;
        };
        let most = plan.fixed_pairs * 6 / 10;
        let record =
            fight(metric, seed(number + 1_000_000), slowed(0.05, start), 0, Some(most), |_| {})?;
        counts.larger_duels += 1;
        counts.larger_found += usize::from(outcome(&record, metric) == Some(Outcome::Slower));
        if (number + 1) % 10 == 0 {
            eprintln!("{} of {}: {}", number + 1, settings.duels, counts.describe());
        }
    }
    println!("  {}", counts.describe());
    println!("  {:.0} s in all", begun.elapsed().as_secs_f64());
    let mut broken = Vec::new();
    let share = counts.found as f64 / counts.duels.max(1) as f64;
    // Four standard errors, within which so few duels may miss a share of 95%.
    let slack = 4.0 * (0.95 * 0.05 / counts.duels.max(1) as f64).sqrt();
    if counts.duels > 0 && share < 0.95 - slack {
        broken.push(format!("2% is found in 95%: {}", counts.describe()));
    }
    if counts.larger_duels > 0 && 2 * counts.larger_found < counts.larger_duels {
        broken.push(format!("5% is found within 60% of the fixed size: {}", counts.describe()));
    }
    Ok(broken)
}

impl Counts {
    fn describe(&self) -> String {
        let share = |part: usize, all: usize| 100.0 * part as f64 / all.max(1) as f64;
        format!(
            "2% found within the pairs announced in {} of {} duels ({:.1}%), {:.1} announced and {:.1} used on average; \
             5% found within 60% of the fixed size in {} of {} ({:.1}%); too noisy to announce 2%: {}",
            self.found,
            self.duels,
            share(self.found, self.duels),
            self.announced as f64 / self.duels.max(1) as f64,
            self.used as f64 / self.duels.max(1) as f64,
            self.larger_found,
            self.larger_duels,
            share(self.larger_found, self.larger_duels),
            self.too_noisy
        )
    }
}

/// A duel as the command makes it: a pilot, the announcement, and then no more pairs than were announced.
fn duel_of_two_percent(
    metric: Metric,
    number: usize,
    start: f64,
    counts: &mut Counts,
    cases: &mut Cases,
) -> Result<Option<Plan>, Box<dyn Error>> {
    let mut plan = None;
    let slower = slowed(0.02, start);
    // The pilot alone announces; the duel after it is held to what was announced.
    fight(metric, seed(number), slower, PILOT, Some(0), |event| {
        if let Event::Announced(announcement) = event {
            plan = announcement.plan;
        }
    })?;
    let Some(plan) = plan else { return Ok(None) };
    let record = fight(metric, seed(number + 500_000), slower, 0, Some(plan.pairs), |_| {})?;
    let found = outcome(&record, metric) == Some(Outcome::Slower);
    counts.duels += 1;
    counts.found += usize::from(found);
    counts.announced += plan.pairs;
    counts.used += record.pairs.len();
    if !found || number < RECORDED {
        cases.add(1.02, "as the machine is", metric, &record)?;
    }
    Ok(Some(plan))
}

fn fight(
    metric: Metric,
    seed: u64,
    calls: usize,
    pilot_pairs: usize,
    most_pairs: Option<usize>,
    observe: impl FnMut(Event<'_>),
) -> Result<Record, Box<dyn Error>> {
    let options = Options {
        metric,
        pilot_pairs,
        pairs_per_control: 0,
        most_pairs,
        ..Options::new(worker::calls(CALLS), worker::calls(calls), seed)
    };
    Ok(run(&options, &AtomicBool::new(false), observe)?)
}

fn outcome(record: &Record, metric: Metric) -> Option<Outcome> {
    record.verdict(metric).map(|verdict| verdict.judgement.outcome)
}

/// The calls with which a process takes so much longer, its start included.
fn slowed(effect: f64, start: f64) -> usize {
    (CALLS as f64 * (1.0 + effect) + effect * start).round() as usize
}

/// How many calls a start takes as long as.
fn start_in_calls(metric: Metric) -> Result<f64, Box<dyn Error>> {
    let options = Options {
        metric,
        pilot_pairs: 0,
        pairs_per_control: 0,
        most_pairs: Some(20),
        ..Options::new(worker::calls(0), worker::calls(CALLS), 1)
    };
    let record = run(&options, &AtomicBool::new(false), |_| {})?;
    let [none, all] = record.verdict(metric).ok_or("a process took no time")?.medians;
    Ok(none / ((all - none) / CALLS as f64))
}
