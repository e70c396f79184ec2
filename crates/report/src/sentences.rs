//! What a comparison says, in sentences. Names stand between backticks; each format shows them its own way.

use tachy_measure::{Agreement, Environment, Unit, WarmUp};
use tachy_stats::{Estimate, Outcome, Reason, Remedy, ReplicationUnit};

use crate::look::tame;
use crate::quantity::{
    self, NO_BREAK, count, duration, error, level, moment, percent, plain, quantity, range,
};
use crate::report::{Pair, Report, Timed};

/// A sum of parts that is off by more than this is spoken of.
const PARTS_MAY_BE_OFF: f64 = 0.02;

impl Report<'_> {
    /// The result in one sentence. Names stand between backticks.
    pub fn headline(&self) -> String {
        plain(&self.result())
    }

    pub(crate) fn result(&self) -> String {
        let groups = self.groups();
        let Some((first, others)) = groups.split_first() else { return self.nothing_timed() };
        let names = names(first);
        let next = others.first().and_then(|group| group.first());
        let ratio = |timed: &Timed| timed.place.to_first.map(|verdict| verdict.ratio);
        match (*first, next.and_then(|next| Some((next, ratio(next)?)))) {
            ([only], None) => {
                let run = only.place.typical;
                let interval = run.interval.map_or(String::new(), |interval| {
                    let range = range(interval.low, interval.high, Unit::Seconds);
                    format!(" ({} interval {range})", level(interval.level))
                });
                format!(
                    "{names} takes {} for a run{interval}; no other device was timed.",
                    quantity(run.value, Unit::Seconds)
                )
            }
            ([_], Some((next, ratio))) => format!(
                "{names} is the fastest: {} faster than `{}`{}.",
                times(&ratio),
                next.name(),
                in_words(&ratio)
            ),
            (_, next) => {
                let rank = first[0].place.rank;
                let (same, one_process) = (self.equally_fast(rank), self.one_process(rank));
                let start = if same {
                    format!("{names} are equally fast")
                } else {
                    format!("No clear winner between {names}")
                };
                match next {
                    Some((next, ratio)) => format!(
                        "{start}; `{}` comes next, at {} the time of `{}`{}.",
                        next.name(),
                        times(&ratio),
                        first[0].name(),
                        in_words(&ratio)
                    ),
                    None if one_process => {
                        format!("{start}: one process of a device is too little evidence.")
                    }
                    None => format!("{start}."),
                }
            }
        }
    }

    fn nothing_timed(&self) -> String {
        let list = |rows: Vec<String>, what: &str| match rows.len() {
            0 => None,
            _ => Some(format!("{} {what}", join(&rows))),
        };
        let wrong = self.wrong.iter().map(|(row, _)| format!("`{}`", row.device)).collect();
        let failed = self.failed.iter().map(|failed| format!("`{}`", failed.row.device)).collect();
        let parts: Vec<String> = [list(wrong, "computed a wrong answer"), list(failed, "failed")]
            .into_iter()
            .flatten()
            .collect();
        match parts.as_slice() {
            [] => "No device was timed.".to_owned(),
            parts => format!("No device was timed: {}.", join(parts)),
        }
    }

    /// Whether no two of a group differ by more than the margin.
    pub(crate) fn equally_fast(&self, rank: usize) -> bool {
        self.pairs_of(rank).all(|pair| pair.verdict.outcome == Outcome::Same)
    }

    /// Whether a group is not ranked because a device of it ran in one process only.
    pub(crate) fn one_process(&self, rank: usize) -> bool {
        self.pairs_of(rank).any(|pair| pair.verdict.reason == Reason::OneProcess)
    }

    /// For each shared rank: who cannot be told apart, by what evidence, and what would settle it.
    pub(crate) fn ties(&self) -> Vec<String> {
        let groups = self.groups().into_iter().filter(|group| group.len() > 1);
        groups.map(|group| self.tie(group)).collect()
    }

    fn tie(&self, group: &[Timed]) -> String {
        let rank = group[0].place.rank;
        let names = names(group);
        let advice = self.remedy(rank).map_or(String::new(), |remedy| format!("; {remedy}"));
        if self.one_process(rank) {
            return format!(
                "{names} are not ranked: one process of a device says nothing about the next one{advice}."
            );
        }
        let told: Vec<&Pair> =
            self.pairs_of(rank).filter(|pair| pair.verdict.outcome != Outcome::Slower).collect();
        let ratios = match told.as_slice() {
            [only] if group.len() == 2 => format!("ratio {}", evidence(&only.verdict.ratio)),
            pairs => join(&pairs.iter().map(|pair| self.pair(pair)).collect::<Vec<_>>()),
        };
        if self.equally_fast(rank) {
            format!("{names} are equally fast: {ratios}, a difference too small to matter.")
        } else {
            format!("{names} cannot be told apart: {ratios}{advice}.")
        }
    }

    fn pair(&self, pair: &Pair) -> String {
        let name = |place: usize| self.timed[place].name();
        let ratio = evidence(&pair.verdict.ratio);
        format!("`{}` to `{}` {ratio}", name(pair.slower), name(pair.faster))
    }

    /// What would tell all of a group apart: the most that any of its pairs needs.
    fn remedy(&self, rank: usize) -> Option<Remedy> {
        let remedies = || self.pairs_of(rank).filter_map(|pair| pair.verdict.remedy);
        let processes = |remedy| match remedy {
            Remedy::MoreProcesses(count) => count,
            Remedy::QuieterMachine => usize::MAX,
        };
        remedies().max_by_key(|remedy| processes(*remedy))
    }

    /// What makes the figures less sure than they look.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let environment = &self.comparison.environment;
        let mut warnings = Vec::new();
        for timed in &self.timed {
            warnings.extend(unsteady(&timed.name(), &timed.measured.warm_ups));
        }
        warnings.extend(busy(environment, "the comparison"));
        if self.comparison.settings.threads > environment.logical_processors {
            warnings.push(format!(
                "Each engine had {} threads on {}.",
                self.comparison.settings.threads,
                processors(environment.logical_processors)
            ));
        }
        if let [only] = self.timed.as_slice()
            && only.counts().len() == 1
        {
            warnings.push(format!(
                "`{}` ran in one process only, which says nothing about the next process.",
                only.name()
            ));
        }
        for timed in &self.timed {
            if let Some(share) = timed.parts_of_call()
                && (share - 1.0).abs() > PARTS_MAY_BE_OFF
            {
                warnings.push(format!("`{}`: {}.", timed.name(), parts(share)));
            }
        }
        warnings
    }

    /// What was compared, in one line.
    pub(crate) fn model_line(&self) -> String {
        let model = &self.comparison.model;
        let parameters =
            model.parameters.map(|parameters| format!("{} parameters", count(parameters)));
        let bytes = Some(quantity(model.bytes as f64, Unit::Bytes));
        let inputs = Some(format!("{} → {}", model.inputs.join(", "), model.outputs.join(", ")));
        let parts = [Some(model.name.clone()), parameters, bytes, inputs];
        tame(&parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")).replace('\n', " ")
    }

    /// Where and how it was compared, in one line.
    pub(crate) fn environment_line(&self) -> String {
        let environment = &self.comparison.environment;
        let settings = &self.comparison.settings;
        line_of(environment, Some(format!("{} for each engine", threads(settings.threads))))
    }

    /// When, how long, and from which seed, in one line.
    pub(crate) fn occasion_line(&self) -> String {
        let Self { comparison, .. } = self;
        format!(
            "{} · took {} · seed {} · {}",
            moment(comparison.started),
            duration(comparison.duration),
            comparison.settings.seed,
            tame(&comparison.settings.inputs).replace('\n', " ")
        )
    }

    /// How the intervals are meant.
    pub(crate) fn interval_note(&self) -> String {
        let within = |timed: &Timed| timed.place.typical.replication.unit == ReplicationUnit::Block;
        let unit = match self.timed.iter().filter(|timed| within(timed)).count() {
            0 => "over processes",
            all if all == self.timed.len() => "within one process (*)",
            _ => "over processes, or within the only one (*)",
        };
        match self.pairs.len() {
            0 => format!("Times are medians of calls with a 95% interval {unit}."),
            1 => format!("Times and ratios are of medians, with 95% intervals {unit}."),
            pairs => format!(
                "Times are medians of calls with a 95% interval {unit}; the intervals of ratios are wider \
                 ({} each), so that all {pairs} pairs together hold at 95%.",
                level(self.pair_level)
            ),
        }
    }
}

