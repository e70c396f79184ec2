//! Pairs: intervals that cover, duels that neither cry wolf nor sleep, plans that are kept.

mod support {
    pub mod machine;
}

use proptest::prelude::*;
use support::machine::{Machine, SPREADS, Spread, Tally, coverage, power, watch};
use tachy_stats::{
    Design, Duel, DuelOptions, Finding, InvalidPair, Noise, Order, Outcome, Pair, Plan, Settlement,
    Severity, StatisticsError, judge, paired_ratio, signed_rank_interval, signed_rank_location,
};

fn pair(candidate: f64, reference: f64, order: Order) -> Pair {
    Pair::new(candidate, reference, order).expect("a valid pair")
}

fn pairs(ratio: f64, count: usize) -> Vec<Pair> {
    Machine::quiet(Spread::Normal, 0.004).pairs(ratio, Design::Pairs, 3).take(count).collect()
}

/// The worked example of Hollander and Wolfe's *Nonparametric Statistical Methods* (Hamilton's depression
/// scale of nine patients): estimate −0.46, interval at 96.1% from −0.786 to −0.010.
#[test]
#[expect(clippy::approx_constant, reason = "a patient's score is not π")]
fn the_signed_rank_interval_is_that_of_the_textbook() {
    let before = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30];
    let after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
    let change: Vec<f64> = before.iter().zip(after).map(|(before, after)| after - before).collect();
    assert!((signed_rank_location(&change).unwrap() + 0.46).abs() < 1e-9);
    let interval = signed_rank_interval(&change, 1.0 - 20.0 / 512.0).unwrap();
    assert!((interval.low + 0.786).abs() < 1e-9, "{interval:?}");
    assert!((interval.high + 0.010).abs() < 1e-9, "{interval:?}");
}

#[test]
fn fixed_size_intervals_cover_for_every_noise() {
    for spread in SPREADS {
        for (design, per_coin) in [(Design::Pairs, 1), (Design::Abba, 2)] {
            for coins in [6, 10, 30, 70] {
                let share = coverage(Machine::quiet(spread, 0.02), design, coins * per_coin, 1000);
                println!("{spread:?}, {coins} coins of {design:?}: {share:.3}");
                // Two standard errors of 1000 trials are 1.4%.
                assert!((0.934..=0.966).contains(&share), "{spread:?} {design:?} {coins}: {share}");
            }
        }
    }
}

/// Watching after every pair, beside a neighbour that comes and goes, with a second place that costs more.
#[test]
fn equals_are_hardly_ever_told_apart() {
    let mut all = Tally::default();
    for spread in SPREADS {
        for design in [Design::Pairs, Design::Abba] {
            let options = DuelOptions { design, ..DuelOptions::default() };
            all.add(&watch(Machine::restless(spread, 0.02), 1.0, options, 80, 150));
            all.add(&watch(Machine::quiet(spread, 0.01), 1.0, options, 80, 150));
        }
    }
    let false_alarms = all.faster + all.slower;
    println!("{false_alarms} of {}: {} faster, {} slower", all.trials(), all.faster, all.slower);
    // 9.6 are allowed on average; that many more come up in 1 of 1000 repetitions.
    assert!(false_alarms <= 20, "{all:?}");
    assert!(all.same > all.trials() / 3, "{all:?}");
}

#[test]
fn a_difference_as_large_as_the_margin_is_seldom_called_the_same() {
    for spread in SPREADS {
        for machine in [Machine::quiet(spread, 0.005), Machine::restless(spread, 0.005)] {
            let tally = watch(machine, 1.01, DuelOptions::default(), 80, 200);
            println!("{machine:?}: {} of {} called the same", tally.same, tally.trials());
            // 10 are allowed on average; that many more come up in 1 of 1000 repetitions.
            assert!(tally.same <= 20 && tally.faster <= 2, "{machine:?}: {tally:?}");
        }
    }
}

