//! From evidence to grades. What is written here is told by [`Aspect::rule`](super::Aspect::rule).

use tachy_measure::Unit;
use tachy_profile::memory::Priority;
use tachy_profile::memory::pressure::PressureLevel;
use tachy_stats::{Outcome, Severity};

use super::figures::Figure;
use super::grade::{Aspect, Grade, GradedAspect, Number};
use super::sections::Parts;
use crate::quantity::percent;

/// The half-widths of intervals that A, B and C allow.
const HALF_WIDTH: [f64; 3] = [0.01, 0.03, 0.1];

/// The share of times from a single process that B allows.
const ALONE: f64 = 0.5;

/// The share of restless processes that A allows.
const RESTLESS: f64 = 0.1;

/// The shares of the roofline that A, B and C need.
const ROOFLINE: [f64; 3] = [0.5, 0.25, 0.1];

/// The shares of the wall time in no span that A, B and C allow.
const UNATTRIBUTED: [f64; 3] = [0.02, 0.05, 0.15];

/// Every aspect, with its grade where there is evidence.
pub(super) fn grades(parts: &Parts) -> Vec<GradedAspect> {
    vec![
        correctness(parts),
        certainty(parts),
        change(parts),
        efficiency(parts),
        explained(parts),
        memory(parts),
    ]
}

/// The worst of all grades.
pub(super) fn overall(aspects: &[GradedAspect]) -> Option<Grade> {
    aspects.iter().filter_map(|aspect| aspect.grade).max()
}

pub(super) fn graded(
    aspect: Aspect,
    grade: Option<Grade>,
    because: String,
    numbers: Vec<Number>,
) -> GradedAspect {
    GradedAspect { aspect, grade, because, rule: aspect.rule(), numbers }
}

fn correctness(parts: &Parts) -> GradedAspect {
    let performance = &parts.performance;
    let wrong = performance.untimed.iter().filter(|untimed| untimed.wrong).count();
    let failed = performance.untimed.len() - wrong;
    let mut agreeing: Vec<(usize, usize)> = performance
        .figures
        .iter()
        .filter(|figure| figure.relative_l2.is_some())
        .map(|figure| (figure.run, figure.at.0))
        .collect();
    agreeing.dedup();
    let worst = performance.figures.iter().filter_map(|f| f.relative_l2).fold(0.0, f64::max);
    let mut numbers = vec![
        Number::count("agree with the reference", agreeing.len()),
        Number::count("wrong", wrong),
        Number::count("failed", failed),
    ];
    if !agreeing.is_empty() {
        numbers.push(Number::error("largest relative L2 error", worst));
    }
    let (grade, because) = match (wrong, failed, agreeing.len()) {
        (0, 0, 0) => (None, "Nothing was compared with a reference.".to_owned()),
        (0, 0, count) => (
            Some(Grade::A),
            format!(
                "{} with the reference, within the tolerance.",
                plural(count, "benchmark agrees", "benchmarks agree")
            ),
        ),
        (0, failed, _) => {
            (Some(Grade::C), format!("{} failed.", plural(failed, "benchmark", "benchmarks")))
        }
        (wrong, ..) => {
            let text = plural(wrong, "benchmark computes", "benchmarks compute");
            (Some(Grade::D), format!("{text} a wrong answer."))
        }
    };
    graded(Aspect::Correctness, grade, because, numbers)
}

