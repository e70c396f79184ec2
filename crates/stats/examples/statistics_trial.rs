//! The figures that the project claims of its statistics, at full size: how often equals are told apart, whether
//! what is announced is found, how intervals cover, what is found in histories, and how long that takes. Fails if
//! a figure does not hold.
//!
//! ```console
//! $ cargo run --release -p tachy-stats --example statistics_trial -- [SHARE OF THE FULL SIZE]
//! ```

use std::error::Error;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use statrs::distribution::{Beta, ContinuousCDF};
use tachy_stats::{Balance, Design, DivisiveOptions, DuelOptions, Samples, e_divisive};

#[path = "../tests/support/machine.rs"]
mod machine;
#[path = "../tests/support/series.rs"]
mod series;

use machine::{Machine, SPREADS, Spread, Tally, coverage, power, watch};
use series::{analysed, drifts, flagged, series, steps, steps_of_three};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let share: f64 = std::env::args().nth(1).map_or(Ok(1.0), |share| share.parse())?;
    let sized = |full: usize| ((share * full as f64) as usize).max(20);
    let mut claims = Claims::default();
    intervals(sized(10_000), &mut claims);
    equals(sized(2000), &mut claims);
    plans(sized(1000), &mut claims);
    flat_histories(sized(10_000), &mut claims);
    stepped_histories(sized(2000), &mut claims);
    drifting_histories(sized(2000), &mut claims);
    speed(sized(10_000), &mut claims);
    Ok(claims.conclude())
}

/// What is claimed, and what of it does not hold.
#[derive(Default)]
struct Claims {
    broken: Vec<String>,
}

impl Claims {
    fn hold(&mut self, holds: bool, claim: String) {
        if !holds {
            self.broken.push(claim);
        }
    }