/// An interval that may be read after every pair holds the ratio at all those moments together.
#[test]
fn watched_intervals_hold_at_all_moments_together() {
    let machine = Machine::restless(Spread::LogNormal, 0.01);
    let trials = 60;
    let held = (0..trials).filter(|&seed| {
        let mut duel = Duel::new(DuelOptions::default()).unwrap();
        machine.pairs(1.04, Design::Pairs, 700 + seed).take(40).all(|pair| {
            duel.observe(pair).unwrap();
            duel.judgement().ratio.interval.is_none_or(|interval| interval.contains(1.04))
        })
    });
    let held = held.count();
    println!("{held} of {trials} held throughout");
    // 57 are promised at least, on average.
    assert!(held >= 51, "{held}");
}

#[test]
fn what_was_announced_is_found() {
    for spread in [Spread::Normal, Spread::Bimodal] {
        let power = power(Machine::quiet(spread, 0.01), DuelOptions::default(), 20, 60);
        println!("{spread:?}: {power:?}");
        assert!(power.found >= 0.93 && power.larger_found >= 0.9, "{power:?}");
        assert!((20.0..60.0).contains(&power.announced), "{power:?}");
    }
}

/// The second place costs more than the effect, which would drown in it if it were not taken off.
#[test]
fn the_cost_of_the_second_place_is_taken_off() {
    let machine = Machine { second_costs: 0.03, ..Machine::quiet(Spread::Normal, 0.005) };
    for design in [Design::Pairs, Design::Abba] {
        let options = DuelOptions { design, ..DuelOptions::default() };
        let tally = watch(machine, 1.02, options, 40, 100);
        println!("{design:?}: {tally:?}");
        assert!(tally.slower >= 95, "{tally:?}");
    }
    let mut duel = Duel::new(DuelOptions::default()).unwrap();
    for pair in machine.pairs(1.0, Design::Pairs, 1).take(60) {
        duel.observe(pair).unwrap();
    }
    assert!((duel.position_ratio().ln() + 0.03).abs() < 0.005, "{}", duel.position_ratio());
}

#[test]
fn judgements_read_as_sentences() {
    let options = DuelOptions::default();
    let lines = [
        judge(&pairs(1.2, 14), &options),
        judge(&pairs(1.0, 20), &options),
        judge(&pairs(1.01, 40), &options),
        judge(&pairs(1.0, 5), &options),
    ]
    .map(|judgement| judgement.unwrap().to_string());
    assert_eq!(
        lines,
        [
            "slower (moderate): 1.198× (1.193 to 1.204 at 95% whenever one stops, 14 pairs): of 250 comparisons of \
             equals, no more than one would ever look so one-sided",
            "same: 0.998× (0.994 to 1.003 at 95% whenever one stops, 20 pairs): any difference is below 1%",
            "unsure: 1.009× (1.006 to 1.012 at 95% whenever one stops, 40 pairs): there is a difference, but whether \
             it is as much as 1% is open; set another margin: the difference is as large as this one, and more \
             pairs would hardly place it",
            "unsure: 0.998× (no interval yet, 5 pairs): so few pairs can decide nothing; measure about 4 more pairs",
        ]
    );
}

#[test]
fn the_settlement_settles_it() {
    let machine = Machine::quiet(Spread::Normal, 0.01);
    let all: Vec<Pair> = machine.pairs(1.0, Design::Pairs, 8).take(200).collect();
    let judgement = judge(&all[..15], &DuelOptions::default()).unwrap();
    assert_eq!(judgement.outcome, Outcome::Unsure);
    let Some(Settlement::MorePairs(more)) = judgement.settlement else { panic!("{judgement}") };
    assert!((5..100).contains(&more), "{judgement}");
    let later = judge(&all[..15 + 2 * more], &DuelOptions::default()).unwrap();
    assert_eq!(later.outcome, Outcome::Same, "{later}");

    let wild = Machine::quiet(Spread::HeavyTailed, 0.5);
    let wild: Vec<Pair> = wild.pairs(1.0, Design::Pairs, 8).take(30).collect();
    let judgement = judge(&wild, &DuelOptions::default()).unwrap();
    assert_eq!(judgement.settlement, Some(Settlement::QuieterMachine));
}