fn certainty(parts: &Parts) -> GradedAspect {
    let times: Vec<&Figure> =
        parts.performance.figures.iter().filter(|figure| figure.unit == Unit::Seconds).collect();
    let several: Vec<&&Figure> = times.iter().filter(|figure| figure.processes > 1).collect();
    let mut widths: Vec<f64> = several.iter().filter_map(|figure| figure.half_width()).collect();
    widths.sort_by(f64::total_cmp);
    let restless: usize = times.iter().map(|figure| figure.restless).sum();
    let processes: usize = times.iter().map(|figure| figure.processes).sum();
    let share_alone = 1.0 - several.len() as f64 / times.len().max(1) as f64;
    let share_restless = restless as f64 / processes.max(1) as f64;
    let mut numbers = vec![
        Number::count("times", times.len()),
        Number::share("from a single process", share_alone),
        Number::share("warm-ups that never became steady", share_restless),
    ];
    if times.is_empty() {
        return graded(Aspect::Certainty, None, "No time was measured.".to_owned(), numbers);
    }
    let Some(median) = widths.get(widths.len() / 2).copied() else {
        let because = "No time has an interval over processes.".to_owned();
        return graded(Aspect::Certainty, Some(Grade::C), because, numbers);
    };
    numbers.insert(0, Number::share("median half-width of the intervals", median));
    let mut grade = Grade::at_most(median, HALF_WIDTH);
    let mut because = format!("Half of all times are known to ±{} or better.", percent(median));
    if share_restless >= RESTLESS && grade < Grade::B {
        grade = Grade::B;
        because = format!("{} of the warm-ups never became steady.", percent(share_restless));
    }
    if share_alone >= ALONE && grade < Grade::C {
        grade = Grade::C;
        because = format!("{} of the times come from a single process.", percent(share_alone));
    }
    graded(Aspect::Certainty, Some(grade), because, numbers)
}

fn change(parts: &Parts) -> GradedAspect {
    let verdicts = &parts.performance.verdicts;
    let count = |outcome| verdicts.iter().filter(|verdict| verdict.outcome == outcome).count();
    let (slower, unsure) = (count(Outcome::Slower), count(Outcome::Unsure));
    let steps: Vec<(f64, Outcome)> =
        parts.trends.latest().map(|(_, ratio, outcome, _)| (ratio, outcome)).collect();
    let rising = steps.iter().filter(|(_, outcome)| *outcome == Outcome::Slower).count();
    let worst = verdicts
        .iter()
        .filter(|verdict| verdict.outcome == Outcome::Slower)
        .map(|verdict| verdict.ratio.value)
        .chain(steps.iter().filter(|(_, o)| *o == Outcome::Slower).map(|(ratio, _)| *ratio))
        .fold(1.0, f64::max);
    let mut numbers = vec![
        Number::count("verdicts", verdicts.len()),
        Number::count("slower or larger", slower),
        Number::count("faster or smaller", count(Outcome::Faster)),
        Number::count("the same", count(Outcome::Same)),
        Number::count("unsure", unsure),
        Number::count("series", parts.trends.series.len()),
        Number::count("series that rose last", rising),
    ];
    if verdicts.is_empty() && parts.trends.is_empty() {
        let because = "Nothing was measured twice.".to_owned();
        return graded(Aspect::Change, None, because, numbers);
    }
    if worst > 1.0 {
        numbers.insert(0, Number::ratio("worst ratio", worst));
    }
    let (grade, because) = match Severity::of_ratio(worst) {
        None if unsure > 0 => (
            Grade::B,
            format!(
                "Nothing is known to be slower; {unsure} of {} verdicts are unsure.",
                verdicts.len()
            ),
        ),
        None => (Grade::A, "Nothing became slower or larger.".to_owned()),
        Some(severity) => {
            let grade = match severity {
                Severity::Minor => Grade::B,
                Severity::Moderate | Severity::Major => Grade::C,
                Severity::Critical => Grade::D,
            };
            let found = plural(slower + rising, "finding", "findings");
            (grade, format!("{found} for the worse, up to {severity} (+{}).", percent(worst - 1.0)))
        }
    };
    graded(Aspect::Change, Some(grade), because, numbers)
}

fn efficiency(parts: &Parts) -> GradedAspect {
    let known = parts.performance.traces.iter().filter_map(|trace| trace.at_roofline());
    let (least, taken) =
        known.fold((0.0, 0.0), |sum, (least, taken)| (sum.0 + least, sum.1 + taken));
    if taken == 0.0 {
        let because = "No operation's work and machine are known; a trace has them.".to_owned();
        return graded(Aspect::Efficiency, None, because, Vec::new());
    }
    let share = least / taken;
    let numbers = vec![
        Number::share("of the roofline", share),
        Number::quantity("time at the roofline", least, Unit::Seconds),
        Number::quantity("time taken", taken, Unit::Seconds),
    ];
    let because = format!("Operations of known work run at {} of their roofline.", percent(share));
    graded(Aspect::Efficiency, Some(Grade::at_least(share, ROOFLINE)), because, numbers)
}

