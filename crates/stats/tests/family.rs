//! Many benchmarks together: what is reported, confirmed, trusted.

mod support {
    pub mod machine;
}

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use support::machine::{Machine, Spread};
use tachy_stats::{
    Balance, Control, Design, DuelOptions, Finding, Judgement, Outcome, Pair, Settlement, Stages,
    benjamini_hochberg, confirm, e_benjamini_hochberg, judge, judge_family, under_control,
};

fn judgement(ratio: f64, seed: u64) -> Judgement {
    let machine = Machine::quiet(Spread::Normal, 0.005);
    let pairs: Vec<Pair> = machine.pairs(ratio, Design::Pairs, seed).take(30).collect();
    judge(&pairs, &DuelOptions::default()).unwrap()
}

/// The fifteen p-values of Benjamini and Hochberg's own example: four are reported at 5%.
#[test]
fn the_procedure_is_that_of_the_paper() {
    let p_values = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
        0.5719, 0.6528, 0.7590, 1.0,
    ];
    let mut expected = [false; 15];
    expected[..4].fill(true);
    assert_eq!(benjamini_hochberg(&p_values, 0.05), expected);
    let e_values = p_values.map(|p| 1.0 / p);
    assert_eq!(e_benjamini_hochberg(&e_values, 0.05), expected);
    // The larger of two may carry the smaller: neither 0.03 alone nor 0.04 alone would be enough for 0.03.
    assert_eq!(benjamini_hochberg(&[0.04, f64::NAN, 0.03], 0.06), [true, false, true]);
    assert!(benjamini_hochberg(&[], 0.05).is_empty());
}

/// Of 40 benchmarks, 10 changed: of what is reported no more than 5% is false on average.
#[test]
fn few_of_the_reported_are_false() {
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let families = 500;
    let (mut false_share, mut found) = (0.0, 0);
    for _ in 0..families {
        // p-values of changed ones are the fourth power of uniform ones.
        let p_values: Vec<f64> = (0..40)
            .map(|i| {
                let uniform: f64 = rng.random();
                if i < 10 { uniform.powi(8) } else { uniform }
            })
            .collect();
        let reported = benjamini_hochberg(&p_values, 0.05);
        let count = |range: std::ops::Range<usize>| reported[range].iter().filter(|x| **x).count();
        false_share += count(10..40) as f64 / count(0..40).max(1) as f64 / families as f64;
        found += count(0..10);
    }
    println!("false discoveries {false_share:.4}, found {found} of {}", 10 * families);
    // The procedure holds 5% · 30/40 on average.
    assert!(false_share < 0.05 && found > 3 * families, "{false_share} {found}");
}

#[test]
fn a_finding_must_show_again() {
    let (slower, again, same) = (judgement(1.05, 1), judgement(1.05, 2), judgement(1.0, 3));
    assert_eq!((slower.outcome, same.outcome), (Outcome::Slower, Outcome::Same));
    assert_eq!(confirm(&slower, &again), again);
    assert_eq!(confirm(&same, &slower), same);
    for second in [same, judgement(0.95, 4)] {
        let withdrawn = confirm(&slower, &second);
        assert_eq!(
            (withdrawn.outcome, withdrawn.finding),
            (Outcome::Unsure, Finding::NotConfirmed)
        );
        assert_eq!((withdrawn.ratio, withdrawn.severity), (second.ratio, None));
    }
}

#[test]
fn a_failed_control_withdraws_every_finding() {
    let (slower, same) = (judgement(1.05, 1), judgement(1.0, 3));
    assert_eq!(Control::of(&same), Control::Trusted);
    assert_eq!(under_control(&slower, Control::of(&same)), slower);
    assert_eq!(Control::of(&slower), Control::Distrusted);
    let withdrawn = under_control(&same, Control::Distrusted);
    assert_eq!((withdrawn.outcome, withdrawn.finding), (Outcome::Unsure, Finding::ControlFailed));
    assert_eq!(withdrawn.settlement, Some(Settlement::RepairedRun));
}

#[test]
fn a_family_is_judged_as_one() {
    let (slower, again, same) = (judgement(1.05, 1), judgement(1.05, 2), judgement(1.0, 3));
    let both = Stages { first: slower, second: Some(again) };
    assert!(Stages::first(slower).awaits_confirmation());
    assert!(!both.awaits_confirmation() && !Stages::first(same).awaits_confirmation());

    let outcomes = |benchmarks: &[Stages], control| -> Vec<(Outcome, Finding)> {
        judge_family(benchmarks, control, 0.05).iter().map(|j| (j.outcome, j.finding)).collect()
    };
    let run = [both, Stages::first(same), Stages::first(slower)];
    let found = (again.outcome, again.finding);
    let sane = (same.outcome, same.finding);
    let unconfirmed = (Outcome::Unsure, Finding::Unconfirmed);
    assert_eq!(outcomes(&run, Control::Trusted), [found, sane, unconfirmed]);
    let withdrawn = (Outcome::Unsure, Finding::ControlFailed);
    assert_eq!(outcomes(&run, Control::Distrusted), [withdrawn; 3]);

    // As many equals around a finding that is barely one at each stage: 400² among 10,000 at 5%.
    let barely = Judgement { e_value: 400.0, ..slower };
    let barely = Stages { first: barely, second: Some(barely) };
    let mut crowd = vec![Stages::first(same); 9_999];
    crowd.push(barely);
    assert_eq!(outcomes(&crowd, Control::Trusted)[9_999], (Outcome::Unsure, Finding::AmongMany));
    assert_eq!(outcomes(&crowd[5_000..], Control::Trusted)[4_999].0, Outcome::Slower);
}

#[test]
fn findings_on_one_side_raise_an_alarm() {
    let balance = |faster, slower| Balance { faster, slower };
    assert_eq!(balance(0, 0).p_value(), 1.0);
    assert_eq!(balance(4, 4).p_value(), 1.0);
    assert!((balance(0, 8).p_value() - 2.0 / 256.0).abs() < 1e-12);
    assert!((balance(7, 1).p_value() - 18.0 / 256.0).abs() < 1e-12);
    assert!(balance(0, 8).alarm(0.01).is_some() && balance(1, 7).alarm(0.01).is_none());
    let outcomes = [Outcome::Slower, Outcome::Same, Outcome::Faster, Outcome::Slower];
    assert_eq!(Balance::of(outcomes), balance(1, 2));
    assert_eq!(
        balance(0, 10).alarm(0.01).unwrap().to_string(),
        "10 findings of slower stand against 0 of faster (sign test: p = 1.95e-3); look for one cause of them all, \
         such as the machine, the compiler or a shared dependency"
    );
}