#[test]
fn a_plan_knows_noise_effect_and_design() {
    let options = DuelOptions::default();
    let plan = |effect: f64, noise: f64| {
        Plan::for_effect(effect, &Noise::normal(noise), &options).unwrap().unwrap()
    };
    let (small, large) = (plan(0.02, 0.015), plan(0.05, 0.015));
    println!("{small:?}\n{large:?}");
    assert!(large.pairs < small.pairs && small.typical_pairs < small.pairs);
    assert!(small.fixed_pairs < small.pairs && small.power >= 0.95);
    assert!(plan(0.02, 0.03).pairs > 2 * small.pairs);
    // The minimum detectable effect of as many pairs is the effect.
    let smallest = Plan::smallest_effect(small.pairs, &Noise::normal(0.015), &options).unwrap();
    assert!((smallest.unwrap() / 0.02 - 1.0).abs() < 0.06, "{smallest:?}");
    // Too noisy, within the margin, too few to decide.
    let none = |effect, noise| Plan::for_effect(effect, &Noise::normal(noise), &options).unwrap();
    assert_eq!((none(0.02, 0.5), none(0.005, 0.001)), (None, None));
    let fewest = options.fewest_pairs();
    let smallest = |pairs| Plan::smallest_effect(pairs, &Noise::normal(0.01), &options).unwrap();
    assert!(smallest(fewest - 1).is_none() && smallest(fewest + 5).is_some());

    let abba = DuelOptions { design: Design::Abba, ..options };
    assert_eq!(abba.fewest_pairs(), 2 * fewest);
    // A block halves the variance of its coin, so that about as many pairs do.
    let of_blocks = Noise::normal(0.015 / 2.0_f64.sqrt());
    let blocks = Plan::for_effect(0.02, &of_blocks, &abba).unwrap().unwrap();
    assert!(blocks.pairs.is_multiple_of(2) && blocks.pairs < small.pairs + 12, "{blocks:?}");
}

#[test]
fn severities_begin_where_they_should() {
    let of = Severity::of_ratio;
    let expected = [
        (0.9, None),
        (1.0, None),
        (1.01, Some(Severity::Minor)),
        (1.1499, Some(Severity::Minor)),
        (1.15, Some(Severity::Moderate)),
        (1.3, Some(Severity::Major)),
        (1.5, Some(Severity::Critical)),
        (f64::NAN, None),
    ];
    for (ratio, severity) in expected {
        assert_eq!(of(ratio), severity, "{ratio}");
    }
    assert!(Severity::Minor < Severity::Critical);
}

#[test]
fn what_cannot_be_a_pair_is_refused() {
    for value in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(Pair::new(value, 1.0, Order::CandidateFirst).is_err());
        assert!(Pair::new(1.0, value, Order::CandidateFirst).is_err());
    }
    let repeated = [pair(1.0, 1.0, Order::CandidateFirst); 2];
    let abba = DuelOptions { design: Design::Abba, ..DuelOptions::default() };
    let error = Err(StatisticsError::Pair(InvalidPair::OrderRepeated));
    assert_eq!(judge(&repeated, &abba).map(|_| ()), error);
    assert!(judge(&repeated, &DuelOptions::default()).is_ok());
    assert!(Duel::new(DuelOptions { false_alarm: 0.0, ..abba }).is_err());
    assert!(
        serde_json::from_str::<Pair>(
            r#"{"candidate": -1.0, "reference": 1.0, "order": "candidate-first"}"#
        )
        .is_err()
    );
}

