//! Parts of a suite: together they are the whole, and nobody else's name changes where a benchmark is.

use proptest::prelude::*;
use tachy_measure::Partition;

fn parts(of: u64) -> Vec<Partition> {
    (1..=of).map(|part| format!("{part}/{of}").parse().unwrap()).collect()
}

proptest! {
    #[test]
    fn every_benchmark_is_in_exactly_one_part(name in ".*", of in 1u64..100) {
        prop_assert_eq!(parts(of).iter().filter(|part| part.holds(&name)).count(), 1);
    }

    #[test]
    fn a_part_is_the_same_whatever_stands_beside_it(
        names in prop::collection::btree_set("[a-z:]{1,8}(\\(n=[0-9]{1,3}\\))?", 1..40),
        more in prop::collection::btree_set("[a-z:]{9,12}", 0..10),
        of in 1u64..9,
    ) {
        for part in parts(of) {
            let alone: Vec<&String> = names.iter().filter(|name| part.holds(name)).collect();
            let all: Vec<&String> = more.iter().chain(names.iter().rev()).collect();
            let mut among: Vec<&String> = all.into_iter().filter(|name| part.holds(name)).collect();
            among.retain(|name| names.contains(*name));
            among.reverse();
            prop_assert_eq!(alone, among);
        }
    }

    #[test]
    fn a_part_reads_as_it_is_written(part in 1u64..1000, more in 0u64..1000) {
        let text = format!("{part}/{}", part + more);
        prop_assert_eq!(text.parse::<Partition>().unwrap().to_string(), text);
    }
}

/// Places that must never change, or the parts of a running suite would overlap. XXH64 gives ef46db3751d8e999 for no
/// bytes, d24ec4f1a98c6e5b for `a` and 44bc2cf5ad770999 for `abc`; the last octal digit decides among eight.
#[test]
fn places_are_kept_for_ever() {
    let place = |name: &str| parts(8).iter().position(|part| part.holds(name)).unwrap() + 1;
    assert_eq!(["", "a", "abc"].map(place), [2, 4, 2]);
}

#[test]
fn what_is_no_part_is_refused() {
    for text in ["", "3", "0/8", "9/8", "3/0", "3/8/2", "-1/2", "a/b"] {
        assert!(text.parse::<Partition>().is_err(), "{text}");
    }
}

/// Names of one benchmark with many arguments spread evenly.
#[test]
fn parts_are_of_similar_size() {
    for part in parts(8) {
        let count = (0..8000).filter(|n| part.holds(&format!("kernels::product(n={n})"))).count();
        assert!((850..1150).contains(&count), "{part}: {count}");
    }
}
