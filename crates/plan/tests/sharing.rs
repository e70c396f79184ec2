//! Aliases, in-place operators and persistent buffers, and the errors around them.

use tachy_plan::{Buffer, Limits, Plan, PlanError, Problem, ProblemError, Violation, check, plan};

fn planned(buffers: Vec<Buffer>) -> Plan {
    let problem = Problem::new(buffers);
    let plan = plan(&problem, &Limits::default()).unwrap();
    assert_eq!(check(&problem, &plan), Ok(()));
    plan
}

fn refused(buffers: Vec<Buffer>) -> ProblemError {
    match plan(&Problem::new(buffers), &Limits::default()) {
        Err(PlanError::Problem(error)) => error,
        other => panic!("{other:?} is not the error of a bad problem"),
    }
}

#[test]
fn pieces_of_a_concatenation_lie_in_it_and_keep_it_alive() {
    let plan = planned(vec![
        Buffer::new(0..2, 128).part_of(2, 0),
        Buffer::new(1..3, 128).part_of(2, 128),
        Buffer::new(2..4, 256),
        Buffer::new(0..1, 64),
    ]);
    assert_eq!(plan.offsets[0], plan.offsets[2]);
    assert_eq!(plan.offsets[1], plan.offsets[2] + 128);
    assert_eq!((plan.peak, plan.lower_bound), (320, 320));
}

#[test]
fn a_chain_of_in_place_operators_takes_one_place() {
    let mut buffers = vec![Buffer::new(0..2, 1000)];
    for step in 1..10 {
        buffers.push(Buffer::new(step..step + 2, 1000).in_place_of(step as usize - 1));
    }
    let plan = planned(buffers);
    assert!(plan.offsets.iter().all(|offset| *offset == plan.offsets[0]));
    assert_eq!((plan.peak, plan.lower_bound), (1000, 1000));
}

#[test]
fn only_one_buffer_takes_over_a_place() {
    let plan = planned(vec![
        Buffer::new(0..2, 64),
        Buffer::new(1..3, 64).in_place_of(0),
        Buffer::new(1..3, 64).in_place_of(0),
    ]);
    assert_eq!((plan.peak, plan.lower_bound), (128, 128));
}

#[test]
fn a_smaller_result_takes_over_where_that_saves_memory() {
    let plan = planned(vec![Buffer::new(0..2, 640), Buffer::new(1..3, 64).in_place_of(0)]);
    assert_eq!((plan.peak, plan.lower_bound), (640, 640));
}

#[test]
fn nothing_is_shared_with_what_is_read_again() {
    let plan = planned(vec![
        Buffer::new(0..3, 64),
        Buffer::new(1..3, 64).in_place_of(0),
        // A view that outlives the buffer it shows.
        Buffer::new(3..5, 64),
        Buffer::new(4..6, 32).part_of(2, 0),
        Buffer::new(4..6, 64).in_place_of(2),
    ]);
    assert_ne!(plan.offsets[0], plan.offsets[1]);
    assert_ne!(plan.offsets[2], plan.offsets[4]);
    assert_eq!(plan.peak, 128);
}

#[test]
fn persistent_buffers_share_with_nothing() {
    let plan = planned(vec![
        Buffer::new(5..6, 64).persistent(),
        Buffer::new(0..2, 64),
        Buffer::new(8..9, 64),
        Buffer::new(5..7, 64).in_place_of(0),
    ]);
    assert_eq!((plan.peak, plan.lower_bound), (128, 128));
    assert!(plan.offsets[1..].iter().all(|offset| *offset != plan.offsets[0]));
}

#[test]
fn a_buffer_of_no_bytes_takes_no_part() {
    let plan = planned(vec![Buffer::new(0..9, 0), Buffer::new(0..9, 8)]);
    assert_eq!((plan.peak, plan.lower_bound), (8, 8));
    let plan = planned(Vec::new());
    assert_eq!((plan.peak, plan.lower_bound), (0, 0));
}

