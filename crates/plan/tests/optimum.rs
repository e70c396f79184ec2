//! The planner against packings that are known to be possible.

use proptest::prelude::*;
use tachy_plan::synthetic::Distribution;
use tachy_plan::{Buffer, Limits, Problem, check, csv, plan};

#[test]
fn the_challenging_instances_of_minimalloc_fit() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    for name in ["A", "B", "C", "D", "E", "F"] {
        let text = std::fs::read_to_string(folder.join(format!("{name}.1048576.csv"))).unwrap();
        let problem = csv::read(&text).unwrap().problem;
        let plan = plan(&problem, &Limits::default().with_capacity(1 << 20)).unwrap();
        assert_eq!(check(&problem, &plan), Ok(()), "{name}");
    }
}

#[test]
fn networks_take_no_more_than_is_alive() {
    for seed in 0..20 {
        let problem = Distribution::Network.problem(50 + 20 * seed as usize, seed);
        let plan = plan(&problem, &Limits::default()).unwrap();
        assert_eq!(plan.peak, plan.lower_bound, "seed {seed}");
    }
}

#[test]
fn many_buffers_come_near_the_lower_bound() {
    for distribution in [Distribution::Uniform, Distribution::Short, Distribution::Network] {
        let problem = distribution.problem(5_000, 1);
        let plan = plan(&problem, &Limits::QUICK).unwrap();
        assert_eq!(check(&problem, &plan), Ok(()));
        let ratio = plan.peak as f64 / plan.lower_bound as f64;
        assert!(ratio <= 1.05, "{}: {ratio}", distribution.name());
    }
}

/// The least peak over all orders of placing each buffer as low as what is placed before allows.
fn optimum(buffers: &[Buffer], offsets: &mut Vec<Option<u64>>, peak: u64, best: &mut u64) {
    if peak >= *best {
        return;
    }
    if offsets.iter().all(Option::is_some) {
        *best = peak;
        return;
    }
    for index in 0..buffers.len() {
        if offsets[index].is_some() {
            continue;
        }
        let buffer = &buffers[index];
        let floor = (buffers.iter().zip(offsets.iter()))
            .filter(|(other, _)| {
                other.lifetime.start < buffer.lifetime.end
                    && buffer.lifetime.start < other.lifetime.end
            })
            .filter_map(|(other, offset)| offset.map(|offset| offset + other.size))
            .max()
            .unwrap_or(0);
        offsets[index] = Some(floor);
        optimum(buffers, offsets, peak.max(floor + buffer.size), best);
        offsets[index] = None;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn few_buffers_are_packed_as_well_as_can_be(
        shapes in prop::collection::vec((0_u64..8, 1_u64..5, 1_u64..9), 1..8),
    ) {
        let buffers: Vec<Buffer> =
            shapes.iter().map(|&(lower, length, size)| Buffer::new(lower..lower + length, size)).collect();
        let mut best = u64::MAX;
        optimum(&buffers, &mut vec![None; buffers.len()], 0, &mut best);
        let problem = Problem::new(buffers).with_alignment(1);
        prop_assert_eq!(plan(&problem, &Limits::default()).unwrap().peak, best);
    }
}