/// How far off a wrong device is.
pub(crate) fn wrongness(agreement: &Agreement) -> String {
    let output = match agreement.output.as_str() {
        "" => String::new(),
        output => format!(" at output `{output}`"),
    };
    let distance = if agreement.relative_l2.is_finite() {
        format!(
            "relative L2 error {}{output}, where {} is accepted; the largest difference is {}",
            error(agreement.relative_l2),
            error(agreement.tolerance),
            error(agreement.max_absolute)
        )
    } else {
        format!("no finite distance from the reference{output}")
    };
    match &agreement.fault {
        Some(fault) => format!("{fault}; {distance}."),
        None => format!("{distance}."),
    }
}

/// The check of the parts against the whole.
pub(crate) fn parts(share: f64) -> String {
    format!("upload + run + fetch = {:.1}% of the whole call", share * 100.0)
}

/// A machine in one line, with what else is worth knowing about its processors' work.
pub(crate) fn line_of(environment: &Environment, work: Option<String>) -> String {
    let simd = match environment.simd.as_slice() {
        [] => String::new(),
        simd => format!(" ({})", simd.join(" ")),
    };
    let parts = [
        Some(format!("{}{simd}", environment.processor)),
        Some(processors(environment.logical_processors)),
        work,
        Some(quantity(environment.memory as f64, Unit::Bytes)),
        Some(format!("{} {}", environment.system, environment.architecture)),
        environment.governor.as_ref().map(|governor| format!("governor {governor}")),
        environment.load.map(|load| format!("load {load:.2}")),
        Some(format!("tachy {}", environment.tachy)),
    ];
    tame(&parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")).replace('\n', " ")
}

/// Whether others wanted the processors, too, when `what` began.
pub(crate) fn busy(environment: &Environment, what: &str) -> Option<String> {
    let load = environment.load.filter(|load| *load > environment.logical_processors as f64)?;
    Some(format!(
        "The machine was busy when {what} began: {load:.1} processes wanted to run on {}; \
         measure again when it is idle.",
        processors(environment.logical_processors)
    ))
}

/// Whether the warm-up of something ran out of patience.
pub(crate) fn unsteady(name: &str, warm_ups: &[WarmUp]) -> Option<String> {
    let restless: Vec<_> = warm_ups.iter().filter(|warm_up| !warm_up.steady).collect();
    let longest = restless.iter().max_by(|a, b| a.seconds.total_cmp(&b.seconds))?;
    let among = match (restless.len(), warm_ups.len()) {
        (1, 1) => String::new(),
        (some, all) => format!(" in {some} of {all} processes"),
    };
    Some(format!(
        "`{name}` never became steady{among}, after up to {} calls in {}: its times may still have been drifting.",
        longest.calls,
        duration(longest.seconds)
    ))
}

/// The ratio and its interval: `1.01 [0.97, 1.05]`.
pub(crate) fn evidence(ratio: &Estimate) -> String {
    let interval = match ratio.interval {
        Some(_) => bracket(ratio).replace(' ', "\u{a0}"),
        None => "(no interval)".to_owned(),
    };
    format!("{}{NO_BREAK}{interval}", quantity::ratio(ratio.value, width(ratio)))
}

/// A ratio as a factor: `1.24×`.
pub(crate) fn times(ratio: &Estimate) -> String {
    format!("{}×", quantity::ratio(ratio.value, width(ratio)))
}

/// The interval of a ratio: `[1.20, 1.28]`.
pub(crate) fn bracket(ratio: &Estimate) -> String {
    let show = |value| quantity::ratio(value, width(ratio));
    ratio.interval.map_or(String::new(), |interval| {
        format!("[{}, {}]", show(interval.low), show(interval.high))
    })
}

fn in_words(ratio: &Estimate) -> String {
    let show = |value| quantity::ratio(value, width(ratio));
    ratio.interval.map_or(String::new(), |interval| {
        format!(" (95% interval {}–{})", show(interval.low), show(interval.high))
    })
}

fn width(ratio: &Estimate) -> f64 {
    ratio.interval.map_or(f64::INFINITY, |interval| interval.high - interval.low)
}

/// The interval of a value, relative to it: `±1.4%`, or `−12 +15%` where it is lopsided; with a star where it covers
/// one process only.
pub(crate) fn relative_interval(estimate: &Estimate) -> String {
    let Some(interval) = estimate.interval else { return "?".to_owned() };
    let below = 1.0 - interval.low / estimate.value;
    let above = interval.high / estimate.value - 1.0;
    if above > 9.99 {
        return "unknown".to_owned();
    }
    let (low, high) = (percent(below), percent(above));
    let star = if estimate.replication.unit == ReplicationUnit::Block { "*" } else { "" };
    if above - below > 0.1 * above && above >= 0.1 {
        format!("−{} +{high}{star}", low.trim_end_matches('%'))
    } else {
        format!("±{}{star}", percent(above.max(below)))
    }
}

fn processors(count: usize) -> String {
    format!("{count} logical processor{}", if count == 1 { "" } else { "s" })
}

fn threads(count: usize) -> String {
    format!("{count} thread{}", if count == 1 { "" } else { "s" })
}

fn names(group: &[Timed]) -> String {
    join(&group.iter().map(|timed| format!("`{}`", timed.name())).collect::<Vec<_>>())
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn join<S: AsRef<str>>(items: &[S]) -> String {
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    match items.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [start @ .., last] => format!("{} and {last}", start.join(", ")),
    }
}