    fn conclude(self) -> ExitCode {
        for claim in &self.broken {
            println!("does not hold: {claim}");
        }
        if self.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// Four standard errors of a share of `trials`, within which a simulation may miss the truth.
fn slack(share: f64, trials: usize) -> f64 {
    4.0 * (share * (1.0 - share) / trials as f64).sqrt()
}

fn intervals(trials: usize, claims: &mut Claims) {
    println!("Coverage of fixed-size 95% intervals of the ratio, {trials} trials each");
    println!("{:<12} {:<6} {:>7} {:>7} {:>7} {:>7}", "noise", "coins", "6", "10", "20", "60");
    for spread in SPREADS {
        for (design, per_coin) in [(Design::Pairs, 1), (Design::Abba, 2)] {
            print!("{:<12} {:<6}", format!("{spread:?}"), format!("{design:?}"));
            for coins in [6, 10, 20, 60] {
                let machine = Machine::quiet(spread, 0.02);
                let share = coverage(machine, design, coins * per_coin, trials);
                print!(" {:>6.2}%", 100.0 * share);
                let slack = slack(0.95, trials);
                claims.hold(
                    (0.94 - slack..=0.96 + slack).contains(&share),
                    format!("coverage 94–96%: {spread:?}, {coins} coins of {design:?}: {share:.4}"),
                );
            }
            println!();
        }
    }
}

fn equals(trials: usize, claims: &mut Claims) {
    println!("\nEquals watched after every pair, at most 150: {trials} duels each");
    let mut all = Tally::default();
    for spread in SPREADS {
        for machine in [Machine::quiet(spread, 0.01), Machine::restless(spread, 0.02)] {
            for design in [Design::Pairs, Design::Abba] {
                let options = DuelOptions { design, ..DuelOptions::default() };
                let tally = watch(machine, 1.0, options, 150, trials);
                let bound = upper_bound(tally.faster + tally.slower, trials);
                let kind = if machine.bursts { "restless" } else { "quiet" };
                println!(
                    "{:<12} {kind:<9} {:<6} faster {:>2}, slower {:>2} (95% bound {:.2}%), same {:>4}, unsure {:>4}; \
                     half stopped after {:>3} pairs, 95% after {:>3}",
                    format!("{spread:?}"),
                    format!("{design:?}"),
                    tally.faster,
                    tally.slower,
                    100.0 * bound,
                    tally.same,
                    tally.unsure,
                    tally.stopped(0.5),
                    tally.stopped(0.95)
                );
                claims.hold(
                    trials < 2000 || bound < 0.01,
                    format!("false alarms below 1%: {machine:?} {design:?}: {bound:.4}"),
                );
                all.add(&tally);
            }
        }
    }
    let balance = Balance { faster: all.faster, slower: all.slower };
    println!(
        "together: faster {}, slower {} of {} ({:.3}%), sign test p = {:.2}",
        all.faster,
        all.slower,
        all.trials(),
        100.0 * (all.faster + all.slower) as f64 / all.trials() as f64,
        balance.p_value()
    );
    claims.hold(balance.p_value() > 0.01, format!("balanced signs: {balance:?}"));
}

/// Clopper and Pearson's upper 95% bound of a share (one-sided).
fn upper_bound(count: usize, trials: usize) -> f64 {
    Beta::new((count + 1) as f64, (trials - count) as f64)
        .map_or(1.0, |beta| beta.inverse_cdf(0.95))
}

fn plans(trials: usize, claims: &mut Claims) {
    println!("\nPlans for 2% from pilots of 30 pairs of equals; {trials} duels each");
    for spread in SPREADS {
        for machine in [Machine::quiet(spread, 0.01), Machine::restless(spread, 0.01)] {
            let power = power(machine, DuelOptions::default(), 30, trials);
            println!(
                "{:<12} {:<9} announced {:>5.1} pairs (fixed size {:>5.1}): 2% found in {:.1}%; 5% found within 60% \
                 of the number announced in {:.1}%, half of them after {} pairs",
                format!("{spread:?}"),
                if machine.bursts { "restless" } else { "quiet" },
                power.announced,
                power.fixed,
                100.0 * power.found,
                100.0 * power.larger_found,
                power.larger_median
            );
            claims.hold(
                power.found >= 0.95 - slack(0.95, trials),
                format!("2% found within the announced pairs: {machine:?}: {power:?}"),
            );
            claims.hold(
                (power.larger_median as f64) <= 0.6 * power.fixed,
                format!("5% found within 60% of the fixed size: {machine:?}: {power:?}"),
            );
        }
    }
}

fn flat_histories(trials: usize, claims: &mut Claims) {
    println!("\nFlat histories in which something is found, {trials} each");
    for spread in SPREADS {
        print!("{:<12}", format!("{spread:?}"));
        for count in [20, 50, 100, 300, 1000] {
            let share = flagged(spread, count, trials);
            print!("  {count} values {:.2}%", 100.0 * share);
            claims.hold(
                share <= 0.01 + slack(0.01, trials) * f64::from(u8::from(trials < 10_000)),
                format!("flat series flagged ≤ 1%: {spread:?} {count}: {share:.4}"),
            );
        }
        println!();
    }
}

fn stepped_histories(trials: usize, claims: &mut Claims) {
    println!(
        "\nSteps of three deviations, {trials} each: found; the very commit, with one value for each commit; the same \
         with the median of three processes. (Whoever knew the noise and both levels would name the commit in 85.7% \
         for one normal value, 95.6% log-normal, 95.4% bimodal, 73.9% heavy-tailed.)"
    );
    for spread in SPREADS {
        print!("{:<12}", format!("{spread:?}"));
        for count in [50, 100, 300, 1000] {
            let (found, exact) = steps(spread, 3.0, count, trials);
            let of_three = steps_of_three(spread, 3.0, count, trials);
            print!(
                "  {count} values {:.1}% {:.1}% {:.1}%",
                100.0 * found,
                100.0 * exact,
                100.0 * of_three
            );
            claims.hold(
                count < 100 || of_three >= 0.9 - slack(0.9, trials),
                format!("the very commit of a step of three processes: {spread:?} {count}: {of_three:.3}"),
            );
        }
        println!();
    }
}

fn drifting_histories(trials: usize, claims: &mut Claims) {
    println!("\nDrifts of 10% over 100 values that are found, {trials} each");
    for spread in SPREADS {
        print!("{:<12}", format!("{spread:?}"));
        for deviation in [0.01, 0.02, 0.03, 0.05] {
            let share = drifts(spread, deviation, 100, trials);
            print!("  noise {:.0}%: {:.1}%", 100.0 * deviation, 100.0 * share);
            claims.hold(
                deviation > 0.03 || share >= 0.95 - slack(0.95, trials),
                format!(
                    "a drift of 10% over 100 values is found: {spread:?} {deviation}: {share:.3}"
                ),
            );
        }
        println!();
    }
}

fn speed(trials: usize, claims: &mut Claims) {
    println!("\nTime on one core");
    let shapes: [(&str, Shape); 4] = [
        ("flat", |_| 1.0),
        ("one step", |i| if i < 500 { 1.0 } else { 1.06 }),
        ("ten levels", |i| 1.0 + 0.06 * (i / 100 * 7 % 4) as f64),
        ("a drift", |i| 1.0 + 0.0001 * i as f64),
    ];
    for (name, shape) in shapes {
        let all: Vec<Samples> = (0..trials.min(1000) as u64)
            .map(|seed| series(Spread::Normal, 0.02, 1000, seed, shape))
            .collect();
        let (_, cpu) = timed(|| {
            for _ in 0..trials.div_ceil(all.len()) {
                black_box(all.iter().filter(|series| analysed(series).is_flat()).count());
            }
        });
        let each = cpu / (trials.div_ceil(all.len()) * all.len()) as u32;
        println!(
            "{name:<12} {:>6.0} µs for a series of 1,000 values; 10,000 in {:.2} s",
            each.as_secs_f64() * 1e6,
            each.as_secs_f64() * 1e4
        );
        claims.hold(
            each < Duration::from_micros(if name == "flat" { 200 } else { 1000 }),
            format!("10,000 flat series in 2 s, any appended one in 1 ms: {name}: {each:?}"),
        );
    }
    let values = series(Spread::Normal, 0.02, 200, 1, |i| if i < 120 { 1.0 } else { 1.06 });
    let (changes, cpu) = timed(|| e_divisive(values.values(), &DivisiveOptions::default()));
    println!("E-divisive on 200 values: {changes:?} after {:.0} ms", cpu.as_secs_f64() * 1e3);
}

/// The level at each place of a series.
type Shape = fn(usize) -> f64;

/// The processor's time for some work, or the wall clock's where the system does not tell.
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    // Linux counts the nanoseconds that a thread ran; a neighbour on the machine does not lengthen them.
    let on_processor = || -> Option<u64> {
        std::fs::read_to_string("/proc/thread-self/schedstat")
            .ok()?
            .split_whitespace()
            .next()?
            .parse()
            .ok()
    };
    let (wall, before) = (Instant::now(), on_processor());
    let result = work();
    let elapsed = match (before, on_processor()) {
        (Some(before), Some(after)) => Duration::from_nanos(after - before),
        _ => wall.elapsed(),
    };
    (result, elapsed)
}