#[test]
fn orders_are_fair_and_blocks_are_balanced() {
    let orders: Vec<Order> = Design::Pairs.orders(4).take(2000).collect();
    let first = orders.iter().filter(|order| **order == Order::CandidateFirst).count();
    assert!((900..1100).contains(&first), "{first}");
    let blocks: Vec<Order> = Design::Abba.orders(4).take(2000).collect();
    assert!(blocks.chunks(2).all(|block| block[0] == block[1].reversed()));
    assert_ne!(orders, Design::Pairs.orders(5).take(2000).collect::<Vec<_>>());
}

#[test]
fn clocks_that_tick_coarsely_and_pairs_without_a_difference_are_the_same() {
    let equal: Vec<Pair> =
        Design::Pairs.orders(1).take(30).map(|order| pair(5.0, 5.0, order)).collect();
    let judgement = judge(&equal, &DuelOptions::default()).unwrap();
    assert_eq!(judgement.outcome, Outcome::Same, "{judgement}");
    assert_eq!(judgement.finding, Finding::WithinMargin(0.01));
    assert_eq!(judgement.e_value, 1.0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the pairs: the verdict agrees with its interval, exchanging the sides reverses it, the unit
    /// does not matter, and a judgement survives being stored.
    #[test]
    fn judgements_are_consistent(
        values in prop::collection::vec((0.5..2.0_f64, 0.5..2.0_f64, any::<bool>()), 0..40),
        effect in prop::sample::select(vec![0.4, 0.9, 1.0, 1.02, 3.0]),
    ) {
        let order = |first| if first { Order::CandidateFirst } else { Order::ReferenceFirst };
        let stream = |scale: f64| -> Vec<Pair> {
            values.iter().map(|&(a, b, first)| pair(scale * effect * a.sqrt().sqrt(), scale * b.sqrt().sqrt(), order(first))).collect()
        };
        let options = DuelOptions::default();
        let judgement = judge(&stream(1.0), &options).unwrap();
        match (judgement.outcome, judgement.ratio.interval) {
            (Outcome::Slower, Some(interval)) => prop_assert!(interval.low > 1.0),
            (Outcome::Faster, Some(interval)) => prop_assert!(interval.high < 1.0),
            (Outcome::Same, Some(interval)) => {
                prop_assert!(interval.low >= 1.0 / 1.0101 && interval.high <= 1.0101)
            }
            (Outcome::Unsure, _) => prop_assert!(judgement.settlement.is_some()),
            (_, None) => prop_assert!(false, "a verdict without an interval: {judgement}"),
        }
        if let Some(interval) = judgement.ratio.interval {
            prop_assert!(interval.low <= judgement.ratio.value && judgement.ratio.value <= interval.high);
        }
        prop_assert!(judgement.p_value() > 0.0 && judgement.p_value() <= 1.0);

        let exchanged: Vec<Pair> = stream(1.0)
            .iter()
            .map(|p| pair(p.reference(), p.candidate(), p.order().reversed()))
            .collect();
        let exchanged = judge(&exchanged, &options).unwrap();
        let mirrored = match judgement.outcome {
            Outcome::Faster => Outcome::Slower,
            Outcome::Slower => Outcome::Faster,
            other => other,
        };
        prop_assert_eq!(exchanged.outcome, mirrored);
        prop_assert!((exchanged.ratio.value * judgement.ratio.value - 1.0).abs() < 1e-9);

        let rescaled = judge(&stream(1024.0), &options).unwrap();
        prop_assert_eq!(rescaled.outcome, judgement.outcome);
        let json = serde_json::to_string(&judgement).unwrap();
        prop_assert_eq!(serde_json::from_str::<tachy_stats::Judgement>(&json).unwrap(), judgement);
        let json = serde_json::to_string(&stream(1.0)).unwrap();
        prop_assert_eq!(serde_json::from_str::<Vec<Pair>>(&json).unwrap(), stream(1.0));
        let estimate = paired_ratio(&stream(1.0), Design::Pairs, 0.95).unwrap();
        prop_assert_eq!(estimate.is_none(), values.is_empty());
    }
}