fn explained(parts: &Parts) -> GradedAspect {
    let traces = &parts.performance.traces;
    let wall: u64 = traces.iter().map(|trace| trace.hotspots.wall).sum();
    let outside: u64 = traces.iter().map(|trace| trace.hotspots.unattributed).sum();
    if wall == 0 {
        return graded(Aspect::Explained, None, "Nothing was recorded.".to_owned(), Vec::new());
    }
    let share = outside as f64 / wall as f64;
    let numbers = vec![
        Number::share("of the wall time is in no span", share),
        Number::quantity("wall time", wall as f64 * 1e-9, Unit::Seconds),
        Number::count("spans", traces.iter().map(|trace| trace.hotspots.spans as usize).sum()),
    ];
    let because = format!("{} of the wall time is in no span.", percent(share));
    graded(Aspect::Explained, Some(Grade::at_most(share, UNATTRIBUTED)), because, numbers)
}

fn memory(parts: &Parts) -> GradedAspect {
    // What engines tell of themselves has no single allocations, of which some might have been forgotten.
    let tracked: Vec<_> =
        parts.memory.tracked.iter().filter(|input| !input.is_of_engines_alone()).collect();
    if tracked.is_empty() {
        let because = "No memory tracker's report of allocations is there.".to_owned();
        return graded(Aspect::Memory, None, because, Vec::new());
    }
    let leaks: usize = tracked.iter().map(|input| input.report.leaks.len()).sum();
    let leaked: u64 =
        tracked.iter().flat_map(|input| &input.report.leaks).map(|leak| leak.bytes).sum();
    let pressure = tracked.iter().flat_map(|input| &input.pressure).map(|(_, p)| p.level).max();
    let worthwhile: Vec<_> = tracked
        .iter()
        .flat_map(|input| &input.optimizations)
        .filter(|proposal| proposal.priority >= Priority::Medium)
        .collect();
    let most = worthwhile.iter().map(|proposal| proposal.potential_savings).max().unwrap_or(0);
    let mut numbers = vec![
        Number::count("leak candidates", leaks),
        Number::quantity("bytes in them", leaked as f64, Unit::Bytes),
        Number::count("savings of a tenth or more", worthwhile.len()),
        Number::quantity("largest of those savings", most as f64, Unit::Bytes),
    ];
    for device in tracked.iter().flat_map(|input| &input.report.devices) {
        let name = format!("peak on {}", device.device);
        numbers.push(Number::quantity(&name, device.figures.peak as f64, Unit::Bytes));
    }
    let told = pressure
        .map_or(String::new(), |level| format!(" Pressure: {}.", super::memory::level(level)));
    let (grade, because) = match (pressure.unwrap_or(PressureLevel::None), leaks) {
        (PressureLevel::Critical, _) => (Grade::D, "The pressure is critical.".to_owned()),
        (_, 1..) => {
            (Grade::C, format!("{}.{told}", plural(leaks, "leak candidate", "leak candidates")))
        }
        (PressureLevel::High, _) => (Grade::C, "The pressure is high.".to_owned()),
        (PressureLevel::Medium, _) => (Grade::B, "The pressure is medium.".to_owned()),
        _ if !worthwhile.is_empty() => {
            let text = plural(
                worthwhile.len(),
                "way to save a tenth or more",
                "ways to save a tenth or more",
            );
            (
                Grade::B,
                format!("There is {text}.{told}").replacen(
                    "There is",
                    if worthwhile.len() == 1 { "There is" } else { "There are" },
                    1,
                ),
            )
        }
        _ => (Grade::A, format!("No leak candidate, and nothing large to save.{told}")),
    };
    graded(Aspect::Memory, Some(grade), because, numbers)
}

/// `1 thing`, `3 things`.
pub(super) fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