#[test]
fn the_last_buffer_need_not_fill_its_granule() {
    let problem = Problem::new(vec![Buffer::new(0..1, 10), Buffer::new(0..1, 100)]);
    let plan = plan(&problem, &Limits::default().with_capacity(138)).unwrap();
    assert_eq!((plan.peak, plan.lower_bound), (138, 138));
}

#[test]
fn a_capacity_below_what_is_alive_at_once_is_impossible() {
    let problem = Problem::new(vec![Buffer::new(0..1, 64), Buffer::new(0..1, 64)]);
    let error = plan(&problem, &Limits::default().with_capacity(100)).unwrap_err();
    assert!(matches!(error, PlanError::Impossible { lower_bound: 128, .. }), "{error}");
}

#[test]
fn problems_that_contradict_themselves_are_refused() {
    let buffer = || Buffer::new(0..1, 64);
    let messages: Vec<String> = [
        refused(vec![Buffer::new(3..3, 64)]),
        refused(vec![buffer().aligned_to(0)]),
        refused(vec![buffer().in_place_of(7)]),
        refused(vec![buffer().part_of(1, 0), buffer().part_of(0, 0)]),
        refused(vec![buffer(), buffer().part_of(0, 1)]),
        refused(vec![buffer(), Buffer::new(0..1, 8).aligned_to(16).part_of(0, 24)]),
        refused(vec![Buffer::new(0..1, u64::MAX), buffer()]),
        refused(vec![buffer().aligned_to(u64::MAX), buffer().aligned_to(u64::MAX - 1)]),
    ]
    .iter()
    .map(ToString::to_string)
    .collect();
    assert_eq!(
        messages,
        [
            "buffer 0 lives from step 3 to just before step 3, which is no step at all; \
             let it live for at least the step that writes it",
            "buffer 0 is to be aligned to 0 bytes; the smallest alignment is 1",
            "buffer 0 refers to buffer 7, but there are only 1, from 0",
            "buffer 0 is, by way of its aliases, a part of itself; let the chain end at a buffer of its own",
            "buffer 1 takes the bytes from 1 of buffer 0 and has 64, but that one has only 64; \
             make the parent large enough",
            "buffer 1 lies 24 bytes into buffer 0, which is no multiple of its alignment of 16; \
             give it a place of its own, or no alignment",
            "the sizes and alignments of the buffers add up to more than 64 bits can hold; \
             check them for a wrong unit",
            "the sizes and alignments of the buffers add up to more than 64 bits can hold; \
             check them for a wrong unit",
        ]
    );
}

#[test]
fn the_checker_refuses_wrong_plans() {
    let problem = Problem::new(vec![
        Buffer::new(0..2, 64),
        Buffer::new(1..3, 128).in_place_of(0),
        Buffer::new(1..3, 64),
        Buffer::new(2..3, 32).part_of(1, 32),
    ]);
    let verdict = |offsets: [u64; 4]| {
        check(&problem, &Plan { offsets: offsets.to_vec(), peak: 192, lower_bound: 192 })
    };
    assert_eq!(verdict([0, 0, 128, 32]), Ok(()));
    // The same memory, but not at the same offset.
    let clash = Violation::Overlap { first: 0, second: 1, step: 1 };
    assert_eq!(verdict([64, 0, 128, 32]), Err(clash));
    let clash = Violation::Overlap { first: 1, second: 2, step: 1 };
    assert_eq!(verdict([0, 0, 64, 32]), Err(clash));
    let beyond = Violation::BeyondPeak { buffer: 2, end: 256, peak: 192 };
    assert_eq!(verdict([0, 0, 192, 32]), Err(beyond));
    let crooked = Violation::Misaligned { buffer: 2, offset: 130, alignment: 64 };
    assert_eq!(verdict([0, 0, 130, 32]), Err(crooked));
    let elsewhere = Violation::AliasElsewhere { buffer: 3, parent: 1, offset: 0, expected: 32 };
    assert_eq!(verdict([0, 0, 128, 0]), Err(elsewhere));
}
