//! What holds of every problem.

use proptest::prelude::*;
use tachy_plan::{Buffer, Limits, Plan, PlanError, Problem, Violation, check, csv, plan};

/// Problems with everything in them: parts of parts, in-place operators, persistent state, odd alignments, and
/// buffers of no bytes.
fn problems(count: usize) -> impl Strategy<Value = Problem> {
    let buffer = (
        (0_u64..24, 1_u64..8, 0_u64..400),
        prop::option::weighted(0.2, prop::sample::select(vec![1_u64, 4, 24, 64, 256])),
        prop::bool::weighted(0.05),
        prop::option::weighted(0.2, (any::<prop::sample::Index>(), any::<prop::sample::Index>())),
        prop::option::weighted(0.6, any::<prop::sample::Index>()),
        any::<bool>(),
    );
    let alignment = prop::sample::select(vec![1_u64, 8, 64]);
    (prop::collection::vec(buffer, 1..count), alignment).prop_map(|(drafts, alignment)| {
        let mut buffers: Vec<Buffer> = Vec::new();
        for ((lower, length, size), own_alignment, persistent, alias, in_place, same_size) in drafts
        {
            let mut buffer = Buffer::new(lower..lower + length, size);
            (buffer.alignment, buffer.persistent) = (own_alignment, persistent);
            if buffers.is_empty() {
                buffers.push(buffer);
                continue;
            }
            if let Some((parent, offset)) = alias {
                let parent = parent.index(buffers.len());
                let room = buffers[parent].size as usize;
                let offset = offset.index(room + 1) as u64;
                buffer.size = buffer.size.min(room as u64 - offset);
                buffer.alignment = None;
                buffer = buffer.part_of(parent, offset);
            } else if let Some(source) = in_place {
                let source = source.index(buffers.len());
                let born = buffers[source].lifetime.end - 1;
                buffer.lifetime = born..born + length;
                if same_size {
                    buffer.size = buffers[source].size;
                }
                buffer = buffer.in_place_of(source);
            }
            buffers.push(buffer);
        }
        Problem::new(buffers).with_alignment(alignment)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn every_plan_is_right(problem in problems(40)) {
        let plan = plan(&problem, &Limits::default().with_steps(1_000)).unwrap();
        prop_assert_eq!(check(&problem, &plan), Ok(()));
        prop_assert!(plan.peak >= plan.lower_bound);
        let total: u64 = problem.buffers.iter().map(|buffer| buffer.size + 4096).sum();
        prop_assert!(plan.peak <= total);
    }

    #[test]
    fn a_plan_does_not_depend_on_when_it_is_made(problem in problems(20)) {
        let limits = Limits::default().with_steps(1_000);
        prop_assert_eq!(plan(&problem, &limits), plan(&problem, &limits));
    }

    #[test]
    fn a_capacity_is_kept_or_missed_with_an_error(problem in problems(20), share in 0.5_f64..1.5) {
        let free = plan(&problem, &Limits::default().with_steps(1_000)).unwrap();
        let capacity = (free.peak as f64 * share) as u64;
        match plan(&problem, &Limits::default().with_steps(1_000).with_capacity(capacity)) {
            Ok(plan) => {
                prop_assert!(plan.peak <= capacity);
                prop_assert_eq!(check(&problem, &plan), Ok(()));
            }
            Err(PlanError::Impossible { lower_bound, best, .. }) => {
                prop_assert!(lower_bound > capacity);
                prop_assert_eq!(check(&problem, &best), Ok(()));
            }
            Err(PlanError::NotFound { best, .. }) => {
                prop_assert!(best.peak > capacity && best.lower_bound <= capacity);
                prop_assert_eq!(check(&problem, &best), Ok(()));
            }
            Err(error) => prop_assert!(false, "{}", error),
        }
    }

    /// The checker against the definition, byte by byte and step by step.
    #[test]
    fn the_checker_sees_what_the_definition_says(
        shapes in prop::collection::vec((0_u64..6, 1_u64..4, 0_u64..8, 0_u64..12), 1..7),
    ) {
        let buffers: Vec<Buffer> =
            shapes.iter().map(|&(lower, length, size, _)| Buffer::new(lower..lower + length, size)).collect();
        let offsets: Vec<u64> = shapes.iter().map(|shape| shape.3).collect();
        let problem = Problem::new(buffers).with_alignment(1);
        let mut owner = std::collections::HashMap::new();
        let mut clash = false;
        for (index, (buffer, offset)) in problem.buffers.iter().zip(&offsets).enumerate() {
            for step in buffer.lifetime.clone() {
                for byte in *offset..offset + buffer.size {
                    clash |= owner.insert((step, byte), index).is_some();
                }
            }
        }
        let result = check(&problem, &Plan { offsets, peak: 100, lower_bound: 0 });
        prop_assert_eq!(matches!(result, Err(Violation::Overlap { .. })), clash);
        prop_assert_eq!(result.is_ok(), !clash);
    }

    #[test]
    fn csv_comes_back_as_it_was_written(
        rows in prop::collection::vec((0_u64..1 << 40, 1_u64..1 << 40, any::<u64>(), 1_u64..300), 0..20),
        with_offsets in any::<bool>(),
    ) {
        let table = csv::Table {
            ids: (0..rows.len()).map(|index| format!("b{index}")).collect(),
            problem: Problem::new(rows.iter().map(|&(lower, length, size, alignment)| Buffer {
                alignment: (alignment != 1).then_some(alignment),
                ..Buffer::new(lower..lower + length, size)
            }).collect()).with_alignment(1),
            offsets: with_offsets.then(|| rows.iter().map(|row| row.2).collect()),
        };
        prop_assert_eq!(csv::read(&csv::write(&table)), Ok(table));
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "(id|lower|upper|end|size|alignment|gaps|offset|[0-9]{1,21}|,|,|,|\n|\n|[ \r\"+-]|\\PC){0,60}") {
        if let Ok(table) = csv::read(&text) {
            prop_assert_eq!(csv::read(&csv::write(&table)), Ok(table.clone()));
            let _ = plan(&table.problem, &Limits::QUICK);
        }
    }
}

#[test]
fn every_line_break_in_a_name_is_a_space() {
    let table = csv::read("id,lower,upper,size\nold\rstyle,0,1,8\n").unwrap();
    assert_eq!(table.ids, ["old style"]);
    assert_eq!(csv::read(&csv::write(&table)), Ok(table));
}
