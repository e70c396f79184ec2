//! Equals against each other: whoever finds a difference is wrong.

use std::error::Error;
use std::process::{Child, Command};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use statrs::distribution::{Beta, ContinuousCDF};
use tachy_measure::Metric;
use tachy_measure::duel::{Options, run};
use tachy_stats::{Balance, Outcome};

use crate::Settings;
use crate::cases::Cases;
use crate::worker;

/// So few calls that a process takes a millisecond or two, of which most is its start.
const CALLS: usize = 20;

/// How many right verdicts of each occasion are recorded beside all wrong ones.
const RECORDED: usize = 20;

/// Verdicts on one occasion, and the claims that did not hold.
pub fn trial(
    settings: &Settings,
    beside_bursts: bool,
    cases: &mut Cases,
) -> Result<Vec<String>, Box<dyn Error>> {
    let neighbour = beside_bursts.then(Neighbour::start).transpose()?;
    let occasion = if beside_bursts { "beside bursts" } else { "as the machine is" };
    let begun = Instant::now();
    let (mut time, mut processor) = (Tally::default(), Tally::default());
    for verdict in 0..settings.verdicts {
        let program = worker::calls(CALLS);
        let options = Options {
            pilot_pairs: 0,
            // The control would withdraw some of the false alarms; here all are to be seen.
            pairs_per_control: 0,
            most_pairs: Some(settings.most),
            ..Options::new(program.clone(), program, seed(verdict))
        };
        let record = run(&options, &AtomicBool::new(false), |_| {})?;
        let outcome = |metric| record.verdict(metric).map(|verdict| verdict.judgement.outcome);
        let decided = outcome(Metric::Time).ok_or("a process took no time")?;
        time.add(decided, record.pairs.len());
        if let Some(outcome) = outcome(Metric::ProcessorTime) {
            processor.add(outcome, record.pairs.len());
        }
        let wrong = matches!(decided, Outcome::Faster | Outcome::Slower);
        if wrong || verdict < RECORDED {
            cases.add(1.0, occasion, Metric::Time, &record)?;
        }
        if (verdict + 1) % 100 == 0 {
            eprintln!("{occasion}: {} of {}: {}", verdict + 1, settings.verdicts, time.describe());
        }
    }
    drop(neighbour);
    let each = begun.elapsed().as_secs_f64() / settings.verdicts as f64;
    println!(
        "Equals {occasion}: {} verdicts within {} pairs each, of {:.1} pairs and {:.2} s on average",
        settings.verdicts,
        settings.most,
        time.pairs as f64 / settings.verdicts as f64,
        each
    );
    println!("  time            {}", time.describe());
    println!(
        "  processor time  {} (judged with the pairs at which time had its verdict)",
        processor.describe()
    );
    let mut broken = Vec::new();
    // 12 of 2,000, and for smaller trials what chance allows at the rate that is promised, but once in 10,000.
    let allowed = most_allowed(settings.verdicts);
    if time.wrong() > allowed {
        broken
            .push(format!("{} false alarms {occasion}, where {allowed} are allowed", time.wrong()));
    }
    if time.balance.p_value() < 0.01 {
        broken.push(format!("false alarms are lopsided {occasion}: {:?}", time.balance));
    }
    Ok(broken)
}

fn most_allowed(verdicts: usize) -> usize {
    if verdicts >= 2000 {
        return verdicts * 12 / 2000;
    }
    let mean = 0.004 * verdicts as f64;
    // The Poisson distribution's tail.
    let (mut term, mut below, mut count) = ((-mean).exp(), 0.0, 0);
    loop {
        below += term;
        if 1.0 - below < 1e-4 {
            return count;
        }
        count += 1;
        term *= mean / count as f64;
    }
}

/// A seed of its own for each verdict, the same in every trial.
pub fn seed(number: usize) -> u64 {
    (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from(std::process::id())
}

#[derive(Default)]
struct Tally {
    balance: Balance,
    same: usize,
    unsure: usize,
    pairs: usize,
}

impl Tally {
    fn add(&mut self, outcome: Outcome, pairs: usize) {
        match outcome {
            Outcome::Faster => self.balance.faster += 1,
            Outcome::Slower => self.balance.slower += 1,
            Outcome::Same => self.same += 1,
            Outcome::Unsure => self.unsure += 1,
        }
        self.pairs += pairs;
    }

    fn wrong(&self) -> usize {
        self.balance.faster + self.balance.slower
    }

    fn describe(&self) -> String {
        let verdicts = self.wrong() + self.same + self.unsure;
        let bound = upper_bound(self.wrong(), verdicts);
        format!(
            "faster {}, slower {} ({:.2}%, 95% bound {:.2}%, sign test p = {:.2}), same {}, unsure {}",
            self.balance.faster,
            self.balance.slower,
            100.0 * self.wrong() as f64 / verdicts as f64,
            100.0 * bound,
            self.balance.p_value(),
            self.same,
            self.unsure
        )
    }
}

/// Clopper and Pearson's upper 95% bound of a share (one-sided).
fn upper_bound(count: usize, trials: usize) -> f64 {
    if count >= trials {
        return 1.0;
    }
    Beta::new((count + 1) as f64, (trials - count) as f64)
        .map_or(1.0, |beta| beta.inverse_cdf(0.95))
}

/// The process that loads one core in bursts, for as long as this lives.
struct Neighbour(Child);

impl Neighbour {
    fn start() -> std::io::Result<Self> {
        let program = std::env::current_exe()?;
        Ok(Self(Command::new(program).args(["bursts", &std::process::id().to_string()]).spawn()?))
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        // It ends by itself should this fail.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
